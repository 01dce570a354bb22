"""Registrations, hash-chained before any workunit, what was predicted of them, and their claims' numbers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.evidence import Registration
from axiom.domain.maps import PlacedConfigs
from axiom.domain.registrations import read_registration_body
from axiom.store.engine.database import Database, Row, as_value, to_microseconds
from axiom.store.engine.hash_chains import HashChain
from axiom.store.registrations import seed_secrets

_ALL_OF = "SELECT * FROM registration WHERE experiment_id = :experiment_id ORDER BY id"
_ALL = "SELECT * FROM registration ORDER BY id DESC"
_HAS_PREDICTED = """
SELECT 1 FROM prediction
WHERE registration_id = :registration_id AND estimand = :estimand AND forecaster = :forecaster
"""
_NUMBERED = "SELECT id, registration_id, estimand FROM finding WHERE experiment_id = :experiment_id ORDER BY id"
# Back is what a host has reported, whether or not it has been looked at yet.
_BACK = """
SELECT 1 WHERE EXISTS (
    SELECT 1 FROM workunit w JOIN task t ON t.workunit_id = w.id
    WHERE w.registration_id = :registration_id AND t.output_digest IS NOT NULL)
OR EXISTS (
    SELECT 1 FROM replicate p JOIN result r ON r.experiment_id = p.experiment_id AND r.replicate = p.number
    WHERE p.registration_id = :registration_id)
"""
_OF_FINDING = """
SELECT r.*, f.estimand FROM finding f JOIN registration r ON r.id = f.registration_id WHERE f.id = :number
"""
_UNDECIDED = """
SELECT p.id, r.experiment_id, p.forecaster, coalesce(p.created_at, r.created_at) AS at, q.draft_id AS draft
FROM prediction p JOIN registration r ON r.id = p.registration_id
LEFT JOIN proposal q ON q.registration_id = r.id AND q.draft_id IS NOT NULL
WHERE p.informed IS NULL AND p.forecaster NOT LIKE '%, informed' ORDER BY p.id
"""
_BLIND = """
SELECT p.id, r.experiment_id, p.forecaster, coalesce(p.created_at, r.created_at) AS at, NULL AS draft
FROM prediction p JOIN registration r ON r.id = p.registration_id
WHERE r.experiment_id = :experiment_id AND p.informed = '' ORDER BY p.id
"""
_STATUS = "UPDATE finding SET status = :status, why = :why WHERE id = :number AND status NOT IN (:status, 'recalled')"
_SUSPENDED = """
SELECT f.id AS number, e.name, e.version, f.why FROM finding f JOIN experiment e ON e.id = f.experiment_id
WHERE f.status = 'suspended' ORDER BY f.id DESC
"""
_STATUSES = "SELECT id, status, why FROM finding WHERE experiment_id = :experiment_id ORDER BY id"
_SAID = ("estimand", "forecaster", "positive", "negative", "absent", "low", "high", "because")
_CHAIN = HashChain(table="registration", covered=("experiment_id", "cohort", "body", "created_at"))
_LATER = HashChain(table="prediction", covered=("registration_id", *_SAID, "created_at"), where_known=("median",))


def add_registration(
    db: Database,
    *,
    experiment_id: int,
    cohort: str,
    body: str,
    predictions: Sequence[Mapping[str, Any]],
    now: datetime,
    claims: Sequence[str] | None = None,
    informed: str | None = None,
) -> int:
    """Write down what is asked and expected, chained to all that was registered before; then draw its secret.

    A body that does not say so has none: its seeds follow from names.

    `claims` are the estimands that get a number of their own; where nothing is said, those that are predicted.
    `informed`: what of its kin was run before; nothing was where that is empty.
    """
    facts = {"experiment_id": experiment_id, "cohort": cohort, "body": body, "created_at": to_microseconds(now)}
    registration_id = db.add("registration", **facts, **_CHAIN.link(db, facts))
    seed_secrets.begin_secrets(db, registration_id, now)
    db.add_all(
        "prediction",
        [
            {"registration_id": registration_id, "median": None, **prediction, "informed": informed}
            for prediction in predictions
        ],
    )
    for estimand in [prediction["estimand"] for prediction in predictions] if claims is None else claims:
        db.add(
            "finding",
            registration_id=registration_id,
            experiment_id=experiment_id,
            estimand=estimand,
            created_at=to_microseconds(now),
        )
    return registration_id


def add_prediction(db: Database, registration_id: int, prediction: Mapping[str, Any], now: datetime) -> int:
    """What somebody expects who comes after the registration, chained to all that came so."""
    expected = {name: prediction[name] for name in _SAID} | {"median": prediction.get("median")}
    facts = {"registration_id": registration_id, **expected, "created_at": to_microseconds(now)}
    return db.add("prediction", **facts, **_LATER.link(db, facts), informed=prediction.get("informed"))


@dataclass(frozen=True, kw_only=True, slots=True)
class UndecidedPrediction:
    """A prediction that was made before anybody asked what of its kin was run."""

    id: int
    experiment_id: int
    forecaster: str
    at: datetime
    draft: int | None


def list_undecided_predictions(db: Database) -> list[UndecidedPrediction]:
    return db.values(UndecidedPrediction, _UNDECIDED)


def list_blind_predictions(db: Database, experiment_id: int) -> list[UndecidedPrediction]:
    """What was predicted of a version before any run of it or its kin was recorded."""
    return db.values(UndecidedPrediction, _BLIND, experiment_id=experiment_id)


def set_prediction_informed(db: Database, prediction_id: int, informed: str) -> None:
    db.execute("UPDATE prediction SET informed = :informed WHERE id = :id", id=prediction_id, informed=informed)


def has_predicted(db: Database, registration_id: int, estimand: str, forecaster: str) -> bool:
    return bool(db.number(_HAS_PREDICTED, registration_id=registration_id, estimand=estimand, forecaster=forecaster))


def find_registration(db: Database, registration_id: int) -> Registration | None:
    return db.value(Registration, "SELECT * FROM registration WHERE id = :id", id=registration_id)


def read_registrations(db: Database, experiment_id: int | None = None) -> list[Registration]:
    return db.values(Registration, _ALL if experiment_id is None else _ALL_OF, experiment_id=experiment_id)


def list_registration_ids(db: Database) -> list[int]:
    """Of every registration, the newest first."""
    return [row["id"] for row in db.select("SELECT id FROM registration ORDER BY id DESC")]


def list_claim_numbers(db: Database, registration: Registration) -> dict[str, int]:
    begun = list_begun_findings(db, registration.experiment_id)
    return {**read_registration_body(registration.body).joins, **begun.get(registration.id, {})}


def list_begun_findings(db: Database, experiment_id: int) -> dict[int, dict[str, int]]:
    """The findings that each registration of a version began, by estimand."""
    begun: dict[int, dict[str, int]] = {}
    for row in db.select(_NUMBERED, experiment_id=experiment_id):
        begun.setdefault(row["registration_id"], {})[row["estimand"]] = int(row["id"])
    return begun


def group_findings_by_registration(db: Database) -> tuple[dict[int, dict[str, int]], frozenset[int]]:
    """Of all versions: the findings that each began, by estimand, and which findings are open."""
    begun: dict[int, dict[str, int]] = {}
    rows = db.select("SELECT id, registration_id, estimand, status FROM finding ORDER BY id")
    for row in rows:
        begun.setdefault(row["registration_id"], {})[row["estimand"]] = row["id"]
    return begun, frozenset(row["id"] for row in rows if row["status"] == "open")


def find_finding_registration(db: Database, number: int) -> tuple[Registration, str] | None:
    row = db.row(_OF_FINDING, number=number)
    return (as_value(Registration, row), str(row["estimand"])) if row else None


def read_placed_configs(db: Database, experiment_id: int) -> PlacedConfigs:
    """Every config of a version by its place, over all of its designs."""
    configs = PlacedConfigs()
    for registration in read_registrations(db, experiment_id):
        configs.update(read_registration_body(registration.body).design.by_place)
    return configs


def group_feeders_by_finding(db: Database, experiment_id: int) -> dict[int, tuple[int, ...]]:
    feeders_of: dict[int, list[int]] = {}
    for row in db.select(_NUMBERED, experiment_id=experiment_id):
        feeders_of[int(row["id"])] = [row["registration_id"]]
    for registration in read_registrations(db, experiment_id):
        for number in read_registration_body(registration.body).joins.values():
            feeders_of[number].append(registration.id)
    return {number: tuple(feeders) for number, feeders in feeders_of.items()}


def has_any_output(db: Database, registration_ids: Iterable[int]) -> bool:
    """Has any host brought an output of one of these registrations? A task that failed without one tells nothing."""
    return any(
        db.row(_BACK, registration_id=registration_number) is not None for registration_number in registration_ids
    )


def set_finding_status(db: Database, number: int, status: str, why: str = "") -> bool:
    """A finding is open, retired, suspended or recalled, and this is why. Tells whether that changed it.

    What was recalled stays so.
    """
    return db.execute(_STATUS, number=number, status=status, why=why) == 1


def list_finding_statuses(db: Database, experiment_id: int) -> dict[int, tuple[str, str]]:
    return {row["id"]: (row["status"], row["why"]) for row in db.select(_STATUSES, experiment_id=experiment_id)}


def list_suspended_findings(db: Database) -> list[Row]:
    """The findings that are suspended, the newest first: number, name, version and why."""
    return db.select(_SUSPENDED)


def check_registration_chain(db: Database) -> list[str]:
    rows = _CHAIN.rows(db)
    later = _LATER.problems(db, _LATER.rows(db))
    return _CHAIN.problems(db, rows) + _repredicted(db, rows) + later + seed_secrets.check_secrets(db)


def _repredicted(db: Database, rows: Sequence[Row]) -> list[str]:
    """The chain covers a registration's body, and through what the body says also the rows beside it."""
    predictions: dict[int, list[Mapping[str, Any]]] = {}
    for row in db.select("SELECT * FROM prediction WHERE hash IS NULL ORDER BY id"):
        prediction = {name: row[name] for name in _SAID}
        prediction |= {} if row["median"] is None else {"median": row["median"]}  # a body without one leaves it out
        predictions.setdefault(row["registration_id"], []).append(prediction)
    return [
        f"the predictions of registration {row['id']} are not those that were registered"
        for row in rows
        if json.loads(row["body"]).get("predictions") != predictions.get(row["id"], [])
    ]
