"""The news: what the operator says to everybody, and the line with which each session ended."""

from axiom.store.sessions import news as stored
from axiom.store.sessions.news import News
from axiom.web.base.request import Answer, Reading
from axiom.web.views import sessions

_SHOWN = 100
_AT_ONCE = 3  # on the front page


def page(reading: Reading) -> Answer:
    """All that is new, the newest first."""
    return said(reading) | sessions.news(reading)


def said(reading: Reading) -> Answer:
    """What the operator said and did not withdraw."""
    return {"said": [_shown(one) for one in stored.newest(reading.db, _SHOWN)]}


def standing(reading: Reading) -> list[Answer]:
    """What stands on the front page at this moment."""
    return [_shown(one) for one in stored.standing(reading.db, reading.now, _AT_ONCE)]


def _shown(one: News) -> Answer:
    return {
        "number": one.id,
        "line": one.line,
        "text": one.text,
        "paragraphs": [each.strip() for each in one.text.split("\n\n") if each.strip()],
        "said_at": one.said_at.isoformat(),
        "until": one.until.isoformat(),
    }
