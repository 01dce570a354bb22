"""The lease of an open round: one caller works on it at a time, and it is free again when the lease runs out."""

from datetime import datetime, timedelta

from axiom.limits import language_models as model_limits
from axiom.limits import rounds as session_limits

# From one entry of a transcript to the next.
CONVERSATION_LEASE = session_limits.LEASE + timedelta(seconds=model_limits.ANSWER_SECONDS)


def lease_conflict(holder: str, held_until: datetime | None, requester: str, now: datetime) -> str:
    """Return why the requester has to wait; nothing where the round is free, theirs, or held longer than a lease."""
    if not holder or holder == requester or held_until is None:
        return ""
    left = held_until - now
    if not timedelta(0) < left <= CONVERSATION_LEASE:  # a clock that was set back must not make it last
        return ""
    return f"{holder} has it in hand and may be away for {left.total_seconds():.0f} s more before another goes on"
