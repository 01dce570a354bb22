"""May more of a bundle be ordered, and which one is tried next: tables of cases. Its gates: test_gates.py."""

import pytest

from axiom.decisions.experiments.preflight import Untried, choose, judge_own, may_order
from axiom.domain.preflights import Circumstances, Refusal


@pytest.mark.parametrize(
    ("newest", "is_offered", "is_for_volunteer", "allowed"),
    [
        (True, True, False, True),
        (None, True, True, True),
        (None, False, False, True),
        (None, False, True, False),
        (False, True, False, False),
    ],
)
def test_what_may_be_ordered(newest, is_offered, is_for_volunteer, allowed):
    assert may_order(newest, is_offered=is_offered, is_for_volunteer=is_for_volunteer).passed is allowed


def test_what_passed_the_gates_of_before_stays_with_our_own_hosts():
    for is_for_volunteer in (False, True):
        said = may_order(False, is_offered=False, is_for_volunteer=is_for_volunteer, had_passed=True)
        assert said.passed is not is_for_volunteer
    for newest, had_passed in ((None, False), (True, False), (False, True)):  # which even our own hosts do not get
        said = may_order(newest, is_offered=True, is_for_volunteer=False, had_passed=had_passed, is_read=False)
        assert not said.passed


PARSE = Refusal(gate="G0", line=1, sentence="The file must say `experiment = Experiment(…)` once.")
WORDS = [Refusal(gate="G1", line=line, sentence="`open` is not allowed: a cell has no files.") for line in (6, 9)]


@pytest.mark.parametrize(
    ("refusals", "passed", "fact"),
    [
        ((), True, ""),
        (WORDS[:1], True, "line 6: `open`"),
        (WORDS, True, "1 more"),
        ((PARSE, *WORDS), False, "line 1: The file must say `experiment = Experiment(…)` once"),
    ],
)
def test_our_own_hosts_demand_that_it_reads_as_an_experiment_and_no_more(refusals, passed, fact):
    said = judge_own(refusals)
    assert said.passed is passed
    assert fact in said.reason


LIGHT = Untried(bundle="aa", name="light", seconds=1.0)
HEAVY = Untried(bundle="bb", name="heavy", seconds=9.0)


@pytest.mark.parametrize(
    ("waiting", "volunteers", "evidence", "computes", "bundle"),
    [
        ((), True, True, True, None),
        ((HEAVY, LIGHT), True, False, True, "aa"),
        ((HEAVY,), False, True, True, "bb"),
        ((HEAVY,), False, False, False, "bb"),
        ((LIGHT,), False, False, True, None),
    ],
)
def test_the_cheapest_is_tried_first_and_not_while_it_would_hold_up_the_first_answers(
    waiting, volunteers, evidence, computes, bundle
):
    stands = Circumstances(has_volunteers=volunteers, has_evidence=evidence, computes_itself=computes)
    assert choose(waiting, stands).bundle == bundle
