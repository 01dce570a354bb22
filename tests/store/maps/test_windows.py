"""Rectangles of a map: each pixel is of the deepest tile that is drawn over it; and no tile is counted by a page."""

import random

import pytest
import small_map
from hypothesis import given, settings
from hypothesis import strategies as st
from map_on_site import draw_map

from axiom.domain.maps import Knob, Tile, place_of
from axiom.store.engine import counters
from axiom.store.maps import tiles
from axiom.store.maps.windows import (
    NOTHING,
    ChartReader,
    PixelWindow,
    compute_axis_share,
    compute_pixel_middles,
    find_touched_pixels,
)
from axiom.store.views import maps

SIDE, LEVEL = small_map.MAP.pixels, 4


@pytest.fixture(scope="module")
def drawn(new_lab, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("windows") / "lab")
    draw_map(lab)
    yield lab
    lab.db.close()


@pytest.fixture(scope="module")
def plane(drawn) -> list[list[int]]:
    """Every pixel of replicate 1 at level 4, each looked for by itself."""
    there = {
        row["config"] for row in drawn.db.select("SELECT config FROM tile WHERE replicate = 1 AND state = 'drawn'")
    }
    read = {place: tiles.find_drawn_tile(drawn.db, 1, place, 1).pixels for place in there}

    def pixel(across: int, up: int) -> int:
        for level in range(LEVEL, -1, -1):
            x, y = across >> (LEVEL - level), up >> (LEVEL - level)
            place = place_of(Tile(level=level, column=x // SIDE, row=y // SIDE), 0)
            if place in there:
                return read[place][(y % SIDE) * SIDE + x % SIDE]
        raise AssertionError("nothing is drawn there")

    size = SIDE << LEVEL
    return [[pixel(across, up) for across in range(size)] for up in range(size)]


def test_any_window_shows_the_deepest_pixels_and_tiles_are_found_as_they_are_drawn(drawn, plane, taken_back):
    size, charts = SIDE << LEVEL, ChartReader(drawn.db, 1, small_map.MAP, 0)
    dice = random.Random(1)
    for _ in range(40):
        column, row = dice.randrange(size), dice.randrange(size)
        columns, rows = dice.randint(1, size - column), dice.randint(1, size - row)
        window = PixelWindow(level=LEVEL, column=column, row=row, columns=columns, rows=rows)
        wanted = [pixel for line in plane[row : row + rows] for pixel in line[column : column + columns]]
        assert list(charts.picture(1, window).pixels) == wanted
    picture = charts.picture(77, PixelWindow(level=1, column=3, row=5, columns=9, rows=2))  # nothing is drawn there
    assert picture.pixels == bytes([NOTHING]) * 18
    assert {square.shown for square in picture.squares} == {None}
    counted = {
        row["level"]: row["n"]
        for row in drawn.db.select("SELECT level, count(*) AS n FROM tile WHERE state = 'drawn' GROUP BY level")
    }
    assert maps.count_drawn_tiles(drawn.db) == {1: counted}
    assert sum(counted.values()) > 100
    assert counters.list_counter_problems(drawn.db) == []
    with taken_back(drawn.db):
        counters.add_to_counter(drawn.db, "tile", 1, "0", 1)
        problem = f"counter tile 0 of experiment 1 says {counted[0] + 1}, there are {counted[0]}"
        assert counters.list_counter_problems(drawn.db) == [problem]
    newest = maps.list_newest_tiles(drawn.db, 1, 5)
    assert (len(newest), {shown.tile.level for shown in newest}) == (5, {3})
    own = maps.list_host_tiles(drawn.db, 2, tasks=100, limit=50)
    tasks = {row["id"] for row in drawn.db.select("SELECT id FROM task WHERE host_id = 2")}
    assert own
    task_of = "SELECT task_id FROM tile WHERE config = :place AND replicate = :replicate"
    for shown in own:
        assert drawn.db.row(task_of, place=shown.place, replicate=shown.replicate)["task_id"] in tasks
    levels = [shown.tile.level for shown in own]
    assert levels == sorted(levels, reverse=True)
    assert {by.host_id for by in maps.find_tile_drawers(drawn.db, tasks).values()} == {2}


@settings(max_examples=50)
@given(
    axis=st.sampled_from([small_map.MAP.x, small_map.MAP.y, Knob(name="k", low=1e-3, high=1e6)]),
    level=st.integers(0, 22),
    share=st.floats(0.0, 0.999999),
)
def test_the_span_of_a_pixel_touches_that_pixel_alone(axis, level, share):
    pixels = 64 << level
    place = int(share * pixels)
    assert find_touched_pixels(axis, axis.at(place / pixels), axis.at((place + 1) / pixels), pixels) == (place, 1)
    (middle,) = compute_pixel_middles(axis, place, 1, pixels)
    assert find_touched_pixels(axis, middle, middle, pixels) == (place, 1)
    assert compute_axis_share(axis, middle) * pixels == pytest.approx(place + 0.5, abs=1e-4)
