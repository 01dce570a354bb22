"""How well seeds reproduced: one row for each duplicate, kept so that nobody compares it twice."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome, Reproduction, Result
from axiom.store.engine.database import Database, Row, as_value, to_microseconds
from axiom_weigh.grouping import group_pairs
from axiom_weigh.values import Agreements

_PAIRS = """
SELECT d.id, d.task_id, d.outcome, d.measures, d.early, d.created_at, r.experiment_id, r.replicate, r.config, r.seed,
    r.task_id AS first_task_id, r.outcome AS first_outcome, r.measures AS first_measures, r.early AS first_early,
    p.registration_id, h.system, h.processor, h.instructions, t.gpu, o.system AS first_system,
    o.processor AS first_processor, o.instructions AS first_instructions, f.gpu AS first_gpu, k.class, k.confirms
FROM duplicate d
LEFT JOIN reproduction k ON k.duplicate_id = d.id
JOIN result r ON r.id = d.result_id
JOIN replicate p ON p.experiment_id = r.experiment_id AND p.number = r.replicate
JOIN task t ON t.id = d.task_id JOIN host h ON h.id = t.host_id
JOIN task f ON f.id = r.task_id JOIN host o ON o.id = f.host_id
WHERE d.id > :after ORDER BY d.id LIMIT :limit
"""
_OTHERS = """
SELECT d.id, o.task_id, o.outcome, o.measures, o.early, r.experiment_id, r.replicate, r.config, r.seed
FROM json_each(:duplicates) j CROSS JOIN duplicate d ON d.id = j.value
JOIN duplicate o ON o.result_id = d.result_id AND o.id < d.id JOIN result r ON r.id = d.result_id
ORDER BY d.id, o.id
"""
_LAST = "SELECT coalesce(max(duplicate_id), 0) AS id FROM reproduction"
_OF_SEEDS = """
SELECT replicate, first_platform, second_platform, class, opinion, confirms FROM json_each(:replicates) j
CROSS JOIN reproduction ON registration_id = :registration_id AND replicate = j.value WHERE class <> ''
"""
_OVERTURNED = """
SELECT DISTINCT replicate FROM reproduction
WHERE registration_id = :registration_id AND confirms > 0 AND duplicated_at <= :until
"""
_COUNTED = """
SELECT c.* FROM reproduction_count c WHERE c.id IN (
    SELECT max(id) FROM reproduction_count WHERE registration_id = :registration_id AND counted_at <= :until
    GROUP BY first_platform, second_platform)
ORDER BY c.first_platform, c.second_platform
"""

Kept = tuple[int, tuple[str, str], Reproduction, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicatePair:
    duplicate_id: int
    experiment_id: int
    registration_id: int
    platforms: tuple[str, str]
    first: Result
    second: Result
    duplicated_at: int


def list_uncompared_pairs(db: Database, limit: int) -> list[DuplicatePair]:
    return [_pair(row) for row in db.select(_PAIRS, after=db.select(_LAST)[0]["id"], limit=limit)]


def list_compared_pairs(db: Database, after: int, limit: int) -> list[tuple[DuplicatePair, str, int]]:
    rows = db.select(_PAIRS, after=after, limit=limit)
    return [(_pair(row), row["class"], row["confirms"]) for row in rows if row["class"] is not None]


def list_earlier_duplicates(db: Database, duplicate_ids: Iterable[int]) -> dict[int, list[Result]]:
    rows = db.select(_OTHERS, duplicates=json.dumps(list(duplicate_ids)))
    return group_pairs((row["id"], _result(row, "")) for row in rows)


def list_overturned_replicates(db: Database, registration_id: int, until: datetime) -> frozenset[int]:
    """Replicates whose value in evidence two others had computed otherwise and alike, as was known at a moment."""
    return frozenset(db.column(int, _OVERTURNED, registration_id=registration_id, until=to_microseconds(until)))


def store_comparisons(db: Database, compared: Iterable[tuple[DuplicatePair, Reproduction | None, int]]) -> None:
    db.add_all(
        "reproduction",
        [
            {
                "duplicate_id": pair.duplicate_id,
                "registration_id": pair.registration_id,
                "replicate": pair.first.replicate,
                "first_platform": min(pair.platforms),
                "second_platform": max(pair.platforms),
                "class": str(reproduction or ""),
                "duplicated_at": pair.duplicated_at,
                "opinion": pair.second.task_id,
                "confirms": confirms,
            }
            for pair, reproduction, confirms in compared
        ],
    )


def list_comparisons(db: Database, registration_id: int, replicates: Iterable[int]) -> list[Kept]:
    """Replicate, platforms, class, repeating task and whom it confirms of what was compared of these before."""
    rows = db.select(_OF_SEEDS, registration_id=registration_id, replicates=json.dumps(sorted(set(replicates))))
    return [
        (
            row["replicate"],
            (row["first_platform"], row["second_platform"]),
            Reproduction(row["class"]),
            row["opinion"],
            row["confirms"],
        )
        for row in rows
    ]


def store_agreement_counts(db: Database, registration_id: int, counts: Iterable[Agreements], until: int) -> None:
    db.add_all(
        "reproduction_count",
        [
            {
                "registration_id": registration_id,
                "first_platform": agreements.platforms[0],
                "second_platform": agreements.platforms[1],
                "exact": agreements.exact,
                "close": agreements.close,
                "divergent": agreements.divergent,
                "disputed": agreements.disputed,
                "counted_at": until,
            }
            for agreements in counts
        ],
    )


def list_agreement_counts(db: Database, registration_id: int, until: datetime) -> list[Agreements]:
    return [
        as_value(Agreements, row, platforms=(row["first_platform"], row["second_platform"]))
        for row in db.select(_COUNTED, registration_id=registration_id, until=to_microseconds(until))
    ]


def _pair(row: Row) -> DuplicatePair:
    return DuplicatePair(
        duplicate_id=row["id"],
        experiment_id=row["experiment_id"],
        registration_id=row["registration_id"],
        platforms=(_platform(row, "first_"), _platform(row, "")),
        first=_result(row, "first_"),
        second=_result(row, ""),
        duplicated_at=row["created_at"],
    )


def _platform(row: Row, which: str) -> str:
    names = ("system", "processor", "instructions")
    return str(Platform(**{name: row[which + name] for name in names}).with_gpu(row[f"{which}gpu"]))


def _result(row: Row, which: str) -> Result:
    measures = row[f"{which}measures"]
    return Result(
        task_id=row[f"{which}task_id"],
        experiment_id=row["experiment_id"],
        replicate=row["replicate"],
        config=row["config"],
        seed=row["seed"],
        outcome=Outcome(row[f"{which}outcome"]),
        measures=None if measures is None else json.loads(measures),
        early=tuple(json.loads(row[f"{which}early"])),
        cpu_seconds=0.0,
    )
