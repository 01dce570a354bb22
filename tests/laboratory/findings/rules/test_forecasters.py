"""What predictions were worth, and whose were the better ones."""

import itertools
import math

import pytest

from axiom.domain.estimands import Prediction
from axiom.laboratory.findings.rules.forecasters import PredictionScore, compare_forecasters, compute_track_records
from axiom.laboratory.findings.rules.prediction_scores import score_prediction
from axiom_weigh.values import Verdict

SURE = Prediction(positive=0.9, negative=0.05, absent=0.05, interval=(0.0, 2.0), because="a test")
OPEN = Prediction(positive=1 / 3, negative=1 / 3, absent=1 / 3, interval=(-1.0, 1.0), because="a test")


_NUMBERS = itertools.count(1)


def scored(forecaster, prediction, verdict, estimate=1.0, registration=None):
    """Of a registration of its own, unless one is named."""
    number = next(_NUMBERS) if registration is None else registration
    worth = score_prediction(prediction, verdict, estimate, "it ended") if verdict else None
    return PredictionScore(
        forecaster=forecaster, registration_id=number, prediction=prediction, verdict=verdict, score=worth
    )


def test_chances_are_scored_by_the_verdict():
    right, wrong = (
        score_prediction(SURE, verdict, 1.0, "it ended") for verdict in (Verdict.POSITIVE, Verdict.NEGATIVE)
    )
    assert (right.brier, wrong.brier) == pytest.approx((0.1**2 + 2 * 0.05**2, 0.95**2 + 0.9**2 + 0.05**2))
    assert (right.log_score, wrong.log_score) == pytest.approx((-math.log2(0.9), -math.log2(0.05)))


@pytest.mark.parametrize("verdict", [Verdict.UNDECIDED, Verdict.MIXED])
def test_what_decides_nothing_scores_no_chances_but_the_interval(verdict):
    worth = score_prediction(SURE, verdict, 2.5, "it ended")
    assert (worth.brier, worth.log_score) == (None, None)
    assert (worth.interval_score, worth.is_covered) == (pytest.approx(2.0 + 10 * 0.5), False)
    unknown = score_prediction(SURE, verdict, None, "it ended")
    assert (unknown.interval_score, unknown.is_covered) == (None, None)


def test_each_forecaster_has_a_record_and_what_is_open_does_not_count():
    found = compute_track_records(
        [
            scored("Ada", SURE, Verdict.POSITIVE),
            scored("Ada", SURE, Verdict.NEGATIVE, estimate=-3.0),
            scored("Ada", SURE, Verdict.UNDECIDED),
            scored("Ada", SURE, None),
            scored("Bob", OPEN, None),
        ]
    )
    ada, bob = found
    assert ada.forecaster == "Ada"
    assert ada.predictions == 4
    assert ada.scored == 2
    assert ada.covered == 2
    assert ada.intervals == 3
    assert ada.brier == pytest.approx((0.015 + 1.715) / 2)
    assert (bob.predictions, bob.scored, bob.brier, bob.e_value) == (1, 0, None, 1.0)
    wrong = [scored("catalogue, informed", SURE, Verdict.NEGATIVE) for _ in range(30)]
    (found,) = compute_track_records(wrong)
    assert (found.is_counted, found.e_value, found.is_flagged) == (False, None, False)
    assert found.brier is not None


def test_a_lost_prediction_counts_at_worst_in_both_scores():
    lost = PredictionScore(forecaster="Ada", registration_id=-1, prediction=SURE, is_lost=True)
    (record,) = compute_track_records([lost, scored("Ada", SURE, Verdict.POSITIVE)])
    right, wrong = (
        score_prediction(SURE, verdict, 1.0, "it ended") for verdict in (Verdict.POSITIVE, Verdict.NEGATIVE)
    )
    assert record.brier == pytest.approx((right.brier + wrong.brier) / 2)
    assert record.log_score == pytest.approx((right.log_score + wrong.log_score) / 2)


def test_who_says_nine_in_ten_and_is_right_half_the_time_is_flagged_and_no_other():
    wrong = [scored("Ada", SURE, Verdict.POSITIVE if turn % 2 else Verdict.NEGATIVE) for turn in range(30)]
    right = [scored("Bob", SURE, Verdict.POSITIVE if turn % 10 else Verdict.NEGATIVE) for turn in range(30)]
    ada, bob = compute_track_records(wrong + right)
    assert ada.is_flagged
    assert not bob.is_flagged


def test_what_is_undecided_counts_as_what_speaks_least_against_the_forecaster():
    said = [scored("Ada", SURE, Verdict.NEGATIVE), scored("Ada", SURE, Verdict.NEGATIVE)]
    with_undecided = compute_track_records([*said, scored("Ada", SURE, Verdict.UNDECIDED)])[0].e_value
    each = [compute_track_records([*said, scored("Ada", SURE, verdict)])[0].e_value for verdict in list(Verdict)[:3]]
    assert with_undecided == min(each) < compute_track_records(said)[0].e_value


def test_predictions_of_one_registration_count_together():
    """They are about the same seeds: that all of them failed at once is one failure."""
    one, five = (
        compute_track_records([scored("Ada", SURE, Verdict.NEGATIVE, registration=1) for _ in range(amount)])
        for amount in (1, 5)
    )
    assert five[0].e_value == pytest.approx(one[0].e_value)
    goes_on = [scored("Ada", SURE, Verdict.NEGATIVE, registration=1), scored("Ada", SURE, None, registration=1)]
    (found,) = compute_track_records(goes_on)
    assert 1.0 < found.e_value < one[0].e_value
    (nothing,) = compute_track_records([scored("Ada", SURE, None, registration=2)])
    assert nothing.e_value == 1.0


def told(forecaster, registration, interval, estimand="e"):
    said = Prediction(positive=1.0, negative=0.0, absent=0.0, interval=interval, because="a test")
    facts = {"forecaster": forecaster, "registration_id": registration, "estimand": estimand, "smallest": 0.1}
    return PredictionScore(prediction=said, verdict=Verdict.POSITIVE, estimate=1.0, **facts)


def test_who_is_nearer_is_told_by_pairs_of_equal_numbers_without_the_informed():
    scored = [told("autopilot", 0, (0.0, 4.0))]  # nobody else predicted that
    for registration in range(1, 41):
        scored += [told("autopilot", registration, (0.0, 4.0)), told("Ada", registration, (0.9, 1.1))]
        scored += [told("Bob", registration, (0.0, 4.0)), told("Eve, informed", registration, (1.0, 1.0))]
    ada, bob = compare_forecasters(scored, "autopilot")
    assert ada.forecaster == "Ada"
    assert ada.registrations == 40
    assert bob.forecaster == "Bob"
    assert ada.nearer > 0.0
    assert ada.e_better > 1e6 > 1.0 > ada.e_worse
    assert (bob.nearer, bob.e_better, bob.e_worse) == (0.0, 1.0, 1.0)


def test_predictions_of_one_registration_are_one_bet():
    names = [f"e{place}" for place in range(50)]
    scored = [told("autopilot", 1, (0.0, 4.0), name) for name in names]
    scored += [told("Ada", 1, (1.0, 1.0), name) for name in names]
    (ada,) = compare_forecasters(scored, "autopilot")
    assert ada.registrations == 1
    assert ada.e_better < 2.0
