"""Tasks that come back, and their workunits, many at once; and a waiting workunit that is split for a slower host.

Each function reads or changes a whole batch, and keeps the counters once for all of it. The caller has just read the
rows that it changes, in the same transaction; nobody else writes.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.value import value_class
from axiom.domain.work import Agreement, ComparedTask, Report, Task, TaskState, Workunit, WorkunitState
from axiom.limits import tasks as limits
from axiom.store.engine import counters
from axiom.store.engine.counters import Key
from axiom.store.engine.database import (
    Database,
    Row,
    as_value,
    from_microseconds,
    from_optional_microseconds,
    to_microseconds,
)
from axiom.store.tasks import workunits
from axiom.store.tasks.waiting_tasks import WaitingTask
from axiom_weigh.grouping import group_pairs

# A ticket is most of a task's row; who does not need it does not read it.
_OUT = """
SELECT t.id, t.workunit_id, t.experiment_id, t.ordinal, t.state, t.created_at, t.host_id, t.sent_at, t.deadline,
    t.returned_at, t.cause, t.reason, h.volunteer_id, w.state AS workunit
FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value CROSS JOIN workunit w ON w.id = t.workunit_id
    LEFT JOIN host h ON h.id = t.host_id
"""
_OF_WORKUNITS = """
SELECT t.id, t.workunit_id, t.experiment_id, t.ordinal, t.state, t.created_at, t.host_id, t.sent_at, t.deadline,
    t.agreement, t.cause
FROM json_each(:ids) j CROSS JOIN task t ON t.workunit_id = j.value ORDER BY t.workunit_id, t.ordinal
"""
_WORKUNITS = """
SELECT w.id, w.experiment_id, w.registration_id, w.replicates, w.configs, w.state, w.quorum, w.max_failures,
    w.created_at, w.target_host_id, w.abort_requested, w.reason, w.checks_task_id, w.split_from
FROM json_each(:ids) j CROSS JOIN workunit w ON w.id = j.value
"""
_RETURNED = """
SELECT t.id, t.workunit_id, t.experiment_id, t.ordinal, t.state, t.created_at, t.host_id, t.bundle_digest, t.ticket,
    t.sent_at, t.deadline, t.returned_at, t.exit_status, t.output_digest, t.cpu_seconds, t.elapsed_seconds, t.reason,
    t.cause, t.agreement, t.gpu, h.volunteer_id, h.is_simulated, h.outvoted, w.registration_id, w.checks_task_id,
    w.target_host_id, w.quorum
FROM task t JOIN workunit w ON w.id = t.workunit_id LEFT JOIN host h ON h.id = t.host_id
WHERE t.state = 'returned' ORDER BY t.id LIMIT :limit
"""
_VOLUNTEERS = "SELECT h.id, h.volunteer_id FROM json_each(:ids) j CROSS JOIN host h ON h.id = j.value"
_CHECKS = """
SELECT t.id, t.host_id, t.state FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.checks_task_id = :task_id AND t.state = 'valid' ORDER BY t.id
"""
_WAITING_CHECKS = """
SELECT w.experiment_id, count(*) AS amount FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.state = 'open' AND w.checks_task_id IS NOT NULL AND t.state = 'unsent' GROUP BY w.experiment_id
UNION ALL
SELECT w.experiment_id, count(*) AS amount FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.state = 'open' AND w.quorum > 1 AND t.state = 'unsent' AND t.ordinal > 0 GROUP BY w.experiment_id
"""
_STALE_CHECKS = """
SELECT w.id FROM workunit w WHERE w.state = 'open' AND w.checks_task_id IS NOT NULL AND w.created_at < :before
    AND NOT EXISTS (SELECT 1 FROM task t WHERE t.workunit_id = w.id AND t.state IN ('sent', 'returned'))
ORDER BY w.experiment_id, w.id LIMIT :limit
"""
_BEING_CHECKED = """
SELECT coalesce(sum(json_array_length(w.replicates)), 0) AS amount
FROM json_each(:ids) j CROSS JOIN workunit w ON w.registration_id = j.value
WHERE w.state = 'open' AND w.checks_task_id IS NOT NULL
"""
_FIRST = """
SELECT w.registration_id, w.state, w.closed_at
FROM json_each(:ids) j CROSS JOIN workunit w ON w.registration_id = j.value
WHERE w.checks_task_id IS NULL
"""
_UNCHECKED = """
SELECT t.id, t.workunit_id, t.experiment_id, t.ordinal, t.state, t.created_at, t.host_id, t.bundle_digest, t.ticket,
    t.sent_at, t.deadline, t.returned_at, t.exit_status, t.output_digest, t.cpu_seconds, t.elapsed_seconds, t.reason,
    t.cause, t.agreement, t.gpu, json_array_length(w.replicates) AS seeds
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
_PARTS = "SELECT id FROM workunit WHERE split_from = :id ORDER BY id"
_WAITING_WITH = """
SELECT w.* FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.registration_id = :registration_id AND w.highest >= :last AND w.state = 'open' AND w.configs = :configs
    AND w.checks_task_id IS NULL AND t.ordinal = 0 AND t.state = 'unsent'
ORDER BY w.highest
"""
_WAITING = """
SELECT w.experiment_id, w.registration_id, sum(json_array_length(w.replicates)) AS replicates
FROM task t JOIN workunit w ON w.id = t.workunit_id
WHERE t.state = 'unsent' AND w.checks_task_id IS NULL AND (w.quorum = 1 OR t.ordinal = 0)
GROUP BY w.experiment_id, w.registration_id
"""
_CLOSE = "UPDATE workunit SET state = :state, reason = :reason, closed_at = :now WHERE id = :id AND state = 'open'"
_RETURN = """
UPDATE task SET state = :state, returned_at = :now, exit_status = :exit_status, output_digest = :output_digest,
    cpu_seconds = :cpu_seconds, elapsed_seconds = :elapsed_seconds, message = :message, reason = :reason,
    closed_at = :closed_at, boinc_state = :boinc_state, cause = :cause, peak_memory_mb = :peak_memory_mb,
    peak_disk_mb = :peak_disk_mb
WHERE id = :id AND state = :was
"""
_AGREE = "UPDATE task SET agreement = :agreement WHERE id = :id"
_MARK_PAID = "UPDATE task SET is_paid = 1 WHERE id IN (SELECT value FROM json_each(:ids))"
_POSTPONE = "UPDATE task SET deadline = deadline + :by WHERE state = 'sent'"
_GIVE_UP = """
UPDATE task SET deadline = :now
WHERE host_id IN (SELECT id FROM host WHERE volunteer_id = :volunteer_id) AND state = 'sent' AND deadline > :now
"""
_ADD_CHECK = """
INSERT INTO workunit (experiment_id, registration_id, replicates, configs, state, quorum, max_failures,
    created_at, checks_task_id)
SELECT w.experiment_id, w.registration_id, w.replicates, w.configs, 'open', 1, w.max_failures, :now, :task_id
FROM workunit w WHERE w.id = (SELECT workunit_id FROM task WHERE id = :task_id)
"""
_ADD_PART = """
INSERT INTO workunit (experiment_id, registration_id, replicates, configs, state, quorum, max_failures,
    target_host_id, created_at, split_from)
SELECT w.experiment_id, w.registration_id, :replicates, w.configs, 'open', w.quorum, w.max_failures,
    w.target_host_id, w.created_at, w.id
FROM workunit w WHERE w.id = :split_from
"""
_KEEP = """
UPDATE workunit SET replicates = :kept
WHERE id = :id AND state = 'open' AND replicates = :replicates
    AND NOT EXISTS (SELECT 1 FROM task t WHERE t.workunit_id = workunit.id AND t.state <> 'unsent')
"""
_ADMIT_WORKUNIT = """
INSERT INTO workunit (id, experiment_id, registration_id, replicates, configs, state, quorum, max_failures, created_at,
    split_from)
VALUES (:id, :experiment_id, :registration_id, :replicates, :configs, 'open', :quorum, :max_failures, :created_at,
    :split_from)
"""
_ADMIT_TASK = """
INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, created_at)
VALUES (:id, :workunit_id, :experiment_id,
    (SELECT coalesce(max(ordinal) + 1, 0) FROM task WHERE workunit_id = :workunit_id), 'unsent', :created_at)
"""


@value_class
class TaskWithOwner:
    task: Task
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
    outvoted: int = 0  # how often others agreed against its host lately
    copies: int = 1  # of its workunit, which must agree before they count


@value_class
class ReportedTask:
    task: Task
    report: Report
    state: TaskState
    reason: str
    cause: str


def read_tasks_with_owners(db: Database, task_ids: Sequence[int]) -> dict[int, TaskWithOwner]:
    rows = db.select(_OUT, ids=json.dumps(list(task_ids)))
    return {
        row["id"]: TaskWithOwner(
            task=_light(
                row,
                returned_at=from_optional_microseconds(row["returned_at"]),
                cause=row["cause"],
                reason=row["reason"],
            ),
            volunteer_id=row["volunteer_id"],
            workunit=WorkunitState(row["workunit"]),
        )
        for row in rows
    }


def map_hosts_to_volunteers(db: Database, host_ids: Sequence[int]) -> dict[int, int]:
    return {row["id"]: row["volunteer_id"] for row in db.select(_VOLUNTEERS, ids=json.dumps(list(host_ids)))}


def read_workunits_with_tasks(db: Database, workunit_ids: Sequence[int]) -> list[tuple[Workunit, list[Task]]]:
    ids = json.dumps(list(workunit_ids))
    tasks = group_pairs(
        (row["workunit_id"], _light(row, agreement=row["agreement"], cause=row["cause"]))
        for row in db.select(_OF_WORKUNITS, ids=ids)
    )
    return [(workunits.read_workunit_row(row), tasks.get(row["id"], [])) for row in db.select(_WORKUNITS, ids=ids)]


def list_returned_tasks(db: Database, limit: int) -> list[UnprovenTask]:
    return [
        as_value(
            UnprovenTask,
            row,
            task=as_value(Task, row),
            is_targeted=row["target_host_id"] is not None,
            outvoted=row["outvoted"] or 0,
            copies=row["quorum"],
        )
        for row in db.select(_RETURNED, limit=limit)
    ]


def list_valid_checks(db: Database, task_id: int) -> list[tuple[int, int]]:
    return [(row["id"], row["host_id"]) for row in db.select(_CHECKS, task_id=task_id)]


def count_waiting_checks(db: Database) -> dict[int, int]:
    """How many checks and copies of each version wait for a host. They are no supply of work: few may take them."""
    amounts: Counter[int] = Counter()
    for row in db.select(_WAITING_CHECKS):
        amounts[row["experiment_id"]] += row["amount"]
    return dict(amounts)


def count_seeds_being_checked(db: Database, registration_ids: Sequence[int]) -> int:
    return db.number(_BEING_CHECKED, ids=json.dumps(list(registration_ids)))


def choose_unchecked_tasks(db: Database, registration_ids: Sequence[int], seeds: int) -> list[Task]:
    chosen, amount = list[Task](), 0
    for row in db.select(_UNCHECKED, ids=json.dumps(list(registration_ids)), limit=seeds):
        if amount < seeds:
            chosen.append(as_value(Task, row))
            amount += row["seeds"]
    return chosen


def list_stale_checks(db: Database, before: datetime, limit: int) -> list[int]:
    return [row["id"] for row in db.select(_STALE_CHECKS, before=to_microseconds(before), limit=limit)]


def list_tasks_by_agreement(db: Database, task_ids: Sequence[int], agreement: str) -> list[int]:
    return [row["id"] for row in db.select(_AWAITING, ids=json.dumps(list(task_ids)), agreement=agreement)]


def list_compared_tasks(db: Database, host_id: int | None, limit: int) -> list[ComparedTask]:
    return [
        ComparedTask(experiment_id=row["experiment_id"], agreement=Agreement(row["agreement"]))
        for row in db.select(_COMPARED, host_id=host_id, limit=limit)
    ]


def count_recent_task_states(db: Database, host_id: int, limit: int) -> dict[TaskState, int]:
    rows = db.select(_LATELY, host_id=host_id, limit=limit)
    return {TaskState(row["state"]): row["amount"] for row in rows}


def record_task_reports(db: Database, taken: Sequence[ReportedTask], now: datetime) -> None:
    stamp = to_microseconds(now)
    db.many(
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
                "message": workunits.sanitize_text(reported.report.message, limits.MESSAGE_CHARACTERS),
                "reason": workunits.sanitize_text(reported.reason),
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
    changes = _tally([(reported.task, reported.state) for reported in taken])
    for reported in taken:
        if reported.task.cause:  # an operator aborted it before
            changes["cause", reported.task.experiment_id, reported.task.cause] -= 1
        if reported.cause:
            changes["cause", reported.task.experiment_id, reported.cause] += 1
    counters.add_to_counters(db, changes)


def set_task_states(db: Database, moves: Sequence[tuple[Task, TaskState, str]], now: datetime) -> None:
    if not moves:
        return
    stamp = to_microseconds(now)
    db.many(
        workunits.MOVE,
        [
            {
                "id": task.id,
                "was": task.state,
                "state": state,
                "reason": workunits.sanitize_text(reason),
                "closed_at": None if state.is_alive else stamp,
            }
            for task, state, reason in moves
        ],
    )
    counters.add_to_counters(db, _tally([(task, state) for task, state, _ in moves]))


def close_workunits(db: Database, closed: Sequence[tuple[Workunit, WorkunitState, str]], now: datetime) -> None:
    if not closed:
        return
    stamp = to_microseconds(now)
    rows = [
        {"id": workunit.id, "state": state, "reason": workunits.sanitize_text(reason), "now": stamp}
        for workunit, state, reason in closed
    ]
    db.many(_CLOSE, rows)
    changes: Counter[Key] = Counter()
    for workunit, state, _ in closed:
        changes["workunit", workunit.experiment_id, WorkunitState.OPEN] -= 1
        changes["workunit", workunit.experiment_id, state] += 1
    counters.add_to_counters(db, changes)


def add_task_copies(db: Database, wanted: Sequence[tuple[Workunit, int]], now: datetime) -> None:
    """One more copy of each of these workunits, with its ordinal, waiting for a host."""
    if not wanted:
        return
    stamp = to_microseconds(now)
    db.many(
        workunits.ADD_TASK,
        [
            {
                "workunit_id": workunit.id,
                "experiment_id": workunit.experiment_id,
                "target_host_id": workunit.target_host_id,
                "ordinal": ordinal,
                "created_at": stamp,
            }
            for workunit, ordinal in wanted
        ],
    )
    counters.add_to_counters(
        db, Counter(("task", workunit.experiment_id, str(TaskState.UNSENT)) for workunit, _ in wanted)
    )


def order_check(db: Database, checked: Task, now: datetime) -> int:
    made = db.insert(_ADD_CHECK, task_id=checked.id, now=to_microseconds(now))
    counters.add_to_counter(db, "workunit", checked.experiment_id, WorkunitState.OPEN, 1)
    return made


def set_task_agreements(db: Database, agreements: Mapping[int, str]) -> None:
    db.many(_AGREE, [{"id": task_id, "agreement": agreement} for task_id, agreement in agreements.items()])


def mark_tasks_paid(db: Database, task_ids: Sequence[int]) -> None:
    db.execute(_MARK_PAID, ids=json.dumps(list(task_ids)))


def postpone_deadlines(db: Database, by: timedelta) -> int:
    return db.execute(_POSTPONE, by=by // timedelta(microseconds=1))


def expire_volunteer_tasks(db: Database, volunteer_id: int, now: datetime) -> int:
    """Wait no longer for what this volunteer's hosts hold; how many tasks that is."""
    return db.execute(_GIVE_UP, volunteer_id=volunteer_id, now=to_microseconds(now))


def admit_workunit(db: Database, wanted: Workunit) -> None:
    """A workunit that was ordered under this number and is not remembered."""
    db.execute(
        _ADMIT_WORKUNIT,
        id=wanted.id,
        experiment_id=wanted.experiment_id,
        registration_id=wanted.registration_id,
        replicates=json.dumps(list(wanted.replicates)),
        configs=json.dumps(list(wanted.configs)),
        quorum=wanted.quorum,
        max_failures=wanted.max_failures,
        created_at=to_microseconds(wanted.created_at),
        split_from=wanted.split_from,
    )
    counters.add_to_counter(db, "workunit", wanted.experiment_id, WorkunitState.OPEN, 1)


def admit_task(db: Database, task_id: int, wanted: Workunit) -> None:
    """A task of a workunit that was made under this number and is not remembered; it waits like any other."""
    db.execute(
        _ADMIT_TASK,
        id=task_id,
        workunit_id=wanted.id,
        experiment_id=wanted.experiment_id,
        created_at=to_microseconds(wanted.created_at),
    )
    counters.add_to_counter(db, "task", wanted.experiment_id, TaskState.UNSENT, 1)


def _tally(moved: Sequence[tuple[Task, TaskState]]) -> Counter[Key]:
    changes: Counter[Key] = Counter()
    for task, state in moved:
        changes["task", task.experiment_id, task.state] -= 1
        changes["task", task.experiment_id, state] += 1
    return changes


def _light(row: Row, **more: Any) -> Task:
    return Task(
        id=row["id"],
        workunit_id=row["workunit_id"],
        experiment_id=row["experiment_id"],
        ordinal=row["ordinal"],
        state=TaskState(row["state"]),
        created_at=from_microseconds(row["created_at"]),
        host_id=row["host_id"],
        sent_at=from_optional_microseconds(row["sent_at"]),
        deadline=from_optional_microseconds(row["deadline"]),
        **more,
    )


def split_workunit(
    db: Database, experiment_id: int, wanted: WaitingTask, sizes: Sequence[int], now: datetime
) -> tuple[list[WaitingTask], WaitingTask]:
    """Make the first replicates of a waiting task workunits of their own, of these sizes, each with a task that waits.

    What is left keeps its number and its place in the queue. The parts, and what is left.
    """
    if wanted.ordinal or wanted.checks_task_id is not None:
        raise LookupError(f"task {wanted.task_id} repeats another, so it is not split")
    parts, left = _shared_out(wanted.replicates, sizes)
    shrink_workunit(db, wanted.workunit_id, wanted.replicates, left)
    made = [_part(db, experiment_id, wanted, numbers, now) for numbers in parts]
    open_workunits = ("workunit", experiment_id, str(WorkunitState.OPEN))
    counters.add_to_counters(db, {open_workunits: len(made), ("task", experiment_id, str(TaskState.UNSENT)): len(made)})
    return made, replace(wanted, replicates=left)


def shrink_workunit(db: Database, workunit_id: int, replicates: Sequence[int], left: Sequence[int]) -> None:
    """A workunit that waits with these replicates orders these of them from here on. Who takes the others says so."""
    if db.execute(_KEEP, id=workunit_id, replicates=_text(replicates), kept=_text(left)) != 1:
        raise LookupError(f"workunit {workunit_id} is not what waits any more, so nothing is taken from it")


def find_containing_workunit(db: Database, wanted: Workunit) -> Workunit | None:
    for row in db.select(
        _WAITING_WITH, registration_id=wanted.registration_id, configs=_text(wanted.configs), last=wanted.replicates[-1]
    ):
        waiting = workunits.read_workunit_row(row)
        if set(wanted.replicates) < set(waiting.replicates):
            return waiting
    return None


def list_workunit_parts(db: Database, workunit_id: int) -> list[int]:
    return [row["id"] for row in db.select(_PARTS, id=workunit_id)]


def count_waiting_replicates(db: Database) -> dict[tuple[int, int], int]:
    """How many replicates wait for a host, of each version and registration.

    Checks, and copies of what others have, are left out: few hosts may take them.
    """
    return {(row["experiment_id"], row["registration_id"]): row["replicates"] for row in db.select(_WAITING)}


def list_workunit_states(
    db: Database, registration_ids: Sequence[int]
) -> dict[int, list[tuple[WorkunitState, datetime | None]]]:
    return group_pairs(
        (row["registration_id"], (WorkunitState(row["state"]), from_optional_microseconds(row["closed_at"])))
        for row in db.select(_FIRST, ids=json.dumps(registration_ids))
    )


def _shared_out(numbers: tuple[int, ...], sizes: Sequence[int]) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
    parts = []
    for size in sizes:
        parts.append(numbers[:size])
        numbers = numbers[size:]
    if not numbers or not all(parts):
        raise ValueError(f"{sizes} cannot be taken from a workunit so that each part, and what is left, has replicates")
    return parts, numbers


def _part(
    db: Database, experiment_id: int, wanted: WaitingTask, numbers: tuple[int, ...], now: datetime
) -> WaitingTask:
    workunit_id = db.insert(_ADD_PART, split_from=wanted.workunit_id, replicates=_text(numbers))
    task_id = db.insert(
        workunits.ADD_TASK,
        workunit_id=workunit_id,
        experiment_id=experiment_id,
        target_host_id=wanted.target_host_id,
        ordinal=0,
        created_at=to_microseconds(now),
    )
    return replace(wanted, workunit_id=workunit_id, task_id=task_id, replicates=numbers)


def _text(numbers: Sequence[int]) -> str:
    return json.dumps(list(numbers))
