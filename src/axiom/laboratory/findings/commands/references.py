"""Commands that approve works of the literature, by their numbers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.links import reference_number
from axiom.errors import NotFound, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINE, NUMBER
from axiom.store.engine.database import Database
from axiom.store.findings import references


@dataclass(frozen=True, kw_only=True)
class AddReference(Command, name="reference.add", capability=Capability.APPROVE):
    """Approve a work of the literature that a person has looked up: what names it may cite it. No program may."""

    # As it is cited: Belkin et al. 2019.
    cited: str = field(metadata={"min_length": 3, "max_length": 300, "pattern": LINE})
    # arXiv:1812.11118, or a DOI.
    number: str = field(metadata={"min_length": 3, "max_length": 200, "pattern": LINE})
    title: str = field(default="", metadata={"max_length": 500, "pattern": LINE, "help": "Of the work, for BibTeX."})
    by: str = field(
        default="operator",
        metadata={"min_length": 1, "max_length": 80, "pattern": LINE, "help": "Who looked it up."},
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        cited, number = " ".join(self.cited.split()), reference_number(self.number)
        if not number or ";" in cited:
            raise WrongUse(
                f"{self.number!r} is neither arXiv:1812.11118 nor a DOI like 10.1103/PhysRevLett.61.259, or the "
                "work is cited with a semicolon. Nothing was approved."
            )
        made = references.add_reference(db, cited, number=number, title=self.title, by=self.by, now=now)
        return {"reference": made, "cited": cited, "number": number}


@dataclass(frozen=True, kw_only=True)
class RemoveReference(Command, name="reference.remove", capability=Capability.APPROVE):
    """Take back that a reference was approved: what names it is shown as unverified again."""

    reference: int = field(metadata=NUMBER | {"metavar": "NUMBER"})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        if not references.withdraw_reference(db, self.reference):
            raise NotFound(
                f"There is no reference {self.reference}. Nothing was changed; `axiom reference list` shows all."
            )
        return {"reference": self.reference}
