"""Commands about the literature: approve a reference, and take that back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from axiom.commands.command import Answer, Command
from axiom.commands.laboratory import Laboratory
from axiom.commands.words import LINE, NUMBER
from axiom.domain.callers import Capability
from axiom.domain.references import number_in
from axiom.errors import NotFound, WrongUse
from axiom.store.engine.database import Database
from axiom.store.evidence import references


@dataclass(frozen=True, kw_only=True)
class AddReference(Command):
    """Approve a work of the literature that a person has looked up: what names it may cite it. No program may."""

    name: ClassVar[str] = "reference.add"
    capability: ClassVar[Capability] = Capability.APPROVE

    # As it is cited: Belkin et al. 2019.
    cited: str = field(metadata={"min_length": 3, "max_length": 300, "pattern": LINE})
    # arXiv:1812.11118, or a DOI.
    number: str = field(metadata={"min_length": 3, "max_length": 200, "pattern": LINE})
    title: str = field(default="", metadata={"max_length": 500, "pattern": LINE})
    by: str = field(default="operator", metadata={"min_length": 1, "max_length": 80, "pattern": LINE})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        cited, number = " ".join(self.cited.split()), number_in(self.number)
        if not number or ";" in cited:
            raise WrongUse(
                f"{self.number!r} is neither arXiv:1812.11118 nor a DOI like 10.1103/PhysRevLett.61.259, or the "
                "work is cited with a semicolon. Nothing was approved."
            )
        made = references.add(db, cited, number=number, title=self.title, by=self.by, now=now)
        return {"reference": made, "cited": cited, "number": number}


@dataclass(frozen=True, kw_only=True)
class RemoveReference(Command):
    """Take back that a reference was approved: what names it is shown as unverified again."""

    name: ClassVar[str] = "reference.remove"
    capability: ClassVar[Capability] = Capability.APPROVE

    reference: int = field(metadata=NUMBER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        if not references.remove(db, self.reference):
            raise NotFound(
                f"There is no reference {self.reference}. Nothing was changed; `axiom reference list` shows all."
            )
        return {"reference": self.reference}
