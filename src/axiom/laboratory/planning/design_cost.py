"""What a design of a version costs, by the bundle that goes out and by what its tasks have cost."""

from collections.abc import Iterable

from axiom.domain.costs import DesignCost
from axiom.domain.registrations import Design, StoppingRule, map_amendments, read_registration_body
from axiom.rules.planning.design_cost import design_cost
from axiom.server.dispatch.cache import seconds_of
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import costs, experiments, task_rules
from axiom.store.registrations import registrations


def most_cost_of_version(db: Database, name: str, version: int) -> float:
    """What all that is registered of a version may cost, and what was issued beyond it; 0 where it is not published."""
    published = experiments.find_experiment_by_name(db, name, version)
    if published is None:
        return 0.0
    all_registrations, issued = (
        registrations.read_registrations(db, published.id),
        experiments.count_issued_replicates(db, published.id),
    )
    amended, most = map_amendments(all_registrations), 0.0
    for registration in all_registrations:
        registered, replicates = read_registration_body(registration.body), issued.get(registration.id, 0)
        if registration.id not in amended:
            replicates = max(replicates, registered.stopping.replicates)
        most += cost_of_design(db, published.id, registered.design, StoppingRule(replicates=replicates)).most
    return most


def cost_of_design(db: Database, experiment_id: int, design: Design, stopping: StoppingRule) -> DesignCost:
    bundle = experiments.find_newest_bundle(db, experiment_id)
    seconds = seconds_of(design, stored_manifest(bundle.manifest)).values() if bundle else design.seconds
    return cost_of_cells(db, experiment_id, seconds, stopping)


def cost_of_cells(db: Database, experiment_id: int, seconds: Iterable[float], stopping: StoppingRule) -> DesignCost:
    """What a design costs whose cells declare so many seconds each."""
    published = experiments.find_experiment(db, experiment_id)
    copies = stored_manifest(published.manifest).copies if published else 1
    times_longer = task_rules.read_rule(db, published.name).times_longer if published else 1
    factor = cost_factor(db, experiment_id)
    return design_cost(seconds, stopping, copies=copies, factor=factor, times_longer=times_longer)


def cost_factor(db: Database, experiment_id: int) -> float:
    """How much of what its file declares it has taken, on the dearest kind of computer."""
    return max((learned.cost.factor for learned in costs.list_learned_costs(db, experiment_id)), default=1.0)
