"""Registrations, hash-chained before any workunit, and the predictions written in them."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from axiom.domain.findings import Registration
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
_PREDICT = """
INSERT INTO prediction (registration_id, estimand, forecaster, positive, negative, absent, low, high, because)
VALUES (:registration_id, :estimand, :forecaster, :positive, :negative, :absent, :low, :high, :because)
"""


def link(previous_hash: str, body: str) -> str:
    """The hash of a registration, which covers everything registered before it."""
    return hashlib.sha256(f"axiom-registration-1|{previous_hash}|{body}".encode()).hexdigest()


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
    registration_id = db.insert(
        _ADD,
        experiment_id=experiment_id,
        cohort=cohort,
        body=body,
        previous_hash=previous,
        hash=link(previous, body),
        created_at=at(now),
    )
    db.many(_PREDICT, [{"registration_id": registration_id, **prediction} for prediction in predictions])
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
    for row in db.select(_ALL):
        if row["previous_hash"] != previous or row["hash"] != link(previous, row["body"]):
            problems.append(f"registration {row['id']} does not follow from what was registered before it")
        previous = row["hash"]
    return problems


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
