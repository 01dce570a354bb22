"""The news for people and programs: what was found, a few answers a day, and what the operator says; as RSS and Atom.

A window that opens several times a day would soon be closed for good: BOINC's client is told of one finding a day.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from axiom.boinc.escaping import escaped, in_ascii
from axiom.limits import news as limits
from axiom.store.credit import tariffs
from axiom.store.sessions import news
from axiom.store.sessions import news as stored
from axiom.store.sessions.news import News
from axiom.web.base.request import Answer, Reading
from axiom.web.views import findings


@dataclass(frozen=True, kw_only=True)
class _News:
    """One line, where its rows are, and when it was said."""

    line: str
    address: str
    at: datetime
    text: str = ""  # what there is beyond the line


def feed(reading: Reading, master: str) -> bytes:
    """One finding of each day that is over; `master` is the project's address, ending in a slash."""
    today = reading.now.date()
    found = _news(reading, master, [each for each in _found(reading, 1) if each["at"][:10] < today.isoformat()])
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
    """What was found of late, as Atom."""
    found = _news(reading, master, _found(reading, limits.FINDINGS_A_DAY))
    updated = (found[0].at if found else reading.now).isoformat()
    entries = "".join(map(_entry, found))
    return in_ascii(
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escaped(reading.name)}</title>\n<id>{escaped(master)}news.atom</id>\n"
        f'<link href="{escaped(master)}"/>\n<link rel="self" href="{escaped(master)}news.atom"/>\n'
        f"<author><name>{escaped(reading.name)}</name></author>\n<updated>{updated}</updated>\n{entries}</feed>\n"
    )


def _found(reading: Reading, a_day: int) -> list[Answer]:
    """What was found of late, at most so much of each day, the newest first."""
    return [
        {
            "number": one.finding.number,
            "line": f"We now know: {one.answer}",
            "experiment": one.experiment,
            "at": at.isoformat(),
            "day": at.date().isoformat(),
        }
        for one, at in findings.discovered(reading, limits.ON_THE_PAGE, a_day)
    ]


def _news(reading: Reading, master: str, told: list[Answer]) -> list[_News]:
    """These findings, what the operator said, and which tariffs were chosen; the newest first."""
    found = [
        _News(line=row["line"], address=f"{master}findings/{row['number']}", at=datetime.fromisoformat(row["at"]))
        for row in told
    ]
    found += [
        _News(
            line=f"Credit is computed by {begun.tariff.name}, version {begun.tariff.version}. Why: {begun.because}",
            address=f"{master}ledger#tariff-{begun.id}",
            at=begun.valid_from,
        )
        for begun in tariffs.begun(reading.db, reading.now)
        if begun.because
    ]
    found += [
        _News(line=one.line, address=f"{master}news#news-{one.id}", at=one.said_at, text=one.text)
        for one in news.newest(reading.db, limits.FEED_ENTRIES)
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[: limits.FEED_ENTRIES]


def _entry(one: _News) -> str:
    return (
        f"<entry>\n<title>{escaped(one.line)}</title>\n<id>{escaped(one.address)}</id>\n"
        f'<link href="{escaped(one.address)}"/>\n<updated>{one.at.isoformat()}</updated>\n'
        f"<summary>{escaped(one.text or one.line)}</summary>\n</entry>\n"
    )


def page(reading: Reading) -> Answer:
    """All that is new, the newest first."""
    return said(reading) | {"news": _found(reading, limits.FINDINGS_A_DAY)}


def said(reading: Reading) -> Answer:
    """What the operator said and did not withdraw."""
    return {"said": [_shown(one) for one in stored.newest(reading.db, limits.ON_THE_PAGE)]}


def standing(reading: Reading) -> list[Answer]:
    """What stands on the front page at this moment."""
    return [_shown(one) for one in stored.standing(reading.db, reading.now, limits.ON_THE_FRONT_PAGE)]


def _shown(one: News) -> Answer:
    return {
        "number": one.id,
        "line": one.line,
        "text": one.text,
        "paragraphs": [each.strip() for each in one.text.split("\n\n") if each.strip()],
        "said_at": one.said_at.isoformat(),
        "until": one.until.isoformat(),
    }
