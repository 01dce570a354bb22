"""What every command is: typed words, a capability it asks for, what it costs, and what it does.

A command is a plain value, and its words keep the limits in the fields' metadata, whoever makes it. What comes from
outside is read by `catalogue.read_command`, which knows the types, too: by pydantic, which takes a tenth of a second to
import and calls the limits by the same names.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sized
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

from axiom.commands.laboratory import Laboratory
from axiom.decisions.accounts.command_permission import CommandCost
from axiom.domain.callers import Capability
from axiom.errors import WrongUse
from axiom.store.engine.database import Database

Answer = dict[str, Any]
SPEAKER = "speaker"


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """Words of one command. One beyond its limits is refused.

    A command that orders work says in its answer, as `core_seconds`, how many it can cost at most. A word whose
    metadata have `SPEAKER` says in whose name something is said: a program's is its own, whatever it would like.
    """

    name: ClassVar[str]
    capability: ClassVar[Capability]

    def __post_init__(self) -> None:
        """Hold every word to its limits."""
        for word in fields(self):
            if problem := _problem(getattr(self, word.name), word.metadata):
                raise WrongUse(f"{self.name}: {word.name} must {problem}. Nothing was done.")

    def words(self) -> dict[str, Any]:
        """The words as plain data, from which the same command can be read."""
        return asdict(self)

    def prepare(self, laboratory: Laboratory) -> Any:  # noqa: B027  most have none
        """The slow part, done before the database is touched and outside its writer."""

    def audited(self) -> dict[str, Any]:
        """The words as they are remembered."""
        return self.words()

    def finish(self, laboratory: Laboratory, answer: Answer) -> None:  # noqa: B027
        """What is left to do outside the database once the command is stored; done again, it changes nothing."""

    def request(self, db: Database) -> CommandCost:
        """What is asked for, counted before it is done."""
        return CommandCost(command=self.name, capability=self.capability)

    @abstractmethod
    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Do it, in one transaction that a dry run takes back."""


def _problem(value: object, limits: Mapping[str, Any]) -> str:
    """What a word must be and is not, or nothing."""
    if isinstance(value, int | float) and not limits.get("ge", value) <= value <= limits.get("le", value):
        return f"be from {limits.get('ge', 'any')} to {limits.get('le', 'any')}"
    if isinstance(value, Sized):
        length = len(value)
        least, most = limits.get("min_length", 0), limits.get("max_length", length)
        if not least <= length <= most:
            return f"have a length from {least} to {most}"
    if isinstance(value, str) and "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        return f"match {limits['pattern']}"
    return ""
