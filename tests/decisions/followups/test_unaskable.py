"""What the autopilot sees and cannot ask: by cases, each once, and never what it could ask itself."""

from dataclasses import replace

import pytest
from follow_up_subjects import RATE, TREND, manifest, said, subject

from axiom.decisions.followups.unaskable import UntestedExplanation, next_idea
from axiom.domain.findings import Grade, Verdict

NARROW = manifest(ranges={"width": (4, 64), "lr": (0.01, 1.0), "noise": (0.0, 0.5)})
LINK = UntestedExplanation(link=7, source=1, target=2)
OTHER = subject(2, estimand={**RATE, "measure": "loss"})  # no rival: another measure


def basis(*subjects, explanations=(), noted=()):
    found = next_idea(subjects, explanations, noted)
    return found and found.basis


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (subject(), None),  # the range goes on, and a proposal asks there
        (subject(manifest=NARROW), "beyond widths width above 64"),
        (subject(manifest=NARROW, estimand=TREND), "beyond widths width above 64"),
        (subject(manifest=replace(NARROW, ranges={"width": (8, 256)})), "beyond widths width below 8"),
        (subject(manifest=NARROW, evidence=said(Verdict.ABSENT)), None),
        (subject(manifest=NARROW, evidence=said(grade=Grade.AWAITING)), None),
        (subject(manifest=NARROW, is_settled=False, has_ended=False), None),
        (subject(manifest=NARROW, status="retired"), None),
    ],
)
def test_an_effect_at_the_end_of_the_declared_range_is_noted(one, expected):
    assert basis(one) == expected


def test_nothing_lies_beyond_the_ends_of_a_share():
    configs = tuple({"width": 8, "lr": 0.1, "noise": noise, "task": "a", "control": ""} for noise in (0.0, 0.5, 1.0))
    trend = {**TREND, "across": "noise"}
    shares = manifest(ranges={"noise": (0.0, 1.0)}, configs=configs, cell_seconds=(1.0, 1.0, 1.0))
    assert basis(subject(manifest=shares, estimand=trend)) is None
    wider = manifest(ranges={"noise": (0.0, 1.5)}, configs=configs, cell_seconds=(1.0, 1.0, 1.0))
    assert basis(subject(manifest=wider, estimand=trend)) is None  # not at its end


def test_an_explanation_that_nothing_can_test_is_noted_once_both_are_known():
    assert basis(subject(1), OTHER, explanations=[LINK]) == "explanation 7"
    assert basis(subject(1), explanations=[LINK]) is None
    rivals = subject(1), subject(2, estimand=RATE, means=_by_rate(), configs=_by_rate_configs())
    assert basis(*rivals, explanations=[LINK]) is None  # a proposal decides between the two


def test_nothing_is_noted_twice_whoever_reaches_it():
    both = subject(1, manifest=NARROW), subject(3, manifest=NARROW)
    assert basis(*both, noted={"beyond widths width above 64"}) is None
    assert basis(*both, OTHER, explanations=[LINK], noted={"beyond widths width above 64"}) == "explanation 7"


def test_a_claim_is_repeated_without_signs_that_a_terminal_obeys_and_not_at_length():
    hostile = {**TREND, "claim": "it is \x1b[2J so\n" + "very " * 200}
    found = next_idea([subject(manifest=NARROW, estimand=hostile)], [], ())
    assert (found.question + found.why).isprintable()
    assert len(found.why) < 600


def _by_rate_configs():
    return tuple({"width": 32, "lr": lr, "noise": 0.0, "task": "a", "control": ""} for lr in (0.1, 0.4))


def _by_rate():
    return tuple(zip(_by_rate_configs(), (0.1, 0.4), strict=True))
