"""Commands about operators at the site: give somebody the role, and take it away."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.errors import NotFound, Refused
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import CALLER_NAME, NUMBER
from axiom.store.accounts import accounts, operators
from axiom.store.engine.database import Database


@dataclass(frozen=True, kw_only=True)
class AddOperator(Command, name="operator.add", capability=Capability.GOVERN):
    """Give a volunteer the role of an operator, with a new second factor; the one before it is worth nothing."""

    operator: str = field(metadata=CALLER_NAME)
    volunteer: int = field(metadata=NUMBER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        pair, named = accounts.find_account(db, self.volunteer), operators.find_operator(db, self.operator)
        if pair is None or pair[1].email is None:
            raise NotFound(f"There is no volunteer {self.volunteer} who could sign in. Nothing was changed.")
        if named is not None and named.volunteer_id != self.volunteer:
            raise Refused(
                f"{self.operator} is or was volunteer {named.volunteer_id}, and the audit knows them by that name. "
                "Nothing was changed; choose another name."
            )
        had = operators.find_operator_by_volunteer(db, self.volunteer)
        if had is not None and had.name != self.operator:
            raise Refused(
                f"The audit knows volunteer {self.volunteer} as {had.name}. Nothing was changed; use that name."
            )
        serial = operators.grant_operator_role(db, self.operator, self.volunteer, now)
        return {"operator": self.operator, "volunteer": self.volunteer, "serial": serial}


@dataclass(frozen=True, kw_only=True)
class EndOperator(Command, name="operator.end", capability=Capability.GOVERN):
    """Take the role of an operator away, from this moment on. What was done with it stays."""

    operator: str = field(metadata=CALLER_NAME)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        operator = operators.find_operator(db, self.operator)
        if operator is None:
            raise NotFound(
                f"There is no operator {self.operator}. Nothing was changed; `axiom volunteer operators` shows all."
            )
        if not operators.revoke_operator_role(db, operator.volunteer_id, now):
            raise Refused(f"{self.operator} is no operator any more. Nothing was changed.")
        return {"operator": self.operator, "ended_at": now.isoformat()}
