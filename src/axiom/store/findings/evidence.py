"""What the closed blocks of each finding say: its history, a line whenever something more was known."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from axiom.domain.registrations import read_registration_body
from axiom.domain.value import value_class
from axiom.store.engine.database import Database, Row, as_value, to_microseconds
from axiom.store.findings import observations as observing
from axiom.store.findings.observations import ObservationSet, PlacedObservation
from axiom_weigh.values import (
    METHOD,
    Agreements,
    Alarm,
    DesignVerdict,
    Evidence,
    Force,
    Home,
    Observation,
    Surroundings,
    Verdict,
)

_NEWEST = """
SELECT e.* FROM evidence e WHERE e.line = (SELECT max(line) FROM evidence WHERE finding_number = e.finding_number)
ORDER BY e.finding_number
"""
_OUTDATED = """
SELECT DISTINCT f.experiment_id FROM finding f JOIN experiment x ON x.id = f.experiment_id
JOIN evidence e ON e.id = (SELECT id FROM evidence WHERE finding_number = f.id ORDER BY line DESC LIMIT 1)
WHERE e.method < :method AND f.status <> 'recalled' AND x.recalled_at IS NULL
"""
_LAST = "SELECT coalesce(max(line), 0) AS line FROM evidence WHERE finding_number = :number"
_WEIGHED = """
SELECT f.id AS number, f.registration_id, f.estimand, f.status, coalesce(e.line, 0) AS line,
    coalesce(e.blocks, 0) AS blocks
FROM finding f LEFT JOIN evidence e ON e.finding_number = f.id
    AND e.line = (SELECT max(line) FROM evidence WHERE finding_number = f.id)
WHERE f.experiment_id = :experiment_id ORDER BY f.id
"""
# A finding without evidence is a claim that was asked, and counts among all that were. So does a recalled one, of which
# nothing is known any more: were claims taken away after a look, the others would seem surer.
_COMPARED_CLAIMS = """
SELECT f.id AS number, f.experiment_id, coalesce(e.e_value, 1) AS e_value, coalesce(e.e_absent, 1) AS e_absent,
    coalesce(e.verdict, 'undecided') AS verdict, e.false_share
FROM finding f JOIN experiment x ON x.id = f.experiment_id
LEFT JOIN evidence e ON e.id = (SELECT id FROM evidence WHERE finding_number = f.id ORDER BY line DESC LIMIT 1)
    AND x.recalled_at IS NULL AND f.status <> 'recalled'
ORDER BY f.id
"""
_COURSE = """
SELECT e.finding_number AS number, e.line, e.session_id, e.e_value, e.e_absent, e.verdict, e.false_share,
    e.created_at
FROM evidence e ORDER BY e.id
"""
_CLAIMS = """
SELECT f.id AS number, f.created_at, x.recalled_at FROM finding f JOIN experiment x ON x.id = f.experiment_id
ORDER BY f.id
"""
_ASKED = """
SELECT f.estimand, r.body FROM finding f JOIN registration r ON r.id = f.registration_id WHERE f.id = :number
"""


_VERDICTS = {member.value: member for member in Verdict}
_UNSAID: Mapping[str, Any] = {"[]": (), "null": None}
_PLAIN = (
    *("blocks", "seeds", "missing", "clones", "estimate", "low", "high", "e_value", "e_kind", "e_absent", "verdict"),
    *("grade", "hosts", "volunteers", "platforms", "designs", "false_share", "method"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WeighedFinding:
    number: int
    registration_id: int
    estimand: str
    blocks: int
    line: int = 0
    status: str = "open"


@value_class
class ComparedClaim:
    number: int
    experiment_id: int
    e_value: float
    e_absent: float
    verdict: Verdict
    false_share: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CardInputs:
    estimand: Mapping[str, Any]
    observations: tuple[Observation, ...]
    blocks: int
    homes: Mapping[int, Home]
    surroundings: Surroundings


def add_evidence(
    db: Database,
    number: int,
    evidence: Evidence,
    placed: Sequence[PlacedObservation],
    *,
    session_id: int | None,
    now: datetime,
) -> int:
    line = evidence.line or db.number(_LAST, number=number) + 1
    added = db.add(
        "evidence",
        finding_number=number,
        session_id=session_id,
        created_at=to_microseconds(now),
        **{name: getattr(evidence, name) for name in _PLAIN},
        **{name: json.dumps(getattr(evidence, name)) for name in ("needs", "more", "flags", "reasons", "by_design")},
        line=line,
        alarms=json.dumps([asdict(alarm) for alarm in evidence.alarms]),
        agreements=json.dumps([asdict(agreement) for agreement in evidence.agreements]),
    )
    observing.store_observations(db, number, line, placed)
    return added


def has_any_evidence(db: Database) -> bool:
    return db.row("SELECT 1 FROM evidence LIMIT 1") is not None


def list_newest_evidence(db: Database) -> dict[int, Evidence]:
    return {int(row["finding_number"]): parse_evidence(row) for row in db.select(_NEWEST)}


def list_outdated_experiments(db: Database) -> list[int]:
    return [row["experiment_id"] for row in db.select(_OUTDATED, method=METHOD)]


def list_evidence_lines(db: Database, number: int) -> list[Row]:
    return db.select("SELECT * FROM evidence WHERE finding_number = :number ORDER BY line", number=number)


def list_weighed_findings(db: Database, experiment_id: int) -> list[WeighedFinding]:
    return db.values(WeighedFinding, _WEIGHED, experiment_id=experiment_id)


def list_compared_claims(db: Database) -> list[ComparedClaim]:
    return [
        ComparedClaim(
            number=number,
            experiment_id=experiment_id,
            e_value=e_value,
            e_absent=e_absent,
            verdict=_VERDICTS[verdict],
            false_share=false_share,
        )
        for number, experiment_id, e_value, e_absent, verdict, false_share in db.fetch_tuples(_COMPARED_CLAIMS)
    ]


def read_evidence_course(db: Database) -> list[Row]:
    """What every line of every history says of its place among all claims, in the order in which they were written."""
    return db.select(_COURSE)


def list_claims(db: Database) -> list[Row]:
    """Every claim that was ever asked: since when, and until when if its version was recalled."""
    return db.select(_CLAIMS)


def parse_evidence(row: Mapping[str, Any]) -> Evidence:
    more = _parsed(row["more"])
    return as_value(
        Evidence,
        row,
        **{name: tuple(_parsed(row[name])) for name in ("needs", "flags", "reasons")},
        more=None if more is None else tuple(more),
        alarms=tuple(_alarm(alarm) for alarm in _parsed(row["alarms"])),
        agreements=tuple(_agreement(agreement) for agreement in _parsed(row["agreements"])),
        by_design=parse_designs(row["by_design"]),
    )


@lru_cache(maxsize=4_096)  # most lines are of one design, and lists read many
def parse_designs(text: str | None) -> tuple[DesignVerdict, ...]:
    return tuple(DesignVerdict(name, _VERDICTS[verdict]) for name, verdict in _parsed(text or "[]"))


def _parsed(text: str) -> Any:
    """JSON; most of what a line may say besides its numbers is not said, and lists of findings read hundreds."""
    return _UNSAID[text] if text in _UNSAID else json.loads(text)


def find_latest_evidence(db: Database, number: int) -> Evidence | None:
    row = _line(db, number, None)
    return parse_evidence(row) if row else None


def read_observation_set(db: Database, number: int, line: int | None = None) -> ObservationSet:
    row = _line(db, number, line)
    return observing.read_line_observations(db, number, row["line"]) if row else ObservationSet()


def read_observations(db: Database, number: int, line: int | None = None) -> tuple[Observation, ...]:
    return read_observation_set(db, number, line).observations


def read_card_inputs(db: Database, number: int) -> CardInputs | None:
    row, question = _line(db, number, None), db.row(_ASKED, number=number)
    if row is None or question is None:
        return None
    observation_set, evidence = observing.read_line_observations(db, number, row["line"]), parse_evidence(row)
    return CardInputs(
        estimand=read_registration_body(question["body"]).estimands[question["estimand"]],
        observations=observation_set.observations,
        blocks=evidence.blocks,
        homes=observation_set.homes,
        surroundings=Surroundings(agreements=evidence.agreements, false_share=evidence.false_share),
    )


def _line(db: Database, number: int, line: int | None) -> Row | None:
    if line is None:
        line = db.number(_LAST, number=number)
    return db.row("SELECT * FROM evidence WHERE finding_number = :number AND line = :line", number=number, line=line)


def _alarm(written: Mapping[str, Any]) -> Alarm:
    return Alarm(**{**written, "force": Force(written["force"]), "hosts": tuple(written["hosts"])})


def _agreement(written: Mapping[str, Any]) -> Agreements:
    first, second = written["platforms"]
    return Agreements(**{**written, "platforms": (first, second)})
