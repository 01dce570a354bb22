"""What is known already is of no interest; what nobody expected is."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.statistics.interest import (
    EstimateOnScale,
    Interest,
    compute_interest,
    compute_similarity,
    compute_surprise,
)

EXPECTED = ((0.9, 0.05, 0.05), (0.3, 0.7))
OPEN = ((0.3, 0.3, 0.4), (-0.5, 0.5))


def measured(estimate: float, *, half_width: float = 0.05) -> EstimateOnScale:
    ends = {"low": estimate - half_width, "high": estimate + half_width}
    return EstimateOnScale(estimate=estimate, **ends, null=0.0, smallest=0.1)


def test_the_opposite_surprises_more_than_the_open_and_that_more_than_the_expected():
    cases = ((0.5, EXPECTED), (0.5, OPEN), (-0.5, EXPECTED))
    expected, left_open, opposite = (
        compute_surprise(measured(estimate), *prediction) for estimate, prediction in cases
    )
    assert 0.0 < expected < 1.0 < left_open < opposite
    assert compute_surprise(measured(0.1, half_width=math.inf), *EXPECTED) == 0.0  # it says nothing
    assert compute_surprise(measured(-0.5), (1.0, 0.0, 0.0), (0.3, 0.7)) > 5.0  # somebody certain is still surprised
    assert compute_surprise(measured(0.0), *EXPECTED) > 3.0  # nor did anybody expect nothing
    for estimate in (0.0, 0.1, -0.1, 1e9):
        assert 0.0 <= compute_surprise(measured(estimate, half_width=0.0), *OPEN) < 10.0


@pytest.mark.parametrize("smallest", [0.01, 0.1])
def test_an_interval_that_holds_the_prediction_surprises_nobody(smallest):
    eight_of_eight = EstimateOnScale(estimate=1.0, low=0.63, high=1.0, null=0.5, smallest=smallest)
    assert compute_surprise(eight_of_eight, (0.98, 0.01, 0.01), (0.955, 0.98)) < 0.3


def test_surprise_is_what_a_hand_computes_from_the_chance_of_a_sign_and_magnitude():
    within = 0.99 * (0.8 + 0.2 / 4) + 0.01 / 9  # where the predicted interval lies: 0.1 to 0.2
    beside = 0.99 * 0.2 / 4 + 0.01 / 9  # on the side that was certain
    for estimate, chance in ((0.15, within), (0.3, beside)):
        surprised = compute_surprise(measured(estimate, half_width=0.0), (1.0, 0.0, 0.0), (0.1, 0.2))
        assert surprised == pytest.approx(-math.log2(chance))


def test_interest_is_the_product_of_four_factors_and_similarity_a_share():
    score = compute_interest(measured(0.5, half_width=0.1), *OPEN, nearest=0.25, open_edges=2)
    assert score.surprise == pytest.approx(min(1.0, compute_surprise(measured(0.5, half_width=0.1), *OPEN) / 3))
    assert (score.precision, score.novelty, score.unresolved) == pytest.approx((0.8, 0.75, 0.75))
    assert score.value == pytest.approx(score.surprise * 0.8 * 0.75 * 0.75)
    assert Interest(surprise=1.0, precision=0.5, novelty=0.0, unresolved=1.0).value == 0.0
    assert compute_interest(measured(0.5, half_width=math.inf), *OPEN, nearest=0.0, open_edges=0).value == 0.0
    assert compute_interest(measured(0.5), *OPEN, nearest=1.0, open_edges=9).value == 0.0
    assert compute_similarity({"width", "loss"}, {"width", "accuracy"}) == pytest.approx(1 / 3)
    assert compute_similarity(["width"], ["width"]) == 1.0
    assert compute_similarity([], []) == 0.0


NUMBERS = st.floats(-1e6, 1e6)


@settings(max_examples=40)
@given(
    estimate=NUMBERS,
    half_width=st.floats(0.0, 1e6),
    weights=st.tuples(*[st.floats(0.0, 1.0)] * 3).filter(lambda weights: sum(weights) > 0.01),
    ends=st.tuples(NUMBERS, NUMBERS).map(sorted),
)
def test_interest_lies_between_nothing_and_one(estimate, half_width, weights, ends):
    chances = tuple(weight / math.fsum(weights) for weight in weights)
    score = compute_interest(measured(estimate, half_width=half_width), chances, tuple(ends), nearest=0.3, open_edges=1)
    for part in (score.surprise, score.precision, score.novelty, score.unresolved, score.value):
        assert 0.0 <= part <= 1.0
