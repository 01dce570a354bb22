"""How an operator begins to act at the site: with a second factor, of which only so many codes are tried in a day."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.errors import Refused
from axiom.gate.command import Answer
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.accounts.commands.accounts import AccountCommand
from axiom.limits import accounts as limits
from axiom.rules.accounts.command_permission import CommandCost
from axiom.server.accounts.second_factor import secret_of, step_of
from axiom.signed.keys import load_secrets
from axiom.store.accounts import operators
from axiom.store.engine.database import Database


@dataclass(frozen=True, kw_only=True)
class SignInAsOperator(AccountCommand, name="operator.sign_in"):
    """A volunteer with the role proves their second factor. A code counts once, and only so many are tried in a day."""

    code: str = field(repr=False, metadata={"max_length": 100})

    def request(self, db: Database) -> CommandCost:
        """Wrong codes count, too."""
        return replace(super().request(db), most_a_day=limits.OPERATOR_CODES_A_DAY)

    def prepare(self, laboratory: Laboratory) -> bytes:
        """The secret from which all second factors follow."""
        return load_secrets(laboratory.folder.keys).accounts

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        operator = operators.find_acting_operator(db, self.volunteer)
        if operator is None:
            raise Refused(f"Volunteer {self.volunteer} is no operator. Nothing was changed.")
        secret = secret_of(prepared, self.volunteer, operator.serial)
        step = step_of(secret, "".join(self.code.split()), now, used=operator.used_step)
        if step is None:
            raise Refused(
                "This is not the code that your authenticator shows now, or it was used already. Nothing was changed; "
                "wait for its next code. If that is refused, too, set the clocks of both."
            )
        operators.use_code(db, self.volunteer, step)
        return {"operator": operator.name, "volunteer": self.volunteer, "serial": operator.serial}
