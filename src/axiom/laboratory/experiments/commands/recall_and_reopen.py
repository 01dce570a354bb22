"""Commands that void what was faulty, and open again what was closed."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import NAMED, NUMBER, PUBLIC, WHY
from axiom.laboratory.experiments.find_version import find_version
from axiom.laboratory.experiments.recall_and_reopen import recall_version, reopen_finding, reopen_version
from axiom.store.engine.database import Database
from axiom.store.experiments.recall_effects import blast_radius


@dataclass(frozen=True, kw_only=True)
class RecallExperiment(Command, name="experiment.recall", capability=Capability.RUN):
    """Void a faulty version: nothing more is sent, its findings are recalled; results stay and stay paid."""

    experiment: str = field(metadata=NAMED)
    why: str = field(metadata=WHY | PUBLIC)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Count what hangs on it, then recall it."""
        experiment = find_version(db, self.experiment)
        touched = asdict(blast_radius(db, experiment.id))
        cancelled = recall_version(db, experiment, self.why, now)
        return {
            "experiment": experiment.name,
            "version": experiment.version,
            "why": self.why,
            "cancelled": cancelled,
            "blast_radius": {**touched, "findings": [dict(row) for row in touched["findings"]]},
        }


@dataclass(frozen=True, kw_only=True)
class ReopenExperiment(Command, name="experiment.reopen", capability=Capability.RUN):
    """Have more of a retired version ordered, first what was taken back. A recalled one is never opened again."""

    experiment: str = field(metadata=NAMED)
    why: str = field(metadata=WHY | PUBLIC)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Open it; the reason stays in the audit."""
        experiment = find_version(db, self.experiment)
        reopen_version(db, experiment, self.why, now)
        return {"experiment": experiment.name, "version": experiment.version, "why": self.why}


@dataclass(frozen=True, kw_only=True)
class ReopenFinding(Command, name="finding.reopen", capability=Capability.RUN):
    """Have a retired or suspended finding go on: what was wrong has been explained. A recalled one never does."""

    finding: int = field(metadata=NUMBER)
    why: str = field(metadata=WHY | PUBLIC)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Open it, and keep the reason with it."""
        was = reopen_finding(db, self.finding, self.why)
        return {"finding": self.finding, "was": was, "why": self.why}
