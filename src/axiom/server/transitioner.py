"""Moves workunits on: load, decide by `decisions.transition`, apply. Asked again, it changes nothing."""

import logging
from datetime import datetime

from axiom.decisions.transition import Transition, transition
from axiom.domain.work import TaskState, WorkunitState
from axiom.store import work
from axiom.store.database import Database

log = logging.getLogger("axiom.transitioner")

# How many workunits one sweep looks at, so that no group of the writer waits long.
SLICE = 500


def transit(db: Database, workunit_id: int, now: datetime) -> Transition | None:
    """Bring one workunit to where its tasks put it."""
    found = work.workunit(db, workunit_id)
    if found is None:
        return None
    tasks = work.tasks_of(db, workunit_id)
    decided = transition(found, tasks, now)
    for task in tasks:
        if task.id in decided.expire:
            work.move(db, task, TaskState.EXPIRED, "its deadline passed in silence", now)
            log.info("task.expired id=%d host=%s", task.id, task.host_id)
        elif task.id in decided.abort:
            work.move(db, task, TaskState.ABORTED, "no longer wanted", now)
    for extra in range(decided.create):
        work.create_task(db, found, len(tasks) + extra, now)
    if found.state is WorkunitState.OPEN and decided.state is not WorkunitState.OPEN:
        work.close(db, found, decided.state, decided.reason, now)
        log.info("workunit.%s id=%d reason=%s", decided.state, found.id, decided.reason)
    return decided


def sweep(db: Database, now: datetime) -> int:
    """Look at every workunit that time has moved: a deadline passed, or no task is left to do it."""
    due = set(work.late(db, now, SLICE)) | set(work.unattended(db, SLICE))
    for workunit_id in sorted(due):
        transit(db, workunit_id, now)
    return len(due)
