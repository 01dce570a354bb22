"""Commands of volunteers about mail: confirm an address, ask for a new password, choose what they are told."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.errors import Refused
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import NUMBER
from axiom.laboratory.accounts.commands.accounts import AccountCommand, check_email
from axiom.limits import mail as limits
from axiom.store.accounts import accounts
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.mail import outbox, subscriptions


@dataclass(frozen=True, kw_only=True)
class SendConfirmation(AccountCommand, name="account.send_confirmation"):
    """Mail a volunteer the link that confirms their address."""

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        self.volunteer_and_account(db)
        if not laboratory.settings.sends_mail:
            raise Refused("This laboratory sends no mail. Nothing was changed.")
        if accounts.read_confirmation_time(db, self.volunteer) is not None:
            raise Refused("Your address is confirmed already. Nothing was changed.")
        if outbox.has_recent_message(db, outbox.CONFIRM, self.volunteer, now - limits.SAME_MAIL_AFTER):
            raise Refused("A link was sent a few minutes ago. Look at your mail, also at what it takes for spam.")
        outbox.replace_unsent_message(db, outbox.CONFIRM, self.volunteer, now)
        return {"volunteer": self.volunteer}


@dataclass(frozen=True, kw_only=True)
class ConfirmEmail(AccountCommand, name="account.confirm"):
    """A volunteer's address is theirs, as the link shows that was mailed to it."""

    proven: int = field(metadata=NUMBER)  # the serial goes up with each change of the address

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        self.found_as_proven(db, self.proven)
        accounts.confirm_email(db, self.volunteer, now)
        return {"volunteer": self.volunteer}


@dataclass(frozen=True, kw_only=True)
class AskForPassword(Command, name="account.forgot", capability=Capability.ACCOUNT):
    """Mail a link for a new password to an address, if an account has it and it is confirmed. Nobody learns whether."""

    email: str = field(repr=False, metadata={"min_length": 3, "max_length": 254})

    def audited(self) -> dict[str, Any]:
        """Nothing: the audit knows no addresses."""
        return {}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Put it into the outbox, or do nothing, with the same answer."""
        pair = accounts.find_account_by_email(db, check_email(self.email))
        number = pair[0].id if pair else 0
        if (
            laboratory.settings.sends_mail
            and accounts.read_confirmation_time(db, number) is not None
            and not outbox.has_recent_message(db, outbox.RESET, number, now - limits.SAME_MAIL_AFTER)
        ):
            outbox.replace_unsent_message(db, outbox.RESET, number, now)
        return {}


@dataclass(frozen=True, kw_only=True)
class ChooseMail(AccountCommand, name="account.mail"):
    """Which mail a volunteer wants. What is not said stays as it is."""

    digest: bool | None = None
    silence: bool | None = None

    def audited(self) -> dict[str, Any]:
        """All of it: it says nothing about a person."""
        return self.words()

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Store it. What happened before they asked, they are not told."""
        self.volunteer_and_account(db)
        balance = ledger.find_balance(db, ledger.VOLUNTEER, self.volunteer)
        credit = balance.total if balance else 0
        for kind, is_wanted, since in (
            (outbox.DIGEST, self.digest, now),
            (outbox.SILENCE, self.silence, now - limits.SILENT_FOR),
        ):
            if is_wanted:
                subscriptions.add_subscription(db, self.volunteer, kind, told_until=since, told_credit=credit)
            elif is_wanted is not None:
                subscriptions.end_subscription(db, self.volunteer, kind)
        return {"volunteer": self.volunteer, "mail": sorted(subscriptions.list_subscriptions(db, self.volunteer))}
