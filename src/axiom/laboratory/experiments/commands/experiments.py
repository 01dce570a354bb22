"""Commands about experiments: publish, preflight, retire, and load what another laboratory had of them."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from axiom.domain.callers import Capability
from axiom.domain.costs import core_hours
from axiom.domain.links import references_in
from axiom.domain.preflights import Attempt
from axiom.domain.programs import PROGRAM
from axiom.errors import NotFound, Refused, StoreDamaged, Withdrawn
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINE, LINES, NAMED, SAID_BY
from axiom.laboratory.experiments import preflight_report, published_files
from axiom.laboratory.experiments.catalogue_files import find_author, find_file, list_shipped
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
from axiom.laboratory.experiments.release_stages import record_program_code
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.laboratory.experiments.shipped_declarations import find_declaration
from axiom.laboratory.planning.design_cost import most_cost_of_version
from axiom.laboratory.registrations import kin
from axiom.limits import experiments as limits
from axiom.rules.accounts.command_permission import CommandCost
from axiom.signed.canonical_json import Scalar, canonical_bytes
from axiom.signed.manifests import stored_manifest
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, former_results, name_owners
from axiom.store.findings import references

EXPERIMENT_NAME = {"min_length": 1, "max_length": 64, "pattern": r"^[a-zA-Z0-9_]+$"}  # without a version
_NEW = {"new experiment", "new bundle"}
_Line = Annotated[str, {"min_length": 1, "max_length": 200, "pattern": LINE}]  # that a page can show


@dataclass(frozen=True, kw_only=True)
class PublishExperiment(Command, name="experiment.publish", capability=Capability.OPERATE):
    """Make an experiment's file into a signed bundle and register what it asks.

    Without `text` it is a file that the laboratory has; with it, this text is the file, and the laboratory keeps it.
    """

    experiment: str = field(metadata=EXPERIMENT_NAME)
    text: str | None = field(default=None, metadata={"max_length": limits.PUBLISHED_CHARACTERS})
    ran: str = field(default="", metadata={"max_length": 500, "pattern": LINES})  # what marks beside the file say
    by: str = field(default="operator", metadata=SAID_BY)

    def audited(self) -> dict[str, Any]:
        """Of the text its digest: the bundle keeps every byte of it."""
        digest = None if self.text is None else hashlib.sha256(self.text.encode()).hexdigest()
        return {**super().audited(), "text": digest}

    def request(self, db: Database) -> CommandCost:
        """A text takes the place of what somebody published under this name before."""
        owner = None if self.text is None else name_owners.find_first_publisher(db, self.experiment)
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
            find_known = _lookup(laboratory, file)
            made = pack_experiment(laboratory.package, file, laboratory.describe_sent, find_known=find_known)
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
