"""Belkin et al. (2019): the error is largest where parameters equal examples, and stopping early spares one that."""

from dataclasses import replace

import numpy as np
import pytest
from map_tiles import quarter_that_disagrees
from wrong import wrong

from axiom.catalogue import double_descent_map as right
from axiom.kit import features


def truth(module):
    measured = module.run(module.Config(), 3)
    assert measured.ridge_slope == pytest.approx(1.0, abs=0.05)
    assert measured.ridge_at == pytest.approx(1.0, abs=0.05)
    stopped = module.run(module.Config(steps=100), 3)
    assert stopped.ridge_slope is None
    assert stopped.worse < measured.worse - 0.1


def test_the_ridge_runs_where_parameters_equal_examples_and_stopping_takes_it_away():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seen[:n, :p], wanted[:n]", "seen[: n // 2, :p], wanted[: n // 2]"),  # half of the examples are not seen
        ("** steps if steps else 1.0", "** 10**9 if steps else 1.0"),  # it never stops
        ("tiles.slope(rows, peaks)", "tiles.slope(peaks, rows**2.0)"),
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises((AssertionError, TypeError)):
        truth(wrong("double_descent_map", old, new))


@pytest.mark.parametrize(("rows", "columns"), [(12, 30), (30, 12), (20, 20)])
def test_weights_are_those_of_descent_step_by_step_and_of_least_squares(rows, columns):
    rng = np.random.default_rng(4)
    seen, wanted = rng.standard_normal((rows, columns)), rng.standard_normal(rows)
    rate, weights = 1 / np.linalg.norm(seen, 2) ** 2, np.zeros(columns)
    for _ in range(25):
        weights = weights - rate * seen.T @ (seen @ weights - wanted)
    assert np.allclose(right.descended(seen, wanted, 25), weights)
    assert np.allclose(right.descended(seen, wanted, 0), features.minimum_norm(seen, wanted))


def test_without_noise_and_with_far_more_examples_than_parameters_little_is_wrong():
    clean, noisy = (
        np.frombuffer(right.run(right.Config(noise=noise), 3).error, np.uint8).reshape(64, 64) for noise in (0.0, 3.0)
    )
    assert clean[-1, 48] < 8  # better than nothing
    assert clean[-1, 48] < noisy[-1, 48]
    assert (clean >= 8).mean() < (noisy >= 8).mean()


def test_a_deeper_tile_shows_what_its_parent_shows():
    """A half of a pixel is another number of examples where there are many of them, which matters little there."""
    assert quarter_that_disagrees(right, right.Config(steps=100), 3, column=0, row=1) <= 0.01


def test_a_tile_away_from_the_ridge_has_none():
    measured = right.run(replace(right.Config(), level=2, column=0, row=3), 3)
    assert (measured.ridge_slope, measured.ridge_at) == (None, None)
