"""What was measured: one row per cell, once, and the duplicates that show whether hosts agree."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.work import Outcome, Result
from axiom.store import counters
from axiom.store.database import Database, Row, at

_ADD = """
INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds, created_at)
VALUES (:task_id, :experiment_id, :replicate, :config, :seed, :outcome, :measures, :early, :cpu_seconds, :now)
"""
_SAME_CELL = """
SELECT id FROM result WHERE experiment_id = :experiment_id AND replicate = :replicate AND config = :config
"""
_ADD_DUPLICATE = """
INSERT INTO duplicate (result_id, task_id, outcome, measures, early, cpu_seconds, created_at)
VALUES (:result_id, :task_id, :outcome, :measures, :early, :cpu_seconds, :now)
"""
_OF_TASK = "SELECT * FROM result WHERE task_id = :task_id ORDER BY replicate, config"
_OF_EXPERIMENT = """
SELECT * FROM result WHERE experiment_id = :experiment_id ORDER BY replicate, config LIMIT :limit
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """How many cells were new, and how many only showed that hosts agree or do not."""

    results: int
    duplicates: int


def record(db: Database, results: Sequence[Result], now: datetime) -> Recorded:
    """Store each cell once. A cell that is there already becomes a duplicate of it and raises nothing."""
    new = again = 0
    for result in results:
        facts = {
            "task_id": result.task_id,
            "outcome": result.outcome,
            "measures": None if result.measures is None else json.dumps(result.measures, allow_nan=False),
            "early": json.dumps(list(result.early), allow_nan=False),
            "cpu_seconds": result.cpu_seconds,
            "now": at(now),
        }
        key = {"experiment_id": result.experiment_id, "replicate": result.replicate, "config": result.config}
        first = db.one(_SAME_CELL, **key)
        if first is None:
            db.insert(_ADD, **key, seed=result.seed, **facts)
            counters.add(db, "result", result.experiment_id, result.outcome, 1)
            new += 1
        else:
            db.insert(_ADD_DUPLICATE, result_id=first["id"], **facts)
            again += 1
    return Recorded(results=new, duplicates=again)


def of_task(db: Database, task_id: int) -> list[Result]:
    """The results that this task brought."""
    return [_result(row) for row in db.select(_OF_TASK, task_id=task_id)]


def of_experiment(db: Database, experiment_id: int, limit: int) -> list[Result]:
    """The results of one version, by replicate and config."""
    return [_result(row) for row in db.select(_OF_EXPERIMENT, experiment_id=experiment_id, limit=limit)]


def _result(row: Row) -> Result:
    return Result(
        task_id=row["task_id"],
        experiment_id=row["experiment_id"],
        replicate=row["replicate"],
        config=row["config"],
        seed=row["seed"],
        outcome=Outcome(row["outcome"]),
        measures=None if row["measures"] is None else json.loads(row["measures"]),
        early=tuple(json.loads(row["early"])),
        cpu_seconds=row["cpu_seconds"],
    )
