"""The news as feeds: RSS for BOINC's client, Atom for people and programs.

A window that opens several times a day would soon be closed for good: BOINC's client is told of one finding a day.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from axiom.boinc.xml import escape_xml, in_ascii
from axiom.limits import news as limits
from axiom.reads.base.request import Answer, Reading
from axiom.reads.news import describe_discoveries
from axiom.store import news


@dataclass(frozen=True, kw_only=True)
class _News:
    """One line, where its rows are, and when it was said."""

    line: str
    address: str
    at: datetime
    text: str = ""  # what there is beyond the line


def rss_feed(reading: Reading, master: str) -> bytes:
    """One finding of each day that is over; `master` is the project's address, ending in a slash."""
    today = reading.now.date()
    entries = _news(
        reading, master, [row for row in describe_discoveries(reading, 1) if row["at"][:10] < today.isoformat()]
    )
    items = "".join(map(_item, entries))
    return in_ascii(
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n<channel>\n'
        f"<title>{escape_xml(reading.name)}</title>\n<link>{escape_xml(master)}</link>\n"
        "<description>What was asked and found</description>\n"
        f"<lastBuildDate>{format_datetime(reading.now)}</lastBuildDate>\n{items}</channel>\n</rss>\n"
    )


def _item(entry: _News) -> str:
    line, address = escape_xml(entry.line), escape_xml(entry.address)
    return (
        f"<item>\n<title>{line}</title>\n<link>{address}</link>\n"
        f'<guid isPermaLink="true">{address}</guid>\n<pubDate>{format_datetime(entry.at)}</pubDate>\n'
        f"<description>{escape_xml(entry.text or entry.line)}</description>\n</item>\n"
    )


def atom_feed(reading: Reading, master: str) -> bytes:
    listed = _news(reading, master, describe_discoveries(reading, limits.FINDINGS_A_DAY))
    updated = (listed[0].at if listed else reading.now).isoformat()
    entries = "".join(map(_entry, listed))
    return in_ascii(
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escape_xml(reading.name)}</title>\n<id>{escape_xml(master)}news.atom</id>\n"
        f'<link href="{escape_xml(master)}"/>\n<link rel="self" href="{escape_xml(master)}news.atom"/>\n'
        f"<author><name>{escape_xml(reading.name)}</name></author>\n<updated>{updated}</updated>\n{entries}</feed>\n"
    )


def _news(reading: Reading, master: str, discoveries: list[Answer]) -> list[_News]:
    """These findings and what the operator said; the newest first."""
    entries = [
        _News(line=row["line"], address=f"{master}findings/{row['number']}", at=datetime.fromisoformat(row["at"]))
        for row in discoveries
    ]
    entries += [
        _News(line=note.line, address=f"{master}news#news-{note.id}", at=note.said_at, text=note.text)
        for note in news.list_newest_news(reading.db, limits.FEED_ENTRIES)
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[: limits.FEED_ENTRIES]


def _entry(entry: _News) -> str:
    return (
        f"<entry>\n<title>{escape_xml(entry.line)}</title>\n<id>{escape_xml(entry.address)}</id>\n"
        f'<link href="{escape_xml(entry.address)}"/>\n<updated>{entry.at.isoformat()}</updated>\n'
        f"<summary>{escape_xml(entry.text or entry.line)}</summary>\n</entry>\n"
    )
