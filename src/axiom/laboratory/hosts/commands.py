"""The command about hosts: trust one again."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.errors import NotFound
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import NUMBER
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts


@dataclass(frozen=True, kw_only=True)
class TrustHost(Command, name="host.trust", capability=Capability.RUN):
    """Give a host work again that got none since others agreed twice on what it had computed otherwise."""

    host: int = field(metadata=NUMBER)
    reason: str = field(metadata={"min_length": 1, "max_length": 500, "help": "Why; it stays in the audit."})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        host = hosts.find_host(db, self.host)
        if host is None:
            raise NotFound(f"There is no host {self.host}. Nothing was changed.")
        hosts.set_outvoted(db, self.host, replace(host.standing, outvoted=0, outvoted_at=None))
        return {"host": self.host, "outvoted_before": host.standing.outvoted}
