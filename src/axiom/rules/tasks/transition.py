"""What should happen to a workunit now? The heart of the transitioner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.failure_causes import Cause
from axiom.domain.work import Agreement, BriefTask, TaskState, Workunit, WorkunitState
from axiom.limits import tasks as limits
from axiom.rules.tasks.deadlines import is_task_late
from axiom_weigh.amounts import tell_amount


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """The new state, the tasks to give up on or take back, and how many new ones to create."""

    state: WorkunitState
    expire: tuple[int, ...] = ()
    abort: tuple[int, ...] = ()
    create: int = 0
    reason: str


def decide_transition(workunit: Workunit, tasks: Sequence[BriefTask], now: datetime) -> Transition:
    """Decide from the facts alone; applying the answer and asking again changes nothing.

    Of several copies those count that say the same. One that differs counts as a failure, and another takes its place.
    """
    expire = tuple(task.id for task in tasks if is_task_late(task, now))
    if workunit.state is not WorkunitState.OPEN:
        return Transition(state=workunit.state, expire=expire, abort=_unsent(tasks), reason=workunit.reason or "closed")
    if workunit.abort_requested:
        return Transition(
            state=WorkunitState.CANCELLED, expire=expire, abort=_unsent(tasks), reason=workunit.reason or "withdrawn"
        )
    valid, alike = _valid(workunit, tasks)
    alive = sum(task.state.is_alive for task in tasks) - len(expire)
    failures = sum(task.state.is_failure for task in tasks) + len(expire)
    if alike >= workunit.quorum:
        return Transition(
            state=WorkunitState.DONE, expire=expire, abort=_unsent(tasks), reason=f"quorum met by {alike} valid"
        )
    if failures + valid - alike >= workunit.max_failures:
        failed = f"{tell_amount(failures, 'task')} failed"
        if valid > alike:
            failed = f"{failures} of its tasks failed, and of {valid} valid copies {alike} agree"
        return Transition(state=WorkunitState.FAILED, expire=expire, abort=_unsent(tasks), reason=failed)
    # What was taken back from its host did not end of itself.
    in_vain = sum(task.state.is_in_vain and task.cause != Cause.TAKEN_BACK for task in tasks) + len(expire)
    if in_vain >= most_failed_tasks(workunit):
        reason = f"{tell_amount(in_vain, 'task')} ended without a valid result, {failures} of them by failing"
        return Transition(state=WorkunitState.FAILED, expire=expire, abort=_unsent(tasks), reason=reason)
    missing = workunit.quorum - alike - alive
    waiting = _unsent(tasks)
    # A report that came after its deadline leaves more alive than wanted; what is not sent yet need not be.
    surplus = waiting[len(waiting) - min(len(waiting), max(0, -missing)) :]
    return Transition(
        state=WorkunitState.OPEN,
        expire=expire,
        abort=surplus,
        create=max(0, missing),
        reason=f"{alike} valid{f' of {valid} that differ' if valid > alike else ''}, {alive} alive, {failures} failed",
    )


def _valid(workunit: Workunit, tasks: Sequence[BriefTask]) -> tuple[int, int]:
    """How many tasks are valid, and how many of them say the same; where no two do, each of them may be right."""
    valid = [task for task in tasks if task.state is TaskState.VALID]
    if workunit.quorum == 1:
        return len(valid), len(valid)
    alike = sum(task.agreement != Agreement.DIFFERS for task in valid)
    return len(valid), alike or min(1, len(valid))


def most_failed_tasks(workunit: Workunit) -> int:
    """How many tasks of a workunit may end without a valid result, for whatever reason, before it is given up."""
    return max(limits.LEAST_TASKS, workunit.max_failures * limits.TASKS_A_FAILURE)


def _unsent(tasks: Sequence[BriefTask]) -> tuple[int, ...]:
    return tuple(task.id for task in tasks if task.state is TaskState.UNSENT)
