"""Results as pages show them: filtered, in an order, a page at a time, and summed up by config."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    Order.NEWEST: ("r.id DESC",),
    Order.REPLICATE: ("r.replicate", "r.config"),
    Order.LAST_REPLICATE: ("r.replicate DESC", "r.config"),
    Order.SECONDS: ("r.cpu_seconds", "r.id"),
    Order.MOST_SECONDS: ("r.cpu_seconds DESC", "r.id DESC"),
}
# The ids are chosen from an index alone; only the rows of the page itself are read.
_LISTED = """
SELECT r.id, r.experiment_id, r.replicate, r.config, r.seed, r.outcome, r.measures, r.cpu_seconds, r.task_id, t.host_id
FROM result r JOIN task t ON t.id = r.task_id
WHERE r.id IN (SELECT r.id FROM result r {where} ORDER BY {chosen_by} LIMIT :limit OFFSET :skip) ORDER BY {order}
"""
_ANY_EXPERIMENT = "r.experiment_id IN (SELECT id FROM experiment)"  # so that an index can be used that begins with it
_AT_ONCE = 1_000
_MORE = """
SELECT id, config, outcome, measures FROM result
WHERE experiment_id = :experiment_id AND id > :after ORDER BY id LIMIT :limit
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
    is_odd = wanted.outcome not in (None, Outcome.OK)
    is_rare = is_odd or wanted.replicate is not None
    tests, asked = _tests(wanted)
    if is_odd:
        tests.append("r.outcome <> 'ok'")  # said in so many words: few are, and they have an index of their own
    if is_rare and wanted.experiment_id is None:
        tests.append(_ANY_EXPERIMENT)
    order = _BY[wanted.order]
    sql = _LISTED.format(
        where=f"WHERE {' AND '.join(tests)}" if tests else "",
        order=", ".join(order),
        # Few results are so: they are found by the filter and then sorted. A plus keeps an order's index from being
        # walked to its end in search of them.
        chosen_by=", ".join(f"+{term}" if is_rare else term for term in order),
    )
    return [_listed(row) for row in db.select(sql, **asked, limit=wanted.limit, skip=wanted.skip)]


@dataclass(kw_only=True)
class _Kept:
    """The values of one measure of one version, as far as they were read."""

    after: int = 0  # the last result that was read
    values: dict[int, list[float]] = field(default_factory=dict)

    def read(self, db: Database, experiment_id: int, measure: str) -> bool:
        """Read on; whether there may be more."""
        rows = db.select(_MORE, experiment_id=experiment_id, after=self.after, limit=_AT_ONCE)
        for row in rows:
            self.after = row["id"]
            if row["outcome"] == Outcome.OK and row["measures"]:
                value = json.loads(row["measures"]).get(measure)
                if isinstance(value, int | float):
                    self.values.setdefault(row["config"], []).append(float(value))
        return len(rows) == _AT_ONCE


class Tally:
    """Every value of a measure by config. A result never changes, so each is read once, and a page reads the new ones.

    Pages are made by several threads; they share one tally.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], _Kept] = {}
        self._lock = threading.Lock()

    def values(self, db: Database, experiment_id: int, measure: str) -> dict[int, list[float]]:
        """The values by config, in ascending order, where a cell has a single number of this measure."""
        with self._lock:
            kept = self._kept.setdefault((experiment_id, measure), _Kept())
            while kept.read(db, experiment_id, measure):
                pass
            for values in kept.values.values():
                values.sort()
            return {config: list(values) for config, values in kept.values.items()}


def issued(db: Database, experiment_id: int) -> int:
    """How many replicate numbers this version has given out."""
    row = db.one(_ISSUED, experiment_id=experiment_id)
    return int(row["amount"]) if row else 0


def _tests(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    """The filter in SQL, and its values."""
    asked: dict[str, Any] = {
        name: getattr(wanted, name)
        for name in ("experiment_id", "outcome", "replicate")
        if getattr(wanted, name) is not None
    }
    tests = [f"r.{name} = :{name}" for name in asked]
    if wanted.configs is not None:
        places = {f"config_{place}": config for place, config in enumerate(wanted.configs)}
        tests.append(f"r.config IN ({', '.join(f':{name}' for name in places) or 'NULL'})")
        asked |= places
    return tests, asked


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
