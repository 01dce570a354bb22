"""Registrations, hash-chained before any workunit, the predictions written in them, and their claims' numbers."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from axiom.domain.findings import Registration
from axiom.store import counters
from axiom.store.database import Database, Row, at, moment

FIRST = "0" * 64  # what the first link of a chain calls its predecessor

_HEAD = "SELECT hash FROM registration ORDER BY id DESC LIMIT 1"
_ALL = "SELECT * FROM registration ORDER BY id"
_BY_ID = "SELECT * FROM registration WHERE id = :id"
_OF = "SELECT * FROM registration WHERE experiment_id = :experiment_id ORDER BY id DESC LIMIT 1"
_ADD = """
INSERT INTO registration (experiment_id, cohort, body, previous_hash, hash, created_at)
VALUES (:experiment_id, :cohort, :body, :previous_hash, :hash, :created_at)
"""
_NUMBER = """
INSERT INTO finding (registration_id, experiment_id, estimand, created_at)
VALUES (:registration_id, :experiment_id, :estimand, :created_at)
"""
_PREDICT = """
INSERT INTO prediction (registration_id, estimand, forecaster, positive, negative, absent, low, high, because)
VALUES (:registration_id, :estimand, :forecaster, :positive, :negative, :absent, :low, :high, :because)
"""
_COUNTER = ("registration", 0, "written")  # without it, cutting off the newest would leave a chain that holds
_COVERED = ("experiment_id", "cohort", "body", "created_at")


def register(
    db: Database,
    *,
    experiment_id: int,
    cohort: str,
    body: str,
    predictions: Sequence[Mapping[str, Any]],
    now: datetime,
) -> int:
    """Write down what is asked and expected, chained to all that was registered before."""
    head = db.one(_HEAD)
    previous = head["hash"] if head else FIRST
    facts = {"experiment_id": experiment_id, "cohort": cohort, "body": body, "created_at": at(now)}
    registration_id = db.insert(_ADD, **facts, previous_hash=previous, hash=_hash(previous, facts))
    counters.add(db, *_COUNTER, 1)
    db.many(_PREDICT, [{"registration_id": registration_id, **prediction} for prediction in predictions])
    for prediction in predictions:
        db.insert(
            _NUMBER,
            registration_id=registration_id,
            experiment_id=experiment_id,
            estimand=prediction["estimand"],
            created_at=at(now),
        )
    return registration_id


def registration(db: Database, registration_id: int) -> Registration | None:
    """The registration with this id."""
    row = db.one(_BY_ID, id=registration_id)
    return _registration(row) if row else None


def registered(db: Database, experiment_id: int) -> Registration | None:
    """The newest registration of this version."""
    row = db.one(_OF, experiment_id=experiment_id)
    return _registration(row) if row else None


def broken_links(db: Database) -> list[str]:
    """Every place at which the chain of registrations does not hold."""
    problems, previous = [], FIRST
    rows = db.select(_ALL)
    for row in rows:
        if row["previous_hash"] != previous:
            problems.append(f"registration {row['id']} does not follow from what was registered before it")
        if row["hash"] != _hash(row["previous_hash"], {name: row[name] for name in _COVERED}):
            problems.append(f"registration {row['id']} was altered after it was written")
        previous = row["hash"]
    written = counters.read(db).get(_COUNTER, 0)
    if written != len(rows):
        problems.append(f"there are {len(rows)} registrations, and {written} were written: the newest were removed")
    return problems


def _hash(previous: str, facts: Mapping[str, Any]) -> str:
    """Covers this registration and, through the hash before it, everything registered earlier."""
    text = json.dumps([previous, facts], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"axiom-registration-1|{text}".encode()).hexdigest()


def _registration(row: Row) -> Registration:
    return Registration(
        id=row["id"],
        experiment_id=row["experiment_id"],
        cohort=row["cohort"],
        body=row["body"],
        previous_hash=row["previous_hash"],
        hash=row["hash"],
        created_at=moment(row["created_at"]),
    )
