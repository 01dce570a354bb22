"""What a block is worth: a verdict before a grade, a grade before a width, and less the more is on its way."""

import math
from dataclasses import replace

import plan_candidates
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_candidates import NEW, OPEN, candidate

from axiom.domain.estimands import Direction
from axiom.domain.planning import Purpose
from axiom.domain.registrations import Rule, StoppingRule
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.candidates import Candidate, candidate_purpose
from axiom.laboratory.planning.rules.stopping import Aim
from axiom.laboratory.planning.rules.value_of_information import (
    chance_of_enough,
    compute_block_values,
    compute_worths,
    sum_work_above_floor,
    weight_by_questions,
)
from axiom_weigh.values import Grade, Verdict

DECIDED = replace(plan_candidates.DECIDED, estimate=1.0, low=0.4, high=1.6)
SETTLED = replace(DECIDED, low=0.9, high=1.1, grade=Grade.STRONG)
CANDIDATE = candidate(1, replicate_seconds=10.0, stopping=StoppingRule(replicates=256))


def one(*aims: Aim, **facts) -> Candidate:
    return replace(CANDIDATE, **({"aims": aims or (OPEN,)} | facts))


def bits(*aims: Aim, **facts) -> float:
    (found,) = compute_worths([one(*aims, **facts)])
    return found.weight * found.bits


def test_a_settled_finding_is_worth_nothing_unless_its_replicates_were_promised():
    assert bits(SETTLED) == 0.0
    assert bits(OPEN, fault="its preflight failed") == 0.0
    assert bits(OPEN, issued=256, weighed=256) == 0.0
    fixed = StoppingRule(rule=Rule.FIXED, replicates=64)
    assert bits(SETTLED, stopping=fixed) > 0.0
    assert bits(SETTLED, stopping=fixed, issued=64, weighed=64) == 0.0


def test_verdict_grade_and_width_are_worth_less_in_turn_and_the_nearer_more():
    verdict = bits(replace(OPEN, more=(16, 64)))
    grade = bits(DECIDED)
    width = bits(replace(DECIDED, more=None))
    assert verdict > 3 * grade > 3 * width > 0.0
    young = [bits(replace(SETTLED, seeds=8, more=None), block=block) for block in (16, 32, 64)]
    assert young[0] == pytest.approx(young[1] / 2) == pytest.approx(young[2] / 2)
    near, far, farther = (bits(replace(OPEN, more=more)) for more in ((16, 32), (64, 128), (640, 1280)))
    assert near > far > farther
    assert bits(replace(OPEN, more=(None, None))) == 0.0  # not within a million


def test_seeds_help_where_a_verdict_hangs_on_one_host_not_where_hosts_are_lacking():
    narrow = replace(DECIDED, low=0.9, high=1.1, grade=Grade.STRONG)
    until = StoppingRule(rule=Rule.UNTIL_GRADE, replicates=1_024)
    assert bits(replace(narrow, more=(0, 0)), stopping=until) == 0.0
    assert bits(replace(narrow, more=(16, 32)), stopping=until) > 0.0
    hangs = replace(DECIDED, low=0.9, high=1.1, more=(0, 0))
    until = StoppingRule(rule=Rule.UNTIL_GRADE, replicates=1_024)
    assert bits(hangs, stopping=until) > bits(replace(hangs, seeds=320), stopping=until) > 0.0
    assert bits(hangs) == 0.0  # settled, and its registration asks for no more


def test_a_block_is_worth_what_it_serves_by_its_cost_and_less_the_more_are_out():
    assert bits(OPEN, OPEN) == pytest.approx(2 * bits(OPEN))
    assert bits(replace(OPEN, weight=3.0)) == pytest.approx(3 * bits(OPEN))
    assert [weight_by_questions(0), weight_by_questions(2)] == [1.0, 3.0]
    falling = [bits(OPEN, issued=32 + 16 * blocks) for blocks in range(8)]
    assert falling == sorted(falling, reverse=True)
    assert falling[4] < falling[0] / 4
    cheap, dear, failing = (
        compute_worths([one(**facts)])[0] for facts in ({}, {"replicate_seconds": 20.0}, {"failure_share": 0.5})
    )
    assert cheap.per_core_hour == pytest.approx(2 * dear.per_core_hour) == pytest.approx(1.5 * failing.per_core_hour)
    assert (cheap.core_seconds, failing.core_seconds) == (160.0, 240.0)


def test_what_decides_only_after_several_blocks_is_worth_its_share_from_the_first_on():
    far = one(replace(OPEN, more=(64, 80)))
    promise = compute_block_values([far])[far.key]
    alone = math.log2(3) * chance_of_enough((64, 80), 16)
    assert promise.bits(0, 16) > 100 * alone
    assert promise.bits(16, 16) == pytest.approx(promise.bits(0, 16) / 2)  # as long as the share is the same
    assert "less than 1 %" in compute_worths([far])[0].reason
    for surest in ([one(replace(OPEN, more=(1, 2)))], [one(*[replace(OPEN, more=(1, 2))] * 40)]):
        assert "more than 99 %" in compute_worths(surest)[0].reason


@pytest.mark.parametrize(
    ("facts", "purpose"),
    [
        ({"aims": (NEW,)}, Purpose.NEW),
        ({"aims": (NEW,), "stage": Stage.PILOT}, Purpose.PILOT),
        ({"aims": (NEW, OPEN)}, Purpose.FILL),
        ({"aims": (DECIDED,)}, Purpose.NEAREST),
        ({"aims": (DECIDED,), "is_further": True}, Purpose.GENERALITY),
        ({"aims": (replace(DECIDED, verdict=Verdict.ABSENT),)}, Purpose.NEGATIVE),
        ({"aims": (replace(DECIDED, verdict=Verdict.NEGATIVE, expects=Direction.LESS),)}, Purpose.NEAREST),
        ({"aims": (replace(DECIDED, verdict=Verdict.ABSENT, grade=Grade.STRONG),)}, Purpose.NEAREST),
        ({"aims": (replace(DECIDED, grade=Grade.DEFINITIVE),)}, Purpose.FILL),
    ],
)
def test_what_a_block_is_good_for(facts, purpose):
    assert candidate_purpose(replace(CANDIDATE, **facts)) is purpose


NEEDED = st.one_of(st.none(), st.tuples(*[st.one_of(st.none(), st.integers(0, 2_000))] * 2))
AIMS = st.builds(
    Aim,
    verdict=st.sampled_from(Verdict),
    grade=st.sampled_from(Grade),
    estimate=st.one_of(st.none(), st.floats(-2.0, 2.0)),
    low=st.one_of(st.none(), st.floats(-2.0, 2.0)),
    high=st.one_of(st.none(), st.floats(-2.0, 2.0)),
    smallest=st.floats(0.0, 1.0),
    seeds=st.integers(0, 400),
    more=NEEDED,
    weight=st.floats(0.1, 9.0),
)


@settings(max_examples=30)
@given(
    aims=st.lists(AIMS, min_size=1, max_size=3).map(tuple),
    block=st.sampled_from([1, 8, 16, 32]),
    rule=st.sampled_from(Rule),
    most=st.integers(1, 5_000),
)
def test_a_worth_is_a_number_that_falls_with_what_is_on_its_way(aims, block, rule, most):
    asked = replace(CANDIDATE, aims=aims, block=block, stopping=StoppingRule(rule=rule, replicates=most), weighed=0)
    promise = compute_block_values([asked])[asked.key]
    falling = [promise.bits(block * blocks, block) for blocks in (0, 1, 2, 5, 9, 300)]
    assert all(math.isfinite(each) and each >= 0.0 for each in falling)
    assert falling == sorted(falling, reverse=True)
    assert falling[0] <= len(aims) * 3.0
    assert 0.0 <= promise.chance <= 1.0


UP_TO_224 = {"stopping": StoppingRule(replicates=224)}


def hours(*candidates: Candidate, floor: float = 1e-3) -> float:
    return sum_work_above_floor(candidates, floor).core_seconds / 3_600.0


def test_designs_count_as_far_as_they_are_worth_the_floor_and_without_maps():
    whole = 192 * 10.0 / 3_600.0
    assert hours(one(**UP_TO_224), one(**UP_TO_224)) == pytest.approx(2 * whole)
    assert hours(one(**UP_TO_224), one(is_map=True), one(aims=())) == pytest.approx(whole)
    fewer = hours(one(), floor=0.1)
    assert 0.0 < hours(one(replicate_seconds=9_000.0), floor=0.01) < 900 * hours(one())
    assert hours(one(), floor=1e9) == 0.0 < fewer
    assert hours(one(issued=64, **UP_TO_224)) == pytest.approx(whole - 32 * 10.0 / 3_600.0), (
        "what is on its way is ordered"
    )
    assert hours(one(stage=Stage.PILOT, pilot_missing=3, **UP_TO_224)) == pytest.approx(whole), (
        "it may be ordered after its pilot"
    )


@pytest.mark.parametrize(
    "ended",
    [
        {"issued": 256},
        {"aims": (SETTLED,)},
        {"fault": "its preflight failed"},
        {"stage": Stage.PAUSED},
    ],
)
def test_what_has_ended_or_waits_for_a_repair_counts_on_neither_side(ended):
    above = sum_work_above_floor([one(**ended)], 1e-3)
    assert (above.core_seconds, above.designs, above.below) == (0.0, 0, 0)


def test_what_was_promised_approved_or_begun_counts_below_the_floor_too():
    fixed = StoppingRule(rule=Rule.FIXED, replicates=64)
    assert hours(one(stopping=fixed), floor=1e9) == pytest.approx(32 * 10.0 / 3_600.0)
    assert hours(one(is_approved=True, issued=0, weighed=0), floor=1e9) == pytest.approx(32 * 10.0 / 3_600.0)
    assert hours(one(issued=40), floor=1e9) == pytest.approx(8 * 10.0 / 3_600.0)
    above = sum_work_above_floor([one(), one(issued=40)], 1e9)
    assert (above.designs, above.below) == (1, 1)
