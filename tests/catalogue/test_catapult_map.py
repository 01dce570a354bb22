"""Lewkowycz et al. (2020): one example and linear units have their borders at 2 and 4, whatever the scale."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from map_tiles import bands, quarter_that_disagrees
from wrong import wrong

from axiom.catalogue import catapult_map as right
from axiom.domain.maps import ROOT, Tile
from axiom.kit import tiles

SHORT = right.Config(width=32, steps=60)
EXACT = right.Config(examples=1, width=512, steps=60)
PIXEL = 64 ** (1 / 64)  # by which factor a pixel's step size differs from its neighbour's


def truth(module):
    measured = module.run(module.Config(examples=1, width=512, steps=60), 3)
    assert measured.shoots_up_from == pytest.approx(2.0, rel=PIXEL**1.5 - 1)
    assert measured.runs_away_from == pytest.approx(4.0, rel=PIXEL**1.5 - 1)


def test_a_linear_network_on_one_example_has_the_borders_of_theory():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rates = times / firsts", "rates = times / firsts**0.5"),  # not in units of curvature
        ("layers[1].shape[0] ** 0.5", "layers[1].shape[0]"),  # not the kernel's scale
        ("axis=0) / 2.0", "axis=0)"),  # twice the step size
        ("jnp.where(came_back, rose", "jnp.where(came_back | rose, rose"),  # what runs away is said to have come back
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises(AssertionError):
        truth(wrong("catapult_map", old, new))


def test_small_steps_descend_and_large_ones_run_away():
    whole = bands(right, SHORT, 4)
    large = tiles.rows(right.MAP, ROOT) > 1
    assert not whole[large][:, :8].any()
    assert (whole[:, -8:] == 2).all()


def test_what_shot_up_ended_flatter():
    measured = right.run(replace(SHORT, steps=300), 5)
    pixels = np.frombuffer(measured.fate, np.uint8).reshape(64, 64)
    upper = pixels[tiles.rows(right.MAP, ROOT) > 2]
    descended, caught = upper[upper < 8], upper[(upper >= 8) & (upper < 16)] - 8
    assert caught.max() <= 4  # no more curvature than at the start, which is the edge between shades 3 and 4
    assert caught.mean() < descended.mean()


def test_a_pixel_alone_ends_as_it_does_in_its_tile():
    whole = bands(right, SHORT, 4)
    times, scales = tiles.knobs(right.MAP, ROOT)
    draw = right.chance.stream(4, "data")
    inputs = draw.standard_normal((8, 16))
    inputs = np.float32(inputs * 4.0 / np.linalg.norm(inputs, axis=1, keepdims=True))
    wanted = np.float32(draw.choice([-1.0, 1.0], 8))
    draw = right.chance.stream(4, "start")
    start = np.float32(draw.standard_normal((16, 32))), np.float32(draw.standard_normal(32))
    for place in range(5, 4096, 257):
        scale = np.float32([scales[place]])
        kernel = right.at_start("linear")(scale, start, inputs)
        rate = np.float32(times[place] / right.curvatures(kernel))
        band = right.program("linear", 60)(scale, jnp.asarray(rate), start, inputs, wanted)[0]
        assert band[0] == whole.ravel()[place], place


def test_a_deeper_tile_shows_what_its_parent_shows():
    assert quarter_that_disagrees(right, SHORT, 4, column=0, row=1) == 0.0


def test_a_tile_without_a_large_start_says_nothing_of_one():
    measured = right.run(replace(SHORT, level=1, column=0, row=0), 4)
    assert measured.shoots_up_from is None
    assert Tile(level=1).span(right.MAP.y, is_row=True)[1] <= right.LARGE + 1e-9
