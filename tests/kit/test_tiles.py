"""Where the pixels of a tile lie, how they are painted, and that its border is counted as the server counts it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.maps import DEEPEST, ROOT, Band, Knob, Map, Tile, borders
from axiom.kit import tiles

MAP = Map(
    title="A plane",
    x=Knob(name="a step", low=1e-3, high=1e6),
    y=Knob(name="a share", low=-1.0, high=1.0, log=False),
    measure="fate",
    bands=(Band(name="so", shades=3), Band(name="not so", shades=2)),
    pixels=8,
)
LAST = 2**DEEPEST - 1


@pytest.mark.parametrize("corner", [Tile(level=DEEPEST), Tile(level=DEEPEST, column=LAST, row=LAST)])
def test_the_knobs_at_the_ends_of_their_ranges_lie_within_and_are_told_apart(corner):
    across, up = tiles.knobs(MAP, corner)
    for axis, knobs in ((MAP.x, across[:8]), (MAP.y, up[::8])):
        assert axis.low < knobs[0]
        assert knobs[-1] < axis.high
        assert (np.diff(knobs) > 0).all()


def test_the_pixels_of_a_tile_are_those_of_its_quarters_pair_by_pair():
    across, up = tiles.knobs(MAP, ROOT)
    (left, _), (_, high) = tiles.knobs(MAP, ROOT.children[0]), tiles.knobs(MAP, ROOT.children[3])
    assert np.log(across[:4]) == pytest.approx(np.log(left[:8]).reshape(4, 2).mean(axis=1))
    assert up[32::8] == pytest.approx(high[::8].reshape(4, 2).mean(axis=1))
    assert across.reshape(8, 8)[0] == pytest.approx(across.reshape(8, 8)[7])


@given(values=st.lists(st.integers(0, 4), min_size=64, max_size=64))
def test_share_and_border_are_what_the_server_counts(values):
    pixels = np.array(values, np.uint8).reshape(8, 8)
    seen = borders(pixels.tobytes(), MAP)
    assert tiles.border(MAP, pixels) == sum(seen.lengths)
    assert [tiles.share(MAP, pixels, band) for band in (0, 1)] == pytest.approx(list(seen.shares))


def test_shades_go_from_the_first_moment_to_the_last_and_no_further():
    shades = tiles.shade([0, 1, 10, 100, 500, 9_000, -3], 500, 12)
    assert (shades[0], shades[-3], shades[-2], shades[-1]) == (0, 11, 11, 0)
    assert (np.diff(shades[:5]) >= 0).all()
    painted = tiles.painted(MAP, [0, 1] * 32, [2, 1] * 32)
    assert painted.dtype == np.uint8
    assert set(painted.ravel().tolist()) == {2, 4}


@given(pixels=st.sampled_from([16, 64, 4_096]), most=st.integers(1, 300))
def test_batches_are_of_one_size_and_hold_every_pixel_once(pixels, most):
    parts = tiles.batches(pixels, most)
    assert {part.stop - part.start for part in parts} == {pixels // len(parts)}
    assert pixels // len(parts) <= most
    assert [each for part in parts for each in range(part.start, part.stop)] == list(range(pixels))
