"""Where the tiles of a map lie, and what no map may be."""

import base64
import math
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plane_chart import AXIS, BANDS, chart

from axiom.domain.declaration import pack_pixels, unpack_pixels
from axiom.domain.maps import (
    ARMS,
    DEEPEST,
    MOST_COLOURS,
    ROOT,
    Band,
    Knob,
    PlacedConfigs,
    Tile,
    first_place,
    is_tile,
    place_of,
    tile_at,
    tile_of,
)


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
