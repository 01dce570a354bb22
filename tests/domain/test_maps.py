"""Where the tiles of a map lie, what their pixels show, and what no map may be."""

import base64
import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.declaration import pack, unpack
from axiom.domain.maps import (
    ARMS,
    DEEPEST,
    MOST_COLOURS,
    ROOT,
    Band,
    Borders,
    Knob,
    Map,
    PlacedConfigs,
    Tile,
    borders,
    differing,
    first_place,
    is_tile,
    place_of,
    tile_at,
    tile_of,
)

AXIS = Knob(name="a knob", low=1.0, high=100.0)
BANDS = (Band(name="it learned", shades=2), Band(name="it ran away", shades=3))
IN, OUT = 0, 2  # the first shade of either band


def chart(**changes: object) -> Map:
    fields = {"title": "A plane", "x": AXIS, "y": AXIS, "measure": "fate", "bands": BANDS, "pixels": 8}
    return Map(**(fields | changes))


@st.composite
def tiles(draw: st.DrawFn, least: int = 0) -> Tile:
    level = draw(st.integers(least, DEEPEST))
    column, row = (draw(st.integers(0, 2**level - 1)) for _ in range(2))
    return Tile(level=level, column=column, row=row)


@given(tile=tiles(), arm=st.integers(0, ARMS - 1))
def test_a_place_leads_back_to_its_tile_and_arm(tile, arm):
    place = place_of(tile, arm)
    assert tile_at(place) == (tile, arm)
    assert first_place(tile.level) <= place < first_place(tile.level + 1)
    assert place < 2**53  # exact as a number of JSON, whoever reads it


@given(place=st.integers(0, first_place(DEEPEST + 1) - 1))
def test_every_place_is_that_of_a_tile(place):
    assert place_of(*tile_at(place)) == place


@pytest.mark.parametrize("arm", [0, 1, ARMS - 1])
def test_a_tile_of_level_0_is_where_its_arm_is_in_the_sweep(arm):
    assert place_of(ROOT, arm) == arm


@pytest.mark.parametrize("place", [-1, first_place(DEEPEST + 1), 2**62])
def test_there_is_no_place_beyond_the_deepest_level(place):
    with pytest.raises(ValueError, match=f"there is no place {place}"):
        tile_at(place)


@pytest.mark.parametrize(
    ("tile", "arm"),
    [
        (Tile(level=1, column=2, row=0), 0),
        (Tile(level=1, column=0, row=-1), 0),
        (Tile(level=-1), 0),
        (Tile(level=DEEPEST + 1), 0),
        (ROOT, ARMS),
        (ROOT, -1),
    ],
)
def test_what_is_no_tile_has_no_place(tile, arm):
    with pytest.raises(ValueError, match="there is no Tile"):
        place_of(tile, arm)


@given(tile=tiles(least=1))
def test_a_tile_is_one_of_the_four_quarters_of_its_parent(tile):
    assert tile.parent is not None
    assert tile.parent.children.count(tile) == 1
    assert tile.up_to(tile.level - 1) == tile.parent
    assert tile.up_to(tile.level) == tile
    assert tile.up_to(0) == ROOT
    assert ROOT.parent is None


@given(tile=tiles(), axis=st.sampled_from([AXIS, Knob(name="a step", low=-3.0, high=5.0, log=False)]))
def test_a_tile_covers_just_what_its_quarters_cover(tile, axis):
    low, high = tile.span(axis)
    left, right = tile.children[0], tile.children[1]
    if right.is_there:
        assert left.span(axis)[0] == pytest.approx(low)
        assert left.span(axis)[1] == right.span(axis)[0]
        assert right.span(axis)[1] == pytest.approx(high)
    assert axis.low <= low <= high <= axis.high * (1 + 1e-12)


def test_a_config_says_where_its_tile_lies():
    tile = Tile(level=3, column=5, row=2)
    config = {"width": 16, **tile.factors}
    assert is_tile(config)
    assert tile_of(config) == tile
    assert not is_tile({"width": 16, "level": 3, "column": 5})


ARM_CONFIGS = ({"width": 8, **ROOT.factors}, {"width": 16, **ROOT.factors})


@given(tile=tiles(), arm=st.sampled_from([0, 1]))
def test_the_config_of_a_deeper_tile_is_that_of_its_arm_elsewhere(tile, arm):
    placed = PlacedConfigs(enumerate(ARM_CONFIGS))
    place = place_of(tile, arm)
    assert placed[place] == {"width": (8, 16)[arm], **tile.factors}
    assert placed.arm_of(place) == arm
    assert len(placed) == 2
    assert (place in placed) == (tile == ROOT)


@pytest.mark.parametrize(
    "place", [2, 3, ARMS - 1, place_of(Tile(level=4, column=1, row=2), 7), first_place(DEEPEST + 1)]
)
def test_of_an_arm_that_is_not_there_no_tile_is_there(place):
    with pytest.raises((KeyError, ValueError)):
        PlacedConfigs(enumerate(ARM_CONFIGS))[place]


def test_configs_without_tiles_have_no_deeper_ones():
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


@pytest.mark.parametrize(
    ("rows", "shares", "lengths", "passes"),
    [
        (EMPTY, (1.0, 0.0), (0, 0, 0, 0), (False,) * 4),
        (DOT_BELOW, (63 / 64, 1 / 64), (1, 0, 0, 0), (True, False, False, False)),
        (WALL, (0.5, 0.5), (2, 0, 2, 0), (True,) * 4),  # along the edge of all quarters: that of the boxes left of it
        (INSIDE, (0.75, 0.25), (0, 2, 0, 2), (False, True, False, True)),
        (("...#####",) * 8, (3 / 8, 5 / 8), (2, 0, 2, 0), (True, False, True, False)),
        (("..######",) * 8, (0.25, 0.75), (2, 0, 2, 0), (True, False, True, False)),
        (CORNER, (0.75, 0.25), (2, 2, 0, 0), (True,) * 4),
    ],
)
def test_a_border_passes_through_a_quarter_or_along_its_edge(rows, shares, lengths, passes):
    assert borders(drawing(*rows), chart()) == Borders(shares=shares, lengths=lengths, passes=passes)


def test_shades_of_one_band_make_no_border():
    shaded = bytes(x % 2 for x in range(64))
    assert borders(shaded, chart()).passes == (False,) * 4


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
            lengths.append(sum(len(one) > 1 for one in boxes))
            around = {
                band[y][x]
                for y in range(max(0, up - 1), min(side, up + half + 1))
                for x in range(max(0, right - 1), min(side, right + half + 1))
            }
            passes.append(len(around) > 1)
    flat = [each for row in band for each in row]
    shares = tuple(flat.count(each) / side**2 for each in range(len(of.bands)))
    return Borders(shares=shares, lengths=tuple(lengths), passes=tuple(passes))


THREE = (*BANDS, Band(name="neither", shades=1))


@given(data=st.data(), side=st.sampled_from([4, 8, 12, 64]), bands=st.sampled_from([BANDS, THREE]))
def test_borders_are_what_they_are_counted_one_pixel_after_the_other(data, side, bands):
    of = chart(pixels=side, bands=bands)
    pixels = bytearray(side * side)
    for _ in range(data.draw(st.integers(0, 6))):  # some rectangles and dots, as borders lie together
        x, y, wide, high = (data.draw(st.integers(0, side)) for _ in range(4))
        colour = data.draw(st.integers(0, of.colours - 1))
        for row in range(y, min(side, y + high)):
            pixels[row * side + x : row * side + min(side, x + wide)] = bytes([colour]) * (min(side, x + wide) - x)
    assert borders(bytes(pixels), of) == by_hand(bytes(pixels), of)


@given(data=st.data(), side=st.sampled_from([4, 8, 64]))
def test_what_differs_is_counted_by_quarter_one_pixel_after_the_other(data, side):
    of = chart(pixels=side, bands=THREE)
    first, second = (bytes(data.draw(st.binary(min_size=side**2, max_size=side**2))) for _ in "ab")
    first, second = (bytes(each % of.colours for each in pixels) for pixels in (first, second))
    apart = [of.bands_of_colours[a] != of.bands_of_colours[b] for a, b in zip(first, second, strict=True)]
    half = side // 2
    by_quarter = [
        sum(apart[y * side + x] for y in range(up, up + half) for x in range(right, right + half)) // 4
        for up in (0, half)
        for right in (0, half)
    ]
    assert list(differing(first, second, of)) == by_quarter


# --- as a grid travels


@given(pixels=st.binary(max_size=400))
def test_a_grid_that_travelled_is_what_it_was(pixels):
    assert unpack(pack(pixels), len(pixels)) == pixels


def lettered(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


BOMB = lettered(zlib.compress(bytes(2**27), 9))  # 130 kB that would become 128 MB


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (pack(bytes(63)), "does not hold 64 pixels"),
        (pack(bytes(65)), "does not hold 64 pixels"),
        (BOMB, "does not hold 64 pixels"),
        ("", "does not hold 64 pixels"),
        ("no base64!", "cannot be unpacked"),
        ("ü", "cannot be unpacked"),
        (lettered(bytes(64)), "cannot be unpacked"),
        (lettered(zlib.compress(bytes(64))[:-1]), "does not hold 64 pixels"),  # its checksum is cut off
        (lettered(zlib.compress(bytes(64)) + b"more"), "does not hold 64 pixels"),
        ("A" * 300_000, "300000 characters"),
    ],
)
def test_what_is_no_grid_of_this_size_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        unpack(text, 64)


# --- what no map may be


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"low": 3.0, "high": 3.0}, "'a knob' must begin below its end"),
        ({"low": 5.0, "high": 3.0}, "'a knob' must begin below its end"),
        ({"low": math.nan}, "'a knob' must begin below its end"),
        ({"high": math.inf}, "'a knob' must begin below its end"),
        ({"low": 0.0}, "is logarithmic, so it must begin above 0"),
        ({"low": -1.0}, "is logarithmic, so it must begin above 0"),
        ({"name": ""}, "an axis needs a name"),
    ],
)
def test_an_axis_that_cannot_be_drawn_is_refused_in_a_sentence(change, words):
    with pytest.raises(ValueError, match=words):
        Knob(**({"name": "a knob", "low": 1.0, "high": 2.0} | change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pixels": 0}, "4 to 256 pixels a side"),
        ({"pixels": 6}, "a multiple of 4; not 6"),
        ({"pixels": 260}, "4 to 256 pixels a side"),
        ({"bands": BANDS[:1]}, "two bands at least"),
        ({"bands": ()}, "two bands at least"),
        ({"bands": (*BANDS, Band(name="none", shades=0))}, "each band needs a shade"),
        ({"bands": (*BANDS, Band(name="many", shades=MOST_COLOURS))}, f"have {MOST_COLOURS} at most"),
        ({"charted": -1}, "must not be below 0"),
        ({"charted": 5, "deepest": 4}, "deeper than the deepest level"),
        ({"deepest": DEEPEST + 1}, f"deeper than {DEEPEST}"),
    ],
)
def test_a_map_that_could_not_be_computed_or_shown_is_refused_in_a_sentence(change, words):
    with pytest.raises(ValueError, match=words):
        chart(**change)


def test_every_colour_has_its_band():
    of = chart(bands=THREE)
    assert of.colours == 6
    assert of.bands_of_colours[:6] == bytes([0, 0, 1, 1, 1, 2])
    assert set(of.bands_of_colours[6:]) == {255}
