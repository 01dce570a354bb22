"""Writes the signed order of a task at the moment it is sent, and finds it again for a host that lost it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.experiments import seed_of
from axiom.domain.work import Task, Workunit
from axiom.signed.manifests import stored_manifest
from axiom.signed.signing import SigningKey
from axiom.signed.strict import LARGEST
from axiom.signed.tickets import Order, Ticket, write_ticket
from axiom.store import experiments, findings, work
from axiom.store.database import Database
from axiom.store.experiments import StoredBundle, StoredExperiment

# A cell is stopped at five times its predicted cost. Compiling a shape for the first time costs seconds whatever
# the prediction, hence the floor.
COST_MARGIN = 5.0
LEAST_CELL_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """What every ticket takes from the laboratory rather than from the work."""

    lab: str
    key: SigningKey
    deadline: timedelta
    grace: timedelta  # how long after its deadline a ticket is still obeyed


def write_order(
    db: Database, dispatch: Dispatch, task: Task, *, host_id: int, memory_mb: int, now: datetime
) -> Order | None:
    """Give a waiting task to a host under the newest bundle of its version. None when somebody else has just had it."""
    wanted, experiment = _wanted(db, task)
    bundle = experiments.bundle_now(db, experiment.id)
    if bundle is None:
        return None
    deadline = now + dispatch.deadline
    design = _design(db, wanted.registration_id)
    seconds = _seconds(design, bundle)
    ticket = Ticket(
        lab=dispatch.lab,
        host=host_id,
        task=task.id,
        experiment=experiment.name,
        version=experiment.version,
        bundle=bundle.digest,
        serial=bundle.serial,
        replicates=wanted.replicates,
        seeds=_seeds(experiment, wanted),
        configs=tuple(design["configs"][place] for place in wanted.configs),
        places=wanted.configs,
        cell_seconds=tuple(max(LEAST_CELL_SECONDS, COST_MARGIN * seconds[place]) for place in wanted.configs),
        memory_mb=memory_mb,
        issued=now,
        deadline=deadline,
        expires=deadline + dispatch.grace,
    )
    text = write_ticket(ticket, dispatch.key)
    sent = work.send(db, task, host_id=host_id, bundle_digest=bundle.digest, ticket=text, deadline=deadline, now=now)
    return Order.of(ticket, text) if sent else None


def demand_room(
    db: Database, experiment: StoredExperiment, *, replicates: int, lab: str, key: SigningKey, now: datetime
) -> None:
    """A TicketTooLong when so many replicates of an experiment would not fit a ticket."""
    registration = findings.registered(db, experiment.id)
    bundle = experiments.bundle_now(db, experiment.id)
    if registration is None or bundle is None:
        return  # then nothing is ordered or sent at all, and whoever refuses that says why
    design = _design(db, registration.id)
    first, configs = experiments.issued(db, experiment.id), tuple(design["configs"])
    numbers = tuple(range(first, first + replicates))
    largest = Ticket(
        lab=lab,
        host=LARGEST,
        task=LARGEST,
        experiment=experiment.name,
        version=experiment.version,
        bundle=bundle.digest,
        serial=bundle.serial,
        replicates=numbers,
        seeds=tuple(seed_of(experiment.name, experiment.version, number) for number in numbers),
        configs=configs,
        places=tuple(range(len(configs))),
        cell_seconds=tuple(COST_MARGIN * seconds for seconds in _seconds(design, bundle)),
        memory_mb=LARGEST,
        issued=now,
        deadline=now,
        expires=now,
    )
    write_ticket(largest, key)


def order_again(db: Database, task: Task) -> Order:
    """The very order that was sent, for a host that lost it."""
    wanted, experiment = _wanted(db, task)
    if task.ticket is None or task.bundle_digest is None or task.host_id is None:
        raise LookupError(f"task {task.id} was sent without what an order is made of")
    return Order(
        task=task.id,
        host=task.host_id,
        bundle=task.bundle_digest,
        seeds=_seeds(experiment, wanted),
        ticket=task.ticket,
    )


def _wanted(db: Database, task: Task) -> tuple[Workunit, StoredExperiment]:
    wanted, experiment = work.workunit(db, task.workunit_id), experiments.by_id(db, task.experiment_id)
    if wanted is None or experiment is None:
        raise LookupError(f"task {task.id} belongs to no workunit or no experiment")
    return wanted, experiment


def _design(db: Database, registration_id: int) -> Mapping[str, Any]:
    registration = findings.registration(db, registration_id)
    if registration is None:
        raise LookupError(f"registration {registration_id} was never written")
    design: dict[str, Any] = json.loads(registration.body)
    return design


def _seconds(design: Mapping[str, Any], bundle: StoredBundle) -> Sequence[float]:
    """What each config costs as the bundle says; as it was registered where the bundle speaks of another sweep."""
    if bundle.manifest:
        manifest = stored_manifest(bundle.manifest)
        if [dict(config) for config in manifest.configs] == design["configs"]:
            return manifest.cell_seconds
    expected: list[float] = design["expected_seconds"]
    return expected


def _seeds(experiment: StoredExperiment, wanted: Workunit) -> tuple[int, ...]:
    return tuple(seed_of(experiment.name, experiment.version, number) for number in wanted.replicates)
