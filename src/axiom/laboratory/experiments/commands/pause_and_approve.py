"""Commands that let a version out, hold it, let it go on, or put an earlier bundle in its place."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.errors import Refused
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import DECIDED_BY, NAMED, NUMBER, PUBLIC, SENTENCE
from axiom.laboratory.experiments.find_version import find_version
from axiom.laboratory.experiments.pause_and_approve import approve_version, pause_version, resume_version
from axiom.laboratory.experiments.rollback import roll_back_version
from axiom.store.engine.database import Database

_PLATFORM = {
    "max_length": 60,
    "pattern": r"^([a-z0-9]+-[a-z0-9_]+-[a-z0-9]+)?$",
    "help": "On computers of this kind alone, as linux-x86_64-avx2.",
}
_WHY = SENTENCE | PUBLIC


@dataclass(frozen=True, kw_only=True)
class PauseExperiment(Command, name="experiment.pause", capability=Capability.OPERATE):
    """Give nothing more of a version to anybody, at once. What is out goes on, and is kept and paid."""

    experiment: str = field(metadata=NAMED)
    why: str = field(metadata=_WHY)
    platform: str = field(default="", metadata=_PLATFORM)
    by: str = field(default="operator", metadata=DECIDED_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        out = pause_version(db, experiment, platform=self.platform, reason=self.why, by=self.by, now=now)
        return {"experiment": experiment.name, "version": experiment.version, "platform": self.platform, "out": out}


@dataclass(frozen=True, kw_only=True)
class ResumeExperiment(Command, name="experiment.resume", capability=Capability.RUN):
    """Have a version go on that was paused, held back or halted. After a halt it begins with its pilot again."""

    experiment: str = field(metadata=NAMED)
    why: str = field(default="it may go on", metadata=_WHY)
    platform: str = field(default="", metadata=_PLATFORM)
    by: str = field(default="operator", metadata=DECIDED_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        lifted = resume_version(db, experiment, platform=self.platform, reason=self.why, by=self.by, now=now)
        return {"experiment": experiment.name, "version": experiment.version, "lifted": lifted}


@dataclass(frozen=True, kw_only=True)
class ApproveExperiment(Command, name="experiment.approve", capability=Capability.APPROVE):
    """Let a version's newest bundle go beyond the laboratory's own hosts, where the setting `approvals` asks for it."""

    experiment: str = field(metadata=NAMED)
    why: str = field(default="looked at and found good", metadata=_WHY)
    serial: int | None = field(
        default=None, metadata=NUMBER | {"help": "Of the bundle that was looked at; else of any."}
    )
    by: str = field(default="operator", metadata=DECIDED_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        bundle = approve_version(db, experiment, reason=self.why, by=self.by, now=now)
        if self.serial not in (None, bundle.serial):
            raise Refused(
                f"The newest bundle of {experiment.whole_name} has serial {bundle.serial} by now, and "
                f"serial {self.serial} was looked at. Nothing was approved; look at the newest one."
            )
        return {
            "experiment": experiment.name,
            "version": experiment.version,
            "bundle": bundle.digest,
            "serial": bundle.serial,
        }


@dataclass(frozen=True, kw_only=True)
class RollBackExperiment(Command, name="experiment.rollback", capability=Capability.RUN):
    """Put an earlier bundle of a version in the place of its newest. What waits gets it; what is out goes on."""

    experiment: str = field(metadata=NAMED)
    why: str = field(metadata=_WHY)
    to: int | None = field(
        default=None, metadata=NUMBER | {"help": "The serial of the bundle to go back to; else the one before."}
    )
    by: str = field(default="operator", metadata=DECIDED_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        done = roll_back_version(
            db,
            laboratory.folder,
            experiment,
            to=self.to,
            keys=laboratory.keys,
            good_for=laboratory.bundle_good_for,
            reason=self.why,
            by=self.by,
            now=now,
        )
        return {"experiment": experiment.name, "version": experiment.version, **asdict(done)}
