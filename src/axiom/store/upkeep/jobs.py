from datetime import datetime

from axiom.store.engine.database import Database, Row, at, maybe_moment

_STARTED = """
INSERT INTO job (name, every_seconds, last_start) VALUES (:name, :every, :now)
ON CONFLICT (name) DO UPDATE SET every_seconds = :every, last_start = :now
"""
_FAILED = """
INSERT INTO job (name, every_seconds, last_error) VALUES (:name, :every, :error)
ON CONFLICT (name) DO UPDATE SET every_seconds = :every, last_error = :error
"""


def started(db: Database, name: str, every_seconds: float, now: datetime) -> None:
    db.execute(_STARTED, name=name, every=every_seconds, now=at(now))


def done(db: Database, name: str, now: datetime) -> None:
    db.execute("UPDATE job SET last_ok = :now, last_error = '' WHERE name = :name", name=name, now=at(now))


def failed(db: Database, name: str, every_seconds: float, error: str) -> None:
    db.execute(_FAILED, name=name, every=every_seconds, error=error)


def forget_error(db: Database, name: str) -> None:
    """Clear the error of a job that nobody does any more."""
    db.execute("UPDATE job SET last_error = '' WHERE name = :name AND last_error <> ''", name=name)


def last_start(db: Database, name: str) -> datetime | None:
    row = db.row("SELECT last_start FROM job WHERE name = :name", name=name)
    return maybe_moment(row["last_start"]) if row else None


def first_began(db: Database, name: str) -> datetime | None:
    row = db.row("SELECT last_start FROM job WHERE name = :name AND last_ok IS NULL AND last_error = ''", name=name)
    return maybe_moment(row["last_start"]) if row else None


def every_job(db: Database) -> list[Row]:
    return db.select("SELECT * FROM job ORDER BY name")
