"""What the closed blocks of each finding say: its history, a row whenever another block closed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.findings import Evidence, Grade, Observation, Verdict
from axiom.store.database import Database, Row, at

_RECORD = """
INSERT INTO evidence (finding_number, session_id, blocks, seeds, missing, estimate, low, high, e_value, e_kind, verdict,
    grade, hosts, volunteers, platforms, needs, flags, reasons, observations, created_at)
VALUES (:finding_number, :session_id, :blocks, :seeds, :missing, :estimate, :low, :high, :e_value, :e_kind, :verdict,
    :grade, :hosts, :volunteers, :platforms, :needs, :flags, :reasons, :observations, :created_at)
"""
_NEWEST = """
SELECT e.* FROM evidence e WHERE e.blocks = (
    SELECT max(blocks) FROM evidence WHERE finding_number = e.finding_number)
ORDER BY e.finding_number
"""
_HISTORY = "SELECT * FROM evidence WHERE finding_number = :number ORDER BY blocks"
_WEIGHED = """
SELECT f.id AS number, f.registration_id, f.estimand, coalesce(max(e.blocks), 0) AS blocks
FROM finding f LEFT JOIN evidence e ON e.finding_number = f.id
WHERE f.experiment_id = :experiment_id GROUP BY f.id, f.registration_id, f.estimand ORDER BY f.id
"""
_RETURNED = """
SELECT replicate, count(*) AS back FROM result
WHERE experiment_id = :experiment_id AND replicate >= :first GROUP BY replicate
"""
_ORDERED = """
SELECT id, replicates, state FROM workunit
WHERE registration_id = :registration_id AND checks_task_id IS NULL AND id < :before ORDER BY id DESC LIMIT 100
"""
_CELLS = """
SELECT r.replicate, r.config, r.outcome, r.measures, t.host_id
FROM result r JOIN task t ON t.id = r.task_id
WHERE r.experiment_id = :experiment_id AND r.replicate <= :last AND r.created_at <= :until
ORDER BY r.replicate, r.config
"""

_AFTER_ALL = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighed:
    """A finding and how many of its blocks have been weighed."""

    number: int
    registration_id: int
    estimand: str
    blocks: int


def record(
    db: Database,
    number: int,
    evidence: Evidence,
    observations: Sequence[Observation],
    *,
    session_id: int | None,
    now: datetime,
) -> int:
    """Add a line to the history of a finding; the observations are kept with it, so that it can be weighed again."""
    return db.insert(
        _RECORD,
        finding_number=number,
        session_id=session_id,
        blocks=evidence.blocks,
        seeds=evidence.seeds,
        missing=evidence.missing,
        estimate=evidence.estimate,
        low=evidence.low,
        high=evidence.high,
        e_value=evidence.e_value,
        e_kind=evidence.e_kind,
        verdict=evidence.verdict,
        grade=evidence.grade,
        hosts=evidence.hosts,
        volunteers=evidence.volunteers,
        platforms=evidence.platforms,
        needs=json.dumps(evidence.needs),
        flags=json.dumps(evidence.flags),
        reasons=json.dumps(evidence.reasons),
        observations=json.dumps([[o.replicate, o.value, o.hosts, o.why_missing] for o in observations]),
        created_at=at(now),
    )


def newest(db: Database) -> dict[int, Evidence]:
    """The newest evidence of every finding that has any, by its number."""
    return {int(row["finding_number"]): read(row) for row in db.select(_NEWEST)}


def history(db: Database, number: int) -> list[Evidence]:
    """All evidence of a finding, oldest first."""
    return [read(row) for row in db.select(_HISTORY, number=number)]


def weighed(db: Database, experiment_id: int) -> list[Weighed]:
    """The findings of a version, and how far each is weighed."""
    return [Weighed(**dict(row)) for row in db.select(_WEIGHED, experiment_id=experiment_id)]


def returned(db: Database, experiment_id: int, first: int = 0) -> dict[int, int]:
    """How many cells of each replicate are back, from this number on."""
    rows = db.select(_RETURNED, experiment_id=experiment_id, first=first)
    return {row["replicate"]: row["back"] for row in rows}


def ordered(db: Database, registration_id: int, first: int = 0) -> dict[int, bool]:
    """Every replicate from this number on that was ordered, and whether nothing more of it will come.

    It may have been ordered in parts, and then each of them must be closed. Numbers are issued in order, so the newest
    workunits have the highest: from there back to the first.
    """
    found: dict[int, bool] = {}
    before = _AFTER_ALL
    while rows := db.select(_ORDERED, registration_id=registration_id, before=before):
        before = rows[-1]["id"]
        for row in rows:
            numbers = json.loads(row["replicates"])
            if max(numbers) < first:
                return found
            is_over = row["state"] != "open"
            found.update({number: is_over and found.get(number, True) for number in numbers if number >= first})
    return found


def cells(db: Database, experiment_id: int, last: int, until: datetime) -> list[Row]:
    """Every result up to this replicate that was there at a moment, with the host that computed it."""
    return db.select(_CELLS, experiment_id=experiment_id, last=last, until=at(until))


def read(row: Mapping[str, Any]) -> Evidence:
    """One line of a finding's history."""
    return Evidence(
        blocks=row["blocks"],
        seeds=row["seeds"],
        missing=row["missing"],
        estimate=row["estimate"],
        low=row["low"],
        high=row["high"],
        e_value=row["e_value"],
        e_kind=row["e_kind"],
        verdict=Verdict(row["verdict"]),
        grade=Grade(row["grade"]),
        hosts=row["hosts"],
        volunteers=row["volunteers"],
        platforms=row["platforms"],
        needs=tuple(json.loads(row["needs"])),
        flags=tuple(json.loads(row["flags"])),
        reasons=tuple(json.loads(row["reasons"])),
    )


def observations(row: Mapping[str, Any]) -> tuple[Observation, ...]:
    """The observations from which a line of the history was weighed."""
    return tuple(
        Observation(replicate=number, value=value, hosts=_hosts(written), why_missing=why)
        for number, value, written, why in json.loads(row["observations"])
    )


def _hosts(written: Sequence[int] | int | None) -> tuple[int, ...]:
    """The hosts of an observation; older lines know one at most."""
    if written is None:
        return ()
    return (written,) if isinstance(written, int) else tuple(written)


def lines(db: Database, number: int) -> list[Row]:
    """The rows of a finding's history as they are stored."""
    return db.select(_HISTORY, number=number)
