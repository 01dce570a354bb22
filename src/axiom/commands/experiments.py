"""Commands about experiments: publish, deploy, retire."""

from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from axiom.commands.command import Answer, Command
from axiom.commands.laboratory import Laboratory
from axiom.decisions.limits import Request
from axiom.decisions.planning import replicates_per_workunit
from axiom.domain.callers import Capability
from axiom.domain.sessions import Allotment
from axiom.errors import UnknownName
from axiom.lab.deploy import deploy
from axiom.lab.publish import Prepared, prepare, publish
from axiom.lab.withdraw import withdraw
from axiom.signed.manifests import stored_manifest
from axiom.store import blobs, experiments
from axiom.store.database import Database, connect_reader
from axiom.store.experiments import StoredExperiment

_NAME = Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_]+$")


class PublishExperiment(Command):
    """Make an experiment of the catalogue into a signed bundle and register what it asks."""

    name: ClassVar[str] = "experiment.publish"
    capability: ClassVar[Capability] = Capability.OPERATE

    experiment: str = _NAME

    def prepare(self, laboratory: Laboratory) -> Prepared:
        """Pack and describe the file, which takes a second or two."""
        return prepare(laboratory.package, self._file(laboratory), self._packed_before(laboratory))

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Sign, store and register it."""
        published = publish(
            db,
            laboratory.folder,
            prepared,
            key=laboratory.keys.bundle,
            good_for=laboratory.bundle_good_for,
            now=now,
        )
        return {
            "experiment": prepared.manifest.name,
            "version": prepared.manifest.version,
            "bundle": published.digest,
            "serial": published.serial,
            "change": published.change,
        }

    def _file(self, laboratory: Laboratory) -> Path:
        known = [file.stem for file in laboratory.catalogue.glob("[a-z]*.py")]
        if self.experiment not in known:
            raise UnknownName("experiment", self.experiment, known)
        return laboratory.catalogue / f"{self.experiment}.py"

    def _packed_before(self, laboratory: Laboratory) -> bytes | None:
        reader = connect_reader(laboratory.folder.database)
        try:
            newest = experiments.by_name(reader, self.experiment)
            current = experiments.bundle_now(reader, newest.id) if newest else None
            return blobs.get(reader, laboratory.folder, current.digest) if current else None
        finally:
            reader.close()


class DeployExperiment(Command):
    """Order so many workunits of an experiment, each as large as a task should be."""

    name: ClassVar[str] = "experiment.deploy"
    capability: ClassVar[Capability] = Capability.DEPLOY

    experiment: str = _NAME
    workunits: int = Field(ge=1, le=10_000)
    replicates_each: int | None = Field(default=None, ge=1, le=64)
    reason: str = Field(default="", max_length=500)

    def request(self, db: Database) -> Request:
        """The workunits count against the caller's day."""
        del db
        return Request(command=self.name, capability=self.capability, workunits=self.workunits)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Issue the replicates and write the workunits."""
        del prepared
        found = _known(db, self.experiment)
        seconds = stored_manifest(found.manifest).seconds
        each = self.replicates_each or replicates_per_workunit(seconds, laboratory.settings.task_seconds)
        allotment = Allotment(
            experiment_id=found.id, workunits=self.workunits, replicates_each=each, reason=self.reason
        )
        made = deploy(db, allotment, max_failures=laboratory.settings.max_failures, now=now)
        return {
            "experiment": found.name,
            "version": found.version,
            "workunits": len(made),
            "first": made[0],
            "last": made[-1],
            "replicates_each": each,
        }


class RetireExperiment(Command):
    """Order nothing more of an experiment and cancel what has not been sent."""

    name: ClassVar[str] = "experiment.retire"
    capability: ClassVar[Capability] = Capability.OPERATE

    experiment: str = _NAME
    reason: str = Field(default="retired", max_length=500)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Retire it."""
        del laboratory, prepared
        found = _known(db, self.experiment)
        cancelled = withdraw(db, found.id, self.reason, now)
        return {"experiment": found.name, "version": found.version, "cancelled": cancelled}


def _known(db: Database, name: str) -> StoredExperiment:
    found = experiments.by_name(db, name)
    if found is None:
        raise UnknownName("published experiment", name, {known.name for known in experiments.everything(db)})
    return found
