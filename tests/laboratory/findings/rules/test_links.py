"""Links: which may be made, what a test came to, what is void with something else, and what hangs on what."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning
from axiom.domain.links import Bearing, FindingState, Link, LinkKind, Node, Noun
from axiom.laboratory.findings.rules.links import (
    CONJECTURE,
    SAID_THEN,
    count_hanging_questions,
    find_bearing,
    find_tainted_findings,
    link_caution,
    link_fault,
    open_nodes,
)
from axiom_weigh.values import Grade

OPEN = FindingState(status="open", grade=Grade.AWAITING, meaning=Meaning.UNDECIDED, expects=Direction.MORE)
HOLDS = FindingState(status="open", grade=Grade.MODERATE, meaning=Meaning.AS_CLAIMED, expects=Direction.MORE)
FAILS = replace(HOLDS, meaning=Meaning.OPPOSITE)
SMALL = replace(HOLDS, meaning=Meaning.TOO_SMALL)
WEAK = replace(HOLDS, grade=Grade.AWAITING)
MIXED = replace(HOLDS, meaning=Meaning.DISAGREE)
SUSPENDED = replace(HOLDS, status="suspended")
RECALLED = replace(HOLDS, status="recalled")
TESTS, EXPLAINS, RULES_OUT, MODERATES, SUPERSEDES, REPLICATES, DEPENDS_ON = LinkKind


def finding(number: int) -> Node:
    return Node(noun=Noun.FINDING, id=number)


def old(number: int) -> Node:
    return Node(noun=Noun.OLD_CLAIM, id=number)


def the_link(number: int) -> Node:
    return Node(noun=Noun.LINK, id=number)


def said(source: Node, kind: LinkKind, target: Node, *, number: int = 1, upheld=(Meaning.AS_CLAIMED,)) -> Link:
    facts = {"why": "a test", "by": "Ada", "line": 0, "evidence_hash": "", "said_at": datetime(2026, 3, 2, tzinfo=UTC)}
    return Link(id=number, kind=kind, source=source, target=target, upheld_by=upheld, **facts)


EXPLANATION = said(finding(1), EXPLAINS, finding(2), number=7)


@pytest.mark.parametrize(
    ("source", "kind", "target", "says"),
    [
        (finding(1), TESTS, old(1), ""),
        (finding(1), TESTS, the_link(7), ""),
        (finding(1), EXPLAINS, old(1), ""),
        (old(2), EXPLAINS, finding(1), ""),
        (finding(1), DEPENDS_ON, finding(2), ""),
        (finding(1), TESTS, finding(1), "to itself"),
        (old(1), TESTS, finding(1), "only an explanation can begin"),
        (the_link(7), EXPLAINS, finding(1), "only an explanation can begin"),
        (finding(1), SUPERSEDES, old(1), "only a finding and a finding"),
        (old(1), DEPENDS_ON, finding(1), "only a finding and a finding"),
        (finding(1), EXPLAINS, the_link(7), "only an explanation can be tested"),
        (finding(1), TESTS, the_link(8), "only an explanation can be tested"),
    ],
)
def test_what_may_be_said_of_what(source, kind, target, says):
    known = [EXPLANATION, said(finding(1), TESTS, finding(2), number=8)]
    found = link_fault(kind, source, target, known, {1: HOLDS, 2: HOLDS})
    assert says in found
    assert bool(found) == bool(says)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (HOLDS, ""),
        (WEAK, "Awaiting"),
        (MIXED, "Moderate"),
        (SUSPENDED, "suspended"),
        (RECALLED, "recalled"),
    ],
)
def test_only_a_decided_finding_that_is_at_least_moderate_rules_anything_out(state, says):
    found = link_fault(RULES_OUT, finding(1), finding(2), [], {1: state, 2: OPEN})
    assert says in found
    assert bool(found) == bool(says)
    link = said(finding(1), RULES_OUT, finding(2))
    assert link_caution(link, [link], {1: state, 2: OPEN}) == (f"not in force: {found}" if found else "")


@pytest.mark.parametrize("kind", [SUPERSEDES, DEPENDS_ON])
def test_a_circle_is_refused_with_the_way_round_it(kind):
    known = [said(finding(1), kind, finding(2)), said(finding(2), kind, finding(3)), said(finding(1), kind, finding(4))]
    states = dict.fromkeys((1, 2, 3, 4), HOLDS)
    assert "3 → 1 → 2 → 3" in link_fault(kind, finding(3), finding(1), known, states)
    assert link_fault(kind, finding(4), finding(3), known, states) == ""
    others = [replace(one, kind=MODERATES) for one in known]
    assert link_fault(kind, finding(3), finding(1), others, states) == ""


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=30))
def test_whatever_is_said_in_whatever_order_nothing_depends_on_itself(pairs):
    states = dict.fromkeys(range(1, 7), RECALLED)
    links: list[Link] = []
    for source, target in pairs:
        if not link_fault(DEPENDS_ON, finding(source), finding(target), links, states):
            links.append(said(finding(source), DEPENDS_ON, finding(target)))
    for number, void in find_tainted_findings(links, states).items():
        assert number not in void


def test_what_a_test_came_to_follows_from_the_verdict():
    claimed, other = (Meaning.AS_CLAIMED,), (Meaning.OPPOSITE, Meaning.TOO_SMALL)
    bearings = {(HOLDS, claimed): Bearing.SUPPORTS, (SMALL, claimed): Bearing.CONTRADICTS}
    bearings |= {(SMALL, other): Bearing.SUPPORTS, (MIXED, claimed): Bearing.SAYS_NOTHING}
    for (state, upheld), comes_to in (bearings | {(RECALLED, claimed): Bearing.SAYS_NOTHING}).items():
        assert find_bearing(said(finding(1), TESTS, old(1), upheld=upheld), {1: state}) is comes_to
        assert find_bearing(said(finding(1), REPLICATES, finding(2), upheld=upheld), {1: state, 2: OPEN}) is comes_to


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ({3: OPEN, 4: OPEN}, CONJECTURE),
        ({3: HOLDS, 4: OPEN}, "tested: a finding supports it"),
        ({3: FAILS, 4: OPEN}, "tested: a finding contradicts it"),
        ({3: HOLDS, 4: FAILS}, "tested: a finding supports and another one contradicts it"),
        ({3: SUSPENDED, 4: OPEN}, CONJECTURE),
    ],
)
def test_an_explanation_is_a_conjecture_until_a_decided_finding_tests_it(states, says):
    links = [
        EXPLANATION,
        said(finding(3), TESTS, the_link(7), number=8),
        said(finding(4), TESTS, the_link(7), number=9),
        said(finding(1), TESTS, finding(2), number=10),  # to test one of its ends is not to test it
    ]
    assert link_caution(EXPLANATION, links, {1: HOLDS, 2: HOLDS, **states}) == says


def test_what_is_no_test_of_ours_comes_to_nothing_or_only_to_what_was_claimed():
    for source, kind, target in ((finding(1), MODERATES, old(1)), (old(1), TESTS, old(2))):
        assert find_bearing(said(source, kind, target), {1: HOLDS}) is None
    link = said(old(1), RULES_OUT, old(2))
    assert link_caution(link, [link], {}) == SAID_THEN
    assert link_caution(said(finding(1), TESTS, old(2)), [link], {1: HOLDS}) == ""


def test_what_depends_on_something_void_is_tainted_through_all_that_lies_between():
    links = [
        said(finding(1), DEPENDS_ON, finding(2)),
        said(finding(2), DEPENDS_ON, finding(3)),
        said(finding(2), DEPENDS_ON, finding(4)),
        said(finding(5), DEPENDS_ON, finding(6)),
        said(finding(6), TESTS, finding(3)),
    ]
    states = {1: HOLDS, 2: HOLDS, 3: RECALLED, 4: SUSPENDED, 5: HOLDS, 6: HOLDS}
    assert find_tainted_findings(links, states) == {1: (3, 4), 2: (3, 4)}
    assert find_tainted_findings(links, dict.fromkeys(states, replace(HOLDS, status="retired"))) == {}
    links = [said(finding(1), TESTS, old(1)), said(finding(2), TESTS, old(2)), said(finding(1), MODERATES, old(3))]
    states = {1: HOLDS, 2: OPEN, 3: replace(OPEN, status="retired")}
    assert open_nodes(links, states, [1, 2, 3]) == {finding(2), old(2), old(3)}


def test_all_that_is_reached_through_open_questions_hangs_on_a_finding():
    links = [
        said(finding(1), TESTS, old(1)),
        said(old(1), EXPLAINS, old(2), number=2),
        said(old(2), EXPLAINS, old(3), number=3),
        said(finding(4), DEPENDS_ON, finding(1)),
        said(finding(2), TESTS, the_link(3)),
        said(finding(3), SUPERSEDES, finding(1)),
    ]
    everything = {old(1), old(2), old(3), finding(4), finding(1)}
    assert count_hanging_questions(links, everything) == {1: 4, 2: 1}
    assert count_hanging_questions(links, everything - {old(2)}) == {1: 2, 2: 1}, "past what is answered nothing hangs"
    assert count_hanging_questions(links, set()) == {}
    circle = [said(finding(1), TESTS, finding(2)), said(finding(2), TESTS, finding(1))]
    assert count_hanging_questions(circle, {finding(1), finding(2)}) == {1: 1, 2: 1}
