"""An operator's word on the tasks of one experiment: large computers only, or a longer time bound."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.releases import TaskRule
from axiom.errors import Refused
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import DECIDED_BY, NAMED, PUBLIC, SENTENCE
from axiom.laboratory.experiments.find_version import find_version
from axiom.limits import tasks as limits
from axiom.signed.canonical_json import LARGEST
from axiom.store.engine.database import Database
from axiom.store.experiments import task_rules


@dataclass(frozen=True, kw_only=True)
class SetTaskRule(Command, name="experiment.require", capability=Capability.RUN):
    """Keep tasks of an experiment for large computers, or let its cells take longer, in every version.

    It replaces what was said before; with none of the three, any computer gets them again, within the usual bound.
    """

    experiment: str = field(metadata=NAMED)
    why: str = field(metadata=SENTENCE | PUBLIC)
    least_cores: int = field(
        default=0, metadata={"ge": 0, "le": LARGEST} | {"help": "Cores that a computer must lend."}
    )
    least_memory_mb: int = field(
        default=0, metadata={"ge": 0, "le": LARGEST} | {"help": "Memory that it must lend, in MB."}
    )
    times_longer: int = field(
        default=1,
        metadata={"ge": 1, "le": limits.MOST_TIMES_LONGER, "help": "Times the usual bound for its cells."},
    )
    by: str = field(default="operator", metadata=DECIDED_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Tasks that are out go on as they are; what is given from now on is given by this."""
        name = find_version(db, self.experiment).name
        before = task_rules.read_rule(db, name)
        rule = TaskRule(
            least_cores=self.least_cores, least_memory_mb=self.least_memory_mb, times_longer=self.times_longer
        )
        if rule == before:
            raise Refused(f"Tasks of {name} are given by just this already. Nothing was changed.")
        task_rules.set_rule(db, name, rule, reason=self.why, by=self.by, now=now)
        return {"experiment": name, **asdict(rule), "before": asdict(before)}
