"""What becomes of an old claim, by how the findings stand that test it and control it; which is asked first."""

from types import SimpleNamespace

import pytest
from old_claims.order import Wanted, in_order, until
from old_claims.verdict import FEW, MANY, ClaimTest, Reckoning, reckon, seeds_wanted

from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning
from axiom.domain.links import AskingEstimand, Bearing, FindingState, LinkKind
from axiom_weigh.values import Grade, Verdict

YES, NO, SMALL, OPEN = Meaning.AS_CLAIMED, Meaning.OPPOSITE, Meaning.TOO_SMALL, Meaning.UNDECIDED

VERDICTS = {YES: Verdict.POSITIVE, NO: Verdict.NEGATIVE, SMALL: Verdict.ABSENT}  # of a claim that expects more


def asked(meaning, *, upheld_by=(YES,), overturned_by=(), seeds=MANY, kind=None, **footing) -> ClaimTest:
    kind = kind or (LinkKind.MODERATES if overturned_by else LinkKind.TESTS)
    upheld_by = upheld_by if kind is LinkKind.TESTS else ()
    asking = AskingEstimand(
        experiment="tiny_sum",
        estimand="grows",
        kind=kind,
        upheld_by=tuple(VERDICTS[said] for said in upheld_by),
        overturned_by=tuple(VERDICTS[said] for said in overturned_by),
    )
    footing = {"status": "open", "grade": Grade.MODERATE, "is_size_open": False, "expects": Direction.MORE, **footing}
    return ClaimTest(
        asking=asking,
        wanted=MANY,
        seeds=seeds,
        footing=None if meaning is None else FindingState(meaning=meaning, **footing),
    )


def control(meaning: Meaning | None, **more) -> ClaimTest:
    return asked(meaning, overturned_by=(SMALL, NO), **more)


def clear_of(meaning: Meaning | None) -> ClaimTest:
    return asked(meaning, kind=LinkKind.MODERATES, seeds=0)


@pytest.mark.parametrize(
    ("asked_so_far", "reckoning", "counts"),
    [
        ([], Reckoning.NOT_YET, ""),
        ([clear_of(YES)], Reckoning.NOT_YET, ""),
        ([asked(None, seeds=0)], Reckoning.NOT_YET, "0 of 32"),
        ([asked(YES), asked(YES, seeds=24)], Reckoning.NOT_YET, "24 of 32"),
        ([asked(NO, seeds=31)], Reckoning.NOT_YET, "31 of 32"),
        ([asked(YES), control(None, seeds=0)], Reckoning.NOT_YET, "0 of 32"),
        ([asked(YES), control(SMALL, seeds=8)], Reckoning.NOT_YET, "8 of 32"),
        ([asked(YES)], Reckoning.STANDS, "one test speaks for it"),
        ([asked(YES), asked(YES)], Reckoning.STANDS, "both of its tests speak for it"),
        ([asked(YES, is_size_open=True)], Reckoning.STANDS, "enough to matter is open"),
        ([asked(YES, is_size_open=True), asked(YES)], Reckoning.STANDS, "1 of its 2 tests shows is enough"),
        ([asked(SMALL, upheld_by=(SMALL,), is_size_open=True)], Reckoning.STANDS, "one test speaks for it"),
        ([asked(YES), clear_of(None)], Reckoning.STANDS, "one test speaks for it"),
        ([asked(YES), control(YES)], Reckoning.STANDS, "one test speaks for it"),
        ([asked(SMALL, upheld_by=(SMALL, NO))], Reckoning.STANDS, "one test speaks for it"),
        ([asked(YES), asked(SMALL)], Reckoning.DEPENDS, "of 2 tests, 1 upholds it and 1 does not"),
        ([asked(YES), asked(YES), asked(NO), asked(NO)], Reckoning.DEPENDS, "of 4 tests, 2 uphold it and 2 do not"),
        ([asked(YES), asked(NO), asked(OPEN)], Reckoning.DEPENDS, "of 3 tests, 1 upholds it and 1 does not"),
        ([asked(SMALL), asked(SMALL)], Reckoning.TOO_SMALL, "smaller than what matters"),
        ([asked(SMALL), asked(NO)], Reckoning.FALLS, "both of its tests speak against it"),
        ([asked(YES, upheld_by=(SMALL, NO))], Reckoning.FALLS, "its one test speaks against it"),
        ([asked(OPEN)], Reckoning.UNDECIDED, "its one test says nothing"),
        ([asked(YES), asked(OPEN), asked(Meaning.DISAGREE)], Reckoning.UNDECIDED, "of 3 tests, 2 say nothing"),
        ([asked(YES, status="suspended")], Reckoning.UNDECIDED, "its one test says nothing"),
    ],
)
def test_what_becomes_of_a_claim(asked_so_far, reckoning, counts):
    answer = reckon(asked_so_far)
    assert answer.reckoning is reckoning
    assert counts in answer.reason


@pytest.mark.parametrize("tests", [[YES], [YES, NO]])
def test_a_control_overturns_a_claim_that_its_tests_uphold(tests):
    assert reckon([*map(asked, tests), control(SMALL)]).reckoning is Reckoning.DEPENDS


@pytest.mark.parametrize(
    "silent",
    [control(SMALL, status="suspended"), control(YES, status="suspended"), control(OPEN), control(Meaning.DISAGREE)],
)
def test_a_control_that_says_nothing_clears_nobody(silent):
    answer = reckon([asked(YES), control(YES), silent])
    assert answer.reckoning is Reckoning.UNDECIDED
    assert "of 2 controls, 1 " in answer.reason
    assert reckon([asked(NO), silent]).reckoning is Reckoning.FALLS


@pytest.mark.parametrize("ask", [asked, control])
def test_what_waits_for_its_grade_says_nothing(ask):
    assert ask(NO).bearing is not Bearing.SAYS_NOTHING
    assert ask(NO, grade=Grade.AWAITING).bearing is Bearing.SAYS_NOTHING


@pytest.mark.parametrize(("seconds", "seeds"), [(None, MANY), (39.0, MANY), (41.0, FEW)])
def test_what_is_cheap_is_asked_of_many_seeds(seconds, seeds):
    assert seeds_wanted(seconds) == seeds


def test_the_cheapest_claim_comes_first():
    many = {"a": {"1"}, "b": {"1", "2", "3"}, "c": set(), "d": {"4"}}
    costs = {"a": 2.0, "b": 5.0, "c": 0.1, "d": 60.0}
    order = in_order([SimpleNamespace(name=name, version=1, seconds=seconds) for name, seconds in costs.items()], many)
    assert [wanted.name for wanted in order] == ["b", "a", "d", "c"]  # 32 seeds of 5 s for three claims, of 2 s for one
    assert [wanted.seeds for wanted in order] == [32, 32, 8, 32]


@pytest.mark.parametrize(
    ("computed", "seconds", "target"),
    [(0, 100.0, 8), (3, 100.0, 8), (8, 100.0, 16), (0, 4.0, 24), (0, 0.01, 32), (0, 0.0, 32), (24, 0.01, 32)],
)
def test_whole_blocks_are_computed_and_short_ones_together(computed, seconds, target):
    wanted = Wanted(name="a", version=1, seconds=seconds, seeds=32, claims=1)
    assert until(wanted, computed, seconds, cores=2)[0] == target
