"""Does a task of a registered design fit a ticket? Who orders learns it at once, and no order waits for ever."""

from datetime import datetime

from axiom.domain.evidence import Registration
from axiom.domain.registrations import read_registration_body
from axiom.rules.planning.cell_limits import allowed_seconds
from axiom.server.dispatch.cache import seconds_of
from axiom.signed.canonical_json import LARGEST
from axiom.signed.keys import Keys
from axiom.signed.manifests import stored_manifest
from axiom.signed.tickets import Ticket, write_ticket
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment


def demand_ticket_room(
    db: Database,
    experiment: StoredExperiment,
    registration: Registration | None,
    *,
    replicates: int,
    keys: Keys,
    now: datetime,
) -> None:
    """A TicketTooLong when so many replicates of a registered design would not fit a ticket."""
    bundle = experiments.find_newest_bundle(db, experiment.id)
    if registration is None or bundle is None:
        return  # then nothing is ordered or sent at all, and whoever refuses that says why
    design, declared = read_registration_body(registration.body).design, stored_manifest(bundle.manifest)
    seconds = seconds_of(design, declared)
    first = experiments.find_next_replicate(db, experiment.id)
    numbers = tuple(range(first, first + replicates))
    largest = Ticket(
        lab=keys.trust.lab,
        trust=LARGEST,
        host=LARGEST,
        task=LARGEST,
        experiment=experiment.name,
        version=experiment.version,
        bundle=bundle.digest,
        serial=bundle.serial,
        replicates=numbers,
        seeds=tuple(LARGEST - number for number in range(replicates)),
        configs=design.configs,
        places=design.places,
        cell_seconds=tuple(allowed_seconds(seconds[place], is_on_gpu=declared.uses_gpus) for place in design.places),
        memory_mb=LARGEST,
        issued=now,
        deadline=now,
        expires=now,
    )
    write_ticket(largest, keys.ticket)
