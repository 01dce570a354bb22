"""Is a language model asked in this session for new questions?"""

from datetime import datetime, timedelta

from axiom.limits import language_models as limits
from axiom_weigh.amounts import counted


def reason_not_to_ask(
    *, waiting: int, most_waiting: float, asked_at: datetime | None, weighed_at: datetime | None, now: datetime
) -> str:
    """Return why it is not asked; nothing where it is.

    `waiting` are its own proposals without an answer. It was asked last at `asked_at`, and the newest evidence of any
    finding is of `weighed_at`.
    """
    if waiting >= most_waiting:
        return f"{counted(waiting, 'question')} of its own wait for an answer, as many as may"
    has_news = asked_at is None or (weighed_at is not None and weighed_at > asked_at)
    if asked_at is not None and not has_news and timedelta(0) <= now - asked_at < limits.ASK_AGAIN_AFTER:
        return "no finding was weighed since it was asked last"
    return ""
