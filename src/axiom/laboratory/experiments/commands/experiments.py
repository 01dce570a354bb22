"""Commands about experiments: publish, preflight, deploy, retire, and load what another laboratory had of them."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from axiom.domain.callers import Capability
from axiom.domain.costs import DesignCost, core_hours
from axiom.domain.evidence import Registration
from axiom.domain.experiments import MOST_COPIES
from axiom.domain.links import references_in
from axiom.domain.preflights import GATES, OWN_GATES, Attempt
from axiom.domain.programs import PROGRAM
from axiom.domain.registrations import Rule, StoppingRule, map_amendments, read_registration_body
from axiom.domain.rounds import Allotment
from axiom.errors import NotFound, Refused, StoreDamaged, Withdrawn, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINE, LINES, NAMED, NUMBER, SAID_BY
from axiom.laboratory.experiments import preflight_report, published_files
from axiom.laboratory.experiments.catalogue_files import find_author, find_file, list_shipped
from axiom.laboratory.experiments.declared import find_declaration
from axiom.laboratory.experiments.find_version import find_version
from axiom.laboratory.experiments.old_claims import LIST, read_old_claims, register_old_claims
from axiom.laboratory.experiments.publish import (
    WAITS,
    FindKnown,
    KnownDeclaration,
    PackedBundle,
    pack_experiment,
    publish_bundle,
    read_packed_declaration,
)
from axiom.laboratory.experiments.releases import record_program_code
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.experiments.rules.preflight import PreflightVerdict, may_order_more
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.laboratory.planning.candidates import need_of_manifest
from axiom.laboratory.planning.capacity import choose_order_size, find_able_hosts
from axiom.laboratory.planning.design_cost import cost_of_cells, cost_of_design, most_cost_of_version
from axiom.laboratory.planning.replicate_orders import find_orderable_registration, order_replicates
from axiom.laboratory.planning.ticket_room import demand_ticket_room
from axiom.laboratory.planning.tiles import find_charted_version, order_tiles_to_chart
from axiom.laboratory.policy import Policy, policy_from_settings
from axiom.laboratory.registrations import kin
from axiom.limits import experiments as limits
from axiom.rules.accounts.command_permission import CommandCost
from axiom.signed.canonical_json import Scalar, canonical_bytes
from axiom.signed.manifests import stored_manifest
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, former_results, preflights, releases, task_rules
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import references
from axiom.store.hosts import hosts
from axiom.store.registrations import registrations, time_stamps
from axiom.store.upkeep import audit
from axiom_weigh.amounts import tell_amount

_NAME = {"min_length": 1, "max_length": 64, "pattern": r"^[a-zA-Z0-9_]+$"}
_NEW = {"new experiment", "new bundle"}
_Line = Annotated[str, {"min_length": 1, "max_length": 200, "pattern": LINE}]  # that a page can show


@dataclass(frozen=True, kw_only=True)
class PublishExperiment(Command, name="experiment.publish", capability=Capability.OPERATE):
    """Make an experiment's file into a signed bundle and register what it asks.

    Without `text` it is a file that the laboratory has; with it, this text is the file, and the laboratory keeps it.
    """

    experiment: str = field(metadata=_NAME)
    text: str | None = field(default=None, metadata={"max_length": limits.PUBLISHED_CHARACTERS})
    ran: str = field(default="", metadata={"max_length": 500, "pattern": LINES})  # what marks beside the file say
    by: str = field(default="operator", metadata=SAID_BY)

    def audited(self) -> dict[str, Any]:
        """Of the text its digest: the bundle keeps every byte of it."""
        digest = None if self.text is None else hashlib.sha256(self.text.encode()).hexdigest()
        return {**super().audited(), "text": digest}

    def request(self, db: Database) -> CommandCost:
        """A text takes the place of what somebody published under this name before."""
        owner = None if self.text is None else audit.find_first_publisher(db, self.experiment)
        return CommandCost(command=self.name, capability=self.capability, owner=owner)

    def prepare(self, laboratory: Laboratory) -> PackedBundle:
        """Pack and describe the file, which takes a second or two."""
        if self.text is None:
            file = find_file(laboratory, self.experiment)
            return pack_experiment(laboratory.package, file, laboratory.describe, find_known=_lookup(laboratory, file))
        from axiom.laboratory.experiments.same_numbers import demand_same_numbers

        if self.experiment in list_shipped(laboratory):
            raise Refused(
                f"{self.experiment} is an experiment that Axiom brings along, and a file of yours cannot take its "
                "place. Nothing was published; give yours another name."
            )
        with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
            file = Path(folder) / f"{self.experiment}.py"
            file.write_bytes(self.text.encode())
            made = pack_experiment(laboratory.package, file, laboratory.describe, find_known=_lookup(laboratory, file))
            demand_same_numbers(laboratory.folder, made)
            kin.read_texts_ahead(laboratory.folder, self.text.encode())
            refusals = check_source(self.text, self.experiment) if made.refusals is None else made.refusals
            return replace(made, refusals=refusals, author=self.by, ran=self.ran)

    def finish(self, laboratory: Laboratory, answer: Answer) -> None:
        """Keep the text among the laboratory's own files, from which its bundle stays renewed."""
        if self.text is not None:
            published_files.keep_experiment_file(laboratory.folder, self.experiment, self.text.encode())

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Sign, store and register it. Sessions order its sweep without being asked, so that counts here."""
        named = prepared.manifest.name, prepared.manifest.version
        before = most_cost_of_version(db, *named)
        author = prepared.author or find_author(laboratory, db, named[0])
        published = publish_bundle(
            db,
            laboratory.folder,
            replace(prepared, author=author),
            keys=laboratory.keys,
            good_for=laboratory.bundle_good_for,
            now=now,
            has_address=laboratory.has_address,
        )
        if published.experiment_id is not None and self.by.startswith(PROGRAM) and published.change in _NEW:
            record_program_code(db, published.experiment_id, published.digest, by=self.by, now=now)
        register_old_claims(db, read_old_claims(laboratory.catalogue / LIST), prepared.manifest.name, now)
        if not author:  # what Axiom brings along was read by those who release it
            for words in references_in(prepared.manifest.reference):
                references.add_reference(db, words, by="catalogue", now=now)
        return {
            "experiment": named[0],
            "version": named[1],
            "bundle": published.digest,
            "serial": published.serial,
            "change": published.change,
            "is_stored": published.change != WAITS,
            "refusals": [asdict(refusal) for refusal in prepared.refusals or ()],
            "most_core_hours": core_hours(max(0.0, most_cost_of_version(db, *named) - before)),
        }


@dataclass(frozen=True, kw_only=True)
class PreflightExperiment(Command, name="experiment.preflight", capability=Capability.RUN):
    """Remember what came of trying a bundle. Who asks has computed it; what it means is decided here.

    At G0 and G1 nothing is computed: there the laboratory reads the file itself.
    """

    report: str = field(metadata={"min_length": 2, "max_length": preflight_report.LIMIT})

    def audited(self) -> dict[str, Any]:
        """Of the report its digest: the report itself is stored."""
        return {"report": hashlib.sha256(self.report.encode()).hexdigest()}

    def prepare(self, laboratory: Laboratory) -> Attempt:
        """Read the report, which may be long, and the file that it is about."""
        from axiom.laboratory.experiments import preflight

        attempt = preflight_report.read_preflight_report(self.report)
        kin.count_usual_parts()  # takes more than a second once, for which the writer shall not wait
        with Connections(folder=laboratory.folder).reader() as reader:
            return preflight.recheck_source(reader, laboratory.folder, attempt)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        from axiom.laboratory.experiments import preflight

        secret = preflight.preflight_secret(laboratory.keys.ticket)
        tried = experiments.find_bundle(db, prepared.bundle)
        shipped = tried is not None and preflight.is_shipped_bundle(
            blobs.read_blob(db, laboratory.folder, tried.digest)
        )
        made, is_new = preflight.store_judged_preflight(db, prepared, secret, now, is_shipped=shipped)
        bundle = experiments.find_bundle(db, made.bundle)
        if bundle:
            demands = preflight.preflight_demands(stored_manifest(bundle.manifest))
            kin.record_bundle_numbers(db, laboratory.folder, bundle.digest, prepared, demands)
        experiment = experiments.find_experiment(db, bundle.experiment_id) if bundle else None
        return {
            "experiment": experiment.name if experiment else "",
            "version": experiment.version if experiment else 0,
            "bundle": made.bundle,
            "gates": made.gates,
            "platform": made.platform,
            "passed": made.passed,
            "reason": made.reason,
            "is_new": is_new,
        }


@dataclass(frozen=True, kw_only=True)
class DeployExperiment(Command, name="experiment.deploy", capability=Capability.DEPLOY):
    """Order so many workunits of an experiment, each as large as a task should be; for one host alone, or for any.

    A host that should have less than `replicates_each` is given a part of it. For every host: so many of one replicate
    for each that was heard from lately and could compute it.
    """

    experiment: str = field(metadata=_NAME)
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
                f"{experiment.name}@{experiment.version} has no registration {self.registration}, so nothing was "
                "ordered. `axiom registration list` shows all."
            )
        return wanted


@dataclass(frozen=True, kw_only=True)
class ChartExperiment(Command, name="experiment.chart", capability=Capability.DEPLOY):
    """Order tiles of a map that the replicates of its version still need, down to the level that the map says.

    Which tiles these are shows as coarser ones come back, so this is asked again until nothing more is ordered.
    """

    experiment: str = field(metadata=_NAME)
    workunits: int = field(metadata={"ge": 1, "le": 10_000})  # at most about so many
    reason: str = field(default="", metadata={"max_length": 500, "pattern": LINES})

    def request(self, db: Database) -> CommandCost:
        """The workunits count against the caller's day."""
        return CommandCost(command=self.name, capability=self.capability, workunits=self.workunits)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        version = find_charted_version(db, experiment)
        if version is None:
            raise Refused(
                f"{experiment.name}@{experiment.version} draws no map, so it has no tiles. Nothing was ordered."
            )
        if experiment.status != "open":
            raise Withdrawn(f"{experiment.name}@{experiment.version} is {experiment.status}. Nothing was ordered.")
        _demand_tried(db, experiment, ())
        made = order_tiles_to_chart(db, version, policy_from_settings(laboratory.settings), now, most=self.workunits)
        return {
            "experiment": experiment.name,
            "version": experiment.version,
            "tiles": sum(order.tiles for order in made),
            "workunits": sum(len(order.workunits) for order in made),
            "most_core_hours": core_hours(sum(order.seconds for order in made)),
        }


@dataclass(frozen=True, kw_only=True)
class RetireExperiment(Command, name="experiment.retire", capability=Capability.RUN):
    """Order nothing more of an experiment and cancel what has not been sent."""

    experiment: str = field(metadata=NAMED)
    reason: str = field(
        default="retired by the operator", metadata={"max_length": 500, "help": "Why; it stays in the audit."}
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        if experiment.status != "open":
            raise Withdrawn(
                f"{experiment.name} version {experiment.version} is {experiment.status} already. Nothing was changed."
            )
        cancelled = retire_version(db, experiment.id, self.reason, now)
        return {"experiment": experiment.name, "version": experiment.version, "cancelled": cancelled}


@dataclass(frozen=True, kw_only=True)
class FormerResult:
    """A task of another laboratory: its numbers, and what it was computed with, by name."""

    task: _Line
    measures: dict[_Line, float] = field(metadata={"min_length": 1, "max_length": limits.FORMER_NUMBERS})
    config: dict[_Line, Scalar] = field(default_factory=dict, metadata={"max_length": limits.FORMER_NUMBERS})


@dataclass(frozen=True, kw_only=True)
class LoadFormerResults(Command, name="experiment.load-former", capability=Capability.RUN):
    """Show on an experiment's page what another laboratory had of it. It is exploratory for ever: nothing weighs it.

    A task that the same source has already stays as it is, and the answer names it where the numbers are others now.
    """

    experiment: str = field(metadata=NAMED)
    source: _Line
    rows: list[FormerResult] = field(metadata={"min_length": 1, "max_length": limits.FORMER_ROWS})

    def audited(self) -> dict[str, Any]:
        """Of the rows their digest: the rows themselves are stored."""
        return {**self.words(), "rows": hashlib.sha256(canonical_bytes(self.words()["rows"])).hexdigest()}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Keep those of new tasks."""
        whose = {"experiment": find_version(db, self.experiment).name, "source": self.source}
        rows = self.words()["rows"]
        before = [former_results.add_former_result(db, row, **whose, now=now) for row in rows]
        differing = [row["task"] for row, kept in zip(rows, before, strict=True) if kept not in (None, row)]
        return {**whose, "stored": before.count(None), "kept": len(rows) - before.count(None), "differing": differing}


def _cost(db: Database, version: StoredExperiment, registration: Registration | None, replicates: int) -> DesignCost:
    stopping = StoppingRule(rule=Rule.FIXED, replicates=replicates)
    if registration is None:
        return cost_of_cells(db, version.id, stored_manifest(version.manifest).cell_seconds, stopping)
    return cost_of_design(db, version.id, read_registration_body(registration.body).design, stopping)


def _lookup(laboratory: Laboratory, file: Path) -> FindKnown:
    """What the file declares, if the program came with it or a bundle of the same sources is there."""

    def declaration_of(files: Mapping[str, bytes]) -> KnownDeclaration | None:
        shipped = file.parent == laboratory.catalogue and find_declaration(laboratory.catalogue, file.stem, files)
        if shipped:
            return KnownDeclaration(declaration=shipped, refusals=())  # or the list would not have it
        archive = _newest_archive(laboratory, file.stem)
        return read_packed_declaration(archive, files) if archive else None

    return declaration_of


def _newest_archive(laboratory: Laboratory, name: str) -> bytes | None:
    """The bundle that is there; one that is lost or damaged is packed anew."""
    try:
        with Connections(folder=laboratory.folder).reader() as reader:
            newest = experiments.find_experiment_by_name(reader, name)
            current = experiments.find_newest_bundle(reader, newest.id) if newest else None
            return blobs.read_blob(reader, laboratory.folder, current.digest) if current else None
    except (NotFound, StoreDamaged):
        return None


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
