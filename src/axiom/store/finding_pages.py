"""Findings as pages show them: the claim, how it stands now, how it got there, and what was predicted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from axiom.domain.findings import (
    Direction,
    Evidence,
    Finding,
    Meaning,
    Observation,
    Prediction,
    Verdict,
    reading,
)
from axiom.store import evidence
from axiom.store.database import Database, Row, moment

# Without the observations, which are long.
_EVIDENCE = """e.blocks, e.seeds, e.missing, e.estimate, e.low, e.high, e.e_value, e.e_kind, e.verdict, e.grade,
    e.hosts, e.volunteers, e.platforms, e.needs, e.flags, e.reasons, e.created_at"""
_STANDING = f"""
SELECT f.id AS number, f.registration_id, f.experiment_id, f.estimand, f.status, f.created_at AS numbered_at,
    x.name AS experiment, x.version, r.body, s.name AS session, {_EVIDENCE}
FROM finding f
JOIN experiment x ON x.id = f.experiment_id
JOIN registration r ON r.id = f.registration_id
LEFT JOIN evidence e ON e.finding_number = f.id
    AND e.blocks = (SELECT max(blocks) FROM evidence WHERE finding_number = f.id)
LEFT JOIN session s ON s.id = e.session_id
"""
_ALL = f"{_STANDING} ORDER BY f.id DESC"
_ONE = f"{_STANDING} WHERE f.id = :number"
_OF_EXPERIMENT = f"{_STANDING} WHERE f.experiment_id = :experiment_id ORDER BY f.id"
_LAST = "SELECT coalesce(max(id), 0) AS number FROM finding"
_PREDICTIONS = """
SELECT * FROM prediction WHERE registration_id = :registration_id AND (:estimand = '' OR estimand = :estimand)
ORDER BY id
"""
_HISTORY = f"""
SELECT {_EVIDENCE}, s.name AS session FROM evidence e LEFT JOIN session s ON s.id = e.session_id
WHERE e.finding_number = :number ORDER BY e.blocks
"""
_NEWEST = "SELECT observations FROM evidence WHERE finding_number = :number ORDER BY blocks DESC LIMIT 1"
_FIRST_BLOCK = """
SELECT count(*) AS back FROM result
WHERE experiment_id = :experiment_id AND replicate IN (
    SELECT number FROM replicate WHERE experiment_id = :experiment_id AND registration_id = :registration_id
    ORDER BY number LIMIT :block)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a finding's history."""

    evidence: Evidence
    session: str  # in which it was weighed; empty outside of one
    weighed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A finding and what its newest evidence says; `line` is None until its first block is closed."""

    finding: Finding
    experiment: str
    version: int
    registered: Mapping[str, Any]  # the registration's body
    estimand: Mapping[str, Any]
    line: Line | None

    @property
    def verdict(self) -> Verdict:
        """The newest verdict; undecided until something is weighed."""
        return self.line.evidence.verdict if self.line else Verdict.UNDECIDED

    @property
    def reads(self) -> Meaning:
        """What the verdict says about the claim."""
        return reading(self.verdict, Direction(self.estimand["expects"]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """A prediction of one estimand, and who made it."""

    estimand: str
    forecaster: str
    prediction: Prediction


def everything(db: Database) -> list[Standing]:
    """Every finding, the newest first."""
    return [_standing(row) for row in db.select(_ALL)]


def one(db: Database, number: int) -> Standing | None:
    """The finding with this number."""
    row = db.one(_ONE, number=number)
    return _standing(row) if row else None


def of_experiment(db: Database, experiment_id: int) -> list[Standing]:
    """The findings of one version."""
    return [_standing(row) for row in db.select(_OF_EXPERIMENT, experiment_id=experiment_id)]


def last_number(db: Database) -> int:
    """The highest number that was given; 0 when none was."""
    row = db.one(_LAST)
    return int(row["number"]) if row else 0


def history(db: Database, number: int) -> list[Line]:
    """All evidence of a finding, oldest first."""
    return [_line(row) for row in db.select(_HISTORY, number=number)]


def observations(db: Database, number: int) -> tuple[Observation, ...]:
    """From what the newest evidence was weighed."""
    row = db.one(_NEWEST, number=number)
    return evidence.observations(row) if row else ()


def forecasts(db: Database, registration_id: int, estimand: str = "") -> list[Forecast]:
    """What was predicted when this was registered, of one estimand or of all."""
    return [_forecast(row) for row in db.select(_PREDICTIONS, registration_id=registration_id, estimand=estimand)]


def back_of_first_block(db: Database, finding: Finding, block: int) -> int:
    """How many cells of the first block are back."""
    row = db.one(
        _FIRST_BLOCK, experiment_id=finding.experiment_id, registration_id=finding.registration_id, block=block
    )
    return int(row["back"]) if row else 0


@lru_cache(maxsize=256)
def _read_body(body: str) -> Mapping[str, Any]:
    """A registration's body: its row never changes, so it is read once a process."""
    found: Mapping[str, Any] = json.loads(body)
    return found


def _standing(row: Row) -> Standing:
    registered = _read_body(row["body"])
    declared = registered.get("estimands", ())
    estimand: Mapping[str, Any] = next((each for each in declared if each["name"] == row["estimand"]), {})
    return Standing(
        finding=Finding(
            number=row["number"],
            registration_id=row["registration_id"],
            experiment_id=row["experiment_id"],
            estimand=row["estimand"],
            claim=str(estimand.get("claim", row["estimand"])),
            status=row["status"],
            created_at=moment(row["numbered_at"]),
        ),
        experiment=row["experiment"],
        version=row["version"],
        registered=registered,
        estimand=estimand,
        line=None if row["created_at"] is None else _line(row),
    )


def _line(row: Row) -> Line:
    return Line(
        evidence=evidence.read(row),
        session=row["session"] or "",
        weighed_at=moment(row["created_at"]),
    )


def _forecast(row: Row) -> Forecast:
    return Forecast(
        estimand=row["estimand"],
        forecaster=row["forecaster"],
        prediction=Prediction(
            positive=row["positive"],
            negative=row["negative"],
            absent=row["absent"],
            interval=(row["low"], row["high"]),
            because=row["because"],
        ),
    )
