"""The reach of the t-mixture: by quadrature, and how it grows."""

import math

import numpy as np
import pytest

from axiom.statistics.mixture import reach


def by_quadrature(x: np.ndarray, c: float) -> float:
    """The mixture as a plain double sum: over the scale with weight 1/scale, over the effect with a normal one."""
    n, mean, squares = len(x), x.mean(), ((x - x.mean()) ** 2).sum()
    logs = np.linspace(-8.0, 8.0, 1_601) + math.log(math.sqrt((squares + n * mean**2) / n))
    scales = np.exp(logs)[:, None]
    effects = np.linspace(-9.0 * c, 9.0 * c, 2_001)[None, :]
    density = np.exp(-((effects / c) ** 2) / 2)
    base = -n * np.log(scales) - squares / (2 * scales**2)
    none, some = (base - n * (mean - effect * scales) ** 2 / (2 * scales**2) for effect in (0.0, effects))
    top = float(none.max())
    return float((np.exp(some - top) * density).sum() / density.sum() / np.exp(none - top).sum())


@pytest.mark.parametrize(("n", "alpha", "c"), [(4, 0.3, 1.0), (12, 0.05, 0.5)])
def test_a_mean_that_is_just_so_far_away_makes_the_e_value_one_over_alpha(n, alpha, c):
    values = np.random.default_rng(n).normal(size=n)
    values += reach(n, alpha=alpha, c=c) * values.std(ddof=1) / math.sqrt(n) - values.mean()
    assert by_quadrature(values, c) == pytest.approx(1 / alpha, rel=1e-3)


def test_at_first_no_mean_is_far_enough_and_later_it_takes_more_than_at_a_single_look():
    reached = [reach(n, alpha=0.05) for n in (1, 3, 100, 10_000)]
    assert reached == pytest.approx([math.inf, math.inf, 3.2, 3.9], rel=0.05)
