"""Where the tiles of a map lie, what their pixels show, and what no map may be."""

import base64
import math
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.declaration import pack_pixels, unpack_pixels
from axiom.domain.maps import (
    ARMS,
    DEEPEST,
    MOST_COLOURS,
    ROOT,
    Band,
    Knob,
    Map,
    PlacedConfigs,
    Tile,
    first_place,
    is_tile,
    place_of,
    tile_at,
    tile_of,
)
from axiom.rules.planning.map_borders import Borders, measure_borders, measure_differences

AXIS = Knob(name="a knob", low=1.0, high=100.0)
BANDS = (Band(name="it learned", shades=2), Band(name="it ran away", shades=3))
THREE = (*BANDS, Band(name="neither", shades=1))
IN, OUT = 0, 2  # the first shade of either band


def chart(**changes: object) -> Map:
    fields = {"title": "A plane", "x": AXIS, "y": AXIS, "measure": "fate", "bands": BANDS, "pixels": 8}
    return Map(**(fields | changes))


@st.composite
def tiles(draw: st.DrawFn, least: int = 0) -> Tile:
    level = draw(st.integers(least, DEEPEST))
    column, row = (draw(st.integers(0, 2**level - 1)) for _ in range(2))
    return Tile(level=level, column=column, row=row)


@settings(max_examples=50)
@given(tile=tiles(), arm=st.integers(0, ARMS - 1))
def test_a_place_leads_back_to_its_tile_and_arm(tile, arm):
    place = place_of(tile, arm)
    assert tile_at(place) == (tile, arm)
    assert first_place(tile.level) <= place < first_place(tile.level + 1)
    assert place < 2**53  # exact as a number of JSON, whoever reads it


def test_there_is_no_place_beyond_the_deepest_level_nor_of_what_is_no_tile():
    assert [place_of(ROOT, arm) for arm in (0, 1, ARMS - 1)] == [0, 1, ARMS - 1]
    deepest = first_place(DEEPEST + 1) - 1
    assert place_of(*tile_at(deepest)) == deepest
    for place in (-1, deepest + 1):
        with pytest.raises(ValueError, match=f"place {place}"):
            tile_at(place)
    for tile in ({"level": 1, "column": 2}, {"level": 1, "row": 2}, {"level": 1, "row": -1}, {"level": -1}):
        with pytest.raises(ValueError, match="Tile"):
            place_of(Tile(**tile), 0)
    for tile, arm in ((Tile(level=DEEPEST + 1), 0), (ROOT, ARMS), (ROOT, -1)):
        with pytest.raises(ValueError, match="Tile"):
            place_of(tile, arm)


@settings(max_examples=50)
@given(tile=tiles(least=1), axis=st.sampled_from([AXIS, Knob(name="a step", low=-3.0, high=5.0, log=False)]))
def test_a_tile_is_one_of_the_quarters_of_its_parent_which_cover_just_what_it_covers(tile, axis):
    assert tile.parent.children.count(tile) == 1
    assert tile.up_to(tile.level - 1) == tile.parent
    assert tile.up_to(tile.level) == tile
    assert tile.up_to(0) == ROOT
    assert ROOT.parent is None
    low, high = tile.span(axis)
    left, right = tile.children[0], tile.children[1]
    if right.is_there:
        assert left.span(axis)[0] == pytest.approx(low)
        assert left.span(axis)[1] == right.span(axis)[0]
        assert right.span(axis)[1] == pytest.approx(high)
    assert axis.low <= low <= high <= axis.high * (1 + 1e-12)


ARM_CONFIGS = ({"width": 8, **ROOT.factors}, {"width": 16, **ROOT.factors})


@settings(max_examples=30)
@given(tile=tiles(), arm=st.sampled_from([0, 1]))
def test_the_config_of_a_deeper_tile_is_that_of_its_arm_elsewhere(tile, arm):
    placed = PlacedConfigs(enumerate(ARM_CONFIGS))
    place = place_of(tile, arm)
    assert placed[place] == {"width": (8, 16)[arm], **tile.factors}
    assert is_tile(placed[place])
    assert tile_of(placed[place]) == tile
    assert placed.arm_of(place) == arm
    assert len(placed) == 2
    assert (place in placed) == (tile == ROOT)


def test_of_an_arm_that_is_not_there_no_tile_is_there():
    assert not is_tile({"width": 16, "level": 3, "column": 5})
    placed = PlacedConfigs(enumerate(ARM_CONFIGS))
    for place in (2, ARMS - 1, place_of(Tile(level=4, column=1, row=2), 7), first_place(DEEPEST + 1)):
        with pytest.raises((KeyError, ValueError)):
            placed[place]
    with pytest.raises(KeyError):
        PlacedConfigs({0: {"width": 8}})[place_of(Tile(level=1), 0)]


# --- what a picture shows


def drawing(*rows: str) -> bytes:
    """A picture as it is seen, the topmost row first: dots are of the first band."""
    return b"".join(bytes(OUT if letter == "#" else IN for letter in row) for row in reversed(rows))


EMPTY = ("........",) * 8
DOT_BELOW = (*EMPTY[:7], "#.......")
WALL = ("....####",) * 8  # just at the edge between the halves
INSIDE = ("......##",) * 8  # within the right half
CORNER = (*("........",) * 4, *("....####",) * 4)


NOWHERE, EVERYWHERE = (False,) * 4, (True,) * 4


@pytest.mark.parametrize(
    ("rows", "shares", "lengths", "passes"),
    [
        (EMPTY, (1.0, 0.0), (0, 0, 0, 0), NOWHERE),
        (DOT_BELOW, (63 / 64, 1 / 64), (1, 0, 0, 0), (True, False, False, False)),
        (WALL, (0.5, 0.5), (2, 0, 2, 0), EVERYWHERE),  # along the edge of all quarters: that of the boxes left of it
        (INSIDE, (0.75, 0.25), (0, 2, 0, 2), (False, True, False, True)),
        (("...#####",) * 8, (3 / 8, 5 / 8), (2, 0, 2, 0), (True, False, True, False)),
        (CORNER, (0.75, 0.25), (2, 2, 0, 0), EVERYWHERE),
    ],
)
def test_a_border_passes_through_a_quarter_or_along_its_edge(rows, shares, lengths, passes):
    assert measure_borders(drawing(*rows), chart()) == Borders(shares=shares, lengths=lengths, passes=passes)
    shaded = bytes(x % 2 for x in range(64))  # shades of one band make no border
    assert measure_borders(shaded, chart()).passes == NOWHERE
    of = chart(bands=THREE)
    assert (of.colours, of.bands_of_colours[:6]) == (6, bytes([0, 0, 1, 1, 1, 2]))
    assert set(of.bands_of_colours[6:]) == {255}


def by_hand(pixels: bytes, of: Map) -> Borders:
    """The same, one pixel after the other."""
    side, half = of.pixels, of.pixels // 2
    band = [[of.bands_of_colours[pixels[y * side + x]] for x in range(side)] for y in range(side)]
    lengths, passes = [], []
    for up in (0, half):
        for right in (0, half):
            boxes = [
                {band[min(y + j, side - 1)][min(x + i, side - 1)] for j in (0, 1, 2) for i in (0, 1, 2)}
                for y in range(up, up + half, 2)
                for x in range(right, right + half, 2)
            ]
            lengths.append(sum(len(box) > 1 for box in boxes))
            rows = band[max(0, up - 1) : up + half + 1]
            passes.append(len({shown for row in rows for shown in row[max(0, right - 1) : right + half + 1]}) > 1)
    flat = [shown for row in band for shown in row]
    shares = tuple(flat.count(number) / side**2 for number in range(len(of.bands)))
    return Borders(shares=shares, lengths=tuple(lengths), passes=tuple(passes))


@settings(max_examples=30)
@given(data=st.data(), side=st.sampled_from([4, 8, 12, 32]), bands=st.sampled_from([BANDS, THREE]))
def test_borders_are_what_they_are_counted_one_pixel_after_the_other(data, side, bands):
    of = chart(pixels=side, bands=bands)
    pixels = bytearray(side * side)
    for _ in range(data.draw(st.integers(0, 6))):  # some rectangles and dots, as borders lie together
        x, y, wide, high = (data.draw(st.integers(0, side)) for _ in range(4))
        colour = data.draw(st.integers(0, of.colours - 1))
        for row in range(y, min(side, y + high)):
            pixels[row * side + x : row * side + min(side, x + wide)] = bytes([colour]) * (min(side, x + wide) - x)
    assert measure_borders(bytes(pixels), of) == by_hand(bytes(pixels), of)


@pytest.mark.parametrize("side", [4, 8, 64])
def test_what_differs_is_counted_by_quarter_one_pixel_after_the_other(side):
    of, dice = chart(pixels=side, bands=THREE), random.Random(side)
    first, second = (bytes(dice.randrange(of.colours) for _ in range(side**2)) for _ in "ab")
    apart = [of.bands_of_colours[a] != of.bands_of_colours[b] for a, b in zip(first, second, strict=True)]
    half = side // 2
    by_quarter = [
        sum(apart[y * side + x] for y in range(up, up + half) for x in range(right, right + half)) // 4
        for up in (0, half)
        for right in (0, half)
    ]
    assert list(measure_differences(first, second, of)) == by_quarter
    assert list(measure_differences(first, first, of)) == [0] * 4


# --- as a grid travels


BOMB = base64.b64encode(zlib.compress(bytes(2**27), 9)).decode("ascii")  # 130 kB that would become 128 MB


def test_a_grid_that_travelled_is_what_it_was_and_any_other_is_refused():
    pixels = random.Random(1).randbytes(64)
    assert unpack_pixels(pack_pixels(pixels), 64) == pixels
    whole = zlib.compress(bytes(64))
    wrong = [pack_pixels(bytes(63)), pack_pixels(bytes(65)), BOMB, "", "no base64!", "ü", "A" * 300_000]
    wrong += [base64.b64encode(raw).decode("ascii") for raw in (bytes(64), whole[:-1], whole + b"more")]
    for text in wrong:
        with pytest.raises(ValueError, match=r"64 pixels|unpacked|300000"):
            unpack_pixels(text, 64)


# --- what no map may be


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"pixels": 0}, "pixels"),
        ({"pixels": 6}, "not 6"),
        ({"pixels": 260}, "pixels"),
        ({"bands": BANDS[:1]}, "two bands"),
        ({"bands": (*BANDS, Band(name="none", shades=0))}, "shade"),
        ({"bands": (*BANDS, Band(name="many", shades=MOST_COLOURS - 4))}, f"{MOST_COLOURS} at most"),
        ({"charted": -1}, "below 0"),
        ({"charted": 5, "deepest": 4}, "deepest level"),
        ({"deepest": DEEPEST + 1}, f"deeper than {DEEPEST}"),
    ],
)
def test_a_map_that_could_not_be_computed_or_shown_is_refused(change, fact):
    full = (*BANDS, Band(name="many", shades=MOST_COLOURS - 5))
    for most in ({"pixels": 4}, {"pixels": 256, "bands": full}, {"charted": 4, "deepest": 4}, {"deepest": DEEPEST}):
        assert chart(**most)
    with pytest.raises(ValueError, match=fact):
        chart(**change)


def test_an_axis_that_cannot_be_drawn_is_refused():
    for change, fact in (
        ({"low": 2.0}, "'a knob'"),
        ({"low": math.nan}, "'a knob'"),
        ({"high": math.inf}, "'a knob'"),
        ({"low": 0.0}, "above 0"),
        ({"name": ""}, "name"),
    ):
        with pytest.raises(ValueError, match=fact):
            Knob(**({"name": "a knob", "low": 1.0, "high": 2.0} | change))
