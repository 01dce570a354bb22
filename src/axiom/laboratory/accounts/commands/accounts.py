"""Commands of volunteers about their own accounts.

The audit can never be shortened, and a volunteer may want to be forgotten: so it remembers whose account was changed,
but no name, address, password or key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.boinc import account_keys
from axiom.boinc.accounts import LONGEST_WEBSITE, tidy_email, tidy_name, tidy_website
from axiom.domain.callers import Capability, volunteer_caller
from axiom.domain.fleet import Account, Volunteer
from axiom.errors import NotFound, Refused, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.gate import CommandGate
from axiom.gate.laboratory import Laboratory
from axiom.gate.registry import read_command
from axiom.gate.words import NUMBER
from axiom.laboratory.accounts.passwords import refuse_weak
from axiom.limits import accounts as limits
from axiom.locale.languages import mark
from axiom.rules.accounts.command_permission import CommandCost
from axiom.server.accounts.account_credentials import change_email, change_password, open_account, renew_key
from axiom.server.accounts.erase import forget_volunteer, withdraw_from_statistics
from axiom.server.accounts.stored_passwords import is_password, stored_password
from axiom.server.accounts.team_membership import change_team
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts, teams, tombstones
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.mail import outbox

CHANGED = mark(
    "The password or the address of this account was changed a moment ago, so this was not done. Sign in with what "
    "holds now, and try again."
)
_DIGEST = r"[0-9a-f]{64}"
_SERIAL = NUMBER  # of a password: each change of it, or of the address, makes another one


@dataclass(frozen=True, kw_only=True)
class AccountCommand(Command, capability=Capability.ACCOUNT):
    """A command about one volunteer's account: only this volunteer and the operator may give it."""

    volunteer: int = field(metadata=NUMBER)

    def audited(self) -> dict[str, Any]:
        """Whose account it was; what else is remembered, each command says."""
        return {"volunteer": self.volunteer}

    def request(self, db: Database) -> CommandCost:
        """Nothing is spent; the account must be the caller's."""
        return CommandCost(command=self.name, capability=self.capability, volunteer_id=self.volunteer)

    def volunteer_and_account(self, db: Database) -> tuple[Volunteer, Account]:
        """Who it is about. Of an account that was erased only the number is left, and nothing of it is changed."""
        pair = accounts.find_account(db, self.volunteer)
        if pair is None:
            raise NotFound(f"There is no volunteer {self.volunteer}. Nothing was changed.")
        if pair[1].email is None:
            raise Refused(f"Volunteer {self.volunteer} has no account. Nothing was changed.")
        return pair

    def found_as_proven(self, db: Database, serial: int | None) -> tuple[Volunteer, Account]:
        """Who it is about, if the password that was proven, by its serial, is still theirs; None where none was.

        It was proven in another transaction: a change in between is made to keep out whoever knew the old one.
        """
        volunteer, account = self.volunteer_and_account(db)
        if serial is not None and account.password_serial != serial:
            raise Refused(CHANGED)
        return volunteer, account


@dataclass(frozen=True, kw_only=True, slots=True)
class _PasswordHash:
    """What may be stored of a password, and the address for which that was made."""

    email: str
    stored: str
    secret: bytes


@dataclass(frozen=True, kw_only=True)
class NewAccount(Command, capability=Capability.ACCOUNT):
    """A command that opens an account for somebody who has none yet."""

    called: str = field(metadata={"min_length": 1, "max_length": 200})
    email: str = field(repr=False, metadata={"min_length": 3, "max_length": 254})

    def audited(self) -> dict[str, Any]:
        """Nothing: who it was is in the answer, by number."""
        return {}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """The account with its keys, and where the laboratory sends mail, the link that confirms its address."""
        name, email = check_account_name(self.called), prepared.email
        made = open_account(db, prepared.secret, name=name, email=email, password=prepared.stored, now=now)
        if made is None:
            raise Refused(
                mark("No account was opened with this address and password. If the address is yours, sign in with it.")
            )
        if laboratory.settings.sends_mail:
            outbox.replace_unsent_message(db, outbox.CONFIRM, made, now)
        return {"volunteer": made, "serial": _serial(db, made), "is_numbered": _is_numbered(db, made, name)}


@dataclass(frozen=True, kw_only=True)
class OpenAccount(NewAccount, name="account.open"):
    """Open an account as the site's form asks for it."""

    password: str = field(repr=False, metadata={"max_length": 10_000})

    def prepare(self, laboratory: Laboratory) -> Any:
        """The password as it may be stored, which takes a while."""
        email = check_email(self.email)
        refuse_weak(self.password, self.called, email, laboratory.settings.name)
        return _password_hash(laboratory, account_keys.passwd_hash(self.password, email), email)


@dataclass(frozen=True, kw_only=True)
class OpenAccountByClient(NewAccount, name="account.open_by_client"):
    """Open an account as BOINC's client asks for it, which says no password but what it makes of one."""

    passwd_hash: str = field(repr=False, metadata={"pattern": r"^[0-9a-f]{32}$"})
    team: str = field(default="", metadata={"max_length": 200})

    def prepare(self, laboratory: Laboratory) -> Any:
        """The password as it may be stored, which takes a while."""
        return _password_hash(laboratory, self.passwd_hash, check_email(self.email))

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """The account, in the team of this name if there is one. It shows no hosts: nobody was asked whether it may."""
        answer = super().apply(db, laboratory, prepared, now)
        accounts.hide_hosts(db, answer["volunteer"])
        pair, team = accounts.find_account(db, answer["volunteer"]), teams.find_team_by_name(db, self.team)
        if pair is not None and team is not None:
            change_team(db, pair[0], team.id)
        return answer


@dataclass(frozen=True, kw_only=True)
class SignIn(AccountCommand, name="account.sign_in"):
    """From now on whoever holds this token is this volunteer, and the one before it is worth nothing."""

    proven: int = field(metadata=_SERIAL)
    token: str = field(repr=False, metadata={"pattern": f"^{_DIGEST}$"})  # only its digest
    instead: str = field(default="", repr=False, metadata={"pattern": f"^({_DIGEST})?$"})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Remember the token; forget those whose time is over, and the oldest of too many."""
        self.found_as_proven(db, self.proven)
        accounts.expire_sign_ins(db, now)
        accounts.sign_out(db, self.instead)
        accounts.sign_out_oldest(db, self.volunteer, kept=limits.BROWSERS_SIGNED_IN - 1)
        until = now + limits.SIGNED_IN_FOR
        accounts.sign_in(db, self.token, self.volunteer, now=now, expires_at=until)
        return {"volunteer": self.volunteer, "until": until.isoformat()}


@dataclass(frozen=True, kw_only=True)
class SignOut(AccountCommand, name="account.sign_out"):
    """A token is worth nothing any more."""

    token: str = field(repr=False, metadata={"pattern": f"^{_DIGEST}$"})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Forget the token; one that is not known any more is forgotten already."""
        accounts.sign_out(db, self.token)
        return {"volunteer": self.volunteer}


@dataclass(frozen=True, kw_only=True)
class ChangePassword(AccountCommand, name="account.password"):
    """Another password. It signs out everywhere and changes the weak key, which follows from it."""

    proven: int | None = field(default=None, metadata=_SERIAL)  # None: the operator, who knows no password
    password: str = field(repr=False, metadata={"max_length": 10_000})

    def prepare(self, laboratory: Laboratory) -> Any:
        volunteer, account = _read(laboratory, self)
        email = account.email or ""
        refuse_weak(self.password, volunteer.name, email, laboratory.settings.name)
        return _password_hash(laboratory, account_keys.passwd_hash(self.password, email), email)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Store it, unless the address, from which it was made, is another one by now."""
        _, account = self.found_as_proven(db, self.proven)
        if account.email != prepared.email:
            raise Refused(
                mark("The address of this account was changed a moment ago. Nothing was changed; please try again.")
            )
        change_password(db, prepared.secret, self.volunteer, prepared.stored)
        return {"volunteer": self.volunteer, "serial": _serial(db, self.volunteer)}


@dataclass(frozen=True, kw_only=True)
class KeepPassword(AccountCommand, name="account.keep_password"):
    """The same password, stored as ours are: of another server's hash of it. Keys and sign-ins stay."""

    passwd_hash: str = field(repr=False, metadata={"pattern": "^[0-9a-f]{32}$"})  # as clients make it
    proof: str = field(repr=False, metadata={"pattern": "^[0-9a-f]{32}$"})  # the one of which something is stored

    def prepare(self, laboratory: Laboratory) -> Any:
        before = _read(laboratory, self)[1].password
        if not is_password(before, self.proof, load_secrets(laboratory.folder.keys).accounts):
            raise Refused(CHANGED)
        return {self.volunteer: (before, stored_password(self.passwd_hash))}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        accounts.replace_passwords(db, prepared)
        return {"volunteer": self.volunteer}


@dataclass(frozen=True, kw_only=True)
class ChangeEmail(AccountCommand, name="account.email"):
    """Another e-mail address. What is stored of the password is made from it, so the password must be said again."""

    proven: int = field(metadata=_SERIAL)  # or another password than this one is theirs by now, and it would come back
    email: str = field(repr=False, metadata={"min_length": 3, "max_length": 254})
    password: str = field(repr=False, metadata={"max_length": 10_000})

    def request(self, db: Database) -> CommandCost:
        """Only so often a day: a refusal says that somebody has the address, and nobody else's is to be asked for."""
        return replace(super().request(db), most_a_day=limits.ADDRESS_CHANGES_A_DAY)

    def prepare(self, laboratory: Laboratory) -> Any:
        """The password as it may be stored under the new address."""
        email = check_email(self.email)
        return _password_hash(laboratory, account_keys.passwd_hash(self.password, email), email)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """The new address, and with it a new weak key."""
        self.found_as_proven(db, self.proven)
        if not change_email(db, prepared.secret, self.volunteer, prepared.email, prepared.stored):
            raise Refused(mark("The address was not changed to this one. Choose another; nothing was changed."))
        accounts.sign_out_everywhere(db, self.volunteer)
        if laboratory.settings.sends_mail:
            outbox.replace_unsent_message(db, outbox.CONFIRM, self.volunteer, now)
        return {"volunteer": self.volunteer, "serial": _serial(db, self.volunteer)}


@dataclass(frozen=True, kw_only=True)
class ReplaceAccountKey(AccountCommand, name="account.key"):
    """Another account key: computers that know the old one must be attached again."""

    proven: int | None = field(default=None, metadata=_SERIAL)  # as for a new password

    def prepare(self, laboratory: Laboratory) -> Any:
        """The secret from which keys follow."""
        return load_secrets(laboratory.folder.keys).accounts

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """From now on the volunteer is known by the next key."""
        self.found_as_proven(db, self.proven)
        renew_key(db, prepared, self.volunteer)
        return {"volunteer": self.volunteer}


@dataclass(frozen=True, kw_only=True)
class EraseAccount(AccountCommand, name="account.erase"):
    """Forget who a volunteer is, for good. Results and credit stay under their number."""

    proven: int | None = field(default=None, metadata=_SERIAL)  # as for a new password

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """The account is gone, and what its computers still hold goes to others."""
        volunteer, account = self.found_as_proven(db, self.proven)
        return {"volunteer": self.volunteer, "tasks": forget_volunteer(db, volunteer, account, now)}


@dataclass(frozen=True, kw_only=True)
class ChangeProfile(AccountCommand, name="account.profile"):
    """What others see of a volunteer, and whether statistics files may tell of it. What is not said stays as it is."""

    called: str | None = field(default=None, metadata={"min_length": 1, "max_length": 200})
    country: str | None = field(default=None, metadata={"max_length": 200})
    website: str | None = field(default=None, metadata={"max_length": 2_000})
    shows_hosts: bool | None = None
    is_exported: bool | None = None

    def audited(self) -> dict[str, Any]:
        """What was agreed to is remembered; the words about the person are not."""
        return {"volunteer": self.volunteer, "shows_hosts": self.shows_hosts, "is_exported": self.is_exported}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Store it; a name that somebody else has, or that looks like theirs, gets the first free number behind it."""
        volunteer, account = self.volunteer_and_account(db)
        name = volunteer.name if self.called is None else check_account_name(self.called)
        if self.is_exported is False:
            withdraw_from_statistics(db, volunteer, account, now)
        elif self.is_exported:
            tombstones.delete_volunteer_tombstones(db, self.volunteer)
        accounts.set_profile(
            db,
            self.volunteer,
            name=name,
            country=volunteer.country if self.country is None else check_country(self.country),
            website=volunteer.website if self.website is None else check_website(self.website),
            is_exported=account.is_exported if self.is_exported is None else self.is_exported,
            shows_hosts=account.shows_hosts if self.shows_hosts is None else self.shows_hosts,
        )
        return {"volunteer": self.volunteer, "is_numbered": _is_numbered(db, self.volunteer, name)}


def submit_as_volunteer(
    gate: CommandGate, volunteer_id: int | None, commands: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[Answer]:
    """Give commands, by name and words, in a volunteer's or a visitor's name. All are read before one is done."""
    caller = volunteer_caller(volunteer_id)
    read = [read_command(name, words) for name, words in commands]
    return [gate.submit(command, caller) for command in read]


def check_account_name(text: str) -> str:
    """A name as it is shown, or why it cannot be."""
    name = tidy_name(text)
    if name is None:
        raise WrongUse(
            mark(
                "A name has 1 to 60 characters that can be printed, a letter or a digit among them, and neither < nor "
                ">."
            )
        )
    return name


def check_email(text: str) -> str:
    """An address as it is kept, or why it is none."""
    email = tidy_email(text)
    if email is None:
        raise WrongUse(mark("This is not an e-mail address: it has a name, an @ and a domain, as ada@example.org."))
    return email


def check_country(text: str) -> str:
    """A country's name, or none."""
    if not text.strip():
        return ""
    country = tidy_name(text)
    if country is None:
        raise WrongUse(mark("The name of a country has at most 60 characters that can be printed."))
    return country


def check_website(text: str) -> str:
    """An address of the web, or none."""
    if not text.strip():
        return ""
    website = tidy_website(text)
    if website is None:
        raise WrongUse(
            f"A website is an address that starts with https:// or http://, with at most {LONGEST_WEBSITE} characters."
        )
    return website


def _password_hash(laboratory: Laboratory, passwd_hash: str, email: str) -> _PasswordHash:
    return _PasswordHash(
        email=email,
        stored=stored_password(passwd_hash),
        secret=load_secrets(laboratory.folder.keys).accounts,
    )


def _serial(db: Database, volunteer_id: int) -> int:
    """The number with which a sign-in that follows says that it means the password of now."""
    return _stored(db, volunteer_id)[1].password_serial


def _is_numbered(db: Database, volunteer_id: int, wanted: str) -> bool:
    """Whether the name that was asked for is somebody else's. The audit keeps answers, so they do not say the name."""
    return _stored(db, volunteer_id)[0].name != wanted


def _stored(db: Database, volunteer_id: int) -> tuple[Volunteer, Account]:
    pair = accounts.find_account(db, volunteer_id)
    if pair is None:
        raise LookupError(f"volunteer {volunteer_id} is gone within one transaction")
    return pair


def _read(laboratory: Laboratory, command: AccountCommand) -> tuple[Volunteer, Account]:
    with Connections(folder=laboratory.folder).reader() as db:
        return command.volunteer_and_account(db)
