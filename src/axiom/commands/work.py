"""Commands about work: cancel workunits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from axiom.commands.arguments import LINES
from axiom.commands.base import Answer, Command
from axiom.commands.context import Laboratory
from axiom.decisions.accounts.command_limits import CommandCost
from axiom.domain.callers import Capability
from axiom.domain.work import WorkunitState
from axiom.errors import NotFound
from axiom.server.returns.transitioner import transit_many
from axiom.signed.canonical_json import LARGEST
from axiom.store.engine.database import Database
from axiom.store.tasks import tasks
from axiom.store.tasks import workunits as workunit_store


@dataclass(frozen=True, kw_only=True)
class CancelWorkunits(Command):
    """Withdraw open workunits: nothing more of them is sent. What is out may come back and is kept."""

    name: ClassVar[str] = "workunit.cancel"
    capability: ClassVar[Capability] = Capability.OPERATE

    workunits: list[Annotated[int, Field(ge=1, le=LARGEST)]] = field(metadata={"min_length": 1, "max_length": 10_000})
    reason: str = field(default="cancelled", metadata={"max_length": 500, "pattern": LINES})

    def request(self, db: Database) -> CommandCost:
        """Each workunit is an abort."""
        del db
        return CommandCost(command=self.name, capability=self.capability, aborts=len(self.workunits))

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Cancel those that are open; the others are closed already and stay as they are."""
        del laboratory, prepared
        states = {found.id: found.state for found, _ in tasks.with_tasks(db, self.workunits)}
        if unknown := [wanted for wanted in self.workunits if wanted not in states]:
            raise NotFound(f"There is no workunit {unknown[0]}. Nothing was cancelled.")
        wanted = list(dict.fromkeys(self.workunits))
        cancelled = [one for one in wanted if states[one] is WorkunitState.OPEN]
        workunit_store.request_aborts(db, cancelled, self.reason)
        transit_many(db, cancelled, now)
        closed_before = [one for one in wanted if states[one] is not WorkunitState.OPEN]
        return {"cancelled": cancelled, "closed_before": closed_before}
