"""How far hosts say that they are with what they compute: of long tasks alone, and by their own word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.domain.value import value_class
from axiom.store.engine.database import Database, to_microseconds

_NOTE = """
INSERT INTO progress (task_id, fraction, cpu_seconds, heard_at)
SELECT id, :fraction, :cpu_seconds, :now FROM task WHERE id = :task_id AND host_id = :host_id AND state = 'sent'
ON CONFLICT (task_id) DO UPDATE SET fraction = excluded.fraction, cpu_seconds = excluded.cpu_seconds,
    heard_at = excluded.heard_at
WHERE progress.heard_at <= :before
"""
_OF_TASK = """
SELECT p.fraction, p.cpu_seconds, p.heard_at FROM progress p JOIN task t ON t.id = p.task_id
WHERE p.task_id = :task_id AND t.state = 'sent'
"""
_SWEEP = """
DELETE FROM progress WHERE NOT EXISTS (SELECT 1 FROM task t WHERE t.id = progress.task_id AND t.state = 'sent')
"""

_SELDOM = timedelta(minutes=1)  # a runner says it once an hour; whoever says it all the time is not written down


@value_class
class ProgressReport:
    task_id: int
    fraction: float  # of the task that is done, from 0 to 1
    cpu_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredProgress:
    fraction: float
    cpu_seconds: float
    heard_at: datetime


def record_progress(db: Database, host_id: int, reports: Sequence[ProgressReport], now: datetime) -> None:
    """Remember it, where the task is out to this very host and it did not speak of it within the last minute."""
    same = {"host_id": host_id, "now": to_microseconds(now), "before": to_microseconds(now - _SELDOM)}
    rows = [
        same | {"task_id": report.task_id, "fraction": report.fraction, "cpu_seconds": report.cpu_seconds}
        for report in reports
    ]
    if rows:
        db.execute_many(_NOTE, rows)


def find_task_progress(db: Database, task_id: int) -> StoredProgress | None:
    return db.value(StoredProgress, _OF_TASK, task_id=task_id)


def delete_stale_progress(db: Database) -> int:
    return db.execute(_SWEEP)
