"""What predictions were worth, one row each, written once their registration has ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.estimands import Prediction
from axiom.domain.registrations import forecaster_name
from axiom.store.engine.database import Database, Row, as_value
from axiom_weigh.values import Verdict

# What was recalled is void: neither its results nor what was said of them counts.
_AWAITED = """
SELECT DISTINCT p.registration_id FROM prediction p
JOIN registration r ON r.id = p.registration_id JOIN experiment x ON x.id = r.experiment_id
WHERE x.recalled_at IS NULL AND NOT EXISTS (SELECT 1 FROM score s WHERE s.prediction_id = p.id)
ORDER BY p.registration_id
"""
_UNSCORED = """
SELECT p.* FROM prediction p
WHERE p.registration_id = :registration_id AND NOT EXISTS (SELECT 1 FROM score s WHERE s.prediction_id = p.id)
ORDER BY p.id
"""
_GOES_ON = """
SELECT 1 FROM workunit WHERE registration_id = :registration_id AND state = 'open' AND checks_task_id IS NULL LIMIT 1
"""
_ALL = """
SELECT p.*, s.finding_number, s.verdict, s.estimate, s.brier, s.log_score, s.interval_score, s.is_covered, s.reason,
    s.scored_at
FROM prediction p JOIN registration r ON r.id = p.registration_id JOIN experiment x ON x.id = r.experiment_id
LEFT JOIN score s ON s.prediction_id = p.id
WHERE x.recalled_at IS NULL ORDER BY coalesce(s.scored_at, 9223372036854775807), p.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnscoredPrediction:
    id: int
    estimand: str
    forecaster: str
    prediction: Prediction


def list_unscored_registrations(db: Database) -> list[int]:
    return [row["registration_id"] for row in db.select(_AWAITED)]


def list_unscored_predictions(db: Database, registration_id: int) -> list[UnscoredPrediction]:
    return [
        as_value(UnscoredPrediction, row, prediction=read_score_prediction(row), forecaster=_forecaster(row))
        for row in db.select(_UNSCORED, registration_id=registration_id)
    ]


def has_open_workunits(db: Database, registration_id: int) -> bool:
    return db.row(_GOES_ON, registration_id=registration_id) is not None


def add_score(db: Database, prediction_id: int, facts: Mapping[str, Any], now: datetime) -> None:
    db.add("score", prediction_id=prediction_id, **facts, scored_at=now)


def list_scores(db: Database) -> list[Row]:
    return [{**row, "forecaster": _forecaster(row)} for row in db.select(_ALL)]


def read_score_prediction(row: Mapping[str, Any]) -> Prediction:
    return as_value(Prediction, row, interval=(row["low"], row["high"]))


def _forecaster(row: Mapping[str, Any]) -> str:
    return forecaster_name(row["forecaster"], row["informed"])


def read_score_verdict(row: Mapping[str, Any]) -> Verdict | None:
    return Verdict(row["verdict"]) if row["verdict"] else None
