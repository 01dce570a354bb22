"""The third step: stuck tasks are given up on, so that somebody else gets their work; said when none is, too."""

from datetime import datetime

from axiom.decisions.hygiene import stuck
from axiom.domain.sessions import Note
from axiom.domain.work import TaskState
from axiom.server.transitioner import transit
from axiom.store import fleet, work
from axiom.store.database import Database

_SLICE = 10_000


def clean(db: Database, now: datetime) -> list[Note]:
    """Expire what is stuck by rule."""
    out = work.out(db, _SLICE)
    seen = {host.id: host.seen_at for host in fleet.hosts(db)}
    found = {one.task_id: one.reason for one in stuck(out, seen, now)}
    for task in out:
        if task.id in found:
            work.move(db, task, TaskState.EXPIRED, found[task.id], now)
            transit(db, task.workunit_id, now)
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
