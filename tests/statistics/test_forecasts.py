"""Forecasts by three quantiles get the score of their law, and the better forecaster is named soon."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.statistics.forecasts import better_log_es, crps
from axiom.statistics.signed_ranks import either

NINETY = NormalDist().inv_cdf(0.9)
numbers = st.floats(-1e6, 1e6)
widths = st.floats(1e-3, 1e3)


def law(median: float, below: float, above: float) -> tuple[float, float, float]:
    return median - NINETY * below, median, median + NINETY * above


def by_quadrature(median: float, below: float, above: float, truth: float) -> float:
    steps = 200_001
    reach = 9.0 * (below + above) + 2.0 * abs(truth - median)
    points = np.linspace(median - reach, median + reach, steps)
    spreads = np.where(points < median, below, above)
    erf = np.frompyfunc(math.erf, 1, 1)
    chances = 0.5 * (1.0 + erf((points - median) / spreads / math.sqrt(2.0)).astype(float))
    return float(np.trapezoid((chances - (points >= truth)) ** 2, points))


@pytest.mark.parametrize(
    ("median", "below", "above", "truth"), [(0, 1, 3, -2), (0, 1, 3, 2), (5, 2, 0.5, 5), (-1, 4, 0.2, -9)]
)
def test_the_score_is_the_integral_that_it_should_be(median, below, above, truth):
    assert crps(law(median, below, above), truth) == pytest.approx(by_quadrature(median, below, above, truth), abs=3e-4)


@settings(max_examples=40)
@given(numbers, widths, st.floats(-20, 20))
def test_of_equal_sides_it_is_the_score_of_a_normal(median, spread, z):
    normal = NormalDist()
    known = spread * (z * (2 * normal.cdf(z) - 1) + 2 * normal.pdf(z) - 1 / math.sqrt(math.pi))
    rounding = 1e-9 * (abs(median) + spread)
    assert crps(law(median, spread, spread), median + z * spread) == pytest.approx(known, rel=1e-9, abs=rounding)


@settings(max_examples=40)
@given(numbers, widths, widths, numbers)
def test_a_mirrored_forecast_of_a_mirrored_truth_is_worth_the_same(median, below, above, truth):
    score = crps(law(median, below, above), truth)
    assert 0 <= score <= abs(truth - median) + max(below, above)
    assert crps(law(-median, above, below), -truth) == pytest.approx(score, rel=1e-9, abs=1e-6)


def test_a_forecast_without_width_costs_its_distance():
    assert crps((2, 2, 2), 5) == 3
    assert crps((1, 2, 2), 5) == pytest.approx(crps((1, 2, 2 + 1e-9), 5))


@pytest.mark.parametrize(
    ("said", "truth"), [((1, 0, 2), 0), ((0, 1, math.inf), 0), ((0, 1, 2), math.nan), ((0, math.nan, 2), 1)]
)
def test_what_is_no_forecast_is_not_scored(said, truth):
    with pytest.raises(ValueError, match="no quantiles"):
        crps(said, truth)


# How two forecasters of the same truths differ, the better one first. A truth is normal with a spread of its own.
RIVALS = {
    "honest, too sure": (lambda mean, sd, _: law(mean, sd, sd), lambda mean, sd, _: law(mean, sd / 3, sd / 3)),
    "honest, knows nothing": (lambda mean, sd, _: law(mean, sd, sd), lambda _, sd, __: law(0, 1.6 * sd, 1.6 * sd)),
    "too sure, wrong way": (lambda mean, sd, _: law(mean, sd / 3, sd / 3), lambda mean, sd, _: law(-mean, sd, sd)),
}
COPIES = (
    lambda mean, sd, dice: law(mean + 0.3 * sd * dice.normal(), sd, sd),
    lambda mean, sd, dice: law(mean + 0.3 * sd * dice.normal(), sd, sd),
)
BAR = math.log(20.0)


def named(first, second, seed: int) -> int:
    """Who is named within 100 predictions: 1 the first, -1 the second, 0 nobody."""
    dice = np.random.default_rng(seed)
    differences = []
    for _ in range(100):
        sd = float(np.exp(dice.normal(0.5, 0.5)))
        mean = float(dice.normal(0, 1.2 * sd))
        truth = float(dice.normal(mean, sd))
        scores = [crps(forecaster(mean, sd, dice), truth) for forecaster in (first, second)]
        differences.append(scores[1] - scores[0])
    for looks in itertools.chain(range(1, 30), range(30, 101, 5)):
        for_first, for_second = better_log_es(differences[:looks], 1.0)
        if either(for_first, for_second) >= BAR:
            return 1 if for_first > for_second else -1
    return 0


@pytest.mark.parametrize("rivals", RIVALS)
def test_the_better_forecaster_is_named_within_100_predictions(rivals):
    outcomes = [named(*RIVALS[rivals], seed) for seed in range(25)]
    assert outcomes.count(1) >= 0.9 * len(outcomes)
    assert outcomes.count(-1) <= 0.05 * len(outcomes)


def test_of_two_copycats_nobody_is_named():
    outcomes = [named(*COPIES, seed) for seed in range(40)]
    assert outcomes.count(0) >= 0.9 * len(outcomes)


def test_one_wild_miss_decides_nothing():
    assert either(*better_log_es([1e300], 1e-300)) < BAR
    assert either(*better_log_es([-1e9, *[0.5] * 40], 1.0)) == either(*better_log_es([-4, *[0.5] * 40], 1.0))


@pytest.mark.parametrize("smallest", [0.0, math.nan, math.inf])
def test_differences_need_a_smallest_effect(smallest):
    with pytest.raises(ValueError, match="smallest effect"):
        better_log_es([1.0], smallest)
