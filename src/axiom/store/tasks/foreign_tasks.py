"""Tasks of the server that this laboratory succeeds: which computers still have some, and what they report."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from axiom.domain.value import value_class
from axiom.store.engine.database import Database, from_microseconds, to_microseconds

_DEADLINES = """
SELECT f.name, f.deadline FROM json_each(:names) j CROSS JOIN foreign_task f ON f.name = j.value
WHERE f.host_id = :host_id
"""
_REPORT = """
UPDATE foreign_task SET report = :report, reported_at = :now
WHERE name = :name AND host_id = :host_id AND reported_at IS NULL
"""
_ERASE = """
UPDATE foreign_task SET report = '{}'
WHERE report IS NOT NULL AND host_id IN (SELECT id FROM host WHERE volunteer_id = :volunteer_id)
"""


@value_class
class ForeignTask:
    name: str
    host_id: int
    app: str
    deadline: datetime


def add_foreign_tasks(db: Database, tasks: Sequence[ForeignTask]) -> None:
    db.add_all("foreign_task", [asdict(task) | {"deadline": to_microseconds(task.deadline)} for task in tasks])


def list_foreign_deadlines(db: Database, host_id: int, names: Collection[str]) -> dict[str, datetime]:
    """Those of these names that are such tasks of this host, and when each was due."""
    rows = db.select(_DEADLINES, host_id=host_id, names=json.dumps(list(names)))
    return {row["name"]: from_microseconds(row["deadline"]) for row in rows}


def store_foreign_report(db: Database, host_id: int, name: str, report: Mapping[str, Any], now: datetime) -> None:
    """Keep what a host says of its task, the first time that it does."""
    db.execute(_REPORT, name=name, host_id=host_id, report=json.dumps(report, sort_keys=True), now=to_microseconds(now))


def erase_volunteer_reports(db: Database, volunteer_id: int) -> None:
    """Forget what this volunteer's computers said: paths in it may hold a name."""
    db.execute(_ERASE, volunteer_id=volunteer_id)
