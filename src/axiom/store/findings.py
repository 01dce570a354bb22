"""Registrations, hash-chained before any workunit, the predictions written in them, and their claims' numbers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from axiom.domain.findings import Registration
from axiom.store.chains import Chain
from axiom.store.database import Database, Row, at, moment

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
_PREDICTED = "SELECT * FROM prediction ORDER BY id"
_SAID = ("estimand", "forecaster", "positive", "negative", "absent", "low", "high", "because")
_CHAIN = Chain(table="registration", covered=("experiment_id", "cohort", "body", "created_at"))


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
    facts = {"experiment_id": experiment_id, "cohort": cohort, "body": body, "created_at": at(now)}
    registration_id = db.insert(_ADD, **facts, **_CHAIN.link(db, facts))
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
    """Every place at which the chain of registrations does not hold, and every prediction that differs from it."""
    rows = _CHAIN.rows(db)
    return _CHAIN.problems(db, rows) + _repredicted(db, rows)


def _repredicted(db: Database, rows: Sequence[Row]) -> list[str]:
    """The chain covers a registration's body, and through what the body says also the rows beside it."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in db.select(_PREDICTED):
        found.setdefault(row["registration_id"], []).append({name: row[name] for name in _SAID})
    return [
        f"the predictions of registration {row['id']} are not those that were registered"
        for row in rows
        # Bodies from before predictions were part of them say nothing that could be compared.
        if (said := json.loads(row["body"]).get("predictions")) is not None and said != found.get(row["id"], [])
    ]


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
