"""The small words: predictions, states, platforms."""

import pytest

from axiom.domain.findings import Direction, Meaning, Prediction, Verdict, reading
from axiom.domain.fleet import Platform
from axiom.domain.work import TaskState


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"positive": 0.5}, "add up to 1"),
        ({"positive": 1.1, "negative": -0.2}, "at least 0"),
        ({"interval": (1.0, 0.0)}, "ends before it begins"),
    ],
)
def test_a_prediction_that_is_none_is_refused(changes, problem):
    fields = {"positive": 0.8, "negative": 0.1, "absent": 0.1, "interval": (0.0, 1.0), "because": "a test"}
    assert Prediction(**fields)
    with pytest.raises(ValueError, match=problem):
        Prediction(**fields | changes)


@pytest.mark.parametrize(
    ("verdict", "of_more", "of_less"),
    [
        ("effect +", "as claimed", "the opposite of the claim"),
        ("effect −", "the opposite of the claim", "as claimed"),
        ("absent", "too small to matter", "too small to matter"),
        ("mixed", "designs disagree", "designs disagree"),
        ("undecided", "undecided", "undecided"),
    ],
)
def test_a_verdict_is_read_by_the_direction_that_the_claim_expects(verdict, of_more, of_less):
    found = [reading(Verdict(verdict), direction) for direction in (Direction.MORE, Direction.LESS)]
    assert found == [Meaning(of_more), Meaning(of_less)]


def test_every_verdict_says_something_about_the_claim():
    assert {reading(verdict, direction) for verdict in Verdict for direction in Direction} == set(Meaning)


def test_a_task_is_alive_a_failure_or_at_rest():
    assert {state for state in TaskState if state.is_alive} == {"unsent", "sent", "returned"}
    assert {state for state in TaskState if state.is_failure} == {"invalid", "failed", "expired"}


def test_a_platform_is_named_by_what_may_change_a_number():
    assert str(Platform(system="linux", processor="x86_64", instructions="avx2")) == "linux-x86_64-avx2"
