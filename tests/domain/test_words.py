"""The small words: values, predictions, states, platforms, causes."""

import dataclasses
import math

import pytest

from axiom.domain.estimands import Direction, Prediction, prediction_data, read_prediction
from axiom.domain.evidence import Meaning, verdict_meaning, verdicts_of
from axiom.domain.failure_causes import Cause, make_ending, read_runner_exit
from axiom.domain.fleet import Platform
from axiom.domain.value import value_class
from axiom.domain.work import Exit, TaskState
from axiom_weigh.values import Verdict


@value_class
class Point:
    """A place."""

    x: int
    y: int = 0


def test_a_value_is_compared_by_its_fields_and_takes_them_by_name_alone():
    assert {Point(x=1), Point(x=1, y=0), Point(x=2)} == {Point(x=1), Point(x=2)}
    assert dataclasses.replace(Point(x=1), y=5) == Point(x=1, y=5)
    with pytest.raises(TypeError):
        Point(1)
    with pytest.raises(AttributeError):
        Point(x=1).z = 2  # a slip of the pen finds no place to go


def test_a_prediction_that_is_none_is_refused():
    fields = {"positive": 0.8, "negative": 0.1, "absent": 0.1, "interval": (0.0, 1.0), "because": "a test"}
    assert Prediction(**fields)
    assert Prediction(**fields | {"positive": 1.0, "negative": 0.0, "absent": 0.0, "interval": (1.0, 1.0)})
    for changes, fact in (
        ({"positive": 0.5}, "add up"),
        ({"positive": 0.78}, "add up"),
        ({"positive": math.nan}, "add up"),
        ({"positive": 1.1, "negative": -0.2}, "at least 0"),
        ({"interval": (1.0, 0.0)}, "ends"),
    ):
        with pytest.raises(ValueError, match=fact):
            Prediction(**fields | changes)


@pytest.mark.parametrize(
    "chances", [(0.333, 0.333, 0.333), (0.33, 0.33, 0.33), (0.667, 0.167, 0.167), (0.67, 0.17, 0.17), (0.0, 0.5, 0.5)]
)
def test_chances_that_were_rounded_are_made_to_add_up_once(chances):
    names = ("positive", "negative", "absent")
    said = Prediction(**dict(zip(names, chances, strict=True)), interval=(0.0, 1.0), because="a test")
    made = [getattr(said, name) for name in names]
    assert math.fsum(made) == pytest.approx(1.0, abs=1e-15)
    assert made == pytest.approx([chance / sum(chances) for chance in chances], abs=1e-15)
    assert read_prediction(prediction_data(said)) == said
    assert sum(chances) != 1.0 or made == list(chances)


def test_a_verdict_is_read_by_the_direction_that_the_claim_expects():
    more = [Meaning.AS_CLAIMED, Meaning.OPPOSITE, Meaning.TOO_SMALL, Meaning.DISAGREE, Meaning.UNDECIDED]
    verdicts = [Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT, Verdict.MIXED, Verdict.UNDECIDED]
    assert [verdict_meaning(verdict, Direction.MORE) for verdict in verdicts] == more
    assert [verdict_meaning(verdict, Direction.LESS) for verdict in verdicts] == [more[1], more[0], *more[2:]]
    none = [Meaning.OPPOSITE, Meaning.OPPOSITE, Meaning.AS_CLAIMED, *more[3:]]
    assert [verdict_meaning(verdict, Direction.ABSENT) for verdict in verdicts] == none
    assert verdicts_of(Meaning.OPPOSITE, Direction.ABSENT) == (Verdict.POSITIVE, Verdict.NEGATIVE)
    assert verdicts_of(Meaning.AS_CLAIMED, Direction.LESS) == (Verdict.NEGATIVE,)
    assert {verdict_meaning(verdict, direction) for verdict in Verdict for direction in Direction} == set(Meaning)


def test_a_task_is_alive_failed_or_at_rest_and_a_platform_names_what_alters_a_number():
    assert {state for state in TaskState if state.is_alive} == {"unsent", "sent", "returned"}
    assert {state for state in TaskState if state.is_failure} == {"invalid", "failed", "expired"}
    assert str(Platform(system="linux", processor="x86_64", instructions="avx2")) == "linux-x86_64-avx2"


def test_each_exit_of_the_runner_has_its_cause_and_any_other_number_is_said_as_it_is():
    assert len({cause.words for cause in Cause}) == len(Cause)
    others = {Exit.DONE: "SUCCESS", Exit.ABORTED_BY_LAB: "ABORTED_BY_LABORATORY"}
    others[Exit.ABORTED_BY_USER] = "ABORTED_BY_VOLUNTEER"
    for status in Exit:
        assert read_runner_exit(status.value) == make_ending(Cause[others.get(status, status.name)], status.value)
    for status in (1, -1, 4096):
        found = read_runner_exit(status)
        assert found.cause == Cause.EXIT_CODE
        assert found.exit_status == status
        assert found.reason.endswith(f" {status}")
    assert make_ending(Cause.SIGNAL, 11, "signal 11").reason == f"{Cause.SIGNAL.words}: signal 11"
