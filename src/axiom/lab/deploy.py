"""Orders replicates: issues their numbers, writes their workunits and has their first tasks made."""

import json
from datetime import datetime

from axiom.decisions.planning import Standing
from axiom.domain.sessions import Allotment
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Withdrawn
from axiom.server.transitioner import transit
from axiom.signed.manifests import stored_manifest
from axiom.store import counters, experiments, findings, work
from axiom.store.database import Database


def standings(db: Database) -> list[Standing]:
    """How much waits of each open experiment that has a bundle, and what a replicate of it costs."""
    counted = counters.read(db)
    return [
        Standing(
            experiment_id=experiment.id,
            name=experiment.name,
            unsent=counted.get(("task", experiment.id, TaskState.UNSENT), 0),
            replicate_seconds=stored_manifest(experiment.manifest).seconds,
        )
        for experiment in experiments.everything(db)
        if experiment.status == "open" and experiments.bundle_now(db, experiment.id)
    ]


def deploy(db: Database, allotment: Allotment, *, max_failures: int, now: datetime) -> tuple[int, ...]:
    """Order what the allotment says, each workunit over the whole registered sweep, and return the workunits."""
    experiment = experiments.by_id(db, allotment.experiment_id)
    if experiment is None:
        raise NotFound(f"There is no experiment with id {allotment.experiment_id}.")
    if experiment.status != "open":
        raise Withdrawn(f"{experiment.name} version {experiment.version} is {experiment.status}; nothing is ordered.")
    registration = findings.registered(db, experiment.id)
    if registration is None:
        raise Withdrawn(f"{experiment.name} is not registered, and nothing is ordered before that.")
    places = tuple(range(len(json.loads(registration.body)["configs"])))
    made = []
    for _ in range(allotment.workunits):
        numbers = experiments.issue(db, experiment, registration.id, allotment.replicates_each)
        ordered = work.order(
            db,
            experiment_id=experiment.id,
            registration_id=registration.id,
            replicates=numbers,
            configs=places,
            max_failures=max_failures,
            now=now,
        )
        transit(db, ordered, now)
        made.append(ordered)
    return tuple(made)
