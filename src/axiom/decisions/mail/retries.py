"""When a message that could not be sent is tried again, and when it is given up."""

from datetime import datetime, timedelta

KEPT_FOR = timedelta(days=3)  # a message that cannot be sent; then nobody waits for it any more
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_LONGEST_REST = timedelta(hours=1)


def next_try(created_at: datetime, now: datetime) -> datetime | None:
    """When a message that was just refused is sent again: each wait is half of its age. None gives it up."""
    age = now - created_at
    if age >= KEPT_FOR:
        return None
    return now + min(max(age / 2, _FIRST_WAIT), _LONGEST_WAIT)


def rest(failures: int) -> timedelta:
    """How long a server is left alone that did not take anything this many times in a row."""
    doublings = min(failures - 1, 16)
    return min(_FIRST_WAIT * float(2**doublings), _LONGEST_REST)
