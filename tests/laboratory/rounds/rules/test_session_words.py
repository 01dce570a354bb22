"""What a log says of parts, of time to come, of interest and of what is next: decided from facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.laboratory.findings.rules.ranked_news import (
    FindingNews,
    add_interest,
    estimate_on_scale,
    list_features,
    rank_by_interest,
)
from axiom.laboratory.planning.rules.eta import Pace, measure_pace, time_until_cells
from axiom.laboratory.rounds.rules.agenda import next_steps
from axiom.rules.upkeep.ailing_jobs import PeriodicJob, why_job_ailing
from axiom_weigh.statistics.interest import EstimateOnScale, Interest
from axiom_weigh.values import Evidence, Grade, Verdict

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
PART = PeriodicJob(name="clean", every=timedelta(hours=1), last_start=NOW, last_error="")
VALUES = {"blocks": 1, "seeds": 8, "missing": 0, "estimate": 2.0, "low": 1.0, "high": 2.5, "e_value": 30.0}
PLACES = {"hosts": 1, "volunteers": 1, "platforms": 1, "needs": (), "flags": (), "reasons": ()}
SAID = Evidence(**VALUES, **PLACES, e_kind="signed ranks", verdict=Verdict.UNDECIDED, grade=Grade.AWAITING)
TELLING = Interest(surprise=1.0, precision=0.5, novelty=1.0, unresolved=0.5)
LARGE = EstimateOnScale(estimate=9.0, low=8.5, high=9.5, null=0.0, smallest=1.0)
KNOWN = Interest(surprise=0.0, precision=1.0, novelty=1.0, unresolved=0.5)


@pytest.mark.parametrize(
    ("part", "after", "up_since", "fact"),
    [
        (PART, timedelta(hours=3), None, ""),
        (PART, timedelta(hours=3, seconds=1), None, "180 min"),
        (PART, timedelta(days=9), NOW + timedelta(days=9), ""),  # everything was away, and it has only just begun
        (replace(PART, every=timedelta(seconds=1)), timedelta(minutes=2), None, ""),
        (replace(PART, last_error="no room"), timedelta(0), None, "no room"),
        (replace(PART, last_start=None), timedelta(0), None, "never"),
        (replace(PART, last_start=None), timedelta(0), NOW, ""),
    ],
)
def test_a_part_is_well_while_it_comes_to_its_turns(part, after, up_since, fact):
    reason = why_job_ailing(part, NOW + after, up_since=up_since)
    assert fact in reason
    assert bool(fact) is bool(reason)


@pytest.mark.parametrize(
    ("cells", "lasted", "age", "per_second"),
    [(11, 5, 3_600, 2.0), (11, 5, 3_606, 0.0), (1, 0, 0, 0.0), (10, 0, 0, 1e7)],
)
def test_the_pace_is_that_of_the_newest_results_and_unknown_when_nothing_flows(cells, lasted, age, per_second):
    known = measure_pace(cells, NOW, NOW + timedelta(seconds=lasted), NOW + timedelta(seconds=age))
    assert known.per_second == pytest.approx(per_second, rel=0.5)
    assert bool(known.reason) is (per_second == 0.0)
    assert measure_pace(0, None, None, NOW).per_second == 0.0


@pytest.mark.parametrize(
    ("per_second", "cells", "fact"),
    [
        (2.0, 14_400, "2.0 h"),
        (1.0, 59, "59.0 s"),
        (1.0, 59.96, "1.0 min"),
        (1.0, 86_399, "1.0 days"),
        (10.0, 0, "within a second"),
        (1e-6, 1_000_000, "not in ten years"),
        (1.0, None, "unknown"),
    ],
)
def test_what_is_expected_is_said_in_the_largest_unit(per_second, cells, fact):
    assert fact in time_until_cells(Pace(per_second=per_second), cells)
    assert "no result came" in time_until_cells(Pace(per_second=0.0, reason="no result came"), 5)


def told(number: int, *, before=None, interest=None, scale=None, **changes) -> FindingNews:
    return FindingNews(number=number, now=replace(SAID, **changes), before=before, interest=interest, scale=scale)


def surprising(share: float) -> Interest:
    return Interest(surprise=share, precision=1.0, novelty=1.0, unresolved=1.0)


@pytest.mark.parametrize(
    ("grade", "surprise", "effect", "stars"),
    [
        (Grade.DEFINITIVE, 0.03, 9.0, 0),
        (Grade.AWAITING, 1.0, 9.0, 1),
        (Grade.MODERATE, 0.5, 3.0, 2),
        (Grade.MODERATE, 0.5, 1.0, 1),  # hardly larger than what matters
        (Grade.STRONG, 0.0, 3.0, 0),
    ],
)
def test_stars_are_grade_times_surprise_times_size(grade, surprise, effect, stars):
    scale = EstimateOnScale(estimate=1.0 + effect * 0.1, low=0.0, high=2.0, null=1.0, smallest=0.1)
    new = told(1, grade=grade, verdict=Verdict.POSITIVE, interest=surprising(surprise), scale=scale)
    assert len(rank_by_interest([new])[0].stars) == stars


def test_absence_of_an_effect_is_as_large_as_any_and_what_comes_again_has_no_star():
    absent = told(1, grade=Grade.STRONG, verdict=Verdict.ABSENT, interest=surprising(1.0))
    assert len(rank_by_interest([absent])[0].stars) == 3
    said = {"grade": Grade.STRONG, "verdict": Verdict.POSITIVE}
    again = told(1, before=replace(SAID, **said), interest=surprising(1.0), scale=LARGE, **said)
    assert rank_by_interest([again])[0].stars == ""
    for grade, stars in ((Grade.MODERATE, 2), (Grade.STRONG, 3), (Grade.AWAITING, 1)):  # what is lost weighs as much
        lost = told(1, before=replace(SAID, grade=grade, verdict=Verdict.POSITIVE), interest=surprising(0.0))
        assert len(rank_by_interest([lost])[0].stars) == stars


def test_what_changes_and_surprises_comes_before_what_was_known():
    routine = told(1, interest=KNOWN, seeds=800)
    graded = told(2, grade=Grade.MODERATE, interest=KNOWN)
    first = told(3, grade=Grade.MODERATE, verdict=Verdict.POSITIVE, interest=TELLING, scale=LARGE)
    unknown = told(4, seeds=80)
    ranked = rank_by_interest([routine, unknown, graded, first])
    assert [(news.news.number, news.stars) for news in ranked] == [(3, "★★"), (2, ""), (1, ""), (4, "")]
    assert [news.word for news in ranked] == ["high", "routine", "routine", "routine"]
    facts = ("from undecided to effect +", "rose from Awaiting to Moderate", "1.00 of 1")
    assert [fact for fact in facts if fact not in ranked[0].reason] == []
    assert (
        "fell from Strong to Awaiting"
        in rank_by_interest([told(1, before=replace(SAID, grade=Grade.STRONG))])[0].reason
    )
    assert [one.news.number for one in rank_by_interest([told(2), told(1)])] == [
        1,
        2,
    ]  # of equals the lower number comes first


def test_without_an_estimate_nothing_is_measured_and_without_an_end_all_is_possible():
    assert estimate_on_scale(replace(SAID, estimate=None), null=0.0, smallest=1.0) is None
    found = estimate_on_scale(replace(SAID, high=None), null=0.0, smallest=1.0)
    assert (found.low, found.high) == (1.0, float("inf"))


PREDICTION = {"interval": (0.0, 3.0), "positive": 0.4, "negative": 0.3, "absent": 0.3}
ESTIMAND = {"measure": "loss", "kind": "difference", "null": 0.0, "smallest": 1.0, "prediction": PREDICTION}
OWN = list_features(ESTIMAND, "tiny_sum")


@pytest.mark.parametrize(
    ("decided", "novelty"),
    [
        ({}, 1.0),
        ({1: OWN}, 1.0),  # itself
        ({1: OWN, 2: OWN, 3: frozenset()}, 0.0),
        ({2: list_features(ESTIMAND | {"across": "width"}, "tiny_sum")}, 0.25),
        ({2: list_features({"measure": "loss"}, "another")}, 0.75),
    ],
)
def test_what_a_decided_finding_speaks_of_is_not_new(decided, novelty):
    news = add_interest(told(1), ESTIMAND, "tiny_sum", decided, 2)
    assert news.scale == estimate_on_scale(SAID, null=0.0, smallest=1.0)
    assert (news.interest.novelty, news.interest.unresolved) == pytest.approx((novelty, 0.75))


def test_nothing_is_added_to_news_without_an_estimate_or_a_registration():
    for news, estimand in ((told(1, estimate=None), ESTIMAND), (told(1), {}), (told(1), ESTIMAND | {"smallest": 0.0})):
        assert add_interest(news, estimand, "tiny_sum", {}, 0) is news


def test_what_is_next_is_read_off_the_notes_most_urgent_first():
    said = next_steps({"design.nothing": 1, "failures.group": 2, "task.valid": 1, "health.part": 1})
    assert [(one.priority, one.times) for one in said] == [("high", 1), ("medium", 2), ("low", 1)]
    assert next_steps({"task.valid": 1, "health.part": 0}) == []
