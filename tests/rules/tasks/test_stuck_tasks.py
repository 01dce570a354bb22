"""Which tasks are stuck: out for long, at a host that is silent."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.domain.work import BriefTask, TaskState
from axiom.rules.tasks.stuck_tasks import find_stuck_tasks

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def task(hours: float | None, state: TaskState = TaskState.SENT, host: int | None = 7) -> BriefTask:
    sent = None if hours is None else NOW - timedelta(hours=hours)
    return replace(task_in(state), host_id=host, sent_at=sent)


def task_in(state: TaskState) -> BriefTask:
    moments = dict.fromkeys(("sent_at", "deadline", "returned_at"))
    words = dict.fromkeys(("reason", "cause", "agreement"), "")
    return BriefTask(id=5, workunit_id=1, experiment_id=1, ordinal=0, state=state, host_id=7, **moments, **words)


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
    told = [" ".join(re.findall(r"\d+ h", one.reason)) for one in find_stuck_tasks([task(out)], seen, NOW)]
    assert told == ([hours] if hours else [])


def test_the_time_in_which_the_laboratory_could_hear_nobody_does_not_count():
    for out, silent, up, is_stuck in ((36, 30, 13, True), (36, 30, 12, False), (60, 0, 49, True)):  # hours
        seen = {7: NOW - timedelta(hours=silent)}
        assert bool(find_stuck_tasks([task(out)], seen, NOW, listening=NOW - timedelta(hours=up))) == is_stuck


def test_only_what_is_out_can_be_stuck():
    for state in set(TaskState) - {TaskState.SENT}:
        assert find_stuck_tasks([task(100, state)], {}, NOW) == ()

    assert find_stuck_tasks([task(None)], {}, NOW) == ()
    assert len(find_stuck_tasks([task(13, host=None)], {7: NOW}, NOW)) == 1
