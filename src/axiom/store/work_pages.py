"""Work as pages show it: what a host has done lately, and the highest numbers that exist."""

from axiom.domain.work import Task
from axiom.store import work
from axiom.store.database import Database

_RECENT = """
SELECT id FROM task WHERE host_id = :host_id AND id > (SELECT coalesce(max(id), 0) FROM task) - 20000
ORDER BY id DESC LIMIT :limit
"""  # without a bound, a host that has been away for a year would cost a walk through every task
_LAST = {
    "workunit": "SELECT coalesce(max(id), 0) AS number FROM workunit",
    "task": "SELECT coalesce(max(id), 0) AS number FROM task",
    "host": "SELECT coalesce(max(id), 0) AS number FROM host",
    "registration": "SELECT coalesce(max(id), 0) AS number FROM registration",
}


def recent(db: Database, host_id: int, limit: int) -> list[Task]:
    """The newest tasks of a host, among the newest 20,000 of the laboratory."""
    found = (work.task(db, row["id"]) for row in db.select(_RECENT, host_id=host_id, limit=limit))
    return [task for task in found if task is not None]


def last_number(db: Database, noun: str) -> int:
    """The highest number of a workunit, task, host or registration; 0 when there is none."""
    row = db.one(_LAST[noun])
    return int(row["number"]) if row else 0
