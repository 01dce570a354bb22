"""Moves workunits on: load, decide by `rules.tasks.transition`, apply. Asked again, it changes nothing."""

import logging
from collections.abc import Collection
from datetime import datetime

from axiom.domain.work import Agreement, BriefTask, TaskState, Workunit, WorkunitState
from axiom.rules.tasks.transition import Transition, decide_transition
from axiom.server.returns import host_reliability
from axiom.server.returns.host_reliability import ClosedTask
from axiom.store.engine.database import Database
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import workunits

log = logging.getLogger("axiom.transitioner")

# How many workunits one sweep looks at, so that no group of the writer waits long.
SLICE = 500


def transit_workunit(db: Database, workunit_id: int, now: datetime) -> Transition | None:
    return transit_many(db, [workunit_id], now).get(workunit_id)


def transit_many(db: Database, workunit_ids: Collection[int], now: datetime) -> dict[int, Transition]:
    workunits_with_tasks = workunits.read_workunits_with_tasks(db, sorted(set(workunit_ids)))
    decided = [(wanted, tasks, decide_transition(wanted, tasks, now)) for wanted, tasks in workunits_with_tasks]
    expired = [task for _, tasks, step in decided if step.expire for task in tasks if task.id in step.expire]
    aborted = [task for _, tasks, step in decided for task in tasks if task.id in step.abort]
    moves = [(task, TaskState.EXPIRED, "its deadline passed in silence") for task in expired]
    moves += [(task, TaskState.ABORTED, "no longer wanted") for task in aborted]
    task_store.set_task_states(db, moves, now)
    created = [(wanted, len(tasks) + extra) for wanted, tasks, step in decided for extra in range(step.create)]
    workunits.add_task_copies(db, created, now)
    is_open = WorkunitState.OPEN
    closed = [(wanted, step) for wanted, _, step in decided if wanted.state is is_open and step.state is not is_open]
    workunits.close_workunits(db, [(wanted, step.state, step.reason) for wanted, step in closed], now)
    _give_up_checking(db, closed)
    host_reliability.update_standings(db, [make_expired_task(task, now) for task in expired], now)
    for task in expired:
        db.log_once_stored(log, "task.expired id=%d host=%s", task.id, task.host_id)
    for wanted, step in closed:
        if step.state is not WorkunitState.DONE:
            db.log_once_stored(log, "workunit.%s id=%d reason=%s", step.state, wanted.id, step.reason)
    return {wanted.id: step for wanted, _, step in decided}


def sweep_late(db: Database, now: datetime) -> int:
    return len(transit_many(db, workunits.list_late_workunits(db, now, SLICE), now))


def sweep_unattended(db: Database, now: datetime) -> int:
    return len(transit_many(db, workunits.list_unattended_workunits(db, SLICE), now))


def make_expired_task(task: BriefTask, now: datetime) -> ClosedTask:
    return ClosedTask(
        task_id=task.id, host_id=task.host_id, state=TaskState.EXPIRED, cause="", sent_at=task.sent_at, ended_at=now
    )


def _give_up_checking(db: Database, closed: list[tuple[Workunit, Transition]]) -> None:
    """A check that nobody could bring home shows nothing, and the task that it should check waits no longer."""
    given_up = [
        wanted.checks_task_id
        for wanted, step in closed
        if wanted.checks_task_id is not None and step.state is not WorkunitState.DONE
    ]
    if given_up:
        task_store.set_task_agreements(
            db, dict.fromkeys(task_store.list_tasks_by_agreement(db, given_up, Agreement.WAITING), "")
        )
