"""The news for people and programs: what the operator says and how each session ended, as RSS and as Atom.

A window that opens for each of a day's sessions would soon be closed for good: BOINC's client is told one line a day.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from axiom.boinc.escaping import escaped, in_ascii
from axiom.decisions.credit.tariffs import announcement
from axiom.store.credit import tariffs
from axiom.store.sessions import news
from axiom.store.sessions import news as stored
from axiom.store.sessions.news import News
from axiom.web.base.request import Answer, Reading
from axiom.web.views import sessions

_MOST = 20


@dataclass(frozen=True, kw_only=True)
class _News:
    """One line, where its rows are, and when it was said."""

    line: str
    address: str
    at: datetime
    text: str = ""  # what there is beyond the line


def feed(reading: Reading, master: str) -> bytes:
    """What days that are over ended with; `master` is the project's address, ending in a slash."""
    found = _news(reading, master, sessions.days(reading, _MOST))
    items = "".join(map(_item, found))
    return in_ascii(
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n<channel>\n'
        f"<title>{escaped(reading.name)}</title>\n<link>{escaped(master)}</link>\n"
        "<description>What was asked and found</description>\n"
        f"<lastBuildDate>{format_datetime(reading.now)}</lastBuildDate>\n{items}</channel>\n</rss>\n"
    )


def _item(one: _News) -> str:
    line, address = escaped(one.line), escaped(one.address)
    return (
        f"<item>\n<title>{line}</title>\n<link>{address}</link>\n"
        f'<guid isPermaLink="true">{address}</guid>\n<pubDate>{format_datetime(one.at)}</pubDate>\n'
        f"<description>{escaped(one.text or one.line)}</description>\n</item>\n"
    )


def atom(reading: Reading, master: str) -> bytes:
    """The newest lines of all sessions, as Atom."""
    found = _news(reading, master, sessions.news(reading, _MOST))
    updated = (found[0].at if found else reading.now).isoformat()
    entries = "".join(map(_entry, found))
    return in_ascii(
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escaped(reading.name)}</title>\n<id>{escaped(master)}news.atom</id>\n"
        f'<link href="{escaped(master)}"/>\n<link rel="self" href="{escaped(master)}news.atom"/>\n'
        f"<author><name>{escaped(reading.name)}</name></author>\n<updated>{updated}</updated>\n{entries}</feed>\n"
    )


def _news(reading: Reading, master: str, said: Answer) -> list[_News]:
    """What these sessions and the operator said, and which tariffs were announced ahead; the newest first."""
    found = [
        _News(line=row["line"], address=f"{master}sessions/{row['name']}", at=datetime.fromisoformat(row["ended_at"]))
        for row in said["news"]
    ]
    found += [
        _News(
            line=announcement(before, one.tariff, one.valid_from, one.because),
            address=f"{master}ledger#tariff-{one.id}",
            at=one.announced_at,
        )
        for one, before in tariffs.ahead(reading.db)
    ]
    found += [
        _News(line=one.line, address=f"{master}news#news-{one.id}", at=one.said_at, text=one.text)
        for one in news.newest(reading.db, _MOST)
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:_MOST]


def _entry(one: _News) -> str:
    return (
        f"<entry>\n<title>{escaped(one.line)}</title>\n<id>{escaped(one.address)}</id>\n"
        f'<link href="{escaped(one.address)}"/>\n<updated>{one.at.isoformat()}</updated>\n'
        f"<summary>{escaped(one.text or one.line)}</summary>\n</entry>\n"
    )


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
