"""Which alerts does an operator hear, and when?"""

from datetime import datetime
from enum import StrEnum

from axiom.limits import mail as limits


class AlertWord(StrEnum):
    """What an alert says of its trouble."""

    BEGAN = "began"
    CHANGED = "changed"
    OVER = "over"


def next_alert_word(
    says: str | None, last_said: str, told_at: datetime | None, *, is_over: bool, now: datetime
) -> AlertWord | None:
    """Decide from what is wrong now (None: nothing) and what was told last of the same kind; None says nothing.

    Trouble that comes and goes is told once an hour at most. The end of what was told is told at once.
    """
    is_known = told_at is not None and not is_over
    if says is None:
        return AlertWord.OVER if is_known else None
    if told_at is not None and now - told_at < limits.SAME_ALERT_EVERY:
        return None
    if not is_known:
        return AlertWord.BEGAN
    return AlertWord.CHANGED if says != last_said else None
