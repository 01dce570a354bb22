"""Commands that void what a version concluded, after showing what hangs on it, and that open again what was closed."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from axiom.commands.command import Answer, Command
from axiom.commands.laboratory import Laboratory
from axiom.commands.words import NAMED, NUMBER, WHY, version_of
from axiom.domain.callers import Capability
from axiom.lab.experiments.recall import recall, reopen_finding, reopen_version
from axiom.store.engine.database import Database
from axiom.store.experiments.recall_effects import blast_radius


@dataclass(frozen=True, kw_only=True)
class RecallExperiment(Command):
    """Void a faulty version: nothing more is sent, its findings are recalled; results stay and stay paid."""

    name: ClassVar[str] = "experiment.recall"
    capability: ClassVar[Capability] = Capability.OPERATE

    experiment: str = field(metadata=NAMED)
    why: str = field(metadata=WHY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Count what hangs on it, then recall it."""
        found = version_of(db, self.experiment)
        touched = asdict(blast_radius(db, found.id))
        cancelled = recall(db, found, self.why, now)
        return {
            "experiment": found.name,
            "version": found.version,
            "why": self.why,
            "cancelled": cancelled,
            "blast_radius": {**touched, "findings": [dict(row) for row in touched["findings"]]},
        }


@dataclass(frozen=True, kw_only=True)
class ReopenExperiment(Command):
    """Have more of a retired version ordered again. A recalled one is never opened again."""

    name: ClassVar[str] = "experiment.reopen"
    capability: ClassVar[Capability] = Capability.OPERATE

    experiment: str = field(metadata=NAMED)
    why: str = field(metadata=WHY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Open it; the reason stays in the audit."""
        found = version_of(db, self.experiment)
        reopen_version(db, found, self.why, now)
        return {"experiment": found.name, "version": found.version, "why": self.why}


@dataclass(frozen=True, kw_only=True)
class ReopenFinding(Command):
    """Have a retired or suspended finding go on: what was wrong has been explained. A recalled one never does."""

    name: ClassVar[str] = "finding.reopen"
    capability: ClassVar[Capability] = Capability.OPERATE

    finding: int = field(metadata=NUMBER)
    why: str = field(metadata=WHY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Open it, and keep the reason with it."""
        was = reopen_finding(db, self.finding, self.why)
        return {"finding": self.finding, "was": was, "why": self.why}
