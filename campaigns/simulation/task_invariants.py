"""What must be true of a few tasks right after something happened to them: the promises, asked of these rows alone."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass

from axiom.domain.work import TaskState, WorkunitState
from axiom.store.engine.database import Database, Row, as_value

_TASKS = """
SELECT t.id, t.state, t.host_id, t.target_host_id, t.ticket, t.sent_at, t.deadline, t.returned_at, t.closed_at,
    t.exit_status, t.output_digest, t.is_paid, w.state AS workunit, w.closed_at AS workunit_closed_at,
    w.target_host_id AS meant_for, e.retired_at, t.archive_id,
    b.digest AS stored
FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value JOIN workunit w ON w.id = t.workunit_id
    JOIN experiment e ON e.id = t.experiment_id LEFT JOIN blob b ON b.digest = t.output_digest
"""
_CROWDED = """
SELECT w.id, w.quorum, count(*) AS living FROM json_each(:ids) j CROSS JOIN task own ON own.id = j.value
    JOIN workunit w ON w.id = own.workunit_id JOIN task t ON t.workunit_id = w.id
WHERE w.state = 'open' AND t.state IN ('unsent', 'sent') GROUP BY w.id, w.quorum, own.id HAVING count(*) > w.quorum
"""
_TOTALS = "SELECT holder, sum(total) AS total FROM balance GROUP BY holder"
_HEAD = """
SELECT (SELECT coalesce(max(id), 0) FROM audit) AS audited, (SELECT coalesce(max(id), 0) FROM task) AS tasks,
    (SELECT coalesce(max(id), 0) FROM award) AS awards, (SELECT coalesce(sum(total), 0) FROM balance
        WHERE holder = 'volunteer') AS credit
"""
_PROVEN = {TaskState.RETURNED, TaskState.VALID}
_BACK = {*_PROVEN, TaskState.INVALID}


@dataclass(frozen=True, kw_only=True, slots=True)
class PromisedTask:
    id: int
    state: TaskState
    host_id: int | None
    ticket: str | None
    output_digest: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreHead:
    audited: int
    tasks: int
    awards: int
    credit: int


def read_promised_tasks(db: Database, task_ids: Collection[int]) -> dict[int, PromisedTask]:
    return {row["id"]: as_value(PromisedTask, row) for row in db.select(_TASKS, ids=json.dumps(sorted(task_ids)))}


def list_broken_promises(db: Database, task_ids: Collection[int]) -> list[str]:
    """I1, I2, I5, I7 and I8 of these tasks: in a sentence each, what breaks them."""
    ids = json.dumps(sorted(task_ids))
    sentences = [
        sentence.format(id=row["id"], state=row["state"])
        for row in db.select(_TASKS, ids=ids)
        for sentence, is_broken in _RULES
        if is_broken(row)
    ]
    crowded = db.select(_CROWDED, ids=ids)
    return sentences + [f"I5 workunit {row['id']} has {row['living']} tasks of {row['quorum']}" for row in crowded]


def read_store_head(db: Database) -> StoreHead:
    return db.value(StoreHead, _HEAD) or StoreHead(audited=0, tasks=0, awards=0, credit=0)


def find_newest_workunit_id(db: Database) -> int:
    return db.number("SELECT coalesce(max(id), 0) AS id FROM workunit")


def sum_balances_by_holder(db: Database) -> dict[str, int]:
    """I3 in short: what volunteers, hosts and teams have in all, in thousandths."""
    return {row["holder"]: int(row["total"]) for row in db.select(_TOTALS)}


def _went_on(ended: int | None, sent: int | None) -> bool:
    return ended is not None and sent is not None and sent > ended


_RULES: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    (
        "I1 task {id} is {state} without an output that is stored",
        lambda row: row["state"] in _PROVEN and (row["exit_status"] != 0 or not (row["stored"] or row["archive_id"])),
    ),
    (
        "I2 task {id} is {state} and was sent to nobody",
        lambda row: row["state"] in _BACK and (not (row["ticket"] or row["archive_id"]) or row["host_id"] is None),
    ),
    ("I3 task {id} is paid and was never sent", lambda row: row["is_paid"] and row["state"] == TaskState.UNSENT),
    (
        "I5 task {id} is on another host than it is meant for",
        lambda row: (
            row["host_id"] is not None and not {row["target_host_id"], row["meant_for"]} <= {None, row["host_id"]}
        ),
    ),
    (
        "I7 task {id} is out without a host or a deadline",
        lambda row: row["state"] == TaskState.SENT and (row["deadline"] is None or row["host_id"] is None),
    ),
    (
        "I8 task {id} was sent after its workunit was closed",
        lambda row: row["workunit"] != WorkunitState.OPEN and _went_on(row["workunit_closed_at"], row["sent_at"]),
    ),
    (
        "I8 task {id} was sent after its experiment was retired",
        lambda row: _went_on(row["retired_at"], row["sent_at"]),
    ),
)
