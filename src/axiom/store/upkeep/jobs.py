from datetime import datetime

from axiom.store.engine.database import Database, Row, from_microseconds, to_microseconds

_STARTED = """
INSERT INTO job (name, every_seconds, last_start) VALUES (:name, :every, :now)
ON CONFLICT (name) DO UPDATE SET every_seconds = :every, last_start = :now
"""
_FAILED = """
INSERT INTO job (name, every_seconds, last_error) VALUES (:name, :every, :error)
ON CONFLICT (name) DO UPDATE SET every_seconds = :every, last_error = :error
"""
_LAST_WRITTEN = """
SELECT at AS written, 'the audit, entry ' || CAST(id AS TEXT) AS what FROM audit WHERE id = (SELECT max(id) FROM audit)
UNION ALL
SELECT seen_at AS written, 'host ' || CAST(id AS TEXT) AS what FROM host
WHERE seen_at = (SELECT max(seen_at) FROM host)
UNION ALL
SELECT last_start AS written, 'the job ' || name AS what FROM job
WHERE last_start = (SELECT max(last_start) FROM job)
ORDER BY 1 DESC LIMIT 1
"""


def record_job_start(db: Database, name: str, every_seconds: float, now: datetime) -> None:
    db.execute(_STARTED, name=name, every=every_seconds, now=to_microseconds(now))


def record_job_success(db: Database, name: str, now: datetime) -> None:
    db.execute("UPDATE job SET last_ok = :now, last_error = '' WHERE name = :name", name=name, now=to_microseconds(now))


def record_job_failure(db: Database, name: str, every_seconds: float, error: str) -> None:
    db.execute(_FAILED, name=name, every=every_seconds, error=error)


def clear_job_error(db: Database, name: str) -> None:
    """Clear the error of a job that nobody does any more."""
    db.execute("UPDATE job SET last_error = '' WHERE name = :name AND last_error <> ''", name=name)


def find_last_job_start(db: Database, name: str) -> datetime | None:
    return db.scalar(from_microseconds, "SELECT last_start FROM job WHERE name = :name", name=name)


def find_first_run_start(db: Database, name: str) -> datetime | None:
    return db.scalar(
        from_microseconds,
        "SELECT last_start FROM job WHERE name = :name AND last_ok IS NULL AND last_error = ''",
        name=name,
    )


def list_jobs(db: Database) -> list[Row]:
    return db.select("SELECT * FROM job ORDER BY name")


def find_last_write(db: Database) -> tuple[datetime, str] | None:
    """The latest moment that stands in the audit, with a host or with a job, and which of them it is."""
    row = db.row(_LAST_WRITTEN)
    return (from_microseconds(int(row["written"])), str(row["what"])) if row else None
