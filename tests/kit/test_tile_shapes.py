"""Shapes of which everything is known: lines, a disc, and a coast that is rough at every scale."""

import math

import numpy as np
import pytest

from axiom.domain.maps import ROOT, Band, Knob, Map, Tile
from axiom.kit import pace, tiles

PLANE = Map(
    title="A plane",
    x=Knob(name="across", low=-1.0, high=1.0, log=False),
    y=Knob(name="up", low=-1.0, high=1.0, log=False),
    measure="inside",
    bands=(Band(name="inside", shades=3), Band(name="outside", shades=3)),
    pixels=64,
)
DECADES = Map(
    title="Decades",
    x=Knob(name="across", low=1e-2, high=1e4),
    y=Knob(name="up", low=1e-3, high=1e3),
    measure="inside",
    bands=PLANE.bands,
    pixels=64,
)

RADIUS = 0.77


def boxes(inside, level, plane=PLANE):
    """How many boxes of two pixels the border of this shape crosses in all tiles of a level."""
    side = 2**level
    return sum(
        tiles.border(plane, tiles.painted(plane, ~inside(*tiles.knobs(plane, Tile(level=level, column=c, row=r))), 0))
        for c in range(side)
        for r in range(side)
    )


def dimension(inside, first, last):
    counts = [math.log2(boxes(inside, level)) for level in range(first, last + 1)]
    return float(np.polyfit(range(first, last + 1), counts, 1)[0])


def disc(x, y):
    return np.hypot(x - 0.01, y - 0.02) < RADIUS


def coast(x, y):
    """Below a sum of ever finer and flatter waves, whose graph has the dimension 2 - log 2 / log 4 = 1.5."""
    return y < sum(0.5 * 2.0**-k * np.cos(4.0**k * 3.0 * x) for k in range(8))


def test_a_disc_has_an_edge_of_dimension_one_and_as_long_as_it_is():
    assert dimension(disc, 0, 3) == pytest.approx(1.0, abs=0.05)
    # An edge of length 2 pi r enters as many new columns and rows of boxes as its bounds, of 8 r, do.
    assert boxes(disc, 3) * (2 / 256) == pytest.approx(8 * RADIUS, rel=0.05)


@pytest.mark.parametrize("place", [1 / 3, 0.3126, 0.7])  # within boxes at some levels, between them at others
@pytest.mark.parametrize("axis", [0, 1])
def test_a_straight_line_along_the_grid_is_as_long_wherever_it_runs(place, axis):
    assert [boxes(lambda *at: at[axis] < place, level) for level in range(5)] == [32, 64, 128, 256, 512]


def test_a_rough_coast_is_more_than_a_line():
    assert dimension(coast, 0, 3) == pytest.approx(1.5, abs=0.15)


def test_a_disc_has_the_share_of_the_plane_that_it_has():
    pixels = tiles.painted(PLANE, ~disc(*tiles.knobs(PLANE, ROOT)), 2)
    assert tiles.share(PLANE, pixels, 0) == pytest.approx(math.pi * RADIUS**2 / 4, abs=0.01)
    assert tiles.share(PLANE, pixels, 0) + tiles.share(PLANE, pixels, 1) == 1.0


@pytest.mark.parametrize("tile", [ROOT, Tile(level=2, column=1, row=2)])
def test_a_straight_border_is_found_where_it_runs_with_the_slope_it_has(tile):
    across, up = tiles.knobs(DECADES, tile)
    edges = tiles.edges(DECADES, tile, across > 3 * up**-0.5)
    rows = tiles.rows(DECADES, tile)
    there = np.isfinite(edges)
    assert there.sum() > 10
    pixel = (1e6) ** (1 / 64 / 2**tile.level)
    assert edges[there] == pytest.approx(3 * rows[there] ** -0.5, rel=pixel**0.51 - 1)
    assert tiles.slope(rows, edges) == pytest.approx(-0.5, abs=0.02)


def test_a_border_with_islands_is_where_most_of_it_is():
    across, _ = tiles.knobs(PLANE, ROOT)
    beyond = (across > 0.25).reshape(64, 64)
    beyond[:, 3] = True
    beyond[:, 60] = False
    assert tiles.edges(PLANE, ROOT, beyond) == pytest.approx(np.full(64, 0.25))


def test_where_nothing_is_passed_there_is_no_border_nor_slope():
    for beyond in (np.zeros(4096, bool), np.ones(4096, bool), tiles.knobs(PLANE, ROOT)[0] < 0.1):
        edges = tiles.edges(PLANE, ROOT, beyond)
        assert np.isnan(edges).all()
        assert tiles.middle(edges) is None
        assert tiles.slope(tiles.rows(DECADES, ROOT), edges) is None


def test_the_middle_wants_more_than_half_of_the_rows():
    assert tiles.middle([1.0, 100.0, np.nan]) == pytest.approx(10.0)
    assert tiles.middle([1.0, 100.0, np.nan, np.nan]) is None


def test_shades_are_even_steps_of_the_logarithm():
    assert tiles.graded([0.0, 0.01, 0.06, 0.9, 1.1, 99.0, 1e9, np.inf], 0.01, 100.0, 4).tolist() == [
        0,
        0,
        0,
        1,
        2,
        3,
        3,
        3,
    ]


def test_batches_are_put_together_in_their_order_and_heard_of():
    class Ear:
        def __init__(self):
            self.shares = []

        def early(self, values):
            raise AssertionError(values)

        def progress(self, share):
            self.shares.append(share)

    pace.attach(ear := Ear())
    numbers = np.arange(64.0)
    twice, odd = tiles.computed(64, 10, lambda part: [2 * numbers[part], numbers[part] % 2 == 1])
    pace.attach(None)
    assert twice.tolist() == (2 * numbers).tolist()
    assert odd.sum() == 32
    assert len(ear.shares) == 8
    assert ear.shares[-1] == 1.0
