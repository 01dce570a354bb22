"""The states of tasks: who has them, how they stand, what came of them. Every change of state keeps its counter.

Who changes a whole batch has just read its rows in the same transaction, and the counters are kept once for all of it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from axiom.domain.failure_causes import Cause
from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.domain.value import value_class
from axiom.domain.work import BriefTask, ComparedTask, Report, Task, TaskState, WorkunitState
from axiom.limits import tasks as limits
from axiom.store.engine import counters
from axiom.store.engine.database import Database, as_value, to_microseconds
from axiom.store.tasks.sql_rules import BRIEF_TASK, WHOLE_TASK

_TASKS_OF = "SELECT * FROM task WHERE workunit_id = :workunit_id ORDER BY ordinal"
_HELD = "SELECT * FROM task WHERE host_id = :host_id AND state = 'sent' ORDER BY id"
_OUT = f"""
SELECT {BRIEF_TASK}, h.volunteer_id, w.state AS workunit
FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value CROSS JOIN workunit w ON w.id = t.workunit_id
    LEFT JOIN host h ON h.id = t.host_id
"""
_RETURNED = f"""
SELECT {WHOLE_TASK}, h.volunteer_id, h.is_simulated, coalesce(h.outvoted, 0) AS outvoted, w.registration_id,
    w.checks_task_id, w.target_host_id IS NOT NULL AS is_targeted, w.quorum AS copies
FROM task t JOIN workunit w ON w.id = t.workunit_id LEFT JOIN host h ON h.id = t.host_id
WHERE t.state = 'returned' ORDER BY t.id LIMIT :limit
"""
_CHECKS = """
SELECT t.id, t.host_id, t.state FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.checks_task_id = :task_id AND t.state = 'valid' ORDER BY t.id
"""
_UNCHECKED = f"""
SELECT {WHOLE_TASK}, json_array_length(w.replicates) AS seeds
FROM json_each(:ids) j CROSS JOIN workunit w ON w.registration_id = j.value JOIN task t ON t.workunit_id = w.id
    JOIN host h ON h.id = t.host_id
WHERE w.checks_task_id IS NULL AND w.target_host_id IS NULL AND w.quorum = 1 AND t.state = 'valid'
    AND NOT h.is_simulated AND h.volunteer_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM workunit c WHERE c.checks_task_id = t.id)
ORDER BY t.id * 2654435761 % 4294967296 LIMIT :limit
"""  # as if drawn by lot, over hosts and time, and the same again when asked again
_AWAITING = """
SELECT t.id FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value WHERE t.agreement = :agreement
"""
_COMPARED = """
SELECT experiment_id, agreement FROM task WHERE host_id = :host_id AND agreement <> '' ORDER BY id DESC LIMIT :limit
"""
_LATELY = """
SELECT state, count(*) AS amount
FROM (SELECT state FROM task WHERE host_id = :host_id AND sent_at IS NOT NULL
    AND closed_at IS NOT NULL ORDER BY id DESC LIMIT :limit)
GROUP BY state
"""
_SAID = """
SELECT message FROM task WHERE experiment_id = :experiment_id AND state = 'failed' AND message <> ''
ORDER BY id DESC LIMIT 1
"""
_SEND = """
UPDATE task SET state = 'sent', host_id = :host_id, bundle_digest = :bundle_digest, ticket = :ticket,
    sent_at = :now, deadline = :deadline, is_staged = :is_staged, gpu = :gpu
WHERE id = :id AND state = 'unsent' AND (:is_again = 1
    OR EXISTS (SELECT 1 FROM preflight p WHERE p.bundle_digest = :bundle_digest AND p.passed = 1
        AND (p.ours_only = 0 OR EXISTS (SELECT 1 FROM host h JOIN volunteer v ON v.id = h.volunteer_id
            WHERE h.id = :host_id AND v.is_ours = 1))))
"""
_RETURN = """
UPDATE task SET state = :state, returned_at = :now, exit_status = :exit_status, output_digest = :output_digest,
    cpu_seconds = :cpu_seconds, elapsed_seconds = :elapsed_seconds, message = :message, reason = :reason,
    closed_at = :closed_at, boinc_state = :boinc_state, cause = :cause, peak_memory_mb = :peak_memory_mb,
    peak_disk_mb = :peak_disk_mb
WHERE id = :id AND state = :was
"""
_MOVE = "UPDATE task SET state = :state, reason = :reason, closed_at = :closed_at WHERE id = :id AND state = :was"
_TAKE_BACK = """
UPDATE task SET state = 'aborted', cause = :cause, reason = :reason, closed_at = :now
WHERE id = :id AND state = 'sent'
"""
_AGREE = "UPDATE task SET agreement = :agreement WHERE id = :id"
_MARK_PAID = "UPDATE task SET is_paid = 1 WHERE id IN (SELECT value FROM json_each(:ids))"
_POSTPONE = "UPDATE task SET deadline = deadline + :by WHERE state = 'sent'"
_GIVE_UP = """
UPDATE task SET deadline = :now
WHERE host_id IN (SELECT id FROM host WHERE volunteer_id = :volunteer_id) AND state = 'sent' AND deadline > :now
"""
_ERASE_MESSAGES = """
UPDATE task SET message = ''
WHERE sent_at IS NOT NULL AND message <> '' AND host_id IN (SELECT id FROM host WHERE volunteer_id = :volunteer_id)
"""


@value_class
class TaskClaim:
    task_id: int
    experiment_id: int
    bundle_digest: str
    ticket: str
    deadline: datetime
    is_staged: bool = False  # its bundle is still being let out
    gpu: str = ""  # the kind of GPU on which it is to compute; empty for the processor


@value_class
class TaskWithOwner:
    task: BriefTask
    volunteer_id: int | None
    workunit: WorkunitState


@value_class
class UnprovenTask:
    task: Task
    volunteer_id: int | None
    registration_id: int
    checks_task_id: int | None
    is_targeted: bool
    is_simulated: bool  # its host plays a part
    outvoted: int  # how often others agreed against its host lately
    copies: int  # of its workunit, which must agree before they count


@value_class
class ReportedTask:
    task: BriefTask
    report: Report
    state: TaskState
    reason: str
    cause: str


def find_task(db: Database, task_id: int) -> Task | None:
    return db.value(Task, "SELECT * FROM task WHERE id = :id", id=task_id)


def list_workunit_tasks(db: Database, workunit_id: int) -> list[Task]:
    return db.values(Task, _TASKS_OF, workunit_id=workunit_id)


def list_tasks_at_host(db: Database, host_id: int) -> list[Task]:
    return db.values(Task, _HELD, host_id=host_id)


def read_tasks_with_owners(db: Database, task_ids: Sequence[int]) -> dict[int, TaskWithOwner]:
    rows = db.select(_OUT, ids=json.dumps(list(task_ids)))
    return {row["id"]: as_value(TaskWithOwner, row) for row in rows}


def list_returned_tasks(db: Database, limit: int) -> list[UnprovenTask]:
    return db.values(UnprovenTask, _RETURNED, limit=limit)


def list_valid_checks(db: Database, task_id: int) -> list[tuple[int, int]]:
    return [(row["id"], row["host_id"]) for row in db.select(_CHECKS, task_id=task_id)]


def choose_unchecked_tasks(db: Database, registration_ids: Sequence[int], seeds: int) -> list[Task]:
    chosen, amount = list[Task](), 0
    for row in db.select(_UNCHECKED, ids=json.dumps(list(registration_ids)), limit=seeds):
        if amount < seeds:
            chosen.append(as_value(Task, row))
            amount += row["seeds"]
    return chosen


def list_tasks_by_agreement(db: Database, task_ids: Sequence[int], agreement: str) -> list[int]:
    return [row["id"] for row in db.select(_AWAITING, ids=json.dumps(list(task_ids)), agreement=agreement)]


def list_compared_tasks(db: Database, host_id: int | None, limit: int) -> list[ComparedTask]:
    return db.values(ComparedTask, _COMPARED, host_id=host_id, limit=limit)


def count_recent_task_states(db: Database, host_id: int, limit: int) -> dict[TaskState, int]:
    rows = db.select(_LATELY, host_id=host_id, limit=limit)
    return {TaskState(row["state"]): row["amount"] for row in rows}


def find_last_failure_message(db: Database, experiment_id: int) -> str:
    """What a host said about the newest task of this version that failed: its own words, for a person's eyes only."""
    return db.scalar(str, _SAID, experiment_id=experiment_id) or ""


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
    sent = db.execute_many(
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
    counters.count_moves(db, "task", [(claim.experiment_id, TaskState.UNSENT, TaskState.SENT) for claim in claims])


def record_task_reports(db: Database, taken: Sequence[ReportedTask], now: datetime) -> None:
    stamp = to_microseconds(now)
    db.execute_many(
        _RETURN,
        [
            {
                "id": reported.task.id,
                "was": reported.task.state,
                "state": reported.state,
                "exit_status": reported.report.exit_status,
                "output_digest": reported.report.output_digest,
                "cpu_seconds": reported.report.cpu_seconds,
                "elapsed_seconds": reported.report.elapsed_seconds,
                "message": sanitize_text(reported.report.message, limits.MESSAGE_CHARACTERS),
                "reason": sanitize_text(reported.reason),
                "closed_at": None if reported.state.is_alive else stamp,
                "boinc_state": reported.report.boinc_state,
                "cause": reported.cause,
                "peak_memory_mb": reported.report.peak_memory_mb,
                "peak_disk_mb": reported.report.peak_disk_mb,
                "now": stamp,
            }
            for reported in taken
        ],
    )
    pairs = [(reported, reported.task) for reported in taken]
    counters.count_moves(db, "task", [(task.experiment_id, task.state, reported.state) for reported, task in pairs])
    # It has a cause already where an operator aborted it before.
    counters.count_moves(db, "cause", [(task.experiment_id, task.cause, reported.cause) for reported, task in pairs])


def set_task_states(db: Database, moves: Sequence[tuple[BriefTask, TaskState, str]], now: datetime) -> None:
    if not moves:
        return
    stamp = to_microseconds(now)
    db.execute_many(
        _MOVE,
        [
            {
                "id": task.id,
                "was": task.state,
                "state": state,
                "reason": sanitize_text(reason),
                "closed_at": None if state.is_alive else stamp,
            }
            for task, state, reason in moves
        ],
    )
    counters.count_moves(db, "task", [(task.experiment_id, task.state, state) for task, state, _ in moves])


def take_back_task(db: Database, sent: BriefTask, reason: str, now: datetime) -> None:
    """Abort a task that a host has. Its host's report is still awaited: it says how long was computed, or more."""
    if db.execute(_TAKE_BACK, id=sent.id, cause=Cause.TAKEN_BACK, reason=sanitize_text(reason), now=now):
        counters.count_moves(db, "task", [(sent.experiment_id, TaskState.SENT, TaskState.ABORTED)])
        counters.count_moves(db, "cause", [(sent.experiment_id, "", Cause.TAKEN_BACK)])


def set_task_agreements(db: Database, agreements: Mapping[int, str]) -> None:
    db.execute_many(_AGREE, [{"id": task_id, "agreement": agreement} for task_id, agreement in agreements.items()])


def mark_tasks_paid(db: Database, task_ids: Sequence[int]) -> None:
    db.execute(_MARK_PAID, ids=json.dumps(list(task_ids)))


def postpone_deadlines(db: Database, by: timedelta) -> int:
    return db.execute(_POSTPONE, by=by // timedelta(microseconds=1))


def expire_volunteer_tasks(db: Database, volunteer_id: int, now: datetime) -> int:
    """Wait no longer for what this volunteer's hosts hold; how many tasks that is."""
    return db.execute(_GIVE_UP, volunteer_id=volunteer_id, now=to_microseconds(now))


def erase_volunteer_messages(db: Database, volunteer_id: int) -> None:
    """Forget what this volunteer's hosts said of their tasks: paths in it may hold a name."""
    db.execute(_ERASE_MESSAGES, volunteer_id=volunteer_id)


def sanitize_text(text: str, most: int = limits.REASON_CHARACTERS) -> str:
    """Words that may come from a host, kept short and without what acts on whoever reads them."""
    return strip_controls(text[:most])


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
