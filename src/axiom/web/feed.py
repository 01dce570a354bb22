"""The laboratory's news: as RSS, which BOINC's window shows of a project, and as Atom, which a feed reader takes."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from axiom.boinc.escaping import escaped, in_ascii
from axiom.decisions.announcing import announcement
from axiom.store import tariffs
from axiom.web import sessions
from axiom.web.reading import Reading

_MOST = 20


@dataclass(frozen=True, kw_only=True)
class _News:
    """One line, where its rows are, and when it was said."""

    line: str
    address: str
    at: datetime


def feed(reading: Reading, master: str) -> bytes:
    """The newest lines of the news; `master` is the project's address, ending in a slash."""
    items = "".join(_item(one.line, one.address, one.at) for one in _news(reading, master))
    return in_ascii(
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n<channel>\n'
        f"<title>{escaped(reading.name)}</title>\n<link>{escaped(master)}</link>\n"
        "<description>What was asked and found</description>\n"
        f"<lastBuildDate>{format_datetime(reading.now)}</lastBuildDate>\n{items}</channel>\n</rss>\n"
    )


def _item(line: str, address: str, ended_at: datetime) -> str:
    return (
        f"<item>\n<title>{escaped(line)}</title>\n<link>{escaped(address)}</link>\n"
        f'<guid isPermaLink="true">{escaped(address)}</guid>\n<pubDate>{format_datetime(ended_at)}</pubDate>\n'
        f"<description>{escaped(line)}</description>\n</item>\n"
    )


def atom(reading: Reading, master: str) -> bytes:
    """The same lines as Atom."""
    found = _news(reading, master)
    updated = (found[0].at if found else reading.now).isoformat()
    entries = "".join(map(_entry, found))
    return in_ascii(
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escaped(reading.name)}</title>\n<id>{escaped(master)}news.atom</id>\n"
        f'<link href="{escaped(master)}"/>\n<link rel="self" href="{escaped(master)}news.atom"/>\n'
        f"<author><name>{escaped(reading.name)}</name></author>\n<updated>{updated}</updated>\n{entries}</feed>\n"
    )


def _news(reading: Reading, master: str) -> list[_News]:
    """What sessions said last, and which tariffs were announced ahead; the newest first."""
    found = [
        _News(line=row["line"], address=f"{master}sessions/{row['name']}", at=datetime.fromisoformat(row["ended_at"]))
        for row in sessions.news(reading, _MOST)["news"]
    ]
    found += [
        _News(
            line=announcement(before, one.tariff, one.valid_from, one.because),
            address=f"{master}ledger#tariff-{one.id}",
            at=one.announced_at,
        )
        for one, before in tariffs.ahead(reading.db)
        if one.announced_at is not None
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:_MOST]


def _entry(one: _News) -> str:
    return (
        f"<entry>\n<title>{escaped(one.line)}</title>\n<id>{escaped(one.address)}</id>\n"
        f'<link href="{escaped(one.address)}"/>\n<updated>{one.at.isoformat()}</updated>\n'
        f"<summary>{escaped(one.line)}</summary>\n</entry>\n"
    )
