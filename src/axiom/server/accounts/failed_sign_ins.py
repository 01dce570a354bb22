"""Remembers wrong passwords for an hour, of a bounded number of accounts and addresses, and asks whether to go on.

Nothing of it is stored: no list of who failed to sign in outlives the process. Whoever is signed in outlives it, and is
known by that. A try counts as wrong until it is found right, so that many tries at once are not all the first one.
"""

import hashlib
import ipaddress
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime

from axiom.limits import accounts as limits
from axiom.rules.accounts.account_throttle import (
    ThrottleDecision,
    WrongPasswords,
    throttle_change,
    throttle_new_account,
    throttle_password,
)

_MOST_OPENED = 1_000
_MOST_TOLD = 10_000


class _Moments:
    def __init__(self, most_each: int) -> None:
        self._most_each = most_each
        self._kept: OrderedDict[bytes, list[datetime]] = OrderedDict()  # who was last counted latest is last

    def of(self, key: bytes) -> tuple[datetime, ...]:
        return tuple(self._kept.get(key, ()))

    def add(self, key: bytes, now: datetime) -> None:
        moments = self._kept.setdefault(key, [])  # a deque would take 700 bytes for one of them
        moments.append(now)
        del moments[: -self._most_each]
        self._kept.move_to_end(key)
        while len(self._kept) > limits.GUESSERS_REMEMBERED or self._is_over(next(iter(self._kept)), now):
            self._kept.popitem(last=False)

    def _is_over(self, key: bytes, now: datetime) -> bool:
        return now - self._kept[key][-1] >= limits.GUESSES_WITHIN

    def take_back(self, key: bytes, at: datetime) -> bool:
        failures = self._kept.get(key)
        is_there = failures is not None and at in failures
        if failures is not None and is_there:
            failures.remove(at)
        if not failures:
            self._kept.pop(key, None)
        return is_there


class Guesses:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._strangers = _Moments(limits.ACCOUNT_GUESSES)  # by account
        self._selves = _Moments(limits.ACCOUNT_GUESSES)  # by account and address, or account and sign-in
        self._addresses = _Moments(limits.ADDRESS_GUESSES)
        self._opened = _Moments(_MOST_OPENED)
        self._done = _Moments(limits.SAME_CHANGES)  # by account and what was done
        self._everybody: deque[datetime] = deque(maxlen=_MOST_TOLD)
        self._known: OrderedDict[bytes, None] = OrderedDict()  # account and address: have been right together

    def begin(self, account: str, address: str, sign_in: str = "") -> tuple[ThrottleDecision, datetime]:
        """May this password be tried? If so it counts as wrong, at the returned moment, until `right` is said.

        Whoever is signed in to this account is known wherever they are. Their mistakes count by their sign-in, not by
        the address: a stolen one would have its ten tries anew from each of a thousand addresses.
        """
        who, here, both = _keys(account, address)
        own = _short(f"{account}\n{sign_in}") if sign_in else both
        with self._lock:
            now = self._now()
            while self._everybody and now - self._everybody[0] >= limits.GUESSES_WITHIN:
                self._everybody.popleft()
            is_known = bool(sign_in) or both in self._known
            wrong = WrongPasswords(
                account=self._selves.of(own) if is_known else self._strangers.of(who),
                address=self._addresses.of(here),
                everybody=len(self._everybody),
                is_known=is_known,
            )
            verdict = throttle_password(wrong, now)
            if verdict.may:
                self._book(who, own, is_known=is_known, now=now)
                self._addresses.add(here, now)
                self._everybody.append(now)
            return verdict, now

    def right(self, account: str, address: str, begun: datetime, sign_in: str = "") -> None:
        """The password that was tried at that moment is the right one; this address is known to be its owner's."""
        who, here, both = _keys(account, address)
        own = _short(f"{account}\n{sign_in}") if sign_in else both
        with self._lock:
            self._addresses.take_back(here, begun)
            if not self._selves.take_back(own, begun):  # else a stranger's try of the same moment stays
                self._strangers.take_back(who, begun)
            if begun in self._everybody:
                self._everybody.remove(begun)
            self._remember(both)

    def know(self, account: str, address: str) -> None:
        """This address is known to be the account's owner's, by a sign-in that ends with it and so says it once."""
        with self._lock:
            self._remember(_keys(account, address)[2])

    def open_one(self, address: str, most: int) -> ThrottleDecision:
        """May this address open one more account? If so it has."""
        _, here, _ = _keys("", address)
        with self._lock:
            now = self._now()
            verdict = throttle_new_account(self._opened.of(here), most, now)
            if verdict.may:
                self._opened.add(here, now)
            return verdict

    def do_one(self, volunteer: int, what: str) -> ThrottleDecision:
        key = _short(f"{volunteer}\n{what}")
        with self._lock:
            now = self._now()
            verdict = throttle_change(self._done.of(key), now)
            if verdict.may:
                self._done.add(key, now)
            return verdict

    def _book(self, who: bytes, own: bytes, *, is_known: bool, now: datetime) -> None:
        if is_known:
            self._selves.add(own, now)
        else:
            self._strangers.add(who, now)

    def _remember(self, both: bytes) -> None:
        self._known[both] = None
        self._known.move_to_end(both)
        if len(self._known) > limits.GUESSERS_REMEMBERED:
            self._known.popitem(last=False)


def _keys(account: str, address: str) -> tuple[bytes, bytes, bytes]:
    """Short names for an account, for an address, and for the two together; no e-mail address is kept here."""
    here = _network(address)
    return _short(account), _short(here), _short(f"{account}\n{here}")


def _short(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


def _network(address: str) -> str:
    """Who has one address of IPv6 has a whole network of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address) or parsed.ipv4_mapped is not None:
        return str(getattr(parsed, "ipv4_mapped", parsed))
    return str(ipaddress.ip_network((parsed, 64), strict=False))
