import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.failures import Comparison, Watch
from axiom.store.engine.database import Database, to_microseconds

_END = "UPDATE watch SET ended_at = :now WHERE id = :id AND ended_at IS NULL"
_NEXT = """
SELECT id, measures FROM result WHERE experiment_id = :experiment_id AND id > :after ORDER BY id LIMIT 5000
"""
_LOOKED = """
UPDATE watch SET seen_result = :seen_result, hits = hits + :hits, first_hit = coalesce(first_hit, :hit),
    first_hit_at = CASE WHEN first_hit IS NULL AND :hit IS NOT NULL THEN :now ELSE first_hit_at END,
    value = CASE WHEN first_hit IS NULL AND :hit IS NOT NULL THEN :value ELSE value END
WHERE id = :id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchHit:
    result_id: int
    value: float


def add_watch(
    db: Database,
    *,
    experiment_id: int,
    sentence: str,
    measure: str,
    comparison: Comparison,
    threshold: float,
    now: datetime,
) -> int:
    """Look for this from now on, also in results that are there already."""
    return db.add(
        "watch",
        experiment_id=experiment_id,
        sentence=sentence,
        measure=measure,
        comparison=comparison,
        threshold=threshold,
        seen_result=0,
        registered_at=now,
    )


def list_open_watches(db: Database) -> list[Watch]:
    return db.values(Watch, "SELECT * FROM watch WHERE ended_at IS NULL ORDER BY id")


def list_newest_watches(db: Database, limit: int) -> list[Watch]:
    return db.values(Watch, "SELECT * FROM watch ORDER BY id DESC LIMIT :limit", limit=limit)


def find_watch(db: Database, watch_id: int) -> Watch | None:
    return db.value(Watch, "SELECT * FROM watch WHERE id = :id", id=watch_id)


def end_watch(db: Database, watch_id: int, now: datetime) -> bool:
    return db.execute(_END, id=watch_id, now=to_microseconds(now)) == 1


def list_watched_results(db: Database, experiment_id: int, after: int) -> list[tuple[int, Mapping[str, Any] | None]]:
    rows = db.select(_NEXT, experiment_id=experiment_id, after=after)
    return [(row["id"], json.loads(row["measures"]) if row["measures"] else None) for row in rows]


def record_watch_progress(
    db: Database, watch_id: int, *, seen_result: int, hits: int, first: WatchHit | None, now: datetime
) -> None:
    db.execute(
        _LOOKED,
        id=watch_id,
        seen_result=seen_result,
        hits=hits,
        hit=first.result_id if first else None,
        value=first.value if first else None,
        now=to_microseconds(now),
    )
