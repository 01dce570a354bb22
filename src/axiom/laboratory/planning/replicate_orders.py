"""Orders replicates: issues their numbers and writes their workunits, each with its first task."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from axiom.domain.evidence import Registration
from axiom.domain.registrations import DECLARED, map_amendments, read_registration_body
from axiom.domain.rounds import Allotment
from axiom.errors import NotFound, Withdrawn
from axiom.limits import tasks as limits
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.withdrawn_orders import list_withdrawn_orders
from axiom.store.registrations import registrations
from axiom.store.tasks import workunits


def order_replicates(
    db: Database,
    allotment: Allotment,
    *,
    max_failures: int,
    now: datetime,
    singly: int = 0,
    host_id: int | None = None,
    copies: int | None = None,
) -> tuple[int, ...]:
    """Order what the allotment says, each workunit over the whole registered design, and return the workunits.

    What was taken back of anything that its findings are weighed from comes first, under the numbers that it has: what
    comes after a number counts only after it.
    `singly`: of the first replicate so many cells are a workunit each, so that something is back soon. With a host they
    are for this host alone. Of each task so many copies are wanted, else as many as its file says; of one that is for a
    host alone there is one.
    """
    experiment = experiments.find_experiment(db, allotment.experiment_id)
    if experiment is None:
        raise NotFound(f"There is no experiment with id {allotment.experiment_id}.")
    if experiment.status != "open":
        raise Withdrawn(f"{experiment.name} version {experiment.version} is {experiment.status}; nothing is ordered.")
    registration = find_orderable_registration(db, experiment.id, allotment.registration_id)
    if registration is None:
        raise Withdrawn(f"{experiment.name} is not registered, and nothing is ordered before that.")
    design = read_registration_body(registration.body).design
    manifest = stored_manifest(experiment.manifest)
    is_long = sum(design.seconds) > limits.USUAL_SECONDS and manifest.map is not None
    per_workunit = allotment.replicates_each
    amount = per_workunit * allotment.workunits
    again = list_withdrawn_orders(db, experiment.id, _list_kin(db, experiment.id, registration.id), most=amount)
    parts: list[tuple[int, Sequence[Sequence[int]], Sequence[int]]] = [
        (order.registration_id, _grouped(order.replicates, per_workunit), order.configs) for order in again
    ]
    if new := amount - len({number for order in again for number in order.replicates}):
        groups = _grouped(experiments.issue_replicates(db, experiment, registration.id, new), per_workunit)
        parts += [(registration.id, *part) for part in _parts(groups, design.places, singly, apart=is_long)]
    made: list[int] = []
    for registration_id, replicates, configs in parts:
        made += workunits.add_workunits(
            db,
            experiment_id=experiment.id,
            registration_id=registration_id,
            replicates=replicates,
            configs=configs,
            max_failures=max_failures,
            now=now,
            target_host_id=host_id,
            copies=1 if host_id is not None else copies or manifest.copies,
        )
    return tuple(made)


def find_orderable_registration(
    db: Database, experiment_id: int, registration_id: int | None = None
) -> Registration | None:
    """The registration of this version that is meant; without a number, the newest of its declared sweep.

    Nothing more is ordered of one that was amended.
    """
    registered = registrations.read_registrations(db, experiment_id)
    amended = map_amendments(registered)
    living = [registration for registration in registered if registration.id not in amended]
    if registration_id is not None:
        return next((registration for registration in living if registration.id == registration_id), None)
    declared = [
        registration for registration in living if read_registration_body(registration.body).design.name == DECLARED
    ]
    return declared[-1] if declared else None


def _list_kin(db: Database, experiment_id: int, registration_id: int) -> set[int]:
    """A registration, and those whose replicates are evidence of the same findings: they count as one stream."""
    feeding = registrations.group_feeders_by_finding(db, experiment_id).values()
    return {registration_id}.union(*(feeders for feeders in feeding if registration_id in feeders))


def _grouped(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    return [numbers[first : first + size] for first in range(0, len(numbers), size)]


def _parts(
    groups: Sequence[Sequence[int]], places: Sequence[int], singly: int, *, apart: bool
) -> Iterator[tuple[Sequence[Sequence[int]], Sequence[int]]]:
    """What is ordered over which configs: single cells of the first replicate, its rest, and all the others whole.

    Apart: each config of all of them by itself. So long tiles of a map's arms are computed side by side, and each arm
    goes on as soon as its first is there.
    """
    if apart:
        yield from ((groups, (place,)) for place in places)
        return
    if singly:
        (first, *others), *groups = groups
        for place in places[:singly]:
            yield [[first]], (place,)
        if places[singly:]:
            yield [[first]], places[singly:]
        groups = [others, *groups] if others else groups
    if groups:
        yield groups, places
