"""Which tasks are given up on: out for long at a silent host, or out for far too long."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.tasks.stuck import stuck
from axiom.domain.work import Task, TaskState

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def task(hours: float | None, state: TaskState = TaskState.SENT, host: int | None = 7) -> Task:
    sent = None if hours is None else NOW - timedelta(hours=hours)
    facts = {"id": 5, "workunit_id": 1, "experiment_id": 1, "ordinal": 0, "created_at": NOW}
    return Task(state=state, host_id=host, sent_at=sent, **facts)


@pytest.mark.parametrize(
    ("out", "silent", "hours"),
    [
        (13, 7, "13 h 7 h"),
        (13, 6, ""),
        (12, 12, ""),
        (13, None, "13 h 13 h"),  # never seen since it took the task
        (48, 0, ""),
        (49, 0, "49 h 48 h"),
    ],
)
def test_a_task_is_stuck_when_it_is_out_for_long_and_its_host_silent(out, silent, hours):
    seen = {} if silent is None else {7: NOW - timedelta(hours=silent)}
    told = [" ".join(re.findall(r"\d+ h", one.reason)) for one in stuck([task(out)], seen, NOW)]
    assert told == ([hours] if hours else [])


@pytest.mark.parametrize(
    ("out", "silent", "up", "stuck_now"),
    [
        (36, 30, 13, True),  # it had thirteen hours to be heard in
        (36, 30, 12, False),
        (60, 0, 49, True),
        (60, 0, 47, False),
    ],
)
def test_the_time_in_which_the_laboratory_could_hear_nobody_does_not_count(out, silent, up, stuck_now):
    seen = {7: NOW - timedelta(hours=silent)}
    assert bool(stuck([task(out)], seen, NOW, listening=NOW - timedelta(hours=up))) == stuck_now


def test_only_what_is_out_can_be_stuck():
    for state in set(TaskState) - {TaskState.SENT}:
        assert stuck([task(100, state)], {}, NOW) == ()

    assert stuck([task(None)], {}, NOW) == ()
    assert len(stuck([task(13, host=None)], {7: NOW}, NOW)) == 1
