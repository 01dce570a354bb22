"""What the writer's thread keeps at hand of experiments, so that handing out a task asks nothing twice.

It belongs to that one thread. Whether it is outdated, it asks the database itself: so it is right inside every work
that has looked, also after a transaction that changed an experiment was undone.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.domain.costs import Cost
from axiom.domain.preflights import GATES
from axiom.domain.registrations import Design, read_registration_body
from axiom.domain.releases import ANY_COMPUTER, Fleet, RecordedTaskRule, TaskRule
from axiom.domain.value import value_class
from axiom.rules.experiments.release_stages import ReleaseState, release_state
from axiom.rules.planning.cell_limits import allowed_seconds
from axiom.signed.bundles import bundle_file, seal_file
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.signed.tickets import TicketForm
from axiom.store.engine.database import Database
from axiom.store.experiments import costs, experiments, releases, task_rules
from axiom.store.experiments.experiments import StoredBundle, StoredExperiment
from axiom.store.findings import evidence
from axiom.store.registrations import registrations

_MOST_KEPT = 10_000
_SKIPPED_FOR = timedelta(hours=1)
_COSTS_FOR = timedelta(minutes=1)
_UNFIT_FOR = timedelta(minutes=10)
_AS_DECLARED = Cost()
_NOTHING_SAID = ReleaseState()


class DamagedBundle(Exception):
    """The bundle with this digest is not in the store as it was put there, so no task can go out with it."""

    def __init__(self, bundle: str) -> None:
        super().__init__(f"bundle {bundle[:12]} is damaged or gone")
        self.bundle = bundle


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownExperiment:
    id: int
    name: str
    version: int
    status: str  # open, retired or recalled
    declared: Manifest  # as this bundle says: what a task of it needs today
    bundle: StoredBundle | None  # what the next task carries
    rule: TaskRule = ANY_COMPUTER  # what an operator says of its tasks

    @property
    def is_ready(self) -> bool:
        return self.status == "open" and self.bundle is not None

    def is_sealed(self, now: datetime) -> bool:
        return self.bundle is None or now < self.bundle.expires_at


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderForm:
    ticket: TicketForm
    bundle: StoredBundle
    replicate_seconds: float  # of a reference core, for each replicate at these cells
    block: int  # replicates that enter evidence together


@value_class
class WaitingSize:
    seconds: float  # of a reference core, as declared
    replicates: int
    block: int = 1  # replicates of its registration that enter evidence together


class DispatchCache:
    def __init__(self) -> None:
        # With the newest bundle; with the newest that the laboratory's own hosts may have; and with the newest that
        # passed all gates, as everybody else gets it. Where none did, nothing of it goes to them.
        self.experiments: Mapping[int, KnownExperiment] = {}
        self.ours: Mapping[int, KnownExperiment] = {}
        self.tried: Mapping[int, KnownExperiment] = {}
        self.files: frozenset[str] = frozenset()  # bundles and seals with which a task may still go out
        self._stamp: tuple[object, ...] | None = None
        self._forms: dict[tuple[int, str, tuple[str, int], str, bool], OrderForm] = {}
        self._sizes: dict[int, WaitingSize] = {}
        self._turns: dict[int, int] = {}
        self._skipped: dict[tuple[int, int], tuple[int, datetime]] = {}
        self._costs: tuple[Mapping[tuple[int, str], Cost], datetime] | None = None
        self._release_states: Mapping[int, ReleaseState] = {}
        self._fleet: tuple[Fleet, datetime] | None = None
        self._has_evidence = False
        self._unfit: dict[str, datetime] = {}

    def refresh(self, db: Database) -> None:
        self._has_evidence = self._has_evidence or evidence.has_any_evidence(db)
        stamp = (*experiments.read_experiment_stamp(db), db.experiment_changes)
        if stamp != self._stamp:
            stored, stated = experiments.list_experiment_versions(db), task_rules.read_rules(db)
            self.experiments = _known_experiments(stored, experiments.list_newest_bundles(db), stated)
            self.ours = _known_experiments(stored, experiments.list_own_bundles(db), stated)
            self.tried = _known_experiments(stored, experiments.list_passed_bundles(db, GATES), stated)
            self.files = _files(*self.experiments.values(), *self.ours.values(), *self.tried.values())
            self._release_states = {
                number: release_state(lines) for number, lines in releases.list_releases_by_experiment(db).items()
            }
            self._forms.clear()
            self._stamp = stamp

    def offered(self, *, is_ours: bool) -> Mapping[int, KnownExperiment]:
        return self.ours if is_ours else self.tried

    def form(
        self,
        db: Database,
        lab: tuple[str, int],
        experiment: KnownExperiment,
        registration_id: int,
        configs: str,
        gpu: str,
    ) -> OrderForm:
        """The form of tasks at these configs, which are places in the registered sweep, as a workunit stores them.

        `lab` is the laboratory and the version of its trust file, `gpu` the kind on which they compute, if they do.
        """
        key = (registration_id, configs, lab, experiment.bundle.digest if experiment.bundle else "", bool(gpu))
        if key not in self._forms:
            if len(self._forms) >= _MOST_KEPT:
                self._forms.clear()
            self._forms[key] = _form(db, lab, experiment, registration_id, configs, gpu)
        return self._forms[key]

    def cost(self, db: Database, experiment_id: int, host_class: str, now: datetime) -> Cost:
        if self._costs is None or not timedelta(0) <= now - self._costs[1] < _COSTS_FOR:
            self._costs = costs.list_applied_costs(db), now
        return self._costs[0].get((experiment_id, host_class), _AS_DECLARED)

    def set_aside(self, bundle: str, now: datetime) -> None:
        self._unfit[bundle] = now

    def is_unfit(self, bundle: str, now: datetime) -> bool:
        found_at = self._unfit.get(bundle)
        return found_at is not None and now - found_at < _UNFIT_FOR

    def release_state(self, experiment_id: int) -> ReleaseState:
        return self._release_states.get(experiment_id, _NOTHING_SAID)

    def fleet(self, db: Database, now: datetime) -> Fleet:
        if self._fleet is None or not timedelta(0) <= now - self._fleet[1] < _COSTS_FOR:
            self._fleet = releases.measure_fleet(db), now
        return self._fleet[0]

    def size(self, experiment: KnownExperiment) -> WaitingSize:
        return self._sizes.get(experiment.id) or WaitingSize(seconds=experiment.declared.seconds, replicates=1)

    def note_size(self, experiment: KnownExperiment, size: WaitingSize) -> None:
        self._sizes[experiment.id] = size

    def last_turn(self, experiment_id: int) -> int:
        """When a task of this version was last given out, in microseconds; 0 where none was since the start."""
        return self._turns.get(experiment_id, 0)

    def note_turn(self, experiment_id: int, moment: int) -> None:
        self._turns[experiment_id] = moment

    def rank(self, experiment: KnownExperiment) -> float:
        """Where a laboratory has no evidence yet, what is nearest to some goes first; elsewhere all take turns.

        That is what is beyond its pilot, then pilots that are begun, then the cheapest.
        """
        bundle = experiment.bundle
        if self._has_evidence or bundle is None or self.release_state(experiment.id).stage(bundle.digest):
            return 0.0
        return 1.0 if self.last_turn(experiment.id) else 1.0 + experiment.declared.seconds

    def skipped_up_to(self, volunteer_id: int, experiment_id: int, now: datetime) -> int:
        """Up to which task nothing of this version that waits may go to this volunteer, as was seen within the hour."""
        task_id, seen_at = self._skipped.get((volunteer_id, experiment_id), (0, now))
        return task_id if now - seen_at < _SKIPPED_FOR else 0

    def skip_up_to(self, volunteer_id: int, experiment_id: int, task_id: int, now: datetime) -> None:
        """Nothing that waits up to this task may go to this volunteer: kept to save time, and seen again later."""
        if len(self._skipped) >= _MOST_KEPT:
            self._skipped.clear()
        _, since = self._skipped.get((volunteer_id, experiment_id), (0, now))
        self._skipped[volunteer_id, experiment_id] = task_id, since if now - since < _SKIPPED_FOR else now


def seconds_of(design: Design, bundled: Manifest) -> Mapping[int, float]:
    """What each config costs, by its place: as the bundle says; as registered where it speaks of another sweep."""
    if bundled.configs == design.configs:
        return dict(zip(design.places, bundled.cell_seconds, strict=True))
    return design.seconds_by_place


def _known_experiments(
    stored: Sequence[StoredExperiment], bundles: Iterable[StoredBundle], stated: Mapping[str, RecordedTaskRule]
) -> Mapping[int, KnownExperiment]:
    by_experiment = {bundle.experiment_id: bundle for bundle in bundles}
    return {
        experiment.id: _known_experiment(experiment, by_experiment.get(experiment.id), stated.get(experiment.name))
        for experiment in stored
    }


def _files(*candidates: KnownExperiment) -> frozenset[str]:
    bundles = [experiment.bundle for experiment in candidates if experiment.is_ready and experiment.bundle is not None]
    names = ((bundle_file(bundle.digest), seal_file(bundle.seal)) for bundle in bundles)
    return frozenset(name for pair in names for name in pair)


def _known_experiment(
    stored: StoredExperiment, bundle: StoredBundle | None, stated: RecordedTaskRule | None
) -> KnownExperiment:
    return KnownExperiment(
        id=stored.id,
        name=stored.name,
        version=stored.version,
        status=stored.status,
        declared=stored_manifest((bundle or stored).manifest),
        bundle=bundle,
        rule=stated.rule if stated else ANY_COMPUTER,
    )


def _form(
    db: Database, lab: tuple[str, int], experiment: KnownExperiment, registration_id: int, configs: str, gpu: str
) -> OrderForm:
    registration, bundle = registrations.find_registration(db, registration_id), experiment.bundle
    if registration is None or bundle is None:
        raise LookupError(f"{experiment.name} is to be sent without its registration {registration_id} or a bundle")
    body = read_registration_body(registration.body)
    design = body.design
    placed, seconds = design.by_place, seconds_of(design, experiment.declared)
    places: list[int] = json.loads(configs)
    cell_seconds = [
        allowed_seconds(seconds[placed.arm_of(place)], is_on_gpu=bool(gpu), times_longer=experiment.rule.times_longer)
        for place in places
    ]
    ticket = TicketForm(
        lab=lab[0],
        trust=lab[1],
        experiment=experiment.name,
        version=experiment.version,
        bundle=bundle.digest,
        serial=bundle.serial,
        configs=[placed[place] for place in places],
        places=places,
        cell_seconds=cell_seconds,
        memory_mb=experiment.declared.memory_on(gpu),
    )
    replicate_seconds = placed.total(seconds, places)
    return OrderForm(ticket=ticket, bundle=bundle, replicate_seconds=replicate_seconds, block=body.block)
