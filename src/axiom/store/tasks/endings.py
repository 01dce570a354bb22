"""How closed tasks have ended, counted: by version, bundle, host, platform, cause and what was raised."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from axiom.domain.failure_causes import Cause
from axiom.domain.failures import EndingCount
from axiom.domain.value import value_class
from axiom.domain.work import TaskState
from axiom.store.engine.database import Database, as_value, to_microseconds
from axiom.store.tasks.sql_rules import IS_IN_VAIN, PLATFORM

_PROVEN_ON_GPUS = """
SELECT id FROM task INDEXED BY task_on_gpu WHERE gpu <> '' AND closed_at IS NOT NULL AND state = 'valid' LIMIT 1
"""
# What went well is counted where it lies: there may be a hundred thousand of it. A system that we do not know is a
# host's own word, which is kept out of here.
_COUNT_WELL = f"""
INSERT INTO ending (experiment_id, bundle_digest, host_id, platform, cause, raised, amount, first_at, last_at,
    last_task)
SELECT t.experiment_id, coalesce(t.bundle_digest, ''), t.host_id,
    {PLATFORM}, 'success', '', count(*), min(t.closed_at), max(t.closed_at), max(t.id)
FROM task t JOIN host h ON h.id = t.host_id
WHERE t.closed_at >= :since AND t.closed_at < :until AND t.state = 'valid'
GROUP BY t.experiment_id, t.bundle_digest, t.host_id, h.system, h.processor, h.instructions, t.gpu
ORDER BY t.experiment_id, t.bundle_digest, t.host_id, t.gpu
ON CONFLICT (experiment_id, bundle_digest, host_id, platform, cause, raised) DO UPDATE
SET amount = ending.amount + excluded.amount, last_at = excluded.last_at, last_task = excluded.last_task
"""
_WORDS = """
SELECT t.id, t.message || ' ' || t.reason AS said, v.is_ours
FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value JOIN host h ON h.id = t.host_id
JOIN volunteer v ON v.id = h.volunteer_id
"""
_BY_PLATFORM = """
SELECT experiment_id, platform, sum(amount) AS amount FROM ending
WHERE :experiment_id IS NULL OR experiment_id = :experiment_id GROUP BY experiment_id, platform
"""
_BADLY = f"""
SELECT t.id AS task_id, t.experiment_id, e.name AS experiment, coalesce(t.bundle_digest, '') AS bundle_digest,
    t.host_id, {PLATFORM} AS platform, t.state, t.cause, t.message || ' ' || t.reason AS said, t.closed_at
FROM task t JOIN host h ON h.id = t.host_id JOIN experiment e ON e.id = t.experiment_id
WHERE t.closed_at >= :since AND t.closed_at < :until AND {IS_IN_VAIN}
    AND t.sent_at IS NOT NULL AND (t.closed_at > :since OR t.id > :after)
ORDER BY t.closed_at, t.id LIMIT :limit
"""
_COUNT_BADLY = """
INSERT INTO ending (experiment_id, bundle_digest, host_id, platform, cause, raised, amount, first_at, last_at,
    last_task)
VALUES (:experiment_id, :bundle_digest, :host_id, :platform, :cause, :raised, :amount, :first_at, :last_at, :last_task)
ON CONFLICT (experiment_id, bundle_digest, host_id, platform, cause, raised) DO UPDATE
SET amount = ending.amount + excluded.amount, last_at = excluded.last_at, last_task = excluded.last_task
"""
_FORGIVE = "UPDATE ending SET forgiven = amount WHERE experiment_id = :experiment_id AND forgiven <> amount"
_FAILED = """
SELECT g.* FROM ending g WHERE g.cause <> 'success' AND (:experiment_id IS NULL OR g.experiment_id = :experiment_id)
ORDER BY g.experiment_id, g.cause, g.raised, g.platform, g.host_id
"""
_WORKED = """
SELECT g.experiment_id, g.host_id, g.platform FROM ending g
WHERE g.cause = 'success' AND g.experiment_id IN (SELECT experiment_id FROM ending WHERE cause <> 'success')
    AND (:experiment_id IS NULL OR g.experiment_id = :experiment_id)
ORDER BY g.experiment_id, g.host_id
"""
_OF_BUNDLE = """
SELECT host_id, platform, cause, sum(amount - forgiven) AS amount FROM ending
WHERE experiment_id = :experiment_id AND bundle_digest = :digest GROUP BY host_id, platform, cause
"""
_BLAMING = """
SELECT DISTINCT h.volunteer_id FROM ending g JOIN host h ON h.id = g.host_id
WHERE g.experiment_id = :experiment_id AND g.cause IN (SELECT value FROM json_each(:causes))
    AND g.host_id IN (SELECT host_id FROM ending WHERE cause = 'success')
"""
_AT_ONCE = 5_000


@value_class
class FailedTask:
    task_id: int
    experiment_id: int
    experiment: str
    bundle_digest: str
    host_id: int
    platform: str
    state: TaskState
    cause: str
    said: str  # hostile
    closed_at: datetime


def read_endings_counted_to(db: Database) -> int:
    """The moment, in microseconds, before which every closed task is counted."""
    return db.number("SELECT counted_to FROM ending_look WHERE id = 1")


def set_endings_counted_to(db: Database, until: datetime) -> None:
    db.execute("UPDATE ending_look SET counted_to = :until WHERE id = 1", until=to_microseconds(until))


def add_success_counts(db: Database, since: int, until: datetime) -> int:
    return db.execute(_COUNT_WELL, since=since, until=to_microseconds(until))


def list_failed_tasks(db: Database, since: int, until: datetime, after: int) -> list[FailedTask]:
    """Some of the tasks that did not end well, from one moment to just before another, behind this task in order.

    The next are asked for from the moment of the last one, behind it.
    """
    return db.values(FailedTask, _BADLY, since=since, until=to_microseconds(until), after=after, limit=_AT_ONCE)


def add_failure_counts(db: Database, endings: Sequence[EndingCount]) -> None:
    db.execute_many(_COUNT_BADLY, map(asdict, endings))


def forgive_failures(db: Database, experiment_id: int) -> None:
    """What this version has failed at until now is no reason to stop it any more."""
    db.execute(_FORGIVE, experiment_id=experiment_id)


def list_failure_counts(db: Database, experiment_id: int | None = None) -> list[EndingCount]:
    return db.values(EndingCount, _FAILED, experiment_id=experiment_id)


def count_endings_by_platform(db: Database, experiment_id: int | None = None) -> dict[tuple[int, str], int]:
    """How many tasks of a version have ended on a platform, in whatever way."""
    rows = db.select(_BY_PLATFORM, experiment_id=experiment_id)
    return {(row["experiment_id"], row["platform"]): row["amount"] for row in rows}


@value_class
class TaskWords:
    """What a host and our own check say of a task that failed."""

    said: str  # hostile, unless the host is ours
    is_ours: bool


def read_task_words(db: Database, tasks: Collection[int]) -> dict[int, TaskWords]:
    """What was said of each of these tasks. Once archived, what a host said is here only if the task failed."""
    rows = db.select(_WORDS, ids=json.dumps(list(tasks)))
    return {row["id"]: as_value(TaskWords, row) for row in rows}


def list_working_hosts(db: Database, experiment_id: int | None = None) -> dict[int, dict[int, frozenset[str]]]:
    by_version: dict[int, dict[int, frozenset[str]]] = {}
    for row in db.select(_WORKED, experiment_id=experiment_id):
        hosts = by_version.setdefault(row["experiment_id"], {})
        hosts[row["host_id"]] = hosts.get(row["host_id"], frozenset()) | {row["platform"]}
    return by_version


def list_proven_hosts(db: Database) -> frozenset[int]:
    return frozenset(row["host_id"] for row in db.select("SELECT DISTINCT host_id FROM ending WHERE cause = 'success'"))


def has_proven_gpu(db: Database) -> bool:
    """Has any GPU computed a task that counts? The laboratory's own computers use none."""
    return bool(db.select(_PROVEN_ON_GPUS))


def list_blaming_volunteers(db: Database, experiment_id: int, causes: Collection[str]) -> frozenset[int]:
    return frozenset(db.column(int, _BLAMING, experiment_id=experiment_id, causes=json.dumps(sorted(causes))))


def list_bundle_endings(db: Database, experiment_id: int, digest: str) -> list[tuple[int, str, Cause, int]]:
    rows = db.select(_OF_BUNDLE, experiment_id=experiment_id, digest=digest)
    return [(row["host_id"], row["platform"], Cause(row["cause"]), row["amount"]) for row in rows if row["amount"]]
