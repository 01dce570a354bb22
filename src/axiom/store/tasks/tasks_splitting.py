"""A part of a waiting workunit for a host that should have a smaller task than was ordered."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from axiom.domain.work import TaskState, Workunit, WorkunitState
from axiom.store.engine import counters
from axiom.store.engine.database import Database, at
from axiom.store.tasks import workunits
from axiom.store.tasks.waiting import Candidate

_PARTS = "SELECT id FROM workunit WHERE split_from = :id ORDER BY id"
_WAITING_WITH = """
SELECT w.* FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.registration_id = :registration_id AND w.highest >= :last AND w.state = 'open' AND w.configs = :configs
    AND w.quorum = 1 AND w.checks_task_id IS NULL AND t.ordinal = 0 AND t.state = 'unsent'
ORDER BY w.highest
"""
_WAITING = """
SELECT w.experiment_id, w.registration_id, sum(json_array_length(w.replicates)) AS replicates
FROM task t JOIN workunit w ON w.id = t.workunit_id
WHERE t.state = 'unsent' AND w.checks_task_id IS NULL GROUP BY w.experiment_id, w.registration_id
"""


def split(
    db: Database, experiment_id: int, wanted: Candidate, sizes: Sequence[int], now: datetime
) -> tuple[list[Candidate], Candidate]:
    """Make the first replicates of a waiting task workunits of their own, of these sizes, each with a task that waits.

    What is left keeps its number and its place in the queue. The parts, and what is left.
    """
    if wanted.ordinal or wanted.quorum != 1 or wanted.checks_task_id is not None:
        raise LookupError(f"task {wanted.task_id} repeats another, so it is not split")
    parts, left = _shared_out(wanted.replicates, sizes)
    keep(db, wanted.workunit_id, wanted.replicates, left)
    made = [_part(db, experiment_id, wanted, numbers, now) for numbers in parts]
    open_workunits = ("workunit", experiment_id, str(WorkunitState.OPEN))
    counters.add_all(db, {open_workunits: len(made), ("task", experiment_id, str(TaskState.UNSENT)): len(made)})
    return made, replace(wanted, replicates=left)


def keep(db: Database, workunit_id: int, replicates: Sequence[int], left: Sequence[int]) -> None:
    """A workunit that waits with these replicates orders these of them from here on. Who takes the others says so."""
    if db.execute(workunits.KEEP, id=workunit_id, replicates=_text(replicates), kept=_text(left)) != 1:
        raise LookupError(f"workunit {workunit_id} is not what waits any more, so nothing is taken from it")


def holder(db: Database, wanted: Workunit) -> Workunit | None:
    """The workunit of which nothing was sent yet, and that orders these very cells beside others."""
    for row in db.select(
        _WAITING_WITH, registration_id=wanted.registration_id, configs=_text(wanted.configs), last=wanted.replicates[-1]
    ):
        found = workunits.workunit_of(row)
        if set(wanted.replicates) < set(found.replicates):
            return found
    return None


def parts_of(db: Database, workunit_id: int) -> list[int]:
    """The workunits to which this one gave replicates away."""
    return [row["id"] for row in db.select(_PARTS, id=workunit_id)]


def waiting_replicates(db: Database) -> dict[tuple[int, int], int]:
    """How many replicates wait for a host, of each version and registration; checks, which few may take, left out."""
    return {(row["experiment_id"], row["registration_id"]): row["replicates"] for row in db.select(_WAITING)}


def _shared_out(numbers: tuple[int, ...], sizes: Sequence[int]) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
    parts = []
    for size in sizes:
        parts.append(numbers[:size])
        numbers = numbers[size:]
    if not numbers or not all(parts):
        raise ValueError(f"{sizes} cannot be taken from a workunit so that each part, and what is left, has replicates")
    return parts, numbers


def _part(db: Database, experiment_id: int, wanted: Candidate, numbers: tuple[int, ...], now: datetime) -> Candidate:
    workunit_id = db.insert(workunits.ADD_PART, split_from=wanted.workunit_id, replicates=_text(numbers))
    task_id = db.insert(
        workunits.ADD_TASK,
        workunit_id=workunit_id,
        experiment_id=experiment_id,
        target_host_id=wanted.target_host_id,
        ordinal=0,
        created_at=at(now),
    )
    return replace(wanted, workunit_id=workunit_id, task_id=task_id, replicates=numbers)


def _text(numbers: Sequence[int]) -> str:
    return json.dumps(list(numbers))
