"""What an order of a version can cost at most, by the bundle that goes out and by what its tasks have cost."""

from collections.abc import Iterable

from axiom.decisions.planning.cell_limits import most_seconds
from axiom.domain.registrations import Design, read_body
from axiom.lab.registrations.register import amended_by
from axiom.server.dispatch.cache import seconds_of
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import costs, experiments
from axiom.store.registrations import registrations


def most_of_version(db: Database, name: str, version: int) -> float:
    """What all that is registered of a version can cost, and what was issued beyond it; 0 where it is not published."""
    published = experiments.by_name(db, name, version)
    if published is None:
        return 0.0
    all_registrations, issued = registrations.registrations(db, published.id), experiments.issued_to(db, published.id)
    amended, most = amended_by(all_registrations), 0.0
    for registration in all_registrations:
        registered, replicates = read_body(registration.body), issued.get(registration.id, 0)
        if registration.id not in amended:
            replicates = max(replicates, registered.stopping.replicates)
        most += replicates * most_of_design(db, published.id, registered.design)
    return most


def most_of_design(db: Database, experiment_id: int, design: Design) -> float:
    """What a replicate of a registered design can cost with all of its copies, in seconds of a reference core."""
    bundle = experiments.bundle_now(db, experiment_id)
    seconds = seconds_of(design, stored_manifest(bundle.manifest)).values() if bundle else design.seconds
    return most_of_cells(db, experiment_id, seconds)


def most_of_cells(db: Database, experiment_id: int, seconds: Iterable[float]) -> float:
    """What cells can cost with all of their copies that declare so many seconds each."""
    seen = [learned.cost.factor for learned in costs.of_experiment(db, experiment_id)]
    published = experiments.by_id(db, experiment_id)
    copies = stored_manifest(published.manifest).copies if published else 1
    return copies * most_seconds(seconds, max(seen, default=1.0))
