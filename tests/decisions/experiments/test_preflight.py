"""May more of a bundle be ordered, and which one is tried next: tables of cases. Its gates: test_gates.py."""

import pytest

from axiom.decisions.experiments.preflight import Untried, choose, judge_own, may_order
from axiom.domain.preflights import Circumstances, Refusal


@pytest.mark.parametrize(
    ("newest", "is_offered", "is_for_volunteer", "allowed", "reason"),
    [
        (True, True, True, True, "any host may have it"),
        (True, True, False, True, "any host may have it"),
        (None, True, True, True, "any host may have it"),
        (None, False, False, True, "it waits for its preflight; until then only the laboratory's own hosts get it"),
        (None, False, True, False, "it waits for its preflight, before which it goes to no volunteer"),
        (False, True, False, False, "its preflight failed"),
        (False, False, True, False, "its preflight failed"),
    ],
)
def test_what_may_be_ordered(newest, is_offered, is_for_volunteer, allowed, reason):
    said = may_order(newest, is_offered=is_offered, is_for_volunteer=is_for_volunteer)
    assert (said.passed, said.reason) == (allowed, reason)


@pytest.mark.parametrize(("is_for_volunteer", "allowed"), [(False, True), (True, False)])
def test_what_passed_the_gates_of_before_stays_with_our_own_hosts(is_for_volunteer, allowed):
    said = may_order(False, is_offered=False, is_for_volunteer=is_for_volunteer, had_passed=True)
    assert said.passed is allowed
    assert ("the gates of before" in said.reason) is allowed


@pytest.mark.parametrize(("newest", "had_passed"), [(None, False), (True, False), (False, True)])
def test_nothing_is_ordered_that_even_our_own_hosts_do_not_get(newest, had_passed):
    said = may_order(newest, is_offered=True, is_for_volunteer=False, had_passed=had_passed, is_read=False)
    assert (said.passed, said.reason) == (False, "not even the laboratory's own hosts may have it")


PARSE = Refusal(gate="G0", line=1, sentence="The file must say `experiment = Experiment(…)` once.")
WORDS = [Refusal(gate="G1", line=line, sentence="`open` is not allowed: a cell has no files.") for line in (6, 9)]


@pytest.mark.parametrize(
    ("refusals", "passed", "words"),
    [
        ((), True, "for the laboratory's own hosts: it reads as an experiment and said what it declares, held"),
        (WORDS[:1], True, "; volunteers will not get it as it stands: line 6: `open` is not allowed"),
        (WORDS, True, "a cell has no files and 1 more"),
        ((PARSE, *WORDS), False, "G0, parse: line 1: The file must say `experiment = Experiment(…)` once. Mend the"),
    ],
)
def test_our_own_hosts_demand_that_it_reads_as_an_experiment_and_no_more(refusals, passed, words):
    said = judge_own(refusals)
    assert said.passed is passed
    assert words in said.reason


LIGHT = Untried(bundle="aa", name="light", seconds=1.0)
HEAVY = Untried(bundle="bb", name="heavy", seconds=9.0)


@pytest.mark.parametrize(
    ("waiting", "volunteers", "evidence", "computes", "bundle", "why"),
    [
        ((), True, True, True, None, "no bundle waits for its preflight"),
        ((HEAVY, LIGHT), True, False, True, "aa", "volunteers get nothing of it before"),
        ((HEAVY,), False, True, True, "bb", "the laboratory has its first answers"),
        ((HEAVY,), False, False, False, "bb", "nothing of the laboratory's own is held up by it"),
        ((LIGHT,), False, False, True, None, "the laboratory's own first answers come before"),
    ],
)
def test_the_cheapest_is_tried_first_and_not_while_it_would_hold_up_the_first_answers(
    waiting, volunteers, evidence, computes, bundle, why
):
    stands = Circumstances(has_volunteers=volunteers, has_evidence=evidence, computes_itself=computes)
    chosen = choose(waiting, stands)
    assert chosen.bundle == bundle
    assert why in chosen.reason
