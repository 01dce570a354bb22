"""Which tasks are stuck? A host may be slow or silent; both at once for hours is a host that is gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.domain.work import BriefTask, TaskState
from axiom.limits import tasks as limits


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckTask:
    """A task to give up on, and why."""

    task_id: int
    reason: str


def find_stuck_tasks(
    tasks: Sequence[BriefTask], seen: Mapping[int, datetime], now: datetime, *, listening: datetime | None = None
) -> tuple[StuckTask, ...]:
    """Return the tasks that have been out for so long that their cells should go to somebody else.

    `seen` is when each host was last heard from; a host that is not there has been silent since it took the task.
    `listening` is since when the laboratory has been up: before that nobody could be heard, and it does not count.
    """
    stuck_tasks = []
    for task in tasks:
        reason = _why(task, seen, now, listening)
        if reason:
            stuck_tasks.append(StuckTask(task_id=task.id, reason=reason))
    return tuple(stuck_tasks)


def _why(task: BriefTask, seen: Mapping[int, datetime], now: datetime, listening: datetime | None) -> str:
    if task.state is not TaskState.SENT or task.sent_at is None:
        return ""
    since = task.sent_at if listening is None else max(task.sent_at, listening)
    out = now - since
    heard = since if task.host_id is None else max(since, seen.get(task.host_id, since))
    if out > limits.OUT_FOR_AT_MOST:
        return f"out for {_hours(out)}, and no task may take longer than {_hours(limits.OUT_FOR_AT_MOST)}"
    if out > limits.STUCK_AFTER_OUT and now - heard > limits.STUCK_AFTER_SILENT:
        return f"out for {_hours(out)}, and its host was last heard from {_hours(now - heard)} ago"
    return ""


def _hours(time: timedelta) -> str:
    return f"{time / timedelta(hours=1):.0f} h"
