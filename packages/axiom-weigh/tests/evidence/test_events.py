"""An event is the end of a wait by some time: runs that ended first count, and looking keeps the promise."""

import math

import numpy as np
import pytest

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.counted_values import select_sound_values
from axiom_weigh.evidence.verdict import weigh_values
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.statistics.estimand_arithmetic import compute_estimand, why_not_concluded
from axiom_weigh.values import COARSE, NOT_WAITING, Observation, Outcome, Verdict

BUDGET, AT_FIRST, LATER = 10, (0.0, 4.0), (4.0, 10.0)
STREAMS, LOOKS, WAIT = 300, 60, 8.0
AT_MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / STREAMS)


def asked(after, by, *, null=0.5, arms=1):
    kind = {"kind": "proportion", "bounds": None, "null": null}
    if arms == 2:
        kind = {"kind": "contrast", "about": "mean", "bounds": [-1.0, 1.0], "null": 0.0}
    event = {"after": after, "by": by, "budget": "steps"}
    between = [{"arm": arm} for arm in range(arms)]
    return kind | {
        "name": "asked",
        "measure": "waited",
        "across": "",
        "between": between,
        "smallest": 0.1,
        "event": event,
    }


def cells(*waits, budget=BUDGET):
    """What the arms of one replicate measure; of a run that ended first the wait is None."""
    return [({"arm": arm, "steps": budget}, {"waited": wait}) for arm, wait in enumerate(waits)]


@pytest.mark.parametrize(
    ("interval", "waits", "number"),
    [
        (AT_FIRST, [3], 1.0),
        (AT_FIRST, [4], 1.0),  # just then is in time
        (AT_FIRST, [5], 0.0),
        (AT_FIRST, [None], 0.0),
        (LATER, [5], 1.0),
        (LATER, [None], 0.0),  # the budget ends just then, so it did not come in time
        (AT_FIRST, [None, 2], -1.0),
        (LATER, [7, None], 1.0),
    ],
)
def test_an_event_is_1_in_time_and_0_later_also_where_the_run_ended_first(interval, waits, number):
    assert compute_estimand(asked(*interval, arms=len(waits)), cells(*waits)) == (number, "")


def test_what_was_over_before_is_not_asked_and_what_nobody_knows_is_missing():
    for waits in ([4], [4, 9], [9, 4]):
        assert compute_estimand(asked(*LATER, arms=len(waits)), cells(*waits)) == (None, NOT_WAITING)
    number, why = compute_estimand(asked(*LATER), cells(None, budget=9))
    assert number is None
    assert "steps=9" in why
    for unknown in ([({"arm": 0, "steps": BUDGET}, None)], [({"arm": 0, "steps": BUDGET}, {"other": 1})]):
        number, why = compute_estimand(asked(*AT_FIRST), unknown)
        assert number is None
        assert why != NOT_WAITING
    assert why_not_concluded(asked(*LATER), [{"arm": 0, "steps": BUDGET}]) == ""


def observed(estimand, waits):
    """One replicate, of which each wait is cut off at the budget."""
    number, why = compute_estimand(estimand, cells(*[None if wait > BUDGET else wait for wait in waits]))
    return {"value": number, "why_missing": why}


def test_replicates_that_are_not_asked_neither_count_nor_lack():
    estimand = asked(*LATER)
    ends = [observed(estimand, [wait]) for wait in (3, 6, 2, 20)]
    observations = [Observation(replicate=number, **end) for number, end in enumerate(ends)]
    observations.append(Observation(replicate=9, value=None, outcome=Outcome.LATE))
    evidence = weigh_observations(estimand, observations, blocks=1)
    assert (evidence.seeds, evidence.missing, evidence.estimate) == (2, 1, 0.5)
    plain = weigh_observations(
        estimand, [observation for observation in observations if observation.is_asked], blocks=1
    )
    assert (plain.estimate, evidence.e_value) == (0.5, plain.e_value)
    assert evidence.more == tuple(
        math.ceil(count * 5 / 3) for count in plain.more
    )  # of five replicates three are asked
    assert any(f"2 further replicates are not asked: {NOT_WAITING}" in reason for reason in evidence.reasons)


def ever_refuted(estimand, streams, wrong=None):
    """Of how many streams of replicates the truth is refuted by somebody who looks after each value."""
    asks, known, refuted = pose_question(estimand), dict[tuple[float, ...], bool](), 0
    for stream in streams:
        ends = [observed(estimand, waits) for waits in stream.tolist()]
        if wrong == "without runs that ended first":
            ends = [end for end, waits in zip(ends, stream, strict=True) if max(waits) <= BUDGET]
        if wrong == "0 where it was over before":
            ends = [{"value": 0.0} if end["why_missing"] == NOT_WAITING else end for end in ends]
        observations = [Observation(replicate=number, **end) for number, end in enumerate(ends)]
        values = [observation.value for observation in select_sound_values(asks, observations, 1).counted]
        for n in range(1, len(values) + 1, 5 if estimand["bounds"] else 1):  # bets take longer
            seen = tuple(values[:n]) if estimand["bounds"] else (sum(values[:n]), n)
            if seen not in known:
                known[seen] = weigh_values(asks, values[:n]).log_e >= math.log(20.0)
            if known[seen]:
                refuted += 1
                break
    return refuted / len(streams)


@pytest.mark.parametrize(("after", "by"), [AT_FIRST, LATER])
def test_looking_after_every_value_rarely_refutes_the_true_share_of_a_wait(after, by):
    """By Ville's inequality: each value that is asked for is 1 with the registered chance, whatever came before it.

    Whether one is asked for hangs on its own replicate alone, in which the chance given that it still waits is the
    null. So what stands is multiplied by a fair factor, or by 1. A missing one is as bad as any value: that is at most
    the fair factor's mean, and so no more than leaving it out.
    """
    streams = np.random.default_rng(11).exponential(WAIT, (STREAMS, LOOKS, 1))
    estimand = asked(after, by, null=-math.expm1((after - by) / WAIT))
    assert 0.005 < ever_refuted(estimand, streams) <= AT_MOST
    assert ever_refuted(estimand, streams, "without runs that ended first") > 0.2
    assert (ever_refuted(estimand, streams, "0 where it was over before") > 0.5) == (after > 0)


@pytest.mark.parametrize(("after", "by"), [AT_FIRST, LATER])
def test_looking_rarely_refutes_that_arms_which_share_a_start_wait_alike(after, by):
    """A start has its own rate, and both arms have it: that both still wait favours neither."""
    rng = np.random.default_rng(12)
    streams = rng.exponential(rng.gamma(2.0, WAIT / 2.0, (STREAMS, LOOKS, 1)), (STREAMS, LOOKS, 2))
    assert ever_refuted(asked(after, by, arms=2), streams) <= AT_MOST
    slower = streams * [1.0, 2.5]
    assert ever_refuted(asked(after, by, arms=2), slower) > 0.2


def test_a_difference_of_events_is_decided_though_most_are_equal():
    rare = [1.0] * 21 + [-1.0] * 3 + [0.0] * 36  # 0.9 against 0.6, as it comes out in 60 seeds
    asked = {"kind": "contrast", "null": 0.0, "smallest": 0.2, "bounds": None}
    by_ranks, by_events = (
        weigh_observations(
            {**asked, "is_event": is_event},
            [Observation(replicate=n, value=value, fingerprint=COARSE) for n, value in enumerate(rare)],
            blocks=1,
        )
        for is_event in (False, True)
    )
    assert by_ranks.verdict is Verdict.UNDECIDED
    assert (by_events.verdict, by_events.centre) == (Verdict.POSITIVE, "mean")
    assert by_events.estimate == pytest.approx(0.3)
    assert 0.0 < by_events.low < 0.3 < by_events.high < 1.0


def test_events_that_differ_by_more_than_matters_are_not_said_to_be_absent():
    """By ranks they were, since the typical value of differences of which most are 0 is 0."""
    seen = ([1.0] * 33 + [-1.0] * 11 + [0.0] * 56) * 6  # 0.82 against 0.6
    asked = pose_question({"kind": "contrast", "null": 0.0, "smallest": 0.2, "bounds": None, "is_event": True})
    assert weigh_values(asked, seen).verdict is Verdict.POSITIVE
    ranked = pose_question({"kind": "contrast", "null": 0.0, "smallest": 0.2, "bounds": None})
    assert weigh_values(ranked, seen).verdict is not Verdict.POSITIVE
