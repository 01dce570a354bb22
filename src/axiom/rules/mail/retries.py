"""When is mail tried again that was refused, and when is it given up?"""

from datetime import datetime, timedelta

from axiom.limits import mail as limits


def next_mail_try(created_at: datetime, now: datetime) -> datetime | None:
    """When a message that was just refused is sent again: each wait is half of its age. None gives it up."""
    age = now - created_at
    if age >= limits.KEPT_FOR:
        return None
    return now + min(max(age / 2, limits.FIRST_WAIT), limits.LONGEST_WAIT)


def server_rest_time(failures: int) -> timedelta:
    """How long a server is left alone that did not take anything this many times in a row."""
    doublings = min(failures - 1, 16)
    return min(limits.FIRST_WAIT * float(2**doublings), limits.SERVER_RESTS_FOR)
