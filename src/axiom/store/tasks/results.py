"""What was measured: one row per cell, once, and the duplicates that show whether hosts agree."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.maps import first_place
from axiom.domain.work import Result
from axiom.store.engine import counters
from axiom.store.engine.database import Database, Row, as_value, to_microseconds
from axiom_weigh.grouping import group_pairs

_STORED = """
SELECT r.id, r.replicate, r.config FROM json_each(:replicates) j
CROSS JOIN result r ON r.experiment_id = :experiment_id AND r.replicate = j.value AND r.config < :below
"""
# Of a replicate that is charted there may be a million, so each of them is looked up by itself.
_STORED_DEEPER = """
SELECT r.id, r.replicate, r.config FROM json_each(:places) n CROSS JOIN json_each(n.value) j
CROSS JOIN result r ON r.experiment_id = :experiment_id AND r.replicate = CAST(n.key AS INTEGER) AND r.config = j.value
"""
_OF_TASK = "SELECT * FROM result WHERE task_id = :task_id ORDER BY replicate, config"
_REPEATED = """
SELECT d.task_id, r.experiment_id, r.replicate, r.config, r.seed, d.outcome, d.measures, d.early, d.cpu_seconds
FROM result r JOIN duplicate d ON d.result_id = r.id WHERE r.task_id = :task_id
ORDER BY d.task_id, r.replicate, r.config
"""
_OF_COPIES = """
WITH cell AS (
    SELECT r.* FROM workunit w, json_each(w.replicates) p, json_each(w.configs) c
    CROSS JOIN result r ON r.experiment_id = w.experiment_id AND r.replicate = p.value AND r.config = c.value
    WHERE w.id = :workunit_id)
SELECT task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds FROM cell
UNION ALL
SELECT d.task_id, c.experiment_id, c.replicate, c.config, c.seed, d.outcome, d.measures, d.early, d.cpu_seconds
FROM cell c JOIN duplicate d ON d.result_id = c.id
"""

_DEEPER = first_place(1)
_JSON = json.JSONEncoder(allow_nan=False)
_Cell = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedCells:
    """How many cells were new, and how many only showed that hosts agree or do not; and which tasks brought those."""

    results: int
    duplicates: int
    tasks: frozenset[int] = frozenset()


def record_results(db: Database, results: Sequence[Result], now: datetime) -> RecordedCells:
    """Store each cell once. A cell that is there already becomes a duplicate of it and raises nothing."""
    stored = _stored_cells(db, results)
    new: dict[_Cell, Result] = {}
    again: list[Result] = []
    for result in results:
        cell = _cell(result)
        if cell in stored or cell in new:
            again.append(result)
        else:
            new[cell] = result
    stamp = to_microseconds(now)
    db.add_all(
        "result",
        [
            {"experiment_id": experiment_id, "replicate": replicate, "config": config, "seed": result.seed}
            | _facts(result, stamp)
            for (experiment_id, replicate, config), result in new.items()
        ],
    )
    if again:
        if any(_cell(result) not in stored for result in again):
            stored = _stored_cells(db, again)  # two tasks of one batch brought the same cell: the first is there now
        rows = [{"result_id": stored[_cell(result)], **_facts(result, stamp)} for result in again]
        db.add_all("duplicate", rows)
    changes = Counter(("result", result.experiment_id, str(result.outcome)) for result in new.values())
    counters.add_to_counters(db, changes)
    return RecordedCells(results=len(new), duplicates=len(again), tasks=frozenset(result.task_id for result in again))


def _stored_cells(db: Database, results: Sequence[Result]) -> dict[_Cell, int]:
    stored: dict[_Cell, int] = {}
    for experiment_id in {result.experiment_id for result in results}:
        near: set[int] = set()
        deeper: dict[int, list[int]] = {}
        for result in results:
            if result.experiment_id == experiment_id and result.config < _DEEPER:
                near.add(result.replicate)
            elif result.experiment_id == experiment_id:
                deeper.setdefault(result.replicate, []).append(result.config)
        version: dict[str, Any] = {"experiment_id": experiment_id}
        rows = db.select(_STORED, **version, replicates=json.dumps(sorted(near)), below=_DEEPER) if near else []
        rows += db.select(_STORED_DEEPER, **version, places=json.dumps(deeper)) if deeper else []
        stored.update(((experiment_id, row["replicate"], row["config"]), row["id"]) for row in rows)
    return stored


def _cell(result: Result) -> _Cell:
    return result.experiment_id, result.replicate, result.config


def _facts(result: Result, stamp: int) -> dict[str, object]:
    return {
        "task_id": result.task_id,
        "outcome": result.outcome,
        "measures": None if result.measures is None else _JSON.encode(result.measures),
        "early": _JSON.encode(result.early) if result.early else "[]",
        "cpu_seconds": result.cpu_seconds,
        "created_at": stamp,
    }


def list_task_results(db: Database, task_id: int) -> list[Result]:
    return [_result(row) for row in db.select(_OF_TASK, task_id=task_id)]


def list_duplicate_results(db: Database, task_id: int) -> dict[int, list[Result]]:
    return group_pairs((row["task_id"], _result(row)) for row in db.select(_REPEATED, task_id=task_id))


def list_copied_results(db: Database, workunit_id: int) -> dict[int, list[Result]]:
    """What is stored of a workunit's cells, by the task that brought it: copies of which enough agreed, and others."""
    return group_pairs((row["task_id"], _result(row)) for row in db.select(_OF_COPIES, workunit_id=workunit_id))


def _result(row: Row) -> Result:
    return as_value(Result, row, pixels=None)
