"""The third step: stuck tasks are given up on, so that somebody else gets their work; said when none is, too."""

from datetime import datetime

from axiom.decisions.hygiene import stuck
from axiom.domain.sessions import Note
from axiom.domain.work import TaskState
from axiom.server import standings
from axiom.server.transitioner import START, silent, transit_many
from axiom.store import fleet, jobs, returning, work
from axiom.store.database import Database

_SLICE = 10_000


def clean(db: Database, now: datetime) -> list[Note]:
    """Expire what is stuck by rule."""
    out = work.out(db, _SLICE)
    seen = {host.id: host.seen_at for host in fleet.hosts(db)}
    found = {one.task_id: one.reason for one in stuck(out, seen, now, listening=jobs.last_start(db, START))}
    given_up = [task for task in out if task.id in found]
    returning.move(db, [(task, TaskState.EXPIRED, found[task.id]) for task in given_up], now)
    transit_many(db, [task.workunit_id for task in given_up], now)
    standings.settle(db, [silent(task, now) for task in given_up], now)
    if not found:
        return [Note(kind="clean.nothing", text="Tasks that are out: {out}. None is stuck.", facts={"out": len(out)})]
    return [
        Note(
            kind="task.stuck",
            text="Task {task} was given up on: {reason}",
            facts={"task": task_id, "reason": reason},
            about=f"/tasks/{task_id}",
        )
        for task_id, reason in found.items()
    ]
