from dataclasses import dataclass
from datetime import datetime

from axiom.domain.work import Task, TaskState, Workunit, WorkunitState
from axiom.limits import tasks as limits
from axiom.store.engine.database import Database
from axiom.store.tasks import workunits

# A ticket is most of a task's row: what is sorted are numbers alone.
_OF_HOST = """
SELECT * FROM task WHERE id IN (SELECT id FROM (
    SELECT id, state FROM task WHERE host_id = :host_id AND sent_at IS NOT NULL ORDER BY id DESC LIMIT :newest)
    WHERE (:state = '' OR state = :state) AND (:before = 0 OR id < :before) ORDER BY id DESC LIMIT :limit)
ORDER BY id DESC
"""
_OF_HOST_AFTER = """
SELECT * FROM task WHERE id IN (SELECT id FROM (
    SELECT id, state FROM task WHERE host_id = :host_id AND sent_at IS NOT NULL ORDER BY id DESC LIMIT :newest)
    WHERE (:state = '' OR state = :state) AND id > :after ORDER BY id LIMIT :limit)
ORDER BY id DESC
"""
_BY_STATE = """
SELECT state, count(*) AS amount FROM (
    SELECT state FROM task WHERE host_id = :host_id AND sent_at IS NOT NULL ORDER BY id DESC LIMIT :newest)
GROUP BY state
"""
_IN_HAND = "SELECT * FROM task WHERE host_id = :host_id AND state = 'sent' ORDER BY id LIMIT :limit"
_HOW_MANY = "SELECT count(*) AS amount FROM task WHERE host_id = :host_id AND state = 'sent'"
# What is not over is found along an index of its own, however much is over. A plus keeps the table itself from being
# walked from its end in search of it.
_TASKS = {"": "SELECT * FROM task ORDER BY id DESC LIMIT :limit"} | {
    state: f"""
SELECT * FROM task WHERE id IN (SELECT id FROM task WHERE state = '{state}' ORDER BY +id DESC LIMIT :limit)
ORDER BY id DESC
"""
    for state in TaskState
    if state.is_alive
}
_TASKS_OVER = """
SELECT * FROM task WHERE id > (SELECT coalesce(max(id), 0) FROM task) - :reach AND state = :state
ORDER BY id DESC LIMIT :limit
"""
_WORKUNITS = {
    "": "SELECT * FROM workunit ORDER BY id DESC LIMIT :limit",
    WorkunitState.OPEN: """
SELECT * FROM workunit WHERE id IN (SELECT id FROM workunit WHERE state = 'open' ORDER BY +id DESC LIMIT :limit)
ORDER BY id DESC
""",
}
_WORKUNITS_OVER = """
SELECT * FROM workunit WHERE id > (SELECT coalesce(max(id), 0) FROM workunit) - :reach AND state = :state
ORDER BY id DESC LIMIT :limit
"""
_ENDED = """
SELECT closed_at, cause, boinc_state, peak_memory_mb, peak_disk_mb, agreement, message FROM task WHERE id = :id
"""
_CHECKS = """
SELECT id AS workunit_id, checks_task_id AS task_id, state FROM workunit WHERE checks_task_id = :task_id ORDER BY id
"""
_CHECKS_OF = """
SELECT w.id AS workunit_id, w.checks_task_id AS task_id, w.state FROM task t JOIN workunit w ON w.checks_task_id = t.id
WHERE t.workunit_id = :workunit_id ORDER BY w.id
"""
_AWARDS = "SELECT reason, amount, because, created_at AS at FROM award WHERE task_id = :task_id ORDER BY id"
_PAID = """
SELECT task_id FROM award WHERE volunteer_id = :volunteer_id AND reason = 'computed' ORDER BY id DESC LIMIT :limit
"""
_LAST = {
    "workunit": "SELECT coalesce(max(id), 0) AS number FROM workunit",
    "task": "SELECT coalesce(max(id), 0) AS number FROM task",
    "host": "SELECT coalesce(max(id), 0) AS number FROM host",
    "volunteer": "SELECT coalesce(max(id), 0) AS number FROM volunteer",
    "team": "SELECT coalesce(max(id), 0) AS number FROM team",
    "registration": "SELECT coalesce(max(id), 0) AS number FROM registration",
    "proposal": "SELECT coalesce(max(id), 0) AS number FROM proposal",
    "draft": "SELECT coalesce(max(id), 0) AS number FROM draft",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskEnd:
    closed_at: datetime | None
    cause: str  # one of `Cause`; empty where nobody has said
    boinc_state: int | None
    peak_memory_mb: float | None
    peak_disk_mb: float | None
    agreement: str  # one of `Agreement`; empty where it was not checked
    message: str  # the host's own words


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCheck:
    workunit_id: int
    task_id: int
    state: WorkunitState


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskAward:
    reason: str
    amount: int
    because: str
    at: datetime


def list_newest_tasks(db: Database, state: str, limit: int) -> list[Task]:
    return db.values(Task, _TASKS.get(state, _TASKS_OVER), state=state, limit=limit, reach=limits.OVER_LOOKED_FOR)


def list_newest_workunits(db: Database, state: str, limit: int) -> list[Workunit]:
    rows = db.select(_WORKUNITS.get(state, _WORKUNITS_OVER), state=state, limit=limit, reach=limits.OVER_LOOKED_FOR)
    return [workunits.read_workunit_row(row) for row in rows]


def list_newest_host_tasks(
    db: Database, host_id: int, *, state: str = "", limit: int, before: int = 0, after: int = 0
) -> list[Task]:
    """Tasks among a host's newest, of one state or of any, the newest first.

    The newest of all, or those next to a task: older than the one `before` which they stand, or newer than `after`.
    """
    filters = {"host_id": host_id, "newest": limits.NEWEST_OF_A_HOST, "state": state, "limit": limit}
    return db.values(Task, _OF_HOST_AFTER if after else _OF_HOST, **filters, before=before, after=after)


def list_host_tasks_in_hand(db: Database, host_id: int, *, limit: int) -> tuple[list[Task], int]:
    return db.values(Task, _IN_HAND, host_id=host_id, limit=limit), db.number(_HOW_MANY, host_id=host_id)


def count_host_tasks_by_state(db: Database, host_id: int) -> dict[TaskState, int]:
    rows = db.select(_BY_STATE, host_id=host_id, newest=limits.NEWEST_OF_A_HOST)
    return {TaskState(row["state"]): row["amount"] for row in rows}


def read_task_end(db: Database, task_id: int) -> TaskEnd:
    end = db.value(TaskEnd, _ENDED, id=task_id)
    if end is None:
        raise LookupError(f"task {task_id} is not there")
    return end


def list_task_checks(db: Database, task_id: int) -> list[TaskCheck]:
    return db.values(TaskCheck, _CHECKS, task_id=task_id)


def list_workunit_checks(db: Database, workunit_id: int) -> list[TaskCheck]:
    return db.values(TaskCheck, _CHECKS_OF, workunit_id=workunit_id)


def list_newest_paid_tasks(db: Database, volunteer_id: int, limit: int) -> list[int]:
    return [row["task_id"] for row in db.select(_PAID, volunteer_id=volunteer_id, limit=limit)]


def list_task_payments(db: Database, task_id: int) -> list[TaskAward]:
    return db.values(TaskAward, _AWARDS, task_id=task_id)


def find_highest_number(db: Database, noun: str) -> int:
    return db.number(_LAST[noun])
