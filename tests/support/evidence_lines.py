"""Lines of a finding's history, written by hand and read again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from axiom.store.engine.database import Database
from axiom.store.findings import evidence
from axiom.store.findings.observations import PlacedObservation
from axiom_weigh.values import Evidence, Grade, Observation, Verdict


def record(
    db: Database, number: int, line: Evidence, seen: Sequence[Observation], *, session_id: int | None, now: datetime
) -> int:
    """Add a line to the history of a finding, weighed from these; those that say no registration are of its own."""
    (own,) = db.select("SELECT registration_id FROM finding WHERE id = :number", number=number)
    placed = [
        PlacedObservation(
            block=max(1, line.blocks),
            observation=replace(one, registration=one.registration or own["registration_id"]),
        )
        for one in seen
    ]
    return evidence.add_evidence(db, number, line, placed, session_id=session_id, now=now)


def history_of(db: Database, number: int) -> list[Evidence]:
    return [evidence.parse_evidence(row) for row in evidence.list_evidence_lines(db, number)]


def evidence_line(**changes: Any) -> Evidence:
    counts = {"blocks": 1, "seeds": 8, "missing": 0, "hosts": 1, "volunteers": 1, "platforms": 1}
    weighed = {"estimate": 1.0, "low": None, "high": None, "e_value": 2.0, "e_kind": "signed ranks"}
    words = {"verdict": Verdict.UNDECIDED, "grade": Grade.AWAITING, "needs": (), "flags": (), "reasons": ()}
    return Evidence(**(counts | weighed | words | changes))
