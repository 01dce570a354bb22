"""How far each bundle is let out: a history of which nothing changes, and what was sent while it was let out."""

from datetime import datetime, timedelta

from axiom.domain.releases import Change, Fleet, Release, SentTasks
from axiom.limits import hosts as host_limits
from axiom.store.engine import counters
from axiom.store.engine.database import Database, Row, as_value, from_microseconds, to_microseconds
from axiom.store.tasks.sql_rules import PLATFORM
from axiom_weigh.grouping import group_pairs

_OF_VERSION = "SELECT * FROM release WHERE experiment_id = :experiment_id ORDER BY id"
_AUTHORS = "SELECT experiment_id, max(said_by) AS author FROM release WHERE change = :change GROUP BY experiment_id"
_SINCE = """
SELECT r.*, e.name, e.version FROM release r JOIN experiment e ON e.id = r.experiment_id
WHERE r.created_at >= :since AND r.created_at < :until ORDER BY r.id
"""
# A speed is learned from a valid task, so a host that has one has returned something valid. GPUs teach none.
_SENT = f"""
SELECT t.host_id, h.volunteer_id, v.is_ours, (h.speed IS NOT NULL OR h.valid_in_row > 0) AS is_proven,
    {PLATFORM} AS platform, t.state, t.cause, count(*) AS amount,
    sum(CASE WHEN t.state = 'sent' AND t.sent_at < :before AND h.seen_at < :before THEN 1 ELSE 0 END) AS silent,
    max(t.sent_at) AS latest
FROM task t JOIN host h ON h.id = t.host_id JOIN volunteer v ON v.id = h.volunteer_id
WHERE t.is_staged = 1 AND t.bundle_digest = :bundle AND t.sent_at >= :since
GROUP BY t.host_id, t.gpu, t.state, t.cause ORDER BY t.host_id, t.gpu, t.state, t.cause
"""
_FLEET = """
SELECT count(DISTINCT CASE WHEN is_theirs THEN volunteer_id END) AS volunteers, count(*) AS hosts,
    coalesce(sum(is_theirs * cores), 0) AS cores, count(DISTINCT volunteer_id) <= 1 AS is_alone
FROM (SELECT volunteer_id, CASE valid_in_row WHEN 0 THEN min(cores, :believed) ELSE cores END AS cores,
    volunteer_id IS NOT (SELECT id FROM volunteer WHERE is_ours = 1) AS is_theirs
    FROM host WHERE is_simulated = 0 AND cores > 0 AND seen_at >= (SELECT max(seen_at) FROM host) - :lately)
"""
_LATELY = timedelta(hours=1)


def record_release(
    db: Database,
    change: Change,
    *,
    experiment_id: int,
    bundle: str,
    reason: str,
    by: str,
    now: datetime,
    platform: str = "",
) -> int:
    counters.note_experiment_change(db)
    return db.add(
        "release",
        experiment_id=experiment_id,
        bundle_digest=bundle,
        change=change,
        platform=platform,
        reason=reason,
        said_by=by,
        created_at=now,
    )


def release_to_everybody(db: Database, experiment_id: int, bundle: str, reason: str, now: datetime) -> None:
    """It goes to everybody at once: nothing of it can break, or somebody vouches for it."""
    record_release(
        db, Change.OPEN, experiment_id=experiment_id, bundle=bundle, reason=reason, by="the laboratory", now=now
    )


def list_releases_by_experiment(db: Database) -> dict[int, list[Release]]:
    rows = db.select("SELECT * FROM release ORDER BY id")
    return group_pairs((row["experiment_id"], _release(row)) for row in rows)


def list_version_releases(db: Database, experiment_id: int) -> list[Release]:
    return [_release(row) for row in db.select(_OF_VERSION, experiment_id=experiment_id)]


def list_code_authors(db: Database) -> dict[int, str]:
    """The program that wrote code of a version, of those of which one did."""
    return {row["experiment_id"]: row["author"] for row in db.select(_AUTHORS, change=Change.WRITTEN)}


def list_releases_between(db: Database, since: datetime, until: datetime) -> list[tuple[str, Release]]:
    rows = db.select(_SINCE, since=to_microseconds(since), until=to_microseconds(until))
    return [(f"{row['name']}@{row['version']}", _release(row)) for row in rows]


def list_sent_tasks(db: Database, bundle: str, *, since: datetime | None, before: datetime) -> list[SentTasks]:
    """What was sent with this bundle while it was let out.

    What is out since before that moment, at a host that was not heard from since, counts as silent.
    """
    rows = db.select(_SENT, bundle=bundle, since=to_microseconds(since) if since else 0, before=to_microseconds(before))
    return [as_value(SentTasks, row, host=row["host_id"], volunteer=row["volunteer_id"]) for row in rows]


def measure_fleet(db: Database) -> Fleet:
    """Who computes, of those who were heard from within an hour of the last sign of anybody.

    Of a host whose latest task was not valid, or that had none, few cores count.
    """
    (row,) = db.select(_FLEET, lately=int(_LATELY.total_seconds() * 1_000_000), believed=host_limits.BELIEVED_CORES)
    return as_value(Fleet, row)


def _release(row: Row) -> Release:
    return as_value(
        Release, row, bundle=row["bundle_digest"], by=row["said_by"], at=from_microseconds(row["created_at"])
    )
