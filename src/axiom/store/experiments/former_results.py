"""What laboratories before this one had of experiments: exploratory for ever, shown and never weighed."""

import json
from datetime import datetime

from axiom.store.engine.database import Database, Row

_TASK = """
SELECT task, measures, config FROM former_result
WHERE experiment = :experiment AND source = :source AND task = :task
"""
_PART = """
SELECT task, measures, config FROM former_result
WHERE experiment = :experiment AND source = :source AND task > :after ORDER BY task LIMIT :limit
"""
_SOURCES = "SELECT source, count(*) AS tasks FROM former_result WHERE experiment = :experiment GROUP BY source"
# A twentieth of the values lies below the range, and a twentieth above it. Halves are added, since two large values may
# be too large together.
_SUMMED = """
WITH
    part AS (
        SELECT measures FROM former_result WHERE experiment = :experiment AND source = :source
        ORDER BY task LIMIT :most
    ),
    placed AS (
        SELECT j.key AS name, j.value AS value,
            row_number() OVER (PARTITION BY j.key ORDER BY j.value) - 1 AS place,
            count(*) OVER (PARTITION BY j.key) - 1 AS last
        FROM part, json_each(part.measures) j
    )
SELECT name, last + 1 AS tasks,
    sum(CASE WHEN place = last / 2 THEN value / 2 ELSE 0.0 END)
        + sum(CASE WHEN place = last - last / 2 THEN value / 2 ELSE 0.0 END) AS median,
    max(CASE WHEN place = last / 20 THEN value END) AS low,
    max(CASE WHEN place = last - last / 20 THEN value END) AS high
FROM placed GROUP BY name ORDER BY name LIMIT :names
"""


def add_former_result(db: Database, row: Row, *, experiment: str, source: str, now: datetime) -> Row | None:
    """Keep a task with its measures and its config, if it is new; what is kept of it already is returned, and stays."""
    whose = {"experiment": experiment, "source": source, "task": row["task"]}
    kept = db.read_row(_parsed, _TASK, **whose)
    if kept is None:
        db.add(
            "former_result",
            **whose,
            measures=json.dumps(row["measures"]),
            config=json.dumps(row["config"]),
            created_at=now,
        )
    return kept


def find_newest_former_result(db: Database) -> int:
    """The number of the last one that was loaded, of whatever experiment. None is ever changed or taken away."""
    return db.number("SELECT max(id) FROM former_result")


def list_former_results(db: Database, experiment: str, source: str, *, after: str, limit: int) -> list[Row]:
    """The tasks behind this one, by name."""
    return list(map(_parsed, db.select(_PART, experiment=experiment, source=source, after=after, limit=limit)))


def summarize_former_results(db: Database, experiment: str, *, most: int, names: int) -> list[Row]:
    """How many tasks each source has, and where the numbers of at most so many tasks lie, the first by name."""
    sources = db.select(_SOURCES, experiment=experiment)
    return [
        {
            **row,
            "summed": min(row["tasks"], most // len(sources)),
            "measures": db.select(
                _SUMMED, experiment=experiment, source=row["source"], most=most // len(sources), names=names
            ),
        }
        for row in sources
    ]


def _parsed(row: Row) -> Row:
    return {**row, "measures": json.loads(row["measures"]), "config": json.loads(row["config"])}
