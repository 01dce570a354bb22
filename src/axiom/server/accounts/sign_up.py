"""Opens accounts, finds them again, and tells their keys to whoever proves the password."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axiom.boinc import account_keys
from axiom.boinc.accounts import AccountError, CreateAccount, LookupAccount, Problem
from axiom.domain.callers import Answer
from axiom.domain.fleet import Account, Volunteer
from axiom.errors import Refused
from axiom.locale.languages import mark
from axiom.rules.accounts.account_throttle import ThrottleDecision
from axiom.server.accounts.account_credentials import key_of
from axiom.server.accounts.failed_sign_ins import Guesses
from axiom.server.accounts.stored_passwords import is_ours, is_password
from axiom.store.accounts import accounts
from axiom.store.connections import Connections

# Has commands, by name and words, pass the gate in the name of this volunteer, or of a visitor: one door, whoever asks.
GiveCommands = Callable[[int | None, Sequence[tuple[str, Mapping[str, Any]]]], list[Answer]]

_WRONG = mark("There is no account with this e-mail address and this password.")
_CLOSED = mark("This laboratory opens no new accounts at the moment.")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvenAccount:
    volunteer: Volunteer
    account: Account


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """What may be done about an account with its password. Its functions wait: call them from threads."""

    give: GiveCommands
    connections: Connections
    secret: bytes
    guesses: Guesses
    new_accounts: int  # that one address may open in an hour; 0 opens none

    @property
    def is_open(self) -> bool:
        return self.new_accounts > 0

    def create(self, request: CreateAccount, address: str) -> str | Problem:
        credentials = LookupAccount(email=request.email, passwd_hash=request.passwd_hash)
        outcome, begun = self.attempt(credentials, address)
        if not isinstance(outcome, Problem):
            return key_of(self.secret, outcome.volunteer, outcome.account)
        if outcome.error is not AccountError.BAD_PASSWORD:
            return outcome
        # From here on all is done whether the e-mail address has an account or not: nobody asks without limit.
        if not self.is_open:
            return Problem(error=AccountError.CREATION_DISABLED, text=_CLOSED)
        verdict = self.guesses.open_one(address, self.new_accounts)
        if not verdict.may:
            return wait_first(verdict)
        words = {"email": request.email, "passwd_hash": request.passwd_hash, "team": request.team_name}
        try:
            (answer,) = self.give(None, [("account.open_by_client", {"called": request.name, **words})])
        except Refused:  # it is somebody's, or they opened it a moment ago; one password counts once
            outcome = self._compare(credentials, address, begun)
            return outcome if isinstance(outcome, Problem) else key_of(self.secret, outcome.volunteer, outcome.account)
        self.guesses.right(request.email, address, begun)
        return account_keys.account_key(self.secret, answer["volunteer"], 1)

    def lookup(self, credentials: LookupAccount, address: str) -> str | Problem:
        outcome = self.prove(credentials, address)
        return outcome if isinstance(outcome, Problem) else key_of(self.secret, outcome.volunteer, outcome.account)

    def prove(self, credentials: LookupAccount, address: str, sign_in: str = "") -> ProvenAccount | Problem:
        """Whose account this is, if the password is right; `address` is whence somebody says so.

        `sign_in` is the digest of the token of who is signed in to this very account, which the caller has looked at.
        """
        return self.attempt(credentials, address, sign_in)[0]

    def attempt(
        self, credentials: LookupAccount, address: str, sign_in: str = ""
    ) -> tuple[ProvenAccount | Problem, datetime]:
        verdict, begun = self.guesses.begin(credentials.email, address, sign_in)
        if not verdict.may:
            return wait_first(verdict), begun
        return self._compare(credentials, address, begun, sign_in), begun

    def _compare(
        self, credentials: LookupAccount, address: str, begun: datetime, sign_in: str = ""
    ) -> ProvenAccount | Problem:
        with self.connections.reader() as db:
            stored = accounts.find_account_by_email(db, credentials.email)
        password = stored[1].password if stored else None
        hashes = _hashes(credentials, stored[1].spelt_email if stored else None)
        proof = next((proof for proof in hashes if is_password(password, proof, self.secret)), None)
        if proof is None or stored is None:
            return Problem(error=AccountError.BAD_PASSWORD, text=_WRONG)
        if password and not (is_ours(password) and proof == credentials.passwd_hash):
            words = {"volunteer": stored[0].id, "passwd_hash": credentials.passwd_hash, "proof": proof}
            self.give(stored[0].id, [("account.keep_password", words)])
        self.guesses.right(credentials.email, address, begun, sign_in)
        return ProvenAccount(volunteer=stored[0], account=stored[1])


def _hashes(credentials: LookupAccount, spelt_email: str | None) -> Iterator[str]:
    """Of what the password that is stored may have been made: a server before took the address as it was spelt."""
    yield credentials.passwd_hash
    if credentials.password and spelt_email:
        yield account_keys.spelt_passwd_hash(credentials.password, spelt_email)


def wait_first(verdict: ThrottleDecision) -> Problem:
    minutes = math.ceil(verdict.wait / timedelta(minutes=1))
    waiting = "a minute" if minutes <= 1 else f"{minutes} minutes"
    return Problem(error=AccountError.PROJECT_DOWN, text=f"Please wait {waiting}: {verdict.reason}.")
