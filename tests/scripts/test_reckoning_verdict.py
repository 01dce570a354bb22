"""What becomes of an old claim, by how the findings stand that test it and control it."""

import sys
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).resolve().parents[2] / "scripts" / "campaign.d")]

from reckoning.verdict import FEW, MANY, Asked, Reckoning, reckon, seeds_wanted

from axiom.domain.findings import Grade, Meaning
from axiom.domain.links import Asking, Bearing, Footing, LinkKind

YES, NO, SMALL, OPEN = Meaning.AS_CLAIMED, Meaning.OPPOSITE, Meaning.TOO_SMALL, Meaning.UNDECIDED


def asked(
    meaning: Meaning | None,
    *,
    upheld_by=(YES,),
    overturned_by=(),
    seeds=MANY,
    status="open",
    kind=None,
    grade=Grade.MODERATE,
    is_slight=False,
) -> Asked:
    kind = kind or (LinkKind.MODERATES if overturned_by else LinkKind.TESTS)
    upheld_by = upheld_by if kind is LinkKind.TESTS else ()
    return Asked(
        asking=Asking(
            experiment="tiny_sum", estimand="grows", kind=kind, upheld_by=upheld_by, overturned_by=overturned_by
        ),
        wanted=MANY,
        seeds=seeds,
        footing=None if meaning is None else Footing(status=status, grade=grade, meaning=meaning, is_slight=is_slight),
    )


def control(meaning: Meaning | None, **more) -> Asked:
    return asked(meaning, overturned_by=(SMALL, NO), **more)


def beside(meaning: Meaning | None) -> Asked:
    return asked(meaning, kind=LinkKind.MODERATES, seeds=0)


@pytest.mark.parametrize(
    ("found", "reckoning", "reason"),
    [
        ([], Reckoning.NOT_YET, "nothing tests it so far"),
        ([beside(YES)], Reckoning.NOT_YET, "nothing tests it so far; what is asked says on what it may depend"),
        ([asked(None, seeds=0)], Reckoning.NOT_YET, "0 of 32 seeds are weighed"),
        ([asked(YES), asked(YES, seeds=24)], Reckoning.NOT_YET, "24 of 32 seeds are weighed"),
        ([asked(NO, seeds=31)], Reckoning.NOT_YET, "31 of 32 seeds are weighed"),
        ([asked(YES), control(None, seeds=0)], Reckoning.NOT_YET, "0 of 32 seeds are weighed"),
        ([asked(YES), control(SMALL, seeds=8)], Reckoning.NOT_YET, "8 of 32 seeds are weighed"),
        ([asked(YES)], Reckoning.STANDS, "its one test speaks for it"),
        ([asked(YES), asked(YES)], Reckoning.STANDS, "all of its 2 tests speak for it"),
        (
            [asked(YES, is_slight=True)],
            Reckoning.STANDS,
            "its one test speaks for it, and what it shows is smaller than what was said to matter",
        ),
        (
            [asked(YES, is_slight=True), asked(YES)],
            Reckoning.STANDS,
            "all of its 2 tests speak for it, and what 1 of its 2 tests shows is smaller than what was said to matter",
        ),
        ([asked(SMALL, upheld_by=(SMALL,), is_slight=True)], Reckoning.STANDS, "its one test speaks for it"),
        ([asked(YES), beside(None)], Reckoning.STANDS, "its one test speaks for it"),
        ([asked(YES), control(YES)], Reckoning.STANDS, "its one test speaks for it"),
        ([asked(SMALL, upheld_by=(SMALL, NO))], Reckoning.STANDS, "its one test speaks for it"),
        ([asked(YES), asked(SMALL)], Reckoning.DEPENDS, "of 2 tests, 1 upholds it and 1 does not"),
        ([asked(YES), asked(YES), asked(NO), asked(NO)], Reckoning.DEPENDS, "of 4 tests, 2 uphold it and 2 do not"),
        ([asked(YES), asked(NO), asked(OPEN)], Reckoning.DEPENDS, "of 3 tests, 1 upholds it and 1 does not"),
        ([asked(SMALL), asked(SMALL)], Reckoning.TOO_SMALL, "whatever there is of it is smaller than what matters"),
        ([asked(SMALL), asked(NO)], Reckoning.FALLS, "all of its 2 tests speak against it"),
        ([asked(YES, upheld_by=(SMALL, NO))], Reckoning.FALLS, "its one test speaks against it"),
        ([asked(OPEN)], Reckoning.UNDECIDED, "of 1 test, 1 says nothing yet, with all seeds asked for"),
        ([asked(YES), asked(OPEN), asked(Meaning.DISAGREE)], Reckoning.UNDECIDED, "of 3 tests, 2 say nothing yet"),
        ([asked(YES, status="suspended")], Reckoning.UNDECIDED, "of 1 test, 1 says nothing yet"),
    ],
)
def test_what_becomes_of_a_claim(found, reckoning, reason):
    said = reckon(found)
    assert said.reckoning is reckoning
    assert said.reason.startswith(reason)


@pytest.mark.parametrize("tests", [[YES], [YES, NO]])
def test_a_control_overturns_a_claim_that_its_tests_uphold(tests):
    said = reckon([*map(asked, tests), control(SMALL)])
    assert said.reckoning is Reckoning.DEPENDS


@pytest.mark.parametrize(
    "silent",
    [control(SMALL, status="suspended"), control(YES, status="suspended"), control(OPEN), control(Meaning.DISAGREE)],
)
def test_a_control_that_says_nothing_clears_nobody(silent):
    said = reckon([asked(YES), control(YES), silent])
    assert said.reckoning is Reckoning.UNDECIDED
    assert said.reason == "of 2 controls, 1 says nothing yet, with all seeds asked for"
    assert reckon([asked(NO), silent]).reckoning is Reckoning.FALLS


@pytest.mark.parametrize("ask", [asked, control])
def test_what_waits_for_its_grade_says_nothing(ask):
    assert ask(NO).bearing is not Bearing.SAYS_NOTHING
    assert ask(NO, grade=Grade.AWAITING).bearing is Bearing.SAYS_NOTHING


@pytest.mark.parametrize(("seconds", "seeds"), [(None, MANY), (0.1, MANY), (30.0, MANY), (39.0, MANY), (41.0, FEW)])
def test_what_is_cheap_is_asked_of_many_seeds(seconds, seeds):
    assert seeds_wanted(seconds) == seeds
