"""Orders replicates: issues their numbers, writes their workunits and has their first tasks made."""

import json
from datetime import datetime

from axiom.domain.sessions import Allotment
from axiom.errors import NotFound, Withdrawn
from axiom.server.transitioner import transit
from axiom.store import experiments, findings, work
from axiom.store.database import Database


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
