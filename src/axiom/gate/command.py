"""What every command is: typed words, a capability it asks for, what it costs, and what it does.

A command is a plain value, and its words are what `words.py` lets them be, whoever makes it.
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from axiom.domain.callers import Answer as Answer
from axiom.domain.callers import Capability
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import form_of, read_values
from axiom.rules.accounts.command_permission import CommandCost
from axiom.store.engine.database import Database


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """Words of a command. One beyond its limits is refused.

    A command that orders work says in its answer, as `most_core_hours`, what it may cost. A word whose
    metadata have `SPEAKER` says in whose name something is said: a program's is its own, whatever it would like.
    """

    name: ClassVar[str]
    capability: ClassVar[Capability]

    def __init_subclass__(cls, *, name: str | None = None, capability: Capability | None = None) -> None:
        """Each command says in its head what it is called and what it asks for."""
        super().__init_subclass__()
        if name is not None:
            cls.name = name
        if capability is not None:
            cls.capability = capability

    def __post_init__(self) -> None:
        """Hold every word to its type and limits."""
        for word, value in read_values(form_of(type(self)), self.name, vars(self)).items():
            object.__setattr__(self, word, value)

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
