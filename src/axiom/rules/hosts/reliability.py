"""How far is a host trusted with work? What it gets in an hour follows from what it did with what it got before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.fleet import Standing
from axiom.domain.work import TaskState
from axiom.errors import GpuUnusable
from axiom.limits import hosts as limits

QUOTA_LASTS = timedelta(hours=1)
_LEAST = 1  # so that a host which was mended can show it
_BLAMED = frozenset({Blame.HOST, Blame.UNCLEAR})
# A computer that is busy with other work. The runner itself bounds the processor's time.
_SLOW = frozenset({Cause.TIME_LIMIT, Cause.NOT_STARTED_IN_TIME})
_SLOW_AFTER = QUOTA_LASTS  # by our clock: BOINC is told to wait for many hours, so what ends sooner ended otherwise
_WEIGHT = 0.2  # of the newest task in an average
_REASON_LENGTH = 200  # of its reason
_FAILING = frozenset({TaskState.FAILED, TaskState.INVALID})


@dataclass(frozen=True, kw_only=True, slots=True)
class PastTask:
    """A task that is over: how, and how long after it was sent."""

    state: TaskState
    cause: str = ""  # one of `Cause`; empty where nobody has said
    words: str = ""  # its host's own
    turnaround_seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReliabilityUpdate:
    """How the host stands now, and why."""

    standing: Standing
    reason: str


def update_reliability(standing: Standing, task: PastTask) -> ReliabilityUpdate:
    """Decide from one more task. What is not the host's doing leaves it as it was."""
    if task.state is TaskState.VALID:
        return _better(standing, task)
    if task.state is TaskState.EXPIRED:
        # It took at least so long. A computer that never answers has few in hand, since it has nothing in a row.
        turnaround = _average(standing.turnaround_seconds, task.turnaround_seconds)
        late = replace(standing, valid_in_row=0, turnaround_seconds=turnaround)
        return ReliabilityUpdate(
            standing=late, reason="a task was not returned in time: its quota stays, and it has few in hand"
        )
    if _is_blamed(task):
        quota = _half(standing.quota)
        worse = replace(standing, valid_in_row=0, quota=quota)
        return ReliabilityUpdate(
            standing=worse, reason=f"a task ended {task.state}: the quota an hour is {quota} a core now"
        )
    if _is_given_up(task):
        # It says nothing about the host's results, but whoever gives up each task should not be sent hundreds.
        quota = _half(standing.quota)
        fewer = replace(standing, quota=quota)
        return ReliabilityUpdate(standing=fewer, reason=f"a task was given up: the quota an hour is {quota} a core now")
    return ReliabilityUpdate(standing=standing, reason=f"a task ended {task.state}, and that is not the host's doing")


def why_gpu_rests(tasks: Sequence[PastTask], since_last: timedelta) -> str:
    """Why a host's GPU gets nothing for a while, by its newest tasks, the newest first; empty where it does.

    One is enough where its program could not use the GPU at all. Else the next one may do better.
    """
    if not tasks or since_last >= limits.GPU_RESTS_FOR:
        return ""
    is_unusable = tasks[0].cause == Cause.GPU_UNUSABLE
    if not is_unusable and (len(tasks) < limits.GPU_FAILURES or any(task.state not in _FAILING for task in tasks)):
        return ""
    why = "our program could not use it" if is_unusable else f"its last {limits.GPU_FAILURES} tasks there failed"
    reason = GpuUnusable.reason_in(tasks[0].words)[:_REASON_LENGTH] if is_unusable else ""
    return f"is not given to the GPU of your computer for a day, since {why}{f': {reason}' if reason else ''}"


def _better(standing: Standing, task: PastTask) -> ReliabilityUpdate:
    quota = standing.quota
    if quota is not None:
        quota = None if quota * 2 >= limits.TASKS_AN_HOUR_AND_CORE else quota * 2
    better = replace(
        standing,
        valid_in_row=standing.valid_in_row + 1,
        quota=quota,
        turnaround_seconds=_average(standing.turnaround_seconds, task.turnaround_seconds),
    )
    most = "the laboratory's most" if quota is None else f"{quota} a core and hour"
    return ReliabilityUpdate(
        standing=better, reason=f"{better.valid_in_row} valid tasks in a row: its quota is {most} now"
    )


def _is_blamed(task: PastTask) -> bool:
    if task.state is TaskState.INVALID:
        return True
    if task.cause in _SLOW:
        return task.turnaround_seconds is not None and task.turnaround_seconds < _SLOW_AFTER.total_seconds()
    return task.state is TaskState.FAILED and (not task.cause or Cause(task.cause).blame in _BLAMED)


def _is_given_up(task: PastTask) -> bool:
    return task.state is TaskState.ABORTED and bool(task.cause) and Cause(task.cause).blame is Blame.VOLUNTEER


def _half(quota: int | None) -> int:
    return max(_LEAST, min(quota or limits.TASKS_AN_HOUR_AND_CORE, limits.TASKS_AN_HOUR_AND_CORE) // 2)


def _average(average: float | None, newest: float | None) -> float | None:
    if newest is None:
        return average
    newest = max(0.0, newest)
    return newest if average is None else average + _WEIGHT * (newest - average)
