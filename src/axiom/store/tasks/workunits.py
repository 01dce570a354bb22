"""Workunits: what is ordered, copied, split, withdrawn and closed. Every change of state keeps its counter.

Who changes a whole batch has just read its rows in the same transaction, and the counters are kept once for all of it.
"""

import functools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from axiom.domain.work import BriefTask, Task, TaskState, Workunit, WorkunitState
from axiom.store.engine import counters
from axiom.store.engine.database import Database, Row, as_value, from_optional_microseconds, to_microseconds
from axiom.store.tasks import tasks
from axiom.store.tasks.sql_rules import BRIEF_TASK, IS_ALIVE
from axiom.store.tasks.waiting_tasks import WaitingTask
from axiom_weigh.grouping import group_pairs

_MADE_SINCE = "SELECT id FROM workunit WHERE id > :before ORDER BY id"
_ADD_TASK = """
INSERT INTO task (workunit_id, experiment_id, target_host_id, ordinal, state, created_at)
VALUES (:workunit_id, :experiment_id, :target_host_id, :ordinal, 'unsent', :created_at)
"""
_ADD_CHECK = """
INSERT INTO workunit (experiment_id, registration_id, replicates, configs, state, quorum, max_failures,
    created_at, checks_task_id)
SELECT w.experiment_id, w.registration_id, w.replicates, w.configs, 'open', 1, w.max_failures, :now, :task_id
FROM workunit w WHERE w.id = (SELECT workunit_id FROM task WHERE id = :task_id)
"""
_WORKUNITS = """
SELECT w.id, w.experiment_id, w.registration_id, w.replicates, w.configs, w.state, w.quorum, w.max_failures,
    w.created_at, w.target_host_id, w.abort_requested, w.reason, w.checks_task_id, w.split_from
FROM json_each(:ids) j CROSS JOIN workunit w ON w.id = j.value
"""
_OF_WORKUNITS = f"""
SELECT {BRIEF_TASK}
FROM json_each(:ids) j CROSS JOIN task t ON t.workunit_id = j.value ORDER BY t.workunit_id, t.ordinal
"""
_OPEN_IDS = """
SELECT id FROM workunit WHERE state = 'open' AND experiment_id = :experiment_id AND id > :after ORDER BY id LIMIT :limit
"""
UNATTENDED = f"""
SELECT w.id FROM workunit w WHERE w.state = 'open' AND NOT EXISTS (
    SELECT 1 FROM task t WHERE t.workunit_id = w.id AND {IS_ALIVE})
ORDER BY w.experiment_id, w.id LIMIT :limit
"""
_LATE = """
SELECT workunit_id FROM task WHERE state = 'sent' AND deadline < :now ORDER BY deadline, id LIMIT :limit
"""
_STALE_CHECKS = f"""
SELECT w.id FROM workunit w WHERE w.state = 'open' AND w.checks_task_id IS NOT NULL AND w.created_at < :before
    AND NOT EXISTS (SELECT 1 FROM task t WHERE t.workunit_id = w.id AND {IS_ALIVE} AND t.state <> 'unsent')
ORDER BY w.experiment_id, w.id LIMIT :limit
"""
_BEING_CHECKED = """
SELECT coalesce(sum(json_array_length(w.replicates)), 0) AS amount
FROM json_each(:ids) j CROSS JOIN workunit w ON w.registration_id = j.value
WHERE w.state = 'open' AND w.checks_task_id IS NOT NULL
"""
_WAITING = """
SELECT w.experiment_id, w.registration_id, sum(json_array_length(w.replicates)) AS replicates
FROM task t JOIN workunit w ON w.id = t.workunit_id
WHERE t.state = 'unsent' AND w.checks_task_id IS NULL AND (w.quorum = 1 OR t.ordinal = 0)
GROUP BY w.experiment_id, w.registration_id
"""
_WAITING_CHECKS = """
SELECT w.experiment_id, count(*) AS amount FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.state = 'open' AND w.checks_task_id IS NOT NULL AND t.state = 'unsent' GROUP BY w.experiment_id
UNION ALL
SELECT w.experiment_id, count(*) AS amount FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.state = 'open' AND w.quorum > 1 AND t.state = 'unsent' AND t.ordinal > 0 GROUP BY w.experiment_id
"""
_FIRST = """
SELECT w.registration_id, w.state, w.closed_at
FROM json_each(:ids) j CROSS JOIN workunit w ON w.registration_id = j.value
WHERE w.checks_task_id IS NULL
"""
# Few tasks are for one host alone, and an index of those that wait leads to them.
_FORSAKEN = """
SELECT t.id, t.workunit_id FROM experiment e CROSS JOIN task t ON t.experiment_id = e.id AND t.state = 'unsent'
    AND t.target_host_id > 0 CROSS JOIN host h ON h.id = t.target_host_id
WHERE h.seen_at < :before
"""
_REQUEST_ABORT = "UPDATE workunit SET abort_requested = 1, reason = :reason WHERE id = :id AND state = 'open'"
_CLOSE = "UPDATE workunit SET state = :state, reason = :reason, closed_at = :now WHERE id = :id AND state = 'open'"
_PARTS = "SELECT id FROM workunit WHERE split_from = :id ORDER BY id"
_OPEN_PARTS = """
WITH RECURSIVE part (id) AS (
    SELECT w.id FROM json_each(:ids) j CROSS JOIN workunit w ON w.split_from = j.value
    UNION SELECT w.id FROM part p CROSS JOIN workunit w ON w.split_from = p.id)
SELECT w.id FROM part p CROSS JOIN workunit w ON w.id = p.id WHERE w.state = 'open' ORDER BY w.id
"""
_WAITING_WITH = """
SELECT w.* FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.registration_id = :registration_id AND w.highest >= :last AND w.state = 'open' AND w.configs = :configs
    AND w.checks_task_id IS NULL AND t.ordinal = 0 AND t.state = 'unsent'
ORDER BY w.highest
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
    db.execute_many(_ADD_TASK, [first | {"workunit_id": workunit_id} for workunit_id in made])
    counters.add_to_counter(db, "task", experiment_id, TaskState.UNSENT, len(made))
    return made


def add_task_copies(db: Database, wanted: Sequence[tuple[Workunit, int]], now: datetime) -> None:
    """One more copy of each of these workunits, with its ordinal, waiting for a host."""
    if not wanted:
        return
    stamp = to_microseconds(now)
    db.execute_many(
        _ADD_TASK,
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


def find_workunit(db: Database, workunit_id: int) -> Workunit | None:
    return db.read_row(read_workunit_row, "SELECT * FROM workunit WHERE id = :id", id=workunit_id)


def read_workunits_with_tasks(db: Database, workunit_ids: Sequence[int]) -> list[tuple[Workunit, list[BriefTask]]]:
    ids = json.dumps(list(workunit_ids))
    by_workunit = group_pairs(
        (row["workunit_id"], as_value(BriefTask, row)) for row in db.select(_OF_WORKUNITS, ids=ids)
    )
    return [(read_workunit_row(row), by_workunit.get(row["id"], [])) for row in db.select(_WORKUNITS, ids=ids)]


def list_open_workunits(db: Database, experiment_id: int, *, after: int, limit: int) -> list[int]:
    return db.column(int, _OPEN_IDS, experiment_id=experiment_id, after=after, limit=limit)


def list_unattended_workunits(db: Database, limit: int) -> list[int]:
    return [int(row["id"]) for row in db.select(UNATTENDED, limit=limit)]


def list_late_workunits(db: Database, now: datetime, limit: int) -> list[int]:
    return [int(row["workunit_id"]) for row in db.select(_LATE, now=to_microseconds(now), limit=limit)]


def list_stale_checks(db: Database, before: datetime, limit: int) -> list[int]:
    return [row["id"] for row in db.select(_STALE_CHECKS, before=to_microseconds(before), limit=limit)]


def count_seeds_being_checked(db: Database, registration_ids: Sequence[int]) -> int:
    return db.number(_BEING_CHECKED, ids=json.dumps(list(registration_ids)))


def count_waiting_replicates(db: Database) -> dict[tuple[int, int], int]:
    """How many replicates wait for a host, of each version and registration.

    Checks, and copies of what others have, are left out: few hosts may take them.
    """
    return {(row["experiment_id"], row["registration_id"]): row["replicates"] for row in db.select(_WAITING)}


def count_waiting_checks(db: Database) -> dict[int, int]:
    """How many checks and copies of each version wait for a host. They are no supply of work: few may take them."""
    amounts: Counter[int] = Counter()
    for row in db.select(_WAITING_CHECKS):
        amounts[row["experiment_id"]] += row["amount"]
    return dict(amounts)


def list_workunit_states(
    db: Database, registration_ids: Sequence[int]
) -> dict[int, list[tuple[WorkunitState, datetime | None]]]:
    return group_pairs(
        (row["registration_id"], (WorkunitState(row["state"]), from_optional_microseconds(row["closed_at"])))
        for row in db.select(_FIRST, ids=json.dumps(registration_ids))
    )


def free_targets(db: Database, before: datetime) -> int:
    """Tasks that wait for one host alone are for anybody if it was not heard from since then; returns their number."""
    rows = db.select(_FORSAKEN, before=to_microseconds(before))
    for row in rows:
        db.execute("UPDATE task SET target_host_id = NULL WHERE id = :id AND state = 'unsent'", id=row["id"])
        db.execute("UPDATE workunit SET target_host_id = NULL WHERE id = :id", id=row["workunit_id"])
    return len(rows)


def request_abort(db: Database, workunit_id: int, reason: str) -> bool:
    return db.execute(_REQUEST_ABORT, id=workunit_id, reason=tasks.sanitize_text(reason)) == 1


def request_aborts(db: Database, workunit_ids: Sequence[int], reason: str) -> int:
    text = tasks.sanitize_text(reason)
    return db.execute_many(_REQUEST_ABORT, [{"id": workunit_id, "reason": text} for workunit_id in workunit_ids])


def close_workunits(db: Database, closed: Sequence[tuple[Workunit, WorkunitState, str]], now: datetime) -> None:
    if not closed:
        return
    stamp = to_microseconds(now)
    rows = [
        {"id": workunit.id, "state": state, "reason": tasks.sanitize_text(reason), "now": stamp}
        for workunit, state, reason in closed
    ]
    db.execute_many(_CLOSE, rows)
    moves = [(workunit.experiment_id, WorkunitState.OPEN, state) for workunit, state, _ in closed]
    counters.count_moves(db, "workunit", moves)


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
        waiting = read_workunit_row(row)
        if set(wanted.replicates) < set(waiting.replicates):
            return waiting
    return None


def list_workunit_parts(db: Database, workunit_id: int) -> list[int]:
    return [row["id"] for row in db.select(_PARTS, id=workunit_id)]


def list_open_parts(db: Database, workunit_ids: Sequence[int]) -> list[int]:
    """What was split from these, and from their parts, and is open."""
    return db.column(int, _OPEN_PARTS, ids=json.dumps(list(workunit_ids)))


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


def read_workunit_row(row: Row) -> Workunit:
    return as_value(Workunit, row, configs=_places(row["configs"]))


@functools.lru_cache(maxsize=1_024)
def _places(configs: str) -> tuple[int, ...]:
    return tuple(json.loads(configs))


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
        _ADD_TASK,
        workunit_id=workunit_id,
        experiment_id=experiment_id,
        target_host_id=wanted.target_host_id,
        ordinal=0,
        created_at=to_microseconds(now),
    )
    return replace(wanted, workunit_id=workunit_id, task_id=task_id, replicates=numbers)


def _text(numbers: Sequence[int]) -> str:
    return json.dumps(list(numbers))
