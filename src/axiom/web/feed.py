"""The laboratory's news as RSS: what BOINC's window shows of a project, and what a feed reader takes."""

from datetime import datetime
from email.utils import format_datetime

from axiom.boinc.escaping import escaped, in_ascii
from axiom.web import sessions
from axiom.web.reading import Reading

_MOST = 20


def feed(reading: Reading, master: str) -> bytes:
    """The newest lines of the news; `master` is the project's address, ending in a slash."""
    items = "".join(
        _item(row["line"], f"{master}sessions/{row['name']}", datetime.fromisoformat(row["ended_at"]))
        for row in sessions.news(reading, _MOST)["news"]
    )
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
