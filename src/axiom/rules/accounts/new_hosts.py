"""May one more computer be added to an account, and whose preferences hold on it?

Limits on work are each computer's own, so whoever invents computers would have as much as they invent.
"""

from datetime import datetime, timedelta

from axiom.locale.languages import mark

MOST_NEW = 100  # as `_TOO_MANY` says; within `WITHIN`: a computer room at once, and a school within the day
WITHIN = timedelta(hours=1)
_TOO_MANY = mark(
    "Within the last hour 100 computers were added to your account, which is as many as are. This one is added when it "
    "calls again in about an hour; until then nothing is kept of it and nothing is lost."
)


def why_host_waits(oldest_counted: datetime | None, now: datetime) -> str:
    """Why this computer has to wait; empty when it may be added. Of the account's newest, the `MOST_NEW`th counts."""
    return _TOO_MANY if oldest_counted is not None and now - oldest_counted < WITHIN else ""


def are_own_preferences(source: str, own: str) -> bool:
    """Whether they come from this account, by the digests of e-mail addresses that clients and projects exchange.

    A client names the account from which it took them; one that names none set them itself, or is too old to say.
    """
    return not source or source == own
