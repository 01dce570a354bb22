import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from axiom.domain.work import Outcome
from axiom.limits import results as limits
from axiom.store.engine.database import Database, as_value

_FITS = """
    (:outcome IS NULL OR r.outcome = :outcome)
    AND (:configs IS NULL OR r.config IN (SELECT value FROM json_each(:configs))) AND +r.id <= :until
"""
# The ids are chosen from an index alone; only the rows of the page itself are read. Each order of one version has an
# index that is walked; what else is asked for is looked at on the way.
_OF_VERSION = f"SELECT r.id FROM result r WHERE r.experiment_id = :experiment_id AND {_FITS}"
_PAGE = "LIMIT :limit OFFSET :skip"
_ANYWHERE = f"SELECT r.id FROM result r WHERE {_FITS} ORDER BY r.id DESC {_PAGE}"
# Few results are of one replicate or did not end well: they are found by that, each along its index, and then sorted.
_RARE = f"""
SELECT r.id FROM result r
WHERE r.id IN (
        SELECT id FROM result WHERE :replicate IS NOT NULL AND replicate = :replicate
            AND experiment_id IN (SELECT id FROM experiment WHERE :experiment_id IS NULL OR id = :experiment_id)
        UNION ALL
        SELECT id FROM result WHERE :replicate IS NULL AND outcome <> 'ok' AND outcome = :outcome
            AND experiment_id IN (SELECT id FROM experiment WHERE :experiment_id IS NULL OR id = :experiment_id))
    AND {_FITS}
ORDER BY
    CASE :order WHEN 'replicate' THEN r.replicate WHEN '-replicate' THEN -r.replicate
        WHEN 'seconds' THEN r.cpu_seconds WHEN '-seconds' THEN -r.cpu_seconds ELSE -r.id END,
    CASE :order WHEN 'replicate' THEN r.config WHEN '-replicate' THEN r.config
        WHEN 'seconds' THEN r.id ELSE -r.id END
{_PAGE}
"""
_ROWS = """
SELECT r.id, r.experiment_id, r.replicate, r.config, r.seed, r.outcome, r.measures, r.cpu_seconds, r.task_id, t.host_id
FROM json_each(:ids) j CROSS JOIN result r ON r.id = j.value JOIN task t ON t.id = r.task_id ORDER BY j.key
"""
_AT_ONCE = 1_000
_ANY_ID = 2**62
_MORE = """
SELECT id, config, outcome, measures FROM result
WHERE experiment_id = :experiment_id AND id > :after ORDER BY id LIMIT :limit
"""
# Along the index of replicates: however many results there are, no other is looked at.
_LISTS = """
SELECT id, config, json_extract(measures, :path) AS measured FROM result
WHERE experiment_id = :experiment_id AND replicate < :replicates AND +id > :after AND +outcome = 'ok'
"""
_ISSUED = "SELECT coalesce(max(number) + 1, 0) AS amount FROM replicate WHERE experiment_id = :experiment_id"


class ResultOrder(StrEnum):
    NEWEST = "newest"
    REPLICATE = "replicate"
    LAST_REPLICATE = "-replicate"
    SECONDS = "seconds"
    MOST_SECONDS = "-seconds"


_WALKS = {
    ResultOrder.NEWEST: f"{_OF_VERSION} ORDER BY r.id DESC {_PAGE}",
    ResultOrder.REPLICATE: f"{_OF_VERSION} ORDER BY r.replicate, r.config {_PAGE}",
    ResultOrder.LAST_REPLICATE: f"{_OF_VERSION} ORDER BY r.replicate DESC, r.config {_PAGE}",
    ResultOrder.SECONDS: f"{_OF_VERSION} ORDER BY r.cpu_seconds, r.id {_PAGE}",
    ResultOrder.MOST_SECONDS: f"{_OF_VERSION} ORDER BY r.cpu_seconds DESC, r.id DESC {_PAGE}",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultQuery:
    experiment_id: int | None = None
    outcome: Outcome | None = None
    replicate: int | None = None
    configs: Sequence[int] | None = None  # None is any
    order: ResultOrder = ResultOrder.NEWEST  # across versions there is an index of no other
    until: int = 0  # the last that counts, as none is ever taken away: pages do not move while more come; 0 is any
    skip: int = 0
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedResult:
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


def list_results(db: Database, wanted: ResultQuery) -> list[ListedResult]:
    return read_results(db, list_result_ids(db, wanted))


def find_newest_result_id(db: Database) -> int:
    return db.number("SELECT coalesce(max(id), 0) AS id FROM result")


def read_results(db: Database, ids: Sequence[int]) -> list[ListedResult]:
    return [
        as_value(ListedResult, row, measures=json.loads(row["measures"] or "{}"))
        for row in db.select(_ROWS, ids=json.dumps(ids))
    ]


def list_result_ids(db: Database, wanted: ResultQuery) -> list[int]:
    if wanted.configs is not None and not wanted.configs:
        return []  # found at once, where an index would be walked to its end
    is_rare = wanted.replicate is not None or wanted.outcome not in (None, Outcome.OK)
    filters: dict[str, Any] = {
        "outcome": wanted.outcome,
        "configs": None if wanted.configs is None else json.dumps(list(wanted.configs)),
        "until": wanted.until or _ANY_ID,
        "limit": wanted.limit,
        "skip": wanted.skip,
    }
    if is_rare:
        filters |= {"experiment_id": wanted.experiment_id, "replicate": wanted.replicate, "order": wanted.order}
        rows = db.select(_RARE, **filters)
    elif wanted.experiment_id is None:
        rows = db.select(_ANYWHERE, **filters)
    else:
        rows = db.select(_WALKS[wanted.order], experiment_id=wanted.experiment_id, **filters)
    return [row["id"] for row in rows]


@dataclass(kw_only=True)
class MeasuredValues:
    results: int = 0  # so many were read, also those without a value
    by_config: dict[int, list[float]] = field(default_factory=dict)
    after: int = 0  # the last result that was read

    def read(self, db: Database, experiment_id: int, measure: str) -> bool:
        """Read on; whether there may be more that count."""
        limit = min(_AT_ONCE, limits.RESULTS_SUMMED - self.results)
        rows = db.select(_MORE, experiment_id=experiment_id, after=self.after, limit=limit) if limit > 0 else []
        self.results += len(rows)
        for row in rows:
            self.after = row["id"]
            if row["outcome"] == Outcome.OK and row["measures"]:
                value = json.loads(row["measures"]).get(measure)
                if isinstance(value, int | float):
                    self.by_config.setdefault(row["config"], []).append(float(value))
        return len(rows) == _AT_ONCE


@dataclass(kw_only=True)
class MeasuredLists:
    after: int = 0  # the last result that was read
    by_config: dict[int, list[list[float]]] = field(default_factory=dict)

    def read(self, db: Database, experiment_id: int, measure: str, replicates: int) -> None:
        rows = db.select(
            _LISTS, experiment_id=experiment_id, path=f"$.{measure}", replicates=replicates, after=self.after
        )
        for row in rows:
            self.after = max(self.after, row["id"])
            if isinstance(row["measured"], str):  # a list comes as text; null and a number do not
                self.by_config.setdefault(row["config"], []).append(json.loads(row["measured"]))


class MeasureTally:
    """The values of measures by config. A result never changes, so each is read once, and a page reads the new ones.

    Pages are made by several threads; they share one tally.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], MeasuredValues] = {}
        self._lists: dict[tuple[int, str], MeasuredLists] = {}
        self._lock = threading.Lock()

    def values(self, db: Database, experiment_id: int, measure: str) -> MeasuredValues:
        with self._lock:
            kept = self._kept.setdefault((experiment_id, measure), MeasuredValues())
            while kept.read(db, experiment_id, measure):
                pass
            for values in kept.by_config.values():
                values.sort()
            by_config = {config: list(values) for config, values in kept.by_config.items()}
            return MeasuredValues(results=kept.results, by_config=by_config, after=kept.after)

    def lists(self, db: Database, experiment_id: int, measure: str, replicates: int) -> MeasuredLists:
        with self._lock:
            kept = self._lists.setdefault((experiment_id, measure), MeasuredLists())
            kept.read(db, experiment_id, measure, replicates)
            by_config = {config: list(lists) for config, lists in kept.by_config.items()}
            return MeasuredLists(after=kept.after, by_config=by_config)


def find_result_replicate(db: Database, experiment_id: int) -> int:
    return db.number(_ISSUED, experiment_id=experiment_id)
