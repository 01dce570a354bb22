"""What every command is: typed words, a capability it asks for, what it costs, and what it does."""

from abc import abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from axiom.commands.laboratory import Laboratory
from axiom.decisions.limits import Request
from axiom.domain.callers import Capability
from axiom.store.database import Database

Answer = dict[str, Any]


class Command(BaseModel):
    """Words of one command. Unknown words are an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: ClassVar[str]
    capability: ClassVar[Capability]

    def prepare(self, laboratory: Laboratory) -> Any:
        """The slow part, done before the database is touched and outside its writer."""
        del laboratory

    def audited(self) -> dict[str, Any]:
        """The words as they are remembered."""
        return self.model_dump(mode="json")

    def finish(self, laboratory: Laboratory) -> None:
        """What is left to do outside the database once the command is stored; done again, it changes nothing."""
        del laboratory

    def request(self, db: Database) -> Request:
        """What is asked for, counted before it is done."""
        del db
        return Request(command=self.name, capability=self.capability)

    @abstractmethod
    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Do it, in one transaction that a dry run takes back."""
