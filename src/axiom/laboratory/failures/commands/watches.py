"""Commands about watches: be told of a result that shows something, and end that."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.declaration import ValueType
from axiom.domain.failures import Comparison
from axiom.errors import NotFound, Refused, UnknownName
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import FINITE, NAMED, NUMBER, SENTENCE
from axiom.laboratory.experiments.find_version import find_version
from axiom.limits import failures as limits
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.upkeep import watches


@dataclass(frozen=True, kw_only=True)
class RegisterWatch(Command, name="watch.register", capability=Capability.DEPLOY):
    """Be told when a measure of any replicate passes a threshold. It is never evidence, and changes nothing."""

    experiment: str = field(metadata=NAMED)
    sentence: str = field(
        metadata=SENTENCE | {"flag": "--sentence", "help": "What it would mean; it stands in the log when it is met."}
    )
    measure: str = field(metadata={"min_length": 1, "max_length": 80})
    comparison: Comparison
    threshold: float = field(metadata=FINITE)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Register it, if the version has such a measure and it is a number."""
        experiment = find_version(db, self.experiment)
        measures = {measure.name: measure for measure in stored_manifest(experiment.manifest).measures}
        if self.measure not in measures:
            raise UnknownName(f"measure of {experiment.whole_name}", self.measure, measures)
        if measures[self.measure].type is ValueType.BOOL:
            raise Refused(f"{self.measure} is yes or no, and no number is above it. Nothing was registered.")
        if len(watches.list_open_watches(db)) >= limits.WATCHES_OPEN:
            raise Refused(
                f"There are {limits.WATCHES_OPEN} open watches, and no more may be. End one: `axiom watch list`."
            )
        made = watches.add_watch(
            db,
            experiment_id=experiment.id,
            sentence=self.sentence,
            measure=self.measure,
            comparison=self.comparison,
            threshold=self.threshold,
            now=now,
        )
        predicate = f"{self.measure} {self.comparison} {self.threshold:g}"
        return {"watch": made, "experiment": experiment.name, "version": experiment.version, "predicate": predicate}


@dataclass(frozen=True, kw_only=True)
class EndWatch(Command, name="watch.end", capability=Capability.DEPLOY):
    """Wait for it no more; what was found stays."""

    watch: int = field(metadata=NUMBER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        watch = watches.find_watch(db, self.watch)
        if watch is None:
            raise NotFound(f"There is no watch {self.watch}. Nothing was changed; `axiom watch list` shows all.")
        if not watches.end_watch(db, self.watch, now):
            raise Refused(f"Watch {self.watch} has ended already. Nothing was changed.")
        return {"watch": watch.id, "hits": watch.hits}
