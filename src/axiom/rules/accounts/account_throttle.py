"""May somebody try a password now? Guessing becomes slow.

Others do not keep out an owner who is signed in, or who has signed in from the same address since the server began.
And may they open one more account, or have the same done in theirs once more? What is done is remembered for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.limits import accounts as limits


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongPasswords:
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


def throttle_password(wrong: WrongPasswords, now: datetime) -> ThrottleDecision:
    """Decide from what went wrong within the last hour.

    An address that has proven the password before waits for its own mistakes and for nobody else's.
    """
    account = [at for at in wrong.account if now - at < limits.GUESSES_WITHIN]
    free = (
        limits.FREE_GUESSES_IN_CROWD
        if wrong.everybody > limits.CROWD_GUESSES and not wrong.is_known
        else limits.FREE_GUESSES
    )
    verdicts = [
        _wait(account, free, limits.ACCOUNT_GUESSES, now, "there were many wrong passwords for this account"),
        ThrottleDecision(wait=timedelta(0), reason="the password may be tried"),
    ]
    if not wrong.is_known:
        address = [at for at in wrong.address if now - at < limits.GUESSES_WITHIN]
        verdicts.append(
            _wait(
                address,
                limits.FREE_GUESSES_OF_ADDRESS,
                limits.ADDRESS_GUESSES,
                now,
                "many wrong passwords came from here",
            )
        )
    return max(verdicts, key=lambda verdict: verdict.wait)


def throttle_new_account(opened: Sequence[datetime], most: int, now: datetime) -> ThrottleDecision:
    """Decide whether an address may open one more account, from when it opened others."""
    lately = [at for at in opened if now - at < limits.GUESSES_WITHIN]
    if len(lately) < most:
        return ThrottleDecision(wait=timedelta(0), reason="the account may be opened")
    wait = lately[-most] + limits.GUESSES_WITHIN - now if most else limits.GUESSES_WITHIN
    return ThrottleDecision(wait=wait, reason="many accounts were opened from here")


def throttle_change(done: Sequence[datetime], now: datetime) -> ThrottleDecision:
    """Decide whether the same may be done in an account once more, from when it was done there."""
    lately = [at for at in done if now - at < limits.GUESSES_WITHIN]
    if len(lately) < limits.SAME_CHANGES:
        return ThrottleDecision(wait=timedelta(0), reason="it may be done")
    return ThrottleDecision(
        wait=lately[-limits.SAME_CHANGES] + limits.GUESSES_WITHIN - now,
        reason="the same was done in this account many times",
    )


def _wait(at: Sequence[datetime], free: int, most: int, now: datetime, reason: str) -> ThrottleDecision:
    if len(at) < free:
        return ThrottleDecision(wait=timedelta(0), reason=reason)
    if len(at) >= most:
        return ThrottleDecision(wait=at[-most] + limits.GUESSES_WITHIN - now, reason=reason)
    doublings = min(len(at) - free, 16)
    return ThrottleDecision(
        wait=at[-1] + min(limits.FIRST_WAIT * 2**doublings, limits.LONGEST_WAIT) - now, reason=reason
    )
