"""One visit of a browser to the account pages: who is signed in, what was typed, what comes of it."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.boinc import account_keys
from axiom.boinc.accounts import AccountError, LookupAccount, Problem
from axiom.domain.callers import volunteer_caller
from axiom.domain.fleet import Account, Volunteer
from axiom.domain.operators import SiteOperator
from axiom.errors import LimitReached
from axiom.gate.command import Command
from axiom.gate.gate import CommandGate
from axiom.laboratory.accounts.commands.accounts import AccountCommand, SignIn
from axiom.limits import accounts as account_limits
from axiom.locale.languages import mark
from axiom.reads.base.request import Answer
from axiom.server.accounts.sign_up import Accounts, ProvenAccount
from axiom.store.engine.database import Database
from axiom.web.account.session_cookie import digest_secret, new_secret
from axiom.web.account.typed_form import Form
from axiom.web.site.app import Site

SESSION_SECONDS = int(account_limits.SIGNED_IN_FOR.total_seconds())


@dataclass(kw_only=True, slots=True)
class _Proof:
    serial: int  # of the second factor
    begun: datetime
    seen: datetime


class OperatorSessions:
    """Which sign-ins proved a second factor of late. Nothing of it is stored: after a restart it is proven again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._proofs: dict[str, _Proof] = {}  # by the digest of the sign-in's secret

    def begin(self, sign_in: str, serial: int, now: datetime) -> None:
        """This sign-in has proven the second factor of this serial."""
        with self._lock:
            self._proofs = {key: proof for key, proof in self._proofs.items() if _lasts(proof, now)}
            self._proofs[sign_in] = _Proof(serial=serial, begun=now, seen=now)

    def goes_on(self, sign_in: str, serial: int, now: datetime) -> bool:
        """May this sign-in act as operator? Asking so is a sign of life."""
        with self._lock:
            proof = self._proofs.get(sign_in)
            if proof is None or proof.serial != serial or not _lasts(proof, now):
                self._proofs.pop(sign_in, None)
                return False
            proof.seen = now
            return True

    def end(self, sign_in: str) -> None:
        """This sign-in acts as operator no more."""
        with self._lock:
            self._proofs.pop(sign_in, None)


def _lasts(proof: _Proof, now: datetime) -> bool:
    return now - proof.seen < account_limits.OPERATOR_IDLE_FOR and now - proof.begun < account_limits.OPERATOR_LONGEST


@dataclass(frozen=True, kw_only=True)
class AccountServices:
    gate: CommandGate
    pages: Site
    accounts: Accounts
    threads: Executor  # in which forms are read
    master: str  # the project's address; ends in a slash
    operators: OperatorSessions = field(default_factory=OperatorSessions)

    def reader(self) -> AbstractContextManager[Database]:
        return self.pages.readers.reader()

    @property
    def sends_mail(self) -> bool:
        return self.gate.laboratory.settings.sends_mail

    @property
    def is_secure(self) -> bool:
        """Do browsers reach us over TLS?"""
        return self.master.startswith("https://")


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Look at another page. `session` is the new secret of who is signed in; empty signs out, None leaves it."""

    to: str
    session: str | None = None


@dataclass(frozen=True, kw_only=True)
class Redisplay:
    """A form's page once more: with what is wrong, or with what was asked to be shown."""

    form: Form
    shown: Mapping[str, Any] = field(default_factory=dict)
    status: int = 422
    page: str | None = None  # another one than the form's own


Outcome = Redirect | Redisplay


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who asks, from where, and what they have typed."""

    services: AccountServices
    form: Form
    session: str  # the secret that came with the request
    peer: str  # the address of the network from which it came
    volunteer: Volunteer | None = None
    account: Account | None = None
    operator: SiteOperator | None = None  # the role that they have
    is_operating: bool = False  # and they proved their second factor
    link: str = ""  # the words of the link from a mail by which they came

    @property
    def themselves(self) -> tuple[Volunteer, Account]:
        if self.volunteer is None or self.account is None:
            raise LookupError("a page for those who are signed in was made for somebody who is not")
        return self.volunteer, self.account

    def submit(self, command: Command) -> Answer:
        """Give a command in the name of whoever is signed in, or of a visitor."""
        return self.give(command, self.volunteer.id if self.volunteer else None)

    def operate(self, command: Command, *, dry_run: bool = False, key: str | None = None) -> Answer:
        if self.operator is None or not self.is_operating:
            raise LookupError("a command of an operator was given by somebody who is none")
        return self.services.gate.submit(command, self.operator.caller, dry_run=dry_run, key=key)

    def sign_in(self, volunteer_id: int, serial: int, to: str) -> Redirect:
        """Sign this browser in, with a new secret, unless the password is not the one of this serial any more."""
        secret = new_secret()
        before = digest_secret(self.session) if self.session else ""
        command = SignIn(volunteer=volunteer_id, proven=serial, token=digest_secret(secret), instead=before)
        self.give(command, volunteer_id)
        return Redirect(to=to, session=secret)

    def give(self, command: Command, volunteer_id: int | None) -> Answer:
        """Give a command in the name of this volunteer, unless too often: the audit keeps a row of each for good.

        Each kind counts by itself: what needs a password is not used up by whoever has a stolen sign-in alone.
        """
        if volunteer_id is not None:
            verdict = self.services.accounts.guesses.do_one(volunteer_id, command.name)
            if not verdict.may:
                raise LimitReached(f"Please try again in an hour: {verdict.reason}. Nothing was changed.")
        return self.services.gate.submit(command, volunteer_caller(volunteer_id))

    def whose(self, email: str, password: str) -> ProvenAccount | Problem:
        """Who has this e-mail address and this password."""
        lookup = LookupAccount(email=email, passwd_hash=account_keys.passwd_hash(password, email), password=password)
        is_own = self.account is not None and self.account.email == email
        return self.services.accounts.prove(lookup, self.peer, digest_secret(self.session) if is_own else "")

    def proven(self) -> int | None:
        """The serial of their password, if they, who are signed in, typed it again; if not, it is said beside it."""
        volunteer, account = self.themselves
        holder = self.whose(account.email or "", self.form.text("password"))
        if not isinstance(holder, Problem) and holder.volunteer.id == volunteer.id:
            return holder.account.password_serial
        problem = mark("This is not your password.")  # nor where another volunteer just took this address
        if isinstance(holder, Problem) and holder.error is not AccountError.BAD_PASSWORD:
            problem = holder.text
        self.form.wrong["password"] = problem
        return None


def make_account_action(
    kind: type[AccountCommand], to: str, **readers: Callable[[str], Any]
) -> Callable[[Visit], Outcome]:
    """Give the command that a form's fields make, and look at this page then."""

    def act(visit: Visit) -> Outcome:
        form, (volunteer, _) = visit.form, visit.themselves
        words = form.words_of(kind, readers)
        if form.wrong:
            return Redisplay(form=form)
        visit.submit(kind(volunteer=volunteer.id, **words))
        return Redirect(to=to)

    return act
