"""Commands that order workunits of a version, or tiles of its map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.costs import DesignCost, core_hours
from axiom.domain.evidence import Registration
from axiom.domain.experiments import MOST_COPIES
from axiom.domain.preflights import GATES, OWN_GATES
from axiom.domain.registrations import Rule, StoppingRule, map_amendments, read_registration_body
from axiom.domain.rounds import Allotment
from axiom.errors import NotFound, Refused, Withdrawn, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINES, NUMBER
from axiom.laboratory.experiments.commands.experiments import EXPERIMENT_NAME
from axiom.laboratory.experiments.find_version import find_version
from axiom.laboratory.experiments.rules.gates import PreflightVerdict
from axiom.laboratory.experiments.rules.orders_before_preflight import may_order_more
from axiom.laboratory.planning.design_cost import cost_of_cells, cost_of_design
from axiom.laboratory.planning.present_hosts import choose_order_size, find_able_hosts
from axiom.laboratory.planning.read_candidates import need_of_manifest
from axiom.laboratory.planning.replicate_orders import find_orderable_registration, order_replicates
from axiom.laboratory.planning.ticket_room import demand_ticket_room
from axiom.laboratory.planning.tile_orders import find_charted_version, order_tiles_to_chart
from axiom.laboratory.policy import Policy, policy_from_settings
from axiom.rules.accounts.command_permission import CommandCost
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, preflights, releases, task_rules
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.hosts import hosts
from axiom.store.registrations import registrations, time_stamps
from axiom_weigh.amounts import tell_amount


@dataclass(frozen=True, kw_only=True)
class DeployExperiment(Command, name="experiment.deploy", capability=Capability.DEPLOY):
    """Order so many workunits of an experiment, each as large as a task should be; for one host alone, or for any.

    A host that should have less than `replicates_each` is given a part of it. For every host: so many of one replicate
    for each that was heard from lately and could compute it.
    """

    experiment: str = field(metadata=EXPERIMENT_NAME)
    workunits: int = field(metadata={"ge": 1, "le": 10_000})
    replicates_each: int | None = field(default=None, metadata={"ge": 1, "le": 64})
    # Cells of the first replicate that are a workunit each.
    singly: int = field(default=0, metadata={"ge": 0, "le": 64})
    host: int | None = field(default=None, metadata=NUMBER)
    every_host: bool = False
    registration: int | None = field(default=None, metadata=NUMBER)  # else that of the declared sweep
    # Of each task; else as many as its file says.
    copies: int | None = field(default=None, metadata={"ge": 1, "le": MOST_COPIES})
    reason: str = field(default="", metadata={"max_length": 500, "pattern": LINES})

    def request(self, db: Database) -> CommandCost:
        """The workunits count against the caller's day, with those into which the first may be cut."""
        cut = self.singly + 1 if self.singly else 0
        hosts_there = releases.measure_fleet(db).hosts if self.every_host else 1
        return CommandCost(command=self.name, capability=self.capability, workunits=self.workunits * hosts_there + cut)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        if self.host is not None and hosts.find_host(db, self.host) is None:
            raise NotFound(
                f"There is no host {self.host}, so nothing was ordered. `axiom host list` shows who is there."
            )
        if (self.host is not None or self.every_host) and (self.copies or 1) > 1:
            target = "every host" if self.every_host else f"host {self.host}"
            raise Refused(
                f"{self.copies} copies of each task go to hosts of as many volunteers, and one for {target} goes to "
                "one alone. Nothing was ordered; leave out the host, or the copies."
            )
        policy = policy_from_settings(laboratory.settings)
        targets, passed_over = self._targets(db, experiment, policy, now)
        allowed = _demand_tried(db, experiment, targets)
        registration = self._registration(db, experiment)
        if policy.is_stamped and registration in time_stamps.list_unstamped_registrations(db):
            raise Refused(
                "No authority has stamped the registration yet, as the setting stamp_authority asks. Nothing was "
                "ordered; it takes seconds as a rule, and `axiom doctor` says what is in the way."
            )
        replicates_each = self.replicates_each or (1 if self.every_host else 0)
        replicates_each = (
            replicates_each or choose_order_size(db, registration, policy, now, host_id=self.host).replicates
        )
        demand_ticket_room(db, experiment, registration, replicates=replicates_each, keys=laboratory.keys, now=now)
        allotment = Allotment(
            experiment_id=experiment.id,
            workunits=self.workunits,
            replicates_each=replicates_each,
            registration_id=self.registration,
            reason=self.reason,
        )
        most = laboratory.settings.max_failures
        usual = stored_manifest(experiment.manifest).copies
        whom: Sequence[int | None] = targets or [None]
        copies = 1 if targets else self.copies or usual
        made = [
            workunit
            for host in whom
            for workunit in order_replicates(
                db, allotment, max_failures=most, now=now, singly=self.singly, host_id=host, copies=copies
            )
        ]
        replicates = self.workunits * replicates_each * len(whom)
        every = {"hosts": len(targets), "passed_over": dict(passed_over)} if self.every_host else {}
        return every | {
            "experiment": experiment.name,
            "version": experiment.version,
            "workunits": len(made),
            "first": made[0],
            "last": made[-1],
            "replicates_each": replicates_each,
            "copies": copies,
            "most_core_hours": core_hours(_cost(db, experiment, registration, replicates).most * copies / usual),
            "preflight": allowed.reason,
        }

    def _targets(
        self, db: Database, experiment: StoredExperiment, policy: Policy, now: datetime
    ) -> tuple[list[int], Mapping[str, int]]:
        """The hosts for which it is ordered, none where any may have it; and why others are passed over."""
        if self.host is not None and self.every_host:
            raise WrongUse("It is ordered for one host or for every host. Nothing was ordered; name one of the two.")
        if not self.every_host:
            return [] if self.host is None else [self.host], {}
        need = need_of_manifest(stored_manifest(experiment.manifest), task_rules.read_rule(db, experiment.name))
        targets, passed_over = find_able_hosts(db, need, policy, now)
        if not targets:
            reasons = "; ".join(f"{tell_amount(hosts, 'host')}: {why}" for why, hosts in passed_over.items())
            why = f" ({reasons})" if reasons else ""
            raise Refused(f"No host that was heard from in the last hour could compute it{why}. Nothing was ordered.")
        return targets, passed_over

    def _registration(self, db: Database, experiment: StoredExperiment) -> Registration | None:
        by = map_amendments(registrations.read_registrations(db, experiment.id)).get(self.registration or 0)
        if by is not None:
            raise Refused(f"Registration {self.registration} was amended by {by}. Nothing was ordered; order that one.")
        wanted = find_orderable_registration(db, experiment.id, self.registration)
        if wanted is None and self.registration is not None:
            raise NotFound(
                f"{experiment.whole_name} has no registration {self.registration}, so nothing was ordered. "
                "`axiom registration list` shows all."
            )
        return wanted


@dataclass(frozen=True, kw_only=True)
class ChartExperiment(Command, name="experiment.chart", capability=Capability.DEPLOY):
    """Order tiles of a map that the replicates of its version still need, down to the level that the map says.

    Which tiles these are shows as coarser ones come back, so this is asked again until nothing more is ordered.
    """

    experiment: str = field(metadata=EXPERIMENT_NAME)
    workunits: int = field(metadata={"ge": 1, "le": 10_000})  # at most about so many
    reason: str = field(default="", metadata={"max_length": 500, "pattern": LINES})

    def request(self, db: Database) -> CommandCost:
        """The workunits count against the caller's day."""
        return CommandCost(command=self.name, capability=self.capability, workunits=self.workunits)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        version = find_charted_version(db, experiment)
        if version is None:
            raise Refused(f"{experiment.whole_name} draws no map, so it has no tiles. Nothing was ordered.")
        if experiment.status != "open":
            raise Withdrawn(f"{experiment.whole_name} is {experiment.status}. Nothing was ordered.")
        _demand_tried(db, experiment, ())
        made = order_tiles_to_chart(db, version, policy_from_settings(laboratory.settings), now, most=self.workunits)
        return {
            "experiment": experiment.name,
            "version": experiment.version,
            "tiles": sum(order.tiles for order in made),
            "workunits": sum(len(order.workunits) for order in made),
            "most_core_hours": core_hours(sum(order.seconds for order in made)),
        }


def _cost(db: Database, version: StoredExperiment, registration: Registration | None, replicates: int) -> DesignCost:
    stopping = StoppingRule(rule=Rule.FIXED, replicates=replicates)
    if registration is None:
        return cost_of_cells(db, version.id, stored_manifest(version.manifest).cell_seconds, stopping)
    return cost_of_design(db, version.id, read_registration_body(registration.body).design, stopping)


def _demand_tried(db: Database, experiment: StoredExperiment, targets: Sequence[int]) -> PreflightVerdict:
    """May it be ordered, as far as its preflight goes? Refused otherwise."""
    newest = experiments.find_newest_bundle(db, experiment.id)
    tried = preflights.find_preflight(db, newest.digest, GATES) if newest else None
    read = preflights.find_preflight(db, newest.digest, OWN_GATES) if newest else None
    may_ours = newest is not None and preflights.has_bundle_passed(db, newest.digest, is_ours=True)
    allowed = may_order_more(
        tried.passed if tried else None,
        is_offered=preflights.is_version_offered(db, experiment.id, GATES),
        is_for_volunteer=any(not preflights.is_own_host(db, host) for host in targets),
        had_passed=newest is not None and preflights.has_bundle_passed(db, newest.digest),
        is_read=may_ours,
    )
    if not allowed.passed:
        verdict = tried or (None if may_ours else read)
        why = f": {verdict.reason.rstrip('.')}" if verdict else ""
        raise Refused(
            f"{experiment.name} is not ordered, since {allowed.reason}{why}. Nothing was ordered; "
            f"`axiom experiment preflight {experiment.name}` tries it."
        )
    return allowed
