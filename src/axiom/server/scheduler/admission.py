"""Which requests are read at all, and what is left to the jobs in a busy hour."""

from datetime import datetime

from axiom.boinc.account_keys import is_key, key_digest
from axiom.boinc.read_request import peek_authenticator
from axiom.errors import AxiomError
from axiom.limits import server as limits
from axiom.store.accounts import accounts
from axiom.store.connections import Connections


class RateLimit:
    def __init__(self) -> None:
        self._second = 0
        self._times = 0

    def may(self, now: datetime) -> bool:
        second = int(now.timestamp())
        self._times = self._times + 1 if second == self._second else 1
        self._second = second
        return self._times <= limits.REPORTS_A_SECOND


_HEAD = 4096  # bytes, within which every client says what its message is and whose
_SHORT = 64 * 1024  # bytes that are read sooner than a key is looked up; most requests have fewer


def is_stranger(body: bytes, connections: Connections) -> bool:
    """Does this request come with a key that no account can have, or is it long and comes with one that none has?

    Of any other request it is no promise: its key is looked up when it is answered.
    """
    if body.find(b"<scheduler_request>", 0, _HEAD) < 0:
        return False
    key = peek_authenticator(body)
    if key and not is_key(key):
        return True
    if len(body) <= _SHORT:
        return False
    try:
        with connections.reader() as db:
            return accounts.by_key(db, key_digest(key)) is None
    except AxiomError:
        return False  # whoever answers it will find out, and say so
