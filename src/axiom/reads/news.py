"""The news: what was found, a few answers a day, and what the operator says."""

from axiom.limits import front_page as front_page_limits
from axiom.limits import news as limits
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.finding_lists import list_discoveries
from axiom.store import news as stored
from axiom.store.news import News


def describe_discoveries(reading: Reading, a_day: int) -> list[Answer]:
    """What was found of late, at most so much of each day, the newest first."""
    return [
        {
            "number": finding.finding.number,
            "line": f"With {line.evidence.grade} evidence: {finding.answer}",
            "experiment": finding.experiment,
            "at": at.isoformat(),
            "day": at.date().isoformat(),
        }
        for finding, at in list_discoveries(reading, limits.ON_THE_PAGE, a_day)
        if (line := finding.line) is not None
    ]


@page_at("/news", "news.html")
def news_page(reading: Reading) -> Answer:
    """All that is new, the newest first."""
    return list_published_news(reading) | {"news": describe_discoveries(reading, limits.FINDINGS_A_DAY)}


def list_published_news(reading: Reading) -> Answer:
    """What the operator said and did not withdraw."""
    return {"said": [_shown(note) for note in stored.list_newest_news(reading.db, limits.ON_THE_PAGE)]}


def list_current_news(reading: Reading) -> list[Answer]:
    return [
        _shown(note) for note in stored.list_unexpired_news(reading.db, reading.now, front_page_limits.OPERATOR_NOTES)
    ]


def _shown(note: News) -> Answer:
    return {
        "number": note.id,
        "line": note.line,
        "text": note.text,
        "paragraphs": [paragraph.strip() for paragraph in note.text.split("\n\n") if paragraph.strip()],
        "said_at": note.said_at.isoformat(),
        "until": note.until.isoformat(),
    }
