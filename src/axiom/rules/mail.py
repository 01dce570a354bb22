"""When mail is sent, tried again and given up; what is news in a digest; which alerts an operator hears."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from axiom.limits import mail as limits
from axiom_weigh.values import Verdict

_DECIDED = frozenset({Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT})


def is_new_answer(history: Sequence[tuple[datetime, Verdict]], since: datetime) -> bool:
    """Has the finding an answer now that it did not have at that moment? Its history is in order, the oldest first."""
    if not history or history[-1][0] <= since:
        return False
    verdict = history[-1][1]
    before = [entry for at, entry in history if at <= since]
    return verdict in _DECIDED and (not before or before[-1] is not verdict)


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
