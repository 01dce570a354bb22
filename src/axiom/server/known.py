"""What the writer's thread keeps at hand of experiments, so that handing out a task asks nothing twice.

It belongs to that one thread. Whether it is outdated, it asks the database itself: so it is right inside every work
that has looked, also after a transaction that changed an experiment was undone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.preflights import GATES
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.signed.tickets import TicketForm
from axiom.store import experiments, findings
from axiom.store.database import Database
from axiom.store.experiments import StoredBundle, StoredExperiment

# A cell is stopped at five times its predicted cost. Compiling a shape for the first time costs seconds whatever
# the prediction, hence the floor.
COST_MARGIN = 5.0
LEAST_CELL_SECONDS = 60.0
_MOST_KEPT = 10_000
_PASSED_FOR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownExperiment:
    """One version of an experiment with the bundle of it that a host may have."""

    id: int
    name: str
    version: int
    status: str  # open, retired or recalled
    manifest: Manifest  # as it was registered: what its results are judged by
    declared: Manifest  # as this bundle says: what a task of it needs today
    bundle: StoredBundle | None  # what the next task carries

    @property
    def is_ready(self) -> bool:
        """May a task of it go out?"""
        return self.status == "open" and self.bundle is not None

    def is_sealed(self, now: datetime) -> bool:
        """Has the seal of its bundle not run out? Hosts would refuse it. Without a bundle there is none."""
        return self.bundle is None or now < self.bundle.expires_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What all tasks of the same cells under the same bundle have in common."""

    ticket: TicketForm
    bundle: StoredBundle
    replicate_seconds: float  # of a reference core, for each replicate at these cells


class Known:
    """Experiments by their id, and the forms of their orders; read again when anything of them has changed."""

    def __init__(self) -> None:
        # With the newest bundle, as the laboratory's own hosts get it; and with the newest that passed its preflight,
        # as everybody else does. Where none did, nothing of it goes to them.
        self.experiments: Mapping[int, KnownExperiment] = {}
        self.tried: Mapping[int, KnownExperiment] = {}
        self._stamp: tuple[object, ...] | None = None
        self._forms: dict[tuple[int, str, tuple[str, int], str], Form] = {}
        self._sizes: dict[int, float] = {}
        self._passed: dict[tuple[int, int], tuple[int, datetime]] = {}

    def look(self, db: Database) -> None:
        """See whether anything has changed; cheap when nothing has."""
        stamp = experiments.stamp(db)
        if stamp != self._stamp:
            newest = {bundle.experiment_id: bundle for bundle in experiments.newest_bundles(db)}
            found = experiments.everything(db)
            self.experiments = {each.id: _known(each, newest.get(each.id)) for each in found}
            tried = {bundle.experiment_id: bundle for bundle in experiments.passed_bundles(db, GATES)}
            self.tried = {each.id: _known(each, tried.get(each.id)) for each in found}
            self._forms.clear()
            self._stamp = stamp

    def offered(self, *, is_ours: bool) -> Mapping[int, KnownExperiment]:
        """What a host of the laboratory's own may have, or anybody else's."""
        return self.experiments if is_ours else self.tried

    def form(
        self, db: Database, lab: tuple[str, int], experiment: KnownExperiment, registration_id: int, configs: str
    ) -> Form:
        """The form of tasks at these configs, which are places in the registered sweep, as a workunit stores them.

        `lab` is the laboratory and the version of its trust file.
        """
        key = (registration_id, configs, lab, experiment.bundle.digest if experiment.bundle else "")
        if key not in self._forms:
            if len(self._forms) >= _MOST_KEPT:
                self._forms.clear()
            self._forms[key] = _form(db, lab, experiment, registration_id, configs)
        return self._forms[key]

    def size(self, experiment: KnownExperiment) -> float:
        """Reference-core seconds of a task of this version, as the latest were."""
        return self._sizes.get(experiment.id, experiment.declared.seconds)

    def note_size(self, experiment: KnownExperiment, seconds: float) -> None:
        """A task of so many reference-core seconds has just been given out."""
        self._sizes[experiment.id] = seconds

    def passed(self, volunteer_id: int, experiment_id: int, now: datetime) -> int:
        """Up to which task nothing of this version that waits may go to this volunteer, as was seen within the hour."""
        task_id, seen_at = self._passed.get((volunteer_id, experiment_id), (0, now))
        return task_id if now - seen_at < _PASSED_FOR else 0

    def pass_by(self, volunteer_id: int, experiment_id: int, task_id: int, now: datetime) -> None:
        """Nothing that waits up to this task may go to this volunteer: kept to save time, and seen again later."""
        if len(self._passed) >= _MOST_KEPT:
            self._passed.clear()
        _, since = self._passed.get((volunteer_id, experiment_id), (0, now))
        self._passed[volunteer_id, experiment_id] = task_id, since if now - since < _PASSED_FOR else now


def seconds_of(design: Mapping[str, Any], bundled: Manifest | None) -> Sequence[float]:
    """What each config costs as the bundle says; as it was registered where the bundle speaks of another sweep."""
    if bundled is not None and [dict(config) for config in bundled.configs] == design["configs"]:
        return bundled.cell_seconds
    expected: list[float] = design["expected_seconds"]
    return expected


def _known(found: StoredExperiment, bundle: StoredBundle | None) -> KnownExperiment:
    registered = stored_manifest(found.manifest)
    return KnownExperiment(
        id=found.id,
        name=found.name,
        version=found.version,
        status=found.status,
        manifest=registered,
        declared=stored_manifest(bundle.manifest) if bundle and bundle.manifest else registered,
        bundle=bundle,
    )


def _form(db: Database, lab: tuple[str, int], experiment: KnownExperiment, registration_id: int, configs: str) -> Form:
    registration, bundle = findings.registration(db, registration_id), experiment.bundle
    if registration is None or bundle is None:
        raise LookupError(f"{experiment.name} is to be sent without its registration {registration_id} or a bundle")
    design: dict[str, Any] = json.loads(registration.body)
    seconds = seconds_of(design, experiment.declared if bundle.manifest else None)
    places: list[int] = json.loads(configs)
    ticket = TicketForm(
        lab=lab[0],
        trust=lab[1],
        experiment=experiment.name,
        version=experiment.version,
        bundle=bundle.digest,
        serial=bundle.serial,
        configs=[design["configs"][place] for place in places],
        places=places,
        cell_seconds=[max(LEAST_CELL_SECONDS, COST_MARGIN * seconds[place]) for place in places],
        memory_mb=experiment.declared.memory_mb,
    )
    return Form(ticket=ticket, bundle=bundle, replicate_seconds=sum(seconds[place] for place in places))
