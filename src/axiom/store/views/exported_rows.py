"""What a scientist takes away: every result with where it came from, and every finding as it stands."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.estimands import Direction
from axiom.domain.evidence import verdict_meaning
from axiom.domain.fleet import Platform
from axiom.domain.headlines.finding_sentences import MeasuredNumber, compose_answer
from axiom.store.engine.database import Database, Row
from axiom.store.findings import evidence
from axiom_weigh.values import Verdict

PAGE = 20_000  # rows read at once, so that a million results need not be in memory twice

_PAGE = """
SELECT r.replicate, r.config, r.seed, r.outcome, r.measures, r.cpu_seconds, r.task_id, t.host_id, t.gpu
FROM result r JOIN task t ON t.id = r.task_id
WHERE r.experiment_id = :experiment_id AND (r.replicate, r.config) > (:replicate, :config)
ORDER BY r.replicate, r.config LIMIT :limit
"""
_PLATFORMS = """
SELECT h.id, h.system, h.processor, h.instructions FROM json_each(:hosts) j CROSS JOIN host h ON h.id = j.value
"""
_COUNTS = """
SELECT e.id, e.name, e.version, e.manifest, e.retired_at, e.recalled_at,
    (SELECT count(*) FROM replicate p WHERE p.experiment_id = e.id) AS replicates,
    (SELECT count(*) FROM result r WHERE r.experiment_id = e.id) AS results
FROM experiment e ORDER BY e.id
"""
_FINDINGS = """
SELECT f.id AS number, f.estimand, f.status, x.name AS experiment, x.version, g.body, v.verdict, v.grade, v.estimate,
    v.low, v.high, v.e_value, v.seeds, v.missing, v.blocks, v.hosts, v.volunteers, v.platforms, v.by_design
FROM finding f
JOIN experiment x ON x.id = f.experiment_id
JOIN registration g ON g.id = f.registration_id
LEFT JOIN evidence v ON v.finding_number = f.id
    AND v.line = (SELECT max(line) FROM evidence WHERE finding_number = f.id)
ORDER BY f.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultColumns:
    replicates: Sequence[int]
    configs: Sequence[int]  # places in the registered sweep
    seeds: Sequence[int]
    outcomes: Sequence[str]
    measures: Sequence[dict[str, Any] | None]
    cpu_seconds: Sequence[float]
    hosts: Sequence[int | None]
    platforms: Sequence[str]
    tasks: Sequence[int]


def take_column_name(name: str, kind: str, taken: set[str]) -> str:
    """The name of a column of a factor or a measure, which none of those that are `taken` has; it is taken then."""
    column = name if name not in taken else f"{kind}_{name}"
    taken.add(column)
    return column


def iterate_result_pages(db: Database, experiment_id: int, size: int = PAGE) -> Iterator[ResultColumns]:
    with db.savepoint():
        rows = db.select(_PAGE, experiment_id=experiment_id, limit=size, replicate=-1, config=-1)
        yield _page(db, rows)
        while len(rows) == size:
            last = {name: rows[-1][name] for name in ("replicate", "config")}
            rows = db.select(_PAGE, experiment_id=experiment_id, limit=size, **last)
            if rows:
                yield _page(db, rows)


def read_result_page(db: Database, experiment_id: int, after: tuple[int, int], size: int) -> ResultColumns:
    replicate, config = after
    rows = db.select(_PAGE, experiment_id=experiment_id, limit=size, replicate=replicate, config=config)
    return _page(db, rows)


def list_experiment_counts(db: Database) -> list[Row]:
    return db.select(_COUNTS)


def count_findings(db: Database) -> int:
    return db.number("SELECT count(*) AS held FROM finding")


def list_finding_rows(db: Database) -> list[Row]:
    return [{**row, **_of_estimand(row)} for row in db.select(_FINDINGS)]


def _page(db: Database, rows: Sequence[Row]) -> ResultColumns:
    hosts = [row["host_id"] for row in rows]
    platforms = _platforms(db, set(hosts))
    return ResultColumns(
        replicates=[row["replicate"] for row in rows],
        configs=[row["config"] for row in rows],
        seeds=[row["seed"] for row in rows],
        outcomes=[row["outcome"] for row in rows],
        # Joined and parsed at once: a call for each of a million rows costs more than the parsing.
        measures=json.loads("[" + ",".join([row["measures"] or "null" for row in rows]) + "]"),
        cpu_seconds=[row["cpu_seconds"] for row in rows],
        hosts=hosts,
        platforms=[_platform(platforms.get(row["host_id"]), row["gpu"]) for row in rows],
        tasks=[row["task_id"] for row in rows],
    )


def _platforms(db: Database, host_ids: Collection[int | None]) -> dict[int, Platform]:
    rows = db.select(_PLATFORMS, hosts=json.dumps(list(host_ids)))
    return {
        row["id"]: Platform(system=row["system"], processor=row["processor"], instructions=row["instructions"])
        for row in rows
    }


def _platform(platform: Platform | None, gpu: str) -> str:
    return str(platform.with_gpu(gpu)) if platform else ""


def _of_estimand(row: Row) -> Row:
    """Answer, claim, and what the newest verdict says about it; the last is null where nothing was weighed yet."""
    estimand = next(
        declared for declared in json.loads(row["body"])["estimands"] if declared["name"] == row["estimand"]
    )
    reads = None if row["verdict"] is None else verdict_meaning(Verdict(row["verdict"]), Direction(estimand["expects"]))
    measured = MeasuredNumber(
        verdict=Verdict(row["verdict"] or Verdict.UNDECIDED),
        estimate=row["estimate"],
        low=row["low"],
        high=row["high"],
        by_design=evidence.parse_designs(row["by_design"]),
    )
    answer = compose_answer(estimand, measured, row["status"])
    return {"answer": answer, "claim": estimand["claim"], "reads": reads}
