"""Findings as they are shown: how each stands, its history and forecasts, and which hosts fail at its experiment."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from axiom.domain.estimands import Direction, Prediction
from axiom.domain.evidence import Finding, Meaning, verdict_meaning
from axiom.domain.fleet import Platform
from axiom.domain.headlines.finding_sentences import (
    NOT_MEASURED,
    WeighedNumber,
    compose_answer,
    compose_claim,
    is_size_open,
)
from axiom.domain.maps import first_place
from axiom.domain.registrations import RegisteredClaim, forecaster_name, read_registration_body
from axiom.domain.value import value_class
from axiom.domain.work import TaskState
from axiom.store.engine import counters
from axiom.store.engine.database import (
    Database,
    Row,
    as_value,
    from_microseconds,
    from_optional_microseconds,
    to_microseconds,
)
from axiom.store.findings import evidence
from axiom.store.findings.blocks import ALL_PLACES
from axiom.store.tasks.sql_rules import IS_IN_VAIN
from axiom_weigh.values import DesignVerdict, Evidence, Grade, Observation, Verdict

# Without the observations, which are long.
_EVIDENCE = """e.line, e.blocks, e.seeds, e.missing, e.clones, e.estimate, e.low, e.high, e.e_value, e.e_kind,
    e.e_absent, e.verdict, e.grade, e.hosts, e.volunteers, e.platforms, e.designs, e.needs, e.more, e.flags, e.alarms,
    e.reasons, e.agreements, e.false_share, e.method, e.by_design, e.created_at"""
# The session that tells of the round in which it was weighed; until there is one, the round.
_SESSION = """coalesce((SELECT name FROM session WHERE told <> '' AND id >= e.session_id ORDER BY id LIMIT 1), s.name)
    AS session"""
_VIEW = f"""
SELECT f.id AS number, f.registration_id, f.experiment_id, f.estimand, f.status, f.why, f.created_at AS numbered_at,
    x.name AS experiment, x.version, r.body, {_SESSION}, {_EVIDENCE}
FROM finding f
JOIN experiment x ON x.id = f.experiment_id
JOIN registration r ON r.id = f.registration_id
LEFT JOIN evidence e ON e.finding_number = f.id
    AND e.line = (SELECT max(line) FROM evidence WHERE finding_number = f.id)
LEFT JOIN session s ON s.id = e.session_id
"""
_BRIEF = """
SELECT f.id AS number, f.status, x.name AS experiment, f.experiment_id, e.verdict, e.grade, e.estimate, e.low, e.high,
    e.by_design, e.created_at, e.id AS last_line
FROM finding f JOIN experiment x ON x.id = f.experiment_id
LEFT JOIN evidence e ON e.finding_number = f.id
    AND e.line = (SELECT max(line) FROM evidence WHERE finding_number = f.id)
ORDER BY f.id DESC
"""
_BRIEF_UNTIL = _BRIEF.replace("finding_number = f.id)", "finding_number = f.id AND id <= :until)")
_FIRST_DECIDED = """
SELECT finding_number, min(created_at) AS at FROM evidence WHERE verdict IN ('effect +', 'effect −', 'absent')
GROUP BY finding_number HAVING min(created_at) >= :since ORDER BY at DESC
"""
_ASKED = "SELECT id, registration_id, estimand FROM finding"
_BODIES = "SELECT id, body FROM registration"  # by themselves: each is long, and many findings have the same
_ONE = f"{_VIEW} WHERE f.id = :number"
_SOME = f"{_VIEW} WHERE f.id IN (SELECT value FROM json_each(:numbers))"
_OF_EXPERIMENT = f"{_VIEW} WHERE f.experiment_id = :experiment_id ORDER BY f.id"
_PREDICTIONS = """
SELECT p.*, s.verdict AS came_out, s.brier, s.log_score, s.interval_score, s.is_covered, s.reason, s.scored_at,
    (SELECT max(e.seeds) FROM evidence e JOIN finding f ON f.id = e.finding_number
     WHERE e.created_at <= r.created_at AND f.experiment_id = r.experiment_id AND (
         f.id IN (SELECT value FROM json_each(r.body, '$.joins') WHERE key = p.estimand)
         OR f.registration_id = a.id OR f.id IN (SELECT value FROM json_each(a.body, '$.joins')))) AS seen
FROM prediction p JOIN registration r ON r.id = p.registration_id
LEFT JOIN registration a ON a.id = json_extract(r.body, '$.amends')
LEFT JOIN score s ON s.prediction_id = p.id
WHERE p.registration_id = :registration_id AND (:estimand = '' OR p.estimand = :estimand) ORDER BY p.id
"""
_HISTORY = f"""
SELECT {_EVIDENCE}, {_SESSION} FROM evidence e LEFT JOIN session s ON s.id = e.session_id
WHERE e.finding_number = :number ORDER BY e.line
"""
_COURSE = f"""
SELECT e.seeds, e.estimate, e.low, e.high, e.e_value, e.verdict, e.grade, {_SESSION}
FROM evidence e LEFT JOIN session s ON s.id = e.session_id WHERE e.finding_number = :number ORDER BY e.line
"""
_BLOCK = """
SELECT count(*) AS back FROM result
WHERE experiment_id = :experiment_id AND config < :below AND replicate IN (
    SELECT number FROM replicate WHERE experiment_id = :experiment_id AND registration_id = :registration_id
    ORDER BY number LIMIT :block OFFSET :skip)
"""

_WRONG = tuple(state for state in TaskState if state.is_in_vain)
_SUMS = ", ".join(f"sum(CASE t.state WHEN '{state}' THEN 1 ELSE 0 END) AS {state}" for state in _WRONG)
# Hosts that nothing but failed: every task of theirs is over or out, one at least is over, and none was valid. Asked of
# each host first, since most have a valid one among their oldest tasks and are done with at once.
_NEVER_WORKED = f"""
SELECT t.host_id, h.system, h.processor, h.instructions, count(*) AS tasks, {_SUMS}
FROM host h CROSS JOIN task t
WHERE NOT EXISTS (
    SELECT 1 FROM task v
    WHERE v.host_id = h.id AND v.sent_at IS NOT NULL AND v.experiment_id = :experiment_id AND v.state = 'valid')
AND t.host_id = h.id AND t.sent_at IS NOT NULL AND t.experiment_id = :experiment_id
GROUP BY t.host_id, h.system, h.processor, h.instructions
HAVING sum(CASE WHEN {IS_IN_VAIN} THEN 1 ELSE 0 END) > 0
ORDER BY t.host_id
"""
_BEGINNING = from_microseconds(0)  # before any evidence
_HIDING = "SELECT id FROM volunteer WHERE shows_hosts = 0 AND id IN (SELECT value FROM json_each(:ids))"
# What was recalled is void, so it may be asked again.
_CLAIMS = """
SELECT f.id, f.registration_id, f.estimand, x.name, x.version FROM finding f JOIN experiment x ON x.id = f.experiment_id
WHERE x.recalled_at IS NULL ORDER BY f.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryLine:
    evidence: Evidence
    session: str  # that tells of it, until then the round; empty outside of one
    weighed_at: datetime


@value_class
class CourseLine:
    seeds: int
    estimate: float | None
    low: float | None
    high: float | None
    e_value: float
    verdict: str
    grade: str
    session: str  # that tells of it, until then the round; empty outside of one


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingView:
    """A finding and what its newest evidence says; `line` is None until its first block is closed."""

    finding: Finding
    experiment: str
    version: int
    registered: Mapping[str, Any]  # the registration's body
    estimand: Mapping[str, Any]
    line: HistoryLine | None
    why: str = ""  # why it is suspended; else what somebody said who recalled, retired or opened it

    @property
    def why_suspended(self) -> str:
        return self.why if self.finding.status == "suspended" else ""

    @property
    def verdict(self) -> Verdict:
        return self.line.evidence.verdict if self.line else Verdict.UNDECIDED

    @property
    def answer(self) -> str:
        return compose_answer(self.estimand, self.measured, self.finding.status)

    @property
    def tested(self) -> str:
        """What was put to the test, composed as the answer is; the author's own sentence is the finding's claim."""
        return compose_claim(self.estimand)

    @property
    def measured(self) -> WeighedNumber:
        return self.line.evidence if self.line else NOT_MEASURED

    @property
    def is_size_open(self) -> bool:
        return is_size_open(self.estimand, self.measured)

    @property
    def reads(self) -> Meaning:
        return verdict_meaning(self.verdict, Direction(self.estimand["expects"]))


@value_class
class FindingBrief:
    """Of a finding what says whether to show more of it; the last five are None before it is weighed."""

    number: int
    experiment: str
    experiment_id: int
    status: str
    verdict: Verdict
    grade: Grade
    estimate: float | None
    low: float | None
    high: float | None
    by_design: tuple[DesignVerdict, ...]
    weighed_at: datetime | None
    last_line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredPrediction:
    """What a prediction was worth when its registration had ended; None is nothing to score."""

    verdict: Verdict | None
    brier: float | None
    log_score: float | None
    interval_score: float | None
    is_covered: bool | None
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    estimand: str
    forecaster: str
    prediction: Prediction
    score: ScoredPrediction | None = None
    seen: int | None = None  # seeds of the finding it joins or amends that were weighed when it was registered
    informed: str | None = None  # what of its kin was run before; nothing was where that is empty


@dataclass(frozen=True, kw_only=True, slots=True)
class FailingHost:
    host_id: int
    platform: str
    tasks: int
    states: Mapping[str, int]  # how those that are over ended


def list_failing_hosts(db: Database, experiment_id: int) -> list[FailingHost]:
    """The hosts on which an experiment never worked. It goes through all tasks of a version of which any went wrong."""
    counted = counters.read_counters(db)
    if not any(counted.get(("task", experiment_id, state)) for state in _WRONG):
        return []
    return [_unlucky(row) for row in db.select(_NEVER_WORKED, experiment_id=experiment_id)]


def list_finding_briefs(db: Database, *, until: int | None = None) -> list[FindingBrief]:
    """As they stand, or as they stood when `until` was the newest line of evidence."""
    rows = db.fetch_tuples(_BRIEF) if until is None else db.fetch_tuples(_BRIEF_UNTIL, until=until)
    return [
        FindingBrief(
            number=number,
            experiment=experiment,
            experiment_id=version,
            status=status,
            verdict=Verdict(verdict or Verdict.UNDECIDED),
            grade=Grade(grade or Grade.AWAITING),
            estimate=estimate,
            low=low,
            high=high,
            by_design=evidence.parse_designs(by_design),
            weighed_at=from_optional_microseconds(at),
            last_line=last_line,
        )
        for number, status, experiment, version, verdict, grade, estimate, low, high, by_design, at, last_line in rows
    ]


def list_first_decisions(db: Database, since: datetime = _BEGINNING) -> dict[int, datetime]:
    return {
        row["finding_number"]: from_microseconds(row["at"])
        for row in db.select(_FIRST_DECIDED, since=to_microseconds(since))
    }


def find_newest_evidence_id(db: Database) -> int:
    return db.number("SELECT coalesce(max(id), 0) AS id FROM evidence")


def list_contrary_findings(db: Database) -> set[int]:
    by_number = list_finding_estimands(db)
    return {
        brief.number
        for brief in list_finding_briefs(db)
        if verdict_meaning(brief.verdict, Direction(by_number[brief.number]["expects"])) is Meaning.OPPOSITE
    }


def list_finding_estimands(db: Database) -> dict[int, Mapping[str, Any]]:
    bodies = {row["id"]: _read_body(row["body"]) for row in db.select(_BODIES)}
    return {row["id"]: _estimand(bodies[row["registration_id"]], row["estimand"]) for row in db.select(_ASKED)}


def find_finding_view(db: Database, number: int) -> FindingView | None:
    return db.read_row(_view, _ONE, number=number)


def read_finding_views(db: Database, numbers: Iterable[int]) -> dict[int, FindingView]:
    return {row["number"]: _view(row) for row in db.select(_SOME, numbers=json.dumps(sorted(numbers)))}


def list_experiment_findings(db: Database, experiment_id: int) -> list[FindingView]:
    return [_view(row) for row in db.select(_OF_EXPERIMENT, experiment_id=experiment_id)]


def find_last_finding_number(db: Database) -> int:
    return db.number("SELECT coalesce(max(id), 0) AS number FROM finding")


def list_evidence_history(db: Database, number: int) -> list[HistoryLine]:
    return [_line(row) for row in db.select(_HISTORY, number=number)]


def list_finding_course(db: Database, number: int) -> list[CourseLine]:
    """What a finding's picture draws, oldest first: a front page draws hundreds of lines and asks no more of them."""
    return [
        CourseLine(
            seeds=seeds,
            estimate=estimate,
            low=low,
            high=high,
            e_value=e_value,
            verdict=verdict,
            grade=grade,
            session=session or "",
        )
        for seeds, estimate, low, high, e_value, verdict, grade, session in db.fetch_tuples(_COURSE, number=number)
    ]


def list_weighed_observations(db: Database, number: int) -> tuple[Observation, ...]:
    return evidence.read_observations(db, number)


def list_forecasts(db: Database, registration_id: int, estimand: str = "") -> list[Forecast]:
    return [_forecast(row) for row in db.select(_PREDICTIONS, registration_id=registration_id, estimand=estimand)]


def count_block_results(
    db: Database, experiment_id: int, registration_id: int, *, block: int, is_map: bool, skip: int = 0
) -> int:
    """How many cells are back of the block that follows so many replicates; finer tiles of a map are none of them."""
    of_registration = {"experiment_id": experiment_id, "registration_id": registration_id}
    below = first_place(1) if is_map else ALL_PLACES
    return db.number(_BLOCK, **of_registration, block=block, skip=skip, below=below)


def list_hiding_volunteers(db: Database, volunteer_ids: Iterable[int]) -> set[int]:
    return {int(row["id"]) for row in db.select(_HIDING, ids=json.dumps(sorted(volunteer_ids)))}


@lru_cache(maxsize=1024)
def _read_body(body: str) -> Mapping[str, Any]:
    """A registration's body: its row never changes, so it is read once a process."""
    document: Mapping[str, Any] = json.loads(body)
    return document


def _view(row: Row) -> FindingView:
    registered = _read_body(row["body"])
    estimand = _estimand(registered, row["estimand"])
    return FindingView(
        finding=as_value(Finding, row, claim=estimand["claim"], created_at=from_microseconds(row["numbered_at"])),
        experiment=row["experiment"],
        version=row["version"],
        registered=registered,
        estimand=estimand,
        line=None if row["created_at"] is None else _line(row),
        why=row["why"],
    )


def _estimand(registered: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    declared: Mapping[str, Any] = next(estimand for estimand in registered["estimands"] if estimand["name"] == name)
    return declared


def _line(row: Row) -> HistoryLine:
    return HistoryLine(
        evidence=evidence.parse_evidence(row),
        session=row["session"] or "",
        weighed_at=from_microseconds(row["created_at"]),
    )


def _forecast(row: Row) -> Forecast:
    return as_value(
        Forecast,
        row,
        forecaster=forecaster_name(row["forecaster"], row["informed"]),
        prediction=as_value(Prediction, row, interval=(row["low"], row["high"])),
        score=None if row["scored_at"] is None else _score(row),
    )


def _score(row: Row) -> ScoredPrediction:
    return as_value(
        ScoredPrediction,
        row,
        verdict=Verdict(row["came_out"]) if row["came_out"] else None,
        at=from_microseconds(row["scored_at"]),
    )


def _unlucky(row: Row) -> FailingHost:
    platform = as_value(Platform, row)
    return FailingHost(
        host_id=row["host_id"],
        platform=str(platform),
        tasks=row["tasks"],
        states={state: int(row[state]) for state in _WRONG if row[state]},
    )


def list_registered_claims(db: Database) -> list[RegisteredClaim]:
    bodies = {row["id"]: read_registration_body(row["body"]) for row in db.select(_BODIES)}
    registered_claims = []
    for row in db.select(_CLAIMS):
        registered = bodies[row["registration_id"]]
        registered_claims.append(
            RegisteredClaim(
                number=row["id"],
                experiment=row["name"],
                version=row["version"],
                estimand=registered.estimands[row["estimand"]],
                configs=registered.design.configs,
                author=registered.document.get("proposal", {}).get("author", ""),
            )
        )
    return registered_claims
