"""The fourth step: every block that closed is weighed into the evidence of its findings."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from axiom.decisions.weighing import Home, Returned, blocks, weigh
from axiom.domain.findings import Evidence, Observation
from axiom.domain.sessions import Note, Session
from axiom.domain.work import Outcome
from axiom.signed.manifests import stored_manifest
from axiom.statistics.estimands import value
from axiom.store import evidence, experiments, findings, fleet
from axiom.store.database import Database, Row, moment
from axiom.store.evidence import Weighed
from axiom.store.experiments import StoredExperiment

_CELLS = Sequence[tuple[Mapping[str, object], Mapping[str, Any] | None]]


@dataclass(frozen=True, kw_only=True)
class _Design:
    """What a registration says about the weighing."""

    configs: Sequence[Mapping[str, object]]
    estimands: Mapping[str, Mapping[str, Any]]
    block: int


def evaluate(db: Database, session: Session, now: datetime) -> list[Note]:
    """Add a line to the history of each finding for each block that closed since it was last weighed."""
    notes = []
    for experiment in experiments.everything(db):
        if experiment.recalled_at is None:
            notes += _evaluate(db, experiment, session, now)
    return notes or [Note(kind="evaluate.nothing", text="No block closed since the last session.")]


def unweighed(db: Database) -> int:
    """How many closed blocks wait to be weighed."""
    waiting = 0
    for experiment in experiments.everything(db):
        found = evidence.weighed(db, experiment.id)
        if found and experiment.recalled_at is None:
            least = min(found, key=lambda one: one.blocks)
            waiting += _closed(db, experiment, least) - least.blocks
    return waiting


def recomputed(db: Database) -> list[str]:
    """I10: every line of every history follows from the stored results, again and identically."""
    problems = []
    homes = _homes(db)
    for experiment in experiments.everything(db):
        for found in evidence.weighed(db, experiment.id):
            design = _design(db, found.registration_id)
            for number, row in enumerate(evidence.lines(db, found.number), start=1):
                observed = _observations(db, experiment, design, found.estimand, number, moment(row["created_at"]))
                again = weigh(design.estimands[found.estimand], observed, blocks=number, homes=homes)
                if not _says(row, observed, again):
                    problems.append(f"finding {found.number} after {number} blocks is not what its results say")
    return problems


def _numbers(found: Evidence) -> Evidence:
    """What must come out again. Sentences may be worded better, and a host may have moved to another platform."""
    return replace(found, platforms=0, needs=(), flags=(), reasons=())


def _says(row: Row, observed: tuple[Observation, ...], again: Evidence) -> bool:
    """Is this what the line says? One that cannot even be read does not."""
    try:
        return evidence.observations(row) == observed and _numbers(evidence.read(row)) == _numbers(again)
    except (TypeError, ValueError):
        return False


def _evaluate(db: Database, experiment: StoredExperiment, session: Session, now: datetime) -> list[Note]:
    notes = []
    homes = _homes(db)
    for found in evidence.weighed(db, experiment.id):
        design = _design(db, found.registration_id)
        closed = _closed(db, experiment, found)
        for number in range(found.blocks + 1, closed + 1):
            observed = _observations(db, experiment, design, found.estimand, number, now)
            weighed = weigh(design.estimands[found.estimand], observed, blocks=number, homes=homes)
            evidence.record(db, found.number, weighed, observed, session_id=session.id, now=now)
            notes.append(_note(experiment, found, design, weighed))
    return notes


def _closed(db: Database, experiment: StoredExperiment, found: Weighed) -> int:
    """How many blocks are closed, from the first on; a later one waits for those before it.

    Only what comes after the weighed blocks is looked at: this is asked every second, however much is stored.
    """
    design = _design(db, found.registration_id)
    first = found.blocks * design.block
    back = evidence.returned(db, experiment.id, first)
    ordered = evidence.ordered(db, found.registration_id, first)
    standing = [
        # A number that nobody remembers after a backup was restored is issued again: it is not over.
        Returned(number=number, cells=len(design.configs), back=back.get(number, 0), over=ordered.get(number, False))
        for number in range(first, max(ordered, default=-1) + 1)
    ]
    closed = itertools.takewhile(lambda block: block.closed, blocks(standing, design.block))
    return found.blocks + sum(1 for _ in closed)


def _observations(
    db: Database, experiment: StoredExperiment, design: _Design, estimand: str, blocks: int, now: datetime
) -> tuple[Observation, ...]:
    """The estimand in each replicate of the first blocks, in the order in which their numbers were issued.

    What came back after `now` is missing: a task that was given up on may still bring its results, when its block was
    weighed without them. They enter with the next block.
    """
    replicates = blocks * design.block
    rows: dict[int, list[Row]] = {}
    for row in evidence.cells(db, experiment.id, replicates - 1, now):
        rows.setdefault(row["replicate"], []).append(row)
    found = []
    for number in range(replicates):
        cells = rows.get(number, [])
        number_value, why = value(design.estimands[estimand], _measured(design, cells))
        hosts = tuple(sorted({row["host_id"] for row in cells}))
        found.append(Observation(replicate=number, value=number_value, hosts=hosts, why_missing=why))
    return tuple(found)


def _measured(design: _Design, rows: Sequence[Row]) -> _CELLS:
    """Every config of the sweep with what was measured there; None where nothing counts."""
    measured = {
        row["config"]: json.loads(row["measures"])
        for row in rows
        if row["outcome"] == Outcome.OK and row["measures"] is not None
    }
    return [(config, measured.get(place)) for place, config in enumerate(design.configs)]


def _homes(db: Database) -> dict[int, Home]:
    return {
        host.id: Home(host_id=host.id, volunteer_id=host.volunteer_id, platform=str(host.platform))
        for host in fleet.hosts(db)
    }


def _design(db: Database, registration_id: int) -> _Design:
    registration = findings.registration(db, registration_id)
    if registration is None:
        raise LookupError(f"registration {registration_id} is gone")
    body = json.loads(registration.body)
    return _Design(
        configs=body["configs"],
        estimands={estimand["name"]: estimand for estimand in body["estimands"]},
        block=body["block"],
    )


def _note(experiment: StoredExperiment, found: Weighed, design: _Design, weighed: Evidence) -> Note:
    claim = design.estimands[found.estimand]["claim"]
    return Note(
        kind="evidence.weighed",
        text="Finding {finding} ({experiment}): {claim}. "
        "After {seeds} seeds {verdict}, {grade}: {estimate} [{low}, {high}].",
        facts={
            "finding": found.number,
            "experiment": stored_manifest(experiment.manifest).name,
            "claim": claim,
            "seeds": weighed.seeds,
            "verdict": weighed.verdict,
            "grade": weighed.grade,
            "estimate": _short(weighed.estimate),
            "low": _short(weighed.low),
            "high": _short(weighed.high),
        },
        about=f"/findings/{found.number}",
    )


def _short(number: float | None) -> float | str:
    return "unbounded" if number is None else float(f"{number:.4g}")
