"""Workunits and tasks: what is ordered, who has it, how it stands. Every change of state keeps its counter."""

import functools
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from axiom.domain.value import value_class
from axiom.domain.work import Task, TaskState, Workunit, WorkunitState
from axiom.limits import tasks as limits
from axiom.store.engine import counters
from axiom.store.engine.database import Database, Row, as_value, to_microseconds

_MADE_SINCE = "SELECT id FROM workunit WHERE id > :before ORDER BY id"
_OPEN_IDS = """
SELECT id FROM workunit WHERE state = 'open' AND experiment_id = :experiment_id AND id > :after ORDER BY id LIMIT :limit
"""
UNATTENDED = """
SELECT w.id FROM workunit w WHERE w.state = 'open' AND NOT EXISTS (
    SELECT 1 FROM task t WHERE t.workunit_id = w.id AND t.state IN ('unsent', 'sent', 'returned'))
ORDER BY w.experiment_id, w.id LIMIT :limit
"""
_REQUEST_ABORT = "UPDATE workunit SET abort_requested = 1, reason = :reason WHERE id = :id AND state = 'open'"
_TAKE_BACK = """
UPDATE task SET state = 'aborted', cause = 'taken-back', reason = :reason, closed_at = :now
WHERE id = :id AND state = 'sent'
"""

ADD_TASK = """
INSERT INTO task (workunit_id, experiment_id, target_host_id, ordinal, state, created_at)
VALUES (:workunit_id, :experiment_id, :target_host_id, :ordinal, 'unsent', :created_at)
"""
_TASKS_OF = "SELECT * FROM task WHERE workunit_id = :workunit_id ORDER BY ordinal"
_SEND = """
UPDATE task SET state = 'sent', host_id = :host_id, bundle_digest = :bundle_digest, ticket = :ticket,
    sent_at = :now, deadline = :deadline, is_staged = :is_staged, gpu = :gpu
WHERE id = :id AND state = 'unsent' AND (:is_again = 1
    OR EXISTS (SELECT 1 FROM preflight p WHERE p.bundle_digest = :bundle_digest AND p.passed = 1
        AND (p.ours_only = 0 OR EXISTS (SELECT 1 FROM host h JOIN volunteer v ON v.id = h.volunteer_id
            WHERE h.id = :host_id AND v.is_ours = 1))))
"""
# Few tasks are for one host alone, and an index of those that wait leads to them.
_FORSAKEN = """
SELECT t.id, t.workunit_id FROM experiment e CROSS JOIN task t ON t.experiment_id = e.id AND t.state = 'unsent'
    AND t.target_host_id > 0 CROSS JOIN host h ON h.id = t.target_host_id
WHERE h.seen_at < :before
"""
_HELD = "SELECT * FROM task WHERE host_id = :host_id AND state = 'sent' ORDER BY id"
_LATE = """
SELECT workunit_id FROM task WHERE state = 'sent' AND deadline < :now ORDER BY deadline, id LIMIT :limit
"""
MOVE = "UPDATE task SET state = :state, reason = :reason, closed_at = :closed_at WHERE id = :id AND state = :was"
_SAID = """
SELECT message FROM task WHERE experiment_id = :experiment_id AND state = 'failed' AND message <> ''
ORDER BY id DESC LIMIT 1
"""

_BLANKS = bytes(32 if sign < 32 or sign == 127 else sign for sign in range(256))  # in place of what acts on a terminal


@value_class
class TaskClaim:
    task_id: int
    experiment_id: int
    bundle_digest: str
    ticket: str
    deadline: datetime
    is_staged: bool = False  # its bundle is still being let out
    gpu: str = ""  # the kind of GPU on which it is to compute; empty for the processor


def add_workunits(
    db: Database,
    *,
    experiment_id: int,
    registration_id: int,
    replicates: Sequence[Sequence[int]],
    configs: Sequence[int],
    max_failures: int,
    now: datetime,
    target_host_id: int | None = None,
    copies: int = 1,
) -> tuple[int, ...]:
    """One new open workunit for each of these groups of replicates, in order, and its first task with it.

    Of several copies the others are made when the first is sent: until then it may be cut to what its host should have.
    """
    before, stamp = db.number("SELECT max(id) FROM workunit"), to_microseconds(now)
    same = {
        "experiment_id": experiment_id,
        "registration_id": registration_id,
        "configs": json.dumps(list(configs)),
        "state": WorkunitState.OPEN,
        "quorum": copies,
        "max_failures": max_failures,
        "target_host_id": target_host_id,
        "created_at": stamp,
    }
    db.add_all("workunit", [same | {"replicates": json.dumps(list(numbers))} for numbers in replicates])
    made = tuple(int(row["id"]) for row in db.select(_MADE_SINCE, before=before))
    counters.add_to_counter(db, "workunit", experiment_id, WorkunitState.OPEN, len(made))
    first = {"experiment_id": experiment_id, "target_host_id": target_host_id, "ordinal": 0, "created_at": stamp}
    db.many(ADD_TASK, [first | {"workunit_id": workunit_id} for workunit_id in made])
    counters.add_to_counter(db, "task", experiment_id, TaskState.UNSENT, len(made))
    return made


def find_workunit(db: Database, workunit_id: int) -> Workunit | None:
    return db.read_row(read_workunit_row, "SELECT * FROM workunit WHERE id = :id", id=workunit_id)


def list_open_workunits(db: Database, experiment_id: int, *, after: int, limit: int) -> list[int]:
    return db.column(int, _OPEN_IDS, experiment_id=experiment_id, after=after, limit=limit)


def list_unattended_workunits(db: Database, limit: int) -> list[int]:
    return [int(row["id"]) for row in db.select(UNATTENDED, limit=limit)]


def request_abort(db: Database, workunit_id: int, reason: str) -> bool:
    return db.execute(_REQUEST_ABORT, id=workunit_id, reason=sanitize_text(reason)) == 1


def request_aborts(db: Database, workunit_ids: Sequence[int], reason: str) -> int:
    text = sanitize_text(reason)
    return db.many(_REQUEST_ABORT, [{"id": workunit_id, "reason": text} for workunit_id in workunit_ids])


def find_task(db: Database, task_id: int) -> Task | None:
    return db.value(Task, "SELECT * FROM task WHERE id = :id", id=task_id)


def list_workunit_tasks(db: Database, workunit_id: int) -> list[Task]:
    return db.values(Task, _TASKS_OF, workunit_id=workunit_id)


def free_targets(db: Database, before: datetime) -> int:
    """Tasks that wait for one host alone are for anybody if it was not heard from since then; returns their number."""
    rows = db.select(_FORSAKEN, before=to_microseconds(before))
    for row in rows:
        db.execute("UPDATE task SET target_host_id = NULL WHERE id = :id AND state = 'unsent'", id=row["id"])
        db.execute("UPDATE workunit SET target_host_id = NULL WHERE id = :id", id=row["workunit_id"])
    return len(rows)


def send_tasks(
    db: Database, claims: Sequence[TaskClaim], *, host_id: int, now: datetime, is_again: bool = False
) -> None:
    """Give these waiting tasks to a host: all of them, or none when one of them waits no more.

    No host is given a bundle that has not passed the preflight it demands, whoever calls. `is_again`: it was sent
    before, as its ticket proves, and this only writes down what a backup did not know yet.
    """
    if not claims:
        return
    stamp = to_microseconds(now)
    sent = db.many(
        _SEND,
        [
            {
                "id": claim.task_id,
                "host_id": host_id,
                "bundle_digest": claim.bundle_digest,
                "ticket": claim.ticket,
                "deadline": to_microseconds(claim.deadline),
                "now": stamp,
                "is_again": int(is_again),
                "is_staged": int(claim.is_staged),
                "gpu": claim.gpu,
            }
            for claim in claims
        ],
    )
    if sent != len(claims):
        raise LookupError(_why_not_sent(db, claims, host_id))
    changes: Counter[counters.Key] = Counter()
    for claim in claims:
        changes["task", claim.experiment_id, TaskState.UNSENT] -= 1
        changes["task", claim.experiment_id, TaskState.SENT] += 1
    counters.add_to_counters(db, changes)


def _why_not_sent(db: Database, claims: Sequence[TaskClaim], host_id: int) -> str:
    claim, stored = next(
        (claim, stored)
        for claim, stored in ((claim, find_task(db, claim.task_id)) for claim in claims)
        if stored is None or (stored.host_id, stored.ticket) != (host_id, claim.ticket)
    )
    if stored is not None and stored.state is TaskState.UNSENT:
        why = f"its bundle {claim.bundle_digest[:12]} has passed no preflight that lets this host have it"
    else:
        why = f"it does not wait any more: it is {stored.state if stored else 'gone'}"
    return f"task {claim.task_id} was to be sent to host {host_id}, and {why}"


def list_tasks_at_host(db: Database, host_id: int) -> list[Task]:
    return db.values(Task, _HELD, host_id=host_id)


def list_late_workunits(db: Database, now: datetime, limit: int) -> list[int]:
    return [int(row["workunit_id"]) for row in db.select(_LATE, now=to_microseconds(now), limit=limit)]


def set_task_state(db: Database, moved: Task, state: TaskState, reason: str, now: datetime) -> bool:
    closed_at = None if state.is_alive else to_microseconds(now)
    values = {
        "id": moved.id,
        "was": moved.state,
        "state": state,
        "reason": sanitize_text(reason),
        "closed_at": closed_at,
    }
    changed = db.execute(MOVE, **values) == 1
    if changed:
        _count(db, moved.experiment_id, moved.state, state)
    return changed


def take_back_task(db: Database, sent: Task, reason: str, now: datetime) -> bool:
    """Abort a task that a host has. Its host's report is still awaited: it says how long was computed, or more."""
    changed = db.execute(_TAKE_BACK, id=sent.id, reason=sanitize_text(reason), now=to_microseconds(now)) == 1
    if changed:
        _count(db, sent.experiment_id, TaskState.SENT, TaskState.ABORTED)
        counters.add_to_counter(db, "cause", sent.experiment_id, "taken-back", 1)
    return changed


def find_last_failure_message(db: Database, experiment_id: int) -> str:
    """What a host said about the newest task of this version that failed: its own words, for a person's eyes only."""
    return db.scalar(str, _SAID, experiment_id=experiment_id) or ""


def sanitize_text(text: str, most: int = limits.REASON_CHARACTERS) -> str:
    """Words that may come from a host, kept short and without what acts on whoever reads them."""
    short = text[:most]
    if short.isprintable():
        return short
    if short.isascii():
        return short.encode().translate(_BLANKS).decode()
    return "".join(sign if sign.isprintable() else " " for sign in short)


def _count(db: Database, experiment_id: int, was: TaskState, now_is: TaskState) -> None:
    counters.add_to_counter(db, "task", experiment_id, was, -1)
    counters.add_to_counter(db, "task", experiment_id, now_is, 1)


@functools.lru_cache(maxsize=1_024)
def _places(configs: str) -> tuple[int, ...]:
    return tuple(json.loads(configs))


def read_workunit_row(row: Row) -> Workunit:
    return as_value(Workunit, row, configs=_places(row["configs"]))
