"""May somebody go on with a session that another has in hand? Only when that one was not heard of for long."""

from datetime import datetime, timedelta

LEASE = timedelta(seconds=30)  # from one step to the next


def in_the_way(holder: str, held_until: datetime | None, asking: str, now: datetime) -> str:
    """Why whoever asks has to wait; nothing where the session is free, theirs, or held longer than anybody may."""
    if not holder or holder == asking or held_until is None:
        return ""
    left = held_until - now
    if not timedelta(0) < left <= LEASE:  # a clock that was set back must not make it last
        return ""
    return f"{holder} has it in hand and may be away for {left.total_seconds():.0f} s more before another goes on"
