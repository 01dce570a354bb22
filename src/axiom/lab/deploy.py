"""Orders replicates: issues their numbers and writes their workunits, each with its first task."""

import json
from datetime import datetime

from axiom.domain.sessions import Allotment
from axiom.errors import NotFound, Withdrawn
from axiom.store import experiments, findings, work
from axiom.store.database import Database


def deploy(
    db: Database, allotment: Allotment, *, max_failures: int, now: datetime, host_id: int | None = None
) -> tuple[int, ...]:
    """Order what the allotment says, each workunit over the whole registered sweep, and return the workunits.

    With a host they are for this host alone.
    """
    experiment = experiments.by_id(db, allotment.experiment_id)
    if experiment is None:
        raise NotFound(f"There is no experiment with id {allotment.experiment_id}.")
    if experiment.status != "open":
        raise Withdrawn(f"{experiment.name} version {experiment.version} is {experiment.status}; nothing is ordered.")
    registration = findings.registered(db, experiment.id)
    if registration is None:
        raise Withdrawn(f"{experiment.name} is not registered, and nothing is ordered before that.")
    places = tuple(range(len(json.loads(registration.body)["configs"])))
    each = allotment.replicates_each
    numbers = experiments.issue(db, experiment, registration.id, each * allotment.workunits)
    return work.order_many(
        db,
        experiment_id=experiment.id,
        registration_id=registration.id,
        replicates=[numbers[first : first + each] for first in range(0, len(numbers), each)],
        configs=places,
        max_failures=max_failures,
        now=now,
        target_host_id=host_id,
    )
