from collections.abc import Mapping, Sequence
from datetime import datetime

from axiom.domain.costs import CostFit
from axiom.domain.credit import ReportedTime
from axiom.domain.fleet import Host
from axiom.domain.maps import PlacedConfigs
from axiom.domain.registrations import read_registration_body
from axiom.domain.value import value_class
from axiom.rules.hosts.learned_costs import class_of_host, cost_of_fit, refit_cost
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import costs, experiments
from axiom.store.experiments.costs import LearnedCost
from axiom.store.registrations import registrations


@value_class
class MeasuredTask:
    experiment_id: int
    gpu: str  # the kind on which it computed; empty for the processor
    cells: int
    declared_seconds: float  # on a reference core
    elapsed_seconds: float  # of one core, or of several together


def time_of_cores(db: Database, experiment_id: int, times: ReportedTime, gpu: str) -> ReportedTime:
    """Count what a task's cores did together, where it may have had several."""
    if gpu or times.cpu_seconds <= times.elapsed_seconds:
        return times
    return times.of_cores(count_cores(db, experiment_id))


def count_cores(db: Database, experiment_id: int) -> int:
    """On how many cores a task of this version may compute."""
    bundle = experiments.find_newest_bundle(db, experiment_id)
    return stored_manifest(bundle.manifest).cores if bundle else 1


class DeclaredSeconds:
    """A cache of registered designs, for the seconds that they declare: a registration never changes."""

    def __init__(self) -> None:
        self._designs: dict[int, tuple[PlacedConfigs, Mapping[int, float]]] = {}

    def seconds(self, db: Database, registration_id: int, places: Sequence[int]) -> float:
        if registration_id not in self._designs:
            row = registrations.find_registration(db, registration_id)
            if row is None:
                raise LookupError(f"there is no registration {registration_id}")
            design = read_registration_body(row.body).design
            self._designs[registration_id] = design.by_place, design.seconds_by_place
        placed, seconds = self._designs[registration_id]
        return placed.total(seconds, places)


class Fits:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[tuple[int, str], LearnedCost] = {}
        self._fits: dict[tuple[int, str], CostFit] = {}

    def learn(self, host: Host, speed: float | None, spent: MeasuredTask) -> float:
        """Take in one task of a host as fast as this; by how much it was thought dearer than declared.

        A host's first task tells its speed, and nothing yet of what it computed.
        """
        key = spent.experiment_id, class_of_host(host, spent.gpu)
        if key not in self._kept:
            self._kept[key] = costs.find_learned_cost(self._db, *key)
            self._fits[key] = self._kept[key].fit
        if speed:
            self._fits[key] = refit_cost(
                self._fits[key],
                host_id=host.id,
                cells=spent.cells,
                expected_seconds=spent.declared_seconds / speed,
                spent_seconds=spent.elapsed_seconds,
            ).fit
        return self._kept[key].cost.factor_for(host.id)

    def keep(self, now: datetime) -> None:
        for key, fit in self._fits.items():
            if fit is not self._kept[key].fit:
                costs.store_learned_cost(
                    self._db, key[0], LearnedCost(host_class=key[1], fit=fit, cost=cost_of_fit(fit).cost), now
                )
