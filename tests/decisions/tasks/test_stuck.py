"""Which tasks are given up on: out for long at a silent host, or out for far too long."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.tasks.stuck import stuck
from axiom.domain.work import Task, TaskState

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def task(hours: float | None, state: TaskState = TaskState.SENT, host: int | None = 7) -> Task:
    return Task(
        id=5,
        workunit_id=1,
        experiment_id=1,
        ordinal=0,
        state=state,
        created_at=NOW,
        host_id=host,
        sent_at=None if hours is None else NOW - timedelta(hours=hours),
    )


@pytest.mark.parametrize(
    ("out", "silent", "reason"),
    [
        (13, 7, "out for 13 h, and its host was last heard from 7 h ago"),
        (13, 6, ""),
        (13, 0, ""),
        (12, 12, ""),
        (13, None, "out for 13 h, and its host was last heard from 13 h ago"),  # never seen since it took the task
        (48, 0, ""),
        (49, 0, "out for 49 h, and no task may take longer than 48 h"),
        (49, 49, "out for 49 h, and no task may take longer than 48 h"),
    ],
)
def test_a_task_is_stuck_when_it_is_out_for_long_and_its_host_silent(out, silent, reason):
    seen = {} if silent is None else {7: NOW - timedelta(hours=silent)}
    assert [(one.task_id, one.reason) for one in stuck([task(out)], seen, NOW)] == ([(5, reason)] if reason else [])


@pytest.mark.parametrize(
    ("out", "silent", "up", "stuck_now"),
    [
        (36, 30, 40, True),
        (36, 30, 13, True),  # it had thirteen hours to be heard in
        (36, 30, 12, False),
        (36, 30, 1, False),
        (36, 5, 13, False),
        (60, 0, 49, True),
        (60, 0, 47, False),
    ],
)
def test_the_time_in_which_the_laboratory_could_hear_nobody_does_not_count(out, silent, up, stuck_now):
    seen = {7: NOW - timedelta(hours=silent)}
    assert bool(stuck([task(out)], seen, NOW, listening=NOW - timedelta(hours=up))) == stuck_now


@pytest.mark.parametrize("state", [state for state in TaskState if state is not TaskState.SENT])
def test_only_what_is_out_can_be_stuck(state):
    assert stuck([task(100, state)], {}, NOW) == ()


def test_a_task_that_never_went_out_or_has_no_host_is_judged_by_its_own_time():
    assert stuck([task(None)], {}, NOW) == ()
    assert len(stuck([task(13, host=None)], {7: NOW}, NOW)) == 1
