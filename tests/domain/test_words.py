"""The small words: predictions, states, platforms."""

import pytest

from axiom.domain.findings import Prediction
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


def test_a_task_is_alive_a_failure_or_at_rest():
    assert {state for state in TaskState if state.is_alive} == {"unsent", "sent", "returned"}
    assert {state for state in TaskState if state.is_failure} == {"invalid", "failed", "expired"}


def test_a_platform_is_named_by_what_may_change_a_number():
    assert str(Platform(system="linux", processor="x86_64", instructions="avx2")) == "linux-x86_64-avx2"
