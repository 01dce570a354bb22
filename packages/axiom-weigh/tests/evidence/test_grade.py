"""The table of grades, row by row: what each asks for, and what is said to be missing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom_weigh.evidence.grade import grade_evidence
from axiom_weigh.evidence.grade_facts import GradeFacts
from axiom_weigh.evidence.grade_thresholds import find_next_requirements
from axiom_weigh.values import Grade, Verdict

FACTS = GradeFacts(
    verdict=Verdict.POSITIVE,
    seeds=60,
    e_value=1e9,
    hosts=12,
    volunteers=4,
    platforms=2,
    agreeing=3,
    checks=20,
    leaning=(),
    flags=(),
    designs=4,
    elsewhere=1,
    false_share=0.01,
)
ALONE = {"hosts": 1, "volunteers": 1, "platforms": 1}


@pytest.mark.parametrize(
    ("changes", "reached", "need"),
    [
        ({"seeds": 7}, Grade.AWAITING, "8 seeds (7 so far)"),
        ({"clones": "2 copies"}, Grade.AWAITING, "an explanation: 2 copies"),
        ({"seeds": 8}, Grade.MODERATE, "20 seeds (8 so far)"),
        ({"e_value": 999.0}, Grade.MODERATE, "evidence of 1,000 to 1 (999 so far)"),
        ({"unnamed": 1}, Grade.MODERATE, "the names of the hosts that computed 1 of the seeds"),
        ({"hosts": 3}, Grade.MODERATE, "4 hosts of 2 volunteers (3 hosts of 4 volunteers so far)"),
        ({"checks": 19}, Grade.MODERATE, "20 seeds that strangers computed again, and agree (19 so far)"),  # a league
        ({"checks": 48, "outvoted": 1}, Grade.MODERATE, "49 seeds that strangers"),
        ({"checks": 49, "outvoted": 1, "designs": 3}, Grade.STRONG, "4 designs"),
        ({"hosts": 0, "volunteers": 0}, Grade.MODERATE, "the names of the hosts that computed it"),
        ({**ALONE, "agreeing": 2}, Grade.MODERATE, "(2 of 60 so far)"),
        # who computes alone and is not the laboratory agrees with itself whatever it computes
        ({**ALONE, "agreeing": 60, "is_a_stranger_alone": True}, Grade.MODERATE, "(so far 1 of one, who is not us)"),
        ({"volunteers": 2, "hosts": 3, "checks": 60}, Grade.MODERATE, "4 hosts of 2 volunteers"),
        ({"flags": ("2 of 5 duplicates disagree",)}, Grade.MODERATE, "an explanation: 2 of 5 duplicates disagree"),
        ({"seeds": 20}, Grade.STRONG, "50 seeds (20 so far)"),
        ({"e_value": 1_000.0}, Grade.STRONG, "evidence of 1,000,000 to 1 (1,000 so far)"),
        ({"hosts": 4, "volunteers": 2}, Grade.STRONG, "10 hosts (4 so far)"),
        ({**ALONE, "agreeing": 3}, Grade.STRONG, "3 volunteers (1 so far)"),
        ({"platforms": 1}, Grade.STRONG, "2 platforms (1 so far)"),
        ({"designs": 3}, Grade.STRONG, "4 designs with values that differ (3 so far)"),
        ({"across": "it may lie anywhere"}, Grade.STRONG, "a further design would share: it may lie anywhere"),
        ({"elsewhere": 0}, Grade.STRONG, "a seed computed again on a second platform"),
        ({"false_share": 0.05}, Grade.STRONG, "a place among all findings at a false share of 1 %"),
        ({"is_registered": False}, Grade.STRONG, "a registration before the first seed"),
    ],
)
def test_a_grade_is_what_its_row_asks_for(changes, reached, need):
    result, needs = grade_evidence(replace(FACTS, **changes))
    assert result is reached
    assert any(need in text for text in needs)


@pytest.mark.parametrize("changes", [{}, {"verdict": Verdict.NEGATIVE}, {"verdict": Verdict.ABSENT, "e_value": 0.1}])
def test_what_has_everything_is_definitive_and_needs_nothing(changes):
    assert grade_evidence(replace(FACTS, **changes)) == (Grade.DEFINITIVE, ())


def test_what_the_next_grade_asks_and_every_need_is_said_at_once():
    assert [find_next_requirements(reached) for reached in Grade] == [(8, 20.0), (20, 1e3), (50, 1e6), None]
    poor = replace(FACTS, seeds=8, e_value=999.7, leaning=("a", "b"), flags=("c",), **ALONE)
    _, needs = grade_evidence(poor)
    assert len(needs) == 5
    assert "evidence of 1,000 to 1 (999 so far)" in needs  # not as met


ORDER = list(Grade)

MORE = dict.fromkeys(("hosts", "agreeing", "checks", "seeds"), 5) | dict.fromkeys(("platforms", "elsewhere"), 1)
MORE |= {"e_value": 1e4, "volunteers": 2, "designs": 2}


@given(
    seeds=st.integers(0, 300),
    e_value=st.floats(0.0, 1e300),
    hosts=st.integers(0, 20),
    volunteers=st.integers(2, 9),
    designs=st.integers(1, 6),
    more=st.sampled_from(sorted(MORE)),
)
def test_more_of_the_same_never_lowers_a_grade(seeds, e_value, hosts, volunteers, designs, more):
    facts = replace(FACTS, seeds=seeds, e_value=e_value, hosts=hosts, volunteers=volunteers, designs=designs)
    richer = replace(facts, **{more: getattr(facts, more) + MORE[more]})
    assert ORDER.index(grade_evidence(richer)[0]) >= ORDER.index(grade_evidence(facts)[0])
    assert bool(grade_evidence(facts)[1]) is (grade_evidence(facts)[0] is not Grade.DEFINITIVE)
