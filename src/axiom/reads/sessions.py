"""What the laboratory did: sessions, the log of one, and the newest lines."""

from axiom.domain.rounds import Note, Round, Step
from axiom.limits import rounds as limits
from axiom.reads import log
from axiom.reads.base import resolved_prose
from axiom.reads.base.page import shown_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.session_lists import model_use, named
from axiom.store.rounds import kept_prose
from axiom.store.rounds import rounds as sessions
from axiom.store.views import sessions as session_views


@shown_at("/sessions", "sessions.html", words="from")
def listed(reading: Reading) -> Answer:
    """The newest sessions, each with the line that closed it; and the round that is open or was held last."""
    newest = sessions.last(reading.db)
    return {
        "sessions": [_closed(closed) for closed in session_views.newest(reading.db, limits.ON_THE_PAGE)],
        "most": limits.ON_THE_PAGE,
        "round": shown(newest) if newest and not newest.told else None,
    }


def news(reading: Reading, limit: int = limits.ON_THE_PAGE) -> Answer:
    return {"news": [_closed(closed) for closed in session_views.newest(reading.db, limit) if closed.line]}


@shown_at("/sessions/{name}", "session.html")
def by_name(reading: Reading, name: str) -> Answer:
    """The log of one session: what it tells, and the record of all its rounds."""
    session, notes = _must(reading, name)
    before, after = session_views.neighbours(reading.db, session)
    headline = next((log.sentence(note) for _, note in notes if note.kind == "told.headline"), "")
    rounds = sessions.rounds(reading.db, session, limits.ROUNDS_SHOWN) if session.told else []
    return {
        "session": shown(session)
        | {
            "before": before,
            "after": after,
            "plan": sessions.kept_plan(reading.db, session.id) or None,
            "model_use": model_use(reading, session),
            "said": resolved_prose.quote_kept(
                reading, kept_prose.of_rounds(reading.db, sessions.told_of(reading.db, session))
            ),
            "headline": headline,
            "log": log.chapters(session, notes),
            "rounds": [
                {"name": row.name, "started_at": row.started_at.isoformat(), "reason": row.reason} for row in rounds
            ],
            "all_rounds": sessions.amount_of_rounds(reading.db, session),
        }
    }


def markdown(reading: Reading, name: str) -> str:
    return log.as_markdown(*_must(reading, name))


def text(reading: Reading, name: str) -> str:
    return log.as_text(*_must(reading, name))


def shown(session: Round) -> Answer:
    return {
        "name": session.name,
        "pi": session.pi,
        "reason": session.told or session.reason,
        "is_round": not session.told,
        "started_at": session.started_at.isoformat(),
        "ended_at": session.ended_at.isoformat() if session.ended_at else None,
        "done": list(session.done),
        "next": session.due,
    }


def _closed(closed: session_views.ClosedSession) -> Answer:
    line = closed.line
    return shown(closed.session) | {
        "line": log.sentence(line) if line else "",
        "headline": str(line.facts.get("headline", "")) if line else "",
        "about": log.page(line, "") if line else "",
    }


def _must(reading: Reading, name: str) -> tuple[Round, list[tuple[Step, Note]]]:
    session = named(reading, name)
    return session, sessions.gathered(reading.db, session)
