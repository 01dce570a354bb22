"""Scores by hand, and an e-process that leaves honest forecasters alone."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.statistics.quantile_scores import better_log_es, compute_crps
from axiom_weigh.statistics.scoring_rules import (
    calibration_log_e,
    calibration_looks,
    compute_brier_score,
    interval_score,
    log_score,
)
from axiom_weigh.statistics.shares_and_medians import MOST
from axiom_weigh.statistics.signed_ranks import combine_sides

THIRD = (1 / 3, 1 / 3, 1 / 3)
CHANCES = st.tuples(*[st.floats(0.01, 1.0)] * 3).map(
    lambda weights: tuple(weight / math.fsum(weights) for weight in weights)
)


def test_predictions_and_intervals_are_scored_as_a_hand_scores_them():
    assert [compute_brier_score((1.0, 0.0, 0.0), 1), compute_brier_score((0.7, 0.1, 0.2), 0)] == pytest.approx(
        [2.0, 0.14]
    )
    assert [log_score((1.0, 0.0, 0.0), 1), log_score(THIRD, 2)] == pytest.approx([math.log2(1e6), math.log2(3)])
    scores = [interval_score(0.1, 0.5, truth) for truth in (0.3, 0.1, 0.0, 0.7)]
    assert scores == pytest.approx([0.4, 0.4, 1.4, 2.4])


@settings(max_examples=40)
@given(truth=CHANCES, claimed=CHANCES)
def test_nobody_gains_by_saying_something_else_than_what_he_believes(truth, claimed):
    for score in (compute_brier_score, log_score):
        honest, other = (
            math.fsum(chance * score(chances, place) for place, chance in enumerate(truth))
            for chances in (truth, claimed)
        )
        assert honest <= other + 1e-12


@settings(max_examples=25)
@given(forecasts=st.lists(CHANCES, min_size=1, max_size=4))
def test_if_the_chances_are_true_the_e_value_is_one_on_average_at_every_look(forecasts):
    mean = math.fsum(
        math.prod(chances[end] for chances, end in zip(forecasts, happened, strict=True))
        * math.exp(calibration_log_e(singly(forecasts, happened)))
        for happened in itertools.product(range(3), repeat=len(forecasts))
    )
    assert mean == pytest.approx(1.0)


def flagged(truth: float, *, streams: int, looks: int, seed: int) -> np.ndarray:
    rng, flags = np.random.default_rng(seed), []
    for _ in range(streams):
        happened = np.where(rng.random(looks) < truth, 0, rng.integers(1, 3, looks)).tolist()
        path = calibration_looks(singly([(0.9, 0.05, 0.05)] * looks, happened))
        flags.append(next((n for n, log_e in enumerate(path, start=1) if log_e >= math.log(20)), math.inf))
    return np.array(flags)


def test_who_is_too_sure_is_flagged_soon_and_the_honest_rarely():
    assert np.median(flagged(0.7, streams=60, looks=120, seed=1)) <= 25
    assert np.median(flagged(0.5, streams=60, looks=120, seed=2)) <= 10
    assert np.isfinite(flagged(0.9, streams=80, looks=120, seed=3)).mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 80)


def test_what_was_called_impossible_and_happened_ends_it():
    forecasts = [(1.0, 0.0, 0.0)] * 3
    assert list(calibration_looks(singly(forecasts, [0, 1, 0]))) == pytest.approx([0.0, MOST, MOST])
    assert calibration_log_e([[(forecasts[0], 0), (forecasts[1], 1)]]) == pytest.approx(MOST)
    assert calibration_log_e([]) == 0.0


def by_chances_themselves(chances, happened):
    """The e-value of one prediction, without logarithms."""
    powers = {0.0: 0.05, 0.2: 0.15, 0.4: 0.15, 0.6: 0.15, 0.8: 0.15, 1.5: 0.1, 2.0: 0.05}
    rivals = [
        *((share, [chance**power if chance else 0.0 for chance in chances]) for power, share in powers.items()),
        *(
            (0.2 / 3, [chance * (3.0 if n == tilted else 1.0) for n, chance in enumerate(chances)])
            for tilted in range(3)
        ),
    ]
    return math.fsum(share * rival[happened] / math.fsum(rival) / chances[happened] for share, rival in rivals)


@settings(max_examples=40)
@given(chances=CHANCES)
def test_what_a_rival_gains_is_what_its_chances_say(chances):
    predictions = [(chances, place) for place in range(3)] + [((chances[0], 1.0 - chances[0], 0.0), 0)]
    for prediction in predictions:
        assert calibration_log_e([[prediction]]) == pytest.approx(
            math.log(by_chances_themselves(*prediction)), abs=1e-12
        )


@pytest.mark.parametrize("tiny", [1e-150, 1e-170, 5e-324])
def test_a_chance_whose_square_is_no_number_is_scored_like_any_other(tiny):
    forecast = (1.0, 0.0, tiny)
    came_true, absent, unknown = (calibration_log_e([[(forecast, end)]]) for end in (0, 2, None))
    assert came_true == pytest.approx(calibration_log_e([[((1.0, 0.0, 1e-100), 0)]]), abs=1e-12)
    # The bluntest rival holds both for as likely, with a twentieth of the capital; the next has a fifth of the power.
    blunt, next_to_it = math.log(0.05 / 2) - math.log(tiny), math.log(0.15) - 0.8 * math.log(tiny)
    assert absent == pytest.approx(min(MOST, math.log(math.exp(next_to_it - blunt) + 1.0) + blunt), abs=1e-9)
    assert unknown == pytest.approx(came_true)


@settings(max_examples=30)
@given(chances=CHANCES, alike=st.floats(0.0, 1.0))
def test_however_the_claims_of_a_group_hang_together_the_e_value_is_one_on_average(chances, alike):
    """Pairs of ends whose margins are the chances: independent of each other, alike, or anything between."""
    mean = 0.0
    for end, other in itertools.product(range(3), repeat=2):
        joint = alike * chances[end] * (end == other) + (1.0 - alike) * chances[end] * chances[other]
        mean += joint * math.exp(calibration_log_e([[(chances, end), (chances, other)]]))
    assert mean == pytest.approx(1.0)


def singly(forecasts, happened):
    """Each prediction for itself."""
    return [[prediction] for prediction in zip(forecasts, happened, strict=True)]


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


@pytest.mark.parametrize(("shape", "truth"), [((0, 1, 3), -2), ((0, 1, 3), 2), ((5, 2, 0.5), 5), ((-1, 4, 0.2), -9)])
def test_the_score_is_the_integral_that_it_should_be(shape, truth):
    assert compute_crps(law(*shape), truth) == pytest.approx(by_quadrature(*shape, truth), abs=3e-4)
    assert compute_crps((2, 2, 2), 5) == 3  # a forecast without width costs its distance
    assert compute_crps((1, 2, 2), 5) == pytest.approx(compute_crps((1, 2, 2 + 1e-9), 5))


@settings(max_examples=40)
@given(numbers, widths, widths, numbers)
def test_a_mirrored_forecast_of_a_mirrored_truth_is_worth_the_same(median, below, above, truth):
    score = compute_crps(law(median, below, above), truth)
    assert 0 <= score <= abs(truth - median) + max(below, above)
    assert compute_crps(law(-median, above, below), -truth) == pytest.approx(score, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("forecast", "truth"), [((1, 0, 2), 0), ((0, 1, math.inf), 0), ((0, 1, 2), math.nan), ((0, math.nan, 2), 1)]
)
def test_what_is_no_forecast_is_not_scored(forecast, truth):
    with pytest.raises(ValueError, match="quantiles"):
        compute_crps(forecast, truth)
    for smallest in (0.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="smallest"):
            better_log_es([1.0], smallest)


# How two forecasters of the same truths differ, the better one first. A truth is normal with a spread of its own.
RIVALS = {
    "honest, too sure": (lambda mean, sd, _: law(mean, sd, sd), lambda mean, sd, _: law(mean, sd / 3, sd / 3)),
    "honest, knows nothing": (lambda mean, sd, _: law(mean, sd, sd), lambda _, sd, __: law(0, 1.6 * sd, 1.6 * sd)),
    "too sure, wrong way": (lambda mean, sd, _: law(mean, sd / 3, sd / 3), lambda mean, sd, _: law(-mean, sd, sd)),
}
COPIES = (lambda mean, sd, dice: law(mean + 0.3 * sd * dice.normal(), sd, sd),) * 2
BAR = math.log(20.0)


def named(first, second, seed: int) -> int:
    """Who is named within 100 predictions: 1 the first, -1 the second, 0 nobody."""
    dice = np.random.default_rng(seed)
    differences = []
    for _ in range(100):
        sd = math.exp(dice.normal(0.5, 0.5))
        mean = dice.normal(0, 1.2 * sd)
        truth = dice.normal(mean, sd)
        scores = [compute_crps(forecaster(mean, sd, dice), truth) for forecaster in (first, second)]
        differences.append(scores[1] - scores[0])
    for looks in (*range(1, 30), *range(30, 101, 5)):
        for_first, for_second = better_log_es(differences[:looks], 1.0)
        if combine_sides(for_first, for_second) >= BAR:
            return 1 if for_first > for_second else -1
    return 0


@pytest.mark.parametrize("rivals", RIVALS)
def test_the_better_forecaster_is_named_within_100_predictions(rivals):
    outcomes = [named(*RIVALS[rivals], seed) for seed in range(25)]
    assert outcomes.count(1) >= 0.9 * len(outcomes)
    assert outcomes.count(-1) <= 0.05 * len(outcomes)


def test_of_two_copycats_or_by_one_wild_miss_nobody_is_named():
    outcomes = [named(*COPIES, seed) for seed in range(40)]
    assert outcomes.count(0) >= 0.9 * len(outcomes)
    assert combine_sides(*better_log_es([1e300], 1e-300)) < BAR
    assert combine_sides(*better_log_es([-1e9, *[0.5] * 40], 1.0)) == combine_sides(
        *better_log_es([-4, *[0.5] * 40], 1.0)
    )
