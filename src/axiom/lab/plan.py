"""The fifth step: what is ordered next, decided from how every experiment stands."""

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from axiom.decisions.planning import Aim, Candidate, plan
from axiom.decisions.release import PILOT_TASKS, Release, release
from axiom.domain.findings import Grade, Verdict
from axiom.domain.preflights import GATES
from axiom.domain.sessions import Allotment, Note, Plan, Skipped
from axiom.domain.work import TaskState
from axiom.lab.policy import Policy
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store import counters, evidence, experiments, findings, fleet, preflights, returning
from axiom.store.database import Database
from axiom.store.experiments import StoredExperiment

_HEARD_FROM = timedelta(hours=1)  # a host that was silent for longer is not counted on


def decide(db: Database, policy: Policy, now: datetime) -> Plan:
    """The plan as it would be now. Looking changes nothing."""
    return plan(candidates(db), cores=cores(db, now), per_core=policy.per_core, task_seconds=policy.task_seconds)


def candidates(db: Database) -> list[Candidate]:
    """Every open experiment that has a bundle, and how it stands."""
    counted = counters.read(db)
    # A check waits for some other volunteer's host: the cores here are not kept busy by it.
    for experiment_id, checks in returning.waiting_checks(db).items():
        counted["task", experiment_id, TaskState.UNSENT] -= checks
    newest = evidence.newest(db)
    declared = experiments.declared(db)
    faults = {one.experiment_id: _fault(one.reason) for one in preflights.newest(db, GATES) if one.passed is False}
    return [
        replace(
            _candidate(db, experiment, stored_manifest(declared[experiment.id]), counted, newest),
            fault=faults.get(experiment.id, ""),
        )
        for experiment in experiments.everything(db)
        if experiment.status == "open" and experiments.bundle_now(db, experiment.id)
    ]


def stage_of(experiment: StoredExperiment, counted: dict[tuple[str, int, str], int]) -> Release:
    """How far a version is let out."""

    def tasks(*states: TaskState) -> int:
        return sum(counted.get(("task", experiment.id, state), 0) for state in states)

    return release(
        closed_valid=tasks(TaskState.VALID),
        closed_failed=tasks(TaskState.FAILED, TaskState.INVALID, TaskState.EXPIRED),
        open_tasks=tasks(TaskState.UNSENT, TaskState.SENT, TaskState.RETURNED),
    )


def cores(db: Database, now: datetime) -> int:
    """How many cores the hosts have that were heard from lately."""
    return sum(host.capacity.cores for host in fleet.hosts(db) if now - host.seen_at < _HEARD_FROM)


def notes(planned: Plan) -> list[Note]:
    """What was decided, and what was left alone and why."""
    orders = [
        Note(
            kind="plan.order",
            text="Workunits to order: {workunits}, of replicates each: {replicates}. Why: {reason}",
            facts={"workunits": one.workunits, "replicates": one.replicates_each, "reason": one.reason},
        )
        for one in planned.allotments
    ]
    left = [
        Note(
            kind="plan.skip",
            text="{experiment} is left alone: {reason}",
            facts={"experiment": one.name, "reason": one.reason},
            about=f"/experiments/{one.name}",
        )
        for one in planned.skipped
    ]
    return [
        *orders,
        *left,
        Note(
            kind="plan.cores",
            text="Idle cores: {idle}. {reason}",
            facts={"idle": planned.idle_cores, "reason": planned.reason},
        ),
    ]


def as_data(planned: Plan) -> dict[str, Any]:
    """A plan as plain data."""
    return asdict(planned)


def from_data(data: Any) -> Plan:
    """A plan as it was kept."""
    return Plan(
        allotments=tuple(Allotment(**one) for one in data["allotments"]),
        skipped=tuple(Skipped(**one) for one in data["skipped"]),
        idle_cores=data["idle_cores"],
        reason=data["reason"],
    )


def _fault(reason: str) -> str:
    """As a sentence goes on that somebody else ends."""
    return f"its preflight failed: {reason.rstrip('.')}"


def _pilot_missing(experiment: StoredExperiment, counted: dict[tuple[str, int, str], int]) -> int:
    """What was ordered besides, or cancelled, does not count: the pilot ends with so many valid tasks."""
    counting = (TaskState.VALID, TaskState.UNSENT, TaskState.SENT, TaskState.RETURNED)
    there = sum(counted.get(("task", experiment.id, state), 0) for state in counting)
    return max(0, PILOT_TASKS - there)


def _candidate(
    db: Database,
    experiment: StoredExperiment,
    manifest: Manifest,
    counted: dict[tuple[str, int, str], int],
    newest: dict[int, Any],
) -> Candidate:
    registration = findings.registered(db, experiment.id)
    design = json.loads(registration.body) if registration else {"block": 1}
    stage = stage_of(experiment, counted)
    smallest = {estimand["name"]: estimand["smallest"] for estimand in manifest.estimands}
    aims = []
    for found in evidence.weighed(db, experiment.id):
        known = newest.get(found.number)
        aims.append(
            Aim(
                verdict=known.verdict if known else Verdict.UNDECIDED,
                grade=known.grade if known else Grade.AWAITING,
                estimate=known.estimate if known else None,
                low=known.low if known else None,
                high=known.high if known else None,
                smallest=smallest[found.estimand],
                seeds=known.seeds if known else 0,
            )
        )
    return Candidate(
        experiment_id=experiment.id,
        name=experiment.name,
        stage=stage.stage,
        stage_reason=stage.reason,
        replicate_seconds=manifest.seconds,
        issued=experiments.issued(db, experiment.id),
        unsent=counted.get(("task", experiment.id, TaskState.UNSENT), 0),
        in_progress=counted.get(("task", experiment.id, TaskState.SENT), 0),
        aims=tuple(aims),
        block=design["block"],
        pilot_missing=_pilot_missing(experiment, counted),
    )
