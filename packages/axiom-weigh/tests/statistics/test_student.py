"""Intervals of means: scipy's quantiles, the textbook's numbers, and coverage at one look."""

import numpy as np
import pytest
from scipy.special import stdtrit

from axiom_weigh.statistics.student import mean_interval, t_quantile, welch_interval


@pytest.mark.parametrize("freedom", [1, 1.3, 2, 4.7, 8, 30, 199, 200, 201, 1_000_000])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999999])
def test_the_t_quantile_is_scipy_s(freedom, level):
    assert t_quantile(freedom, level) == pytest.approx(stdtrit(freedom, 0.5 + level / 2), rel=1e-7)


def test_the_interval_of_two_unpaired_arms_is_welch_s():
    ours, base = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0]
    variances = [np.var(arm, ddof=1) / len(arm) for arm in (ours, base)]
    freedom = sum(variances) ** 2 / sum(
        variance**2 / (len(arm) - 1) for variance, arm in zip(variances, (ours, base), strict=True)
    )
    half, difference = stdtrit(freedom, 0.975) * sum(variances) ** 0.5, np.mean(ours) - np.mean(base)
    assert welch_interval(ours, base) == pytest.approx((difference - half, difference + half))
    assert welch_interval([1.0, 1.0], [3.0, 3.0, 3.0]) == (-2.0, -2.0)
    assert welch_interval([1.0], [3.0, 4.0]) == mean_interval([1.0]) == (None, None)


def test_at_one_look_nineteen_of_twenty_intervals_of_five_seeds_hold_the_difference():
    rng, covering, n = np.random.default_rng(1), 0, 1_000
    for ours, base in zip(rng.normal(1.0, 1.0, (n, 5)).tolist(), rng.normal(0.0, 3.0, (n, 7)).tolist(), strict=True):
        low, high = welch_interval(ours, base)
        covering += low <= 1.0 <= high
    assert covering / n == pytest.approx(0.95, abs=0.02)
