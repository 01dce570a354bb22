"""May somebody try a password now? Guessing becomes slow, and the owner of an account is never kept out by others.

And may they open one more account, or have the same done in theirs once more? What is done is remembered for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
MOST_ACCOUNT = 100  # wrong passwords of one account in the window, from all strangers together
MOST_ADDRESS = 300  # wrong passwords from one address in the window, for all accounts together
MOST_DONE = 300  # of one kind in the window, in one account: few have more computers whose places they say
_FREE_ACCOUNT = 10  # wrong passwords before the first wait
_FREE_ADDRESS = 30
_CROWD = 1_000  # wrong passwords of everybody in the window, above which somebody guesses at many doors at once
_FREE_IN_A_CROWD = 3
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """When wrong passwords came within the window, the oldest first. What is older does not count."""

    account: Sequence[datetime]  # of this account: from all strangers; where the address is known, from it alone
    address: Sequence[datetime]  # from this address, for all accounts
    everybody: int  # in all
    is_known: bool  # has this address proven this account's password before?


@dataclass(frozen=True, kw_only=True, slots=True)
class ThrottleDecision:
    """How long to wait before the next try; no time is now."""

    wait: timedelta
    reason: str

    @property
    def may(self) -> bool:
        """Is this try allowed?"""
        return self.wait <= timedelta(0)


def judge(wrong: Wrong, now: datetime) -> ThrottleDecision:
    """Decide from what went wrong within the last hour.

    An address that has proven the password before waits for its own mistakes and for nobody else's.
    """
    account = [at for at in wrong.account if now - at < WINDOW]
    free = _FREE_IN_A_CROWD if wrong.everybody > _CROWD and not wrong.is_known else _FREE_ACCOUNT
    verdicts = [
        _wait(account, free, MOST_ACCOUNT, now, "there were many wrong passwords for this account"),
        ThrottleDecision(wait=timedelta(0), reason="the password may be tried"),
    ]
    if not wrong.is_known:
        address = [at for at in wrong.address if now - at < WINDOW]
        verdicts.append(_wait(address, _FREE_ADDRESS, MOST_ADDRESS, now, "many wrong passwords came from here"))
    return max(verdicts, key=lambda each: each.wait)


def may_open(opened: Sequence[datetime], most: int, now: datetime) -> ThrottleDecision:
    """Decide whether an address may open one more account, from when it opened others."""
    lately = [at for at in opened if now - at < WINDOW]
    if len(lately) < most:
        return ThrottleDecision(wait=timedelta(0), reason="the account may be opened")
    wait = lately[-most] + WINDOW - now if most else WINDOW
    return ThrottleDecision(wait=wait, reason="many accounts were opened from here")


def may_do(done: Sequence[datetime], now: datetime) -> ThrottleDecision:
    """Decide whether the same may be done in an account once more, from when it was done there."""
    lately = [at for at in done if now - at < WINDOW]
    if len(lately) < MOST_DONE:
        return ThrottleDecision(wait=timedelta(0), reason="it may be done")
    return ThrottleDecision(
        wait=lately[-MOST_DONE] + WINDOW - now, reason="the same was done in this account many times"
    )


def _wait(at: Sequence[datetime], free: int, most: int, now: datetime, reason: str) -> ThrottleDecision:
    if len(at) < free:
        return ThrottleDecision(wait=timedelta(0), reason=reason)
    if len(at) >= most:
        return ThrottleDecision(wait=at[-most] + WINDOW - now, reason=reason)
    doublings = min(len(at) - free, 16)
    return ThrottleDecision(wait=at[-1] + min(_FIRST_WAIT * 2**doublings, _LONGEST_WAIT) - now, reason=reason)
