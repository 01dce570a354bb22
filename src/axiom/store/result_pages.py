"""Results as pages show them: filtered, in an order, a page at a time, and summed up by config."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from axiom.domain.work import Outcome
from axiom.store.database import Database, Row


class Order(StrEnum):
    """In which order results are listed."""

    NEWEST = "newest"
    REPLICATE = "replicate"
    LAST_REPLICATE = "-replicate"
    SECONDS = "seconds"
    MOST_SECONDS = "-seconds"


_BY = {
    Order.NEWEST: "r.id DESC",
    Order.REPLICATE: "r.replicate, r.config",
    Order.LAST_REPLICATE: "r.replicate DESC, r.config",
    Order.SECONDS: "r.cpu_seconds, r.id",
    Order.MOST_SECONDS: "r.cpu_seconds DESC, r.id",
}
_LISTED = """
SELECT r.id, r.experiment_id, r.replicate, r.config, r.seed, r.outcome, r.measures, r.cpu_seconds, r.task_id, t.host_id
FROM result r JOIN task t ON t.id = r.task_id
"""
_TAIL = 1_000  # the newest results of an experiment are enough for a table by config
_BY_CONFIG = """
SELECT config, outcome, measures FROM result
WHERE experiment_id = :experiment_id AND id > (SELECT coalesce(max(id), 0) FROM result) - :tail
"""
_ISSUED = "SELECT coalesce(max(number) + 1, 0) AS amount FROM replicate WHERE experiment_id = :experiment_id"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which results, in which order, from which on."""

    experiment_id: int | None = None
    outcome: Outcome | None = None
    replicate: int | None = None
    configs: Sequence[int] | None = None  # None is any
    order: Order = Order.NEWEST
    skip: int = 0
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One result with the host that computed it."""

    id: int
    experiment_id: int
    replicate: int
    config: int
    seed: int
    outcome: Outcome
    measures: Mapping[str, Any]
    cpu_seconds: float
    task_id: int
    host_id: int | None


def listed(db: Database, wanted: Wanted) -> list[Listed]:
    """One page of results."""
    asked: dict[str, Any] = {}
    tests = []
    for name in ("experiment_id", "outcome", "replicate"):
        if getattr(wanted, name) is not None:
            tests.append(f"r.{name} = :{name}")
            asked[name] = getattr(wanted, name)
    if wanted.configs is not None:
        places = {f"config_{place}": config for place, config in enumerate(wanted.configs)}
        tests.append(f"r.config IN ({', '.join(f':{name}' for name in places) or 'NULL'})")
        asked |= places
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    sql = f"{_LISTED} {where} ORDER BY {_BY[wanted.order]} LIMIT :limit OFFSET :skip"
    return [_listed(row) for row in db.select(sql, **asked, limit=wanted.limit, skip=wanted.skip)]


def values_by_config(db: Database, experiment_id: int, measure: str) -> dict[int, list[float]]:
    """The newest values of one measure by config, where a cell has a single number of it."""
    found: dict[int, list[float]] = {}
    for row in db.select(_BY_CONFIG, experiment_id=experiment_id, tail=_TAIL):
        if row["outcome"] != Outcome.OK or not row["measures"]:
            continue
        value = json.loads(row["measures"]).get(measure)
        if isinstance(value, int | float):
            found.setdefault(row["config"], []).append(float(value))
    return found


def issued(db: Database, experiment_id: int) -> int:
    """How many replicate numbers this version has given out."""
    row = db.one(_ISSUED, experiment_id=experiment_id)
    return int(row["amount"]) if row else 0


def _listed(row: Row) -> Listed:
    return Listed(
        id=row["id"],
        experiment_id=row["experiment_id"],
        replicate=row["replicate"],
        config=row["config"],
        seed=row["seed"],
        outcome=Outcome(row["outcome"]),
        measures=json.loads(row["measures"]) if row["measures"] else {},
        cpu_seconds=row["cpu_seconds"],
        task_id=row["task_id"],
        host_id=row["host_id"],
    )
