"""What the laboratory did: sessions, the log of one, and the newest lines."""

from axiom.domain.rounds import EntryKind, Note, Round, Step
from axiom.errors import NotFound
from axiom.limits import rounds as limits
from axiom.reads.base import resolved_prose
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.rounds import session_log
from axiom.store.rounds import kept_prose, transcripts
from axiom.store.rounds import rounds as sessions
from axiom.store.views import sessions as session_views

_MILLIONTHS = 1_000_000


@page_at("/sessions", "sessions.html", words="from")
def sessions_page(reading: Reading) -> Answer:
    """The newest sessions, each with the line that closed it; and the round that is open or was held last."""
    newest = sessions.find_last_round(reading.db)
    return {
        "sessions": [_closed(closed) for closed in session_views.list_closed_sessions(reading.db, limits.ON_THE_PAGE)],
        "most": limits.ON_THE_PAGE,
        "round": describe_session(newest) if newest and not newest.told else None,
    }


def describe_newest_sessions(reading: Reading, limit: int = limits.ON_THE_PAGE) -> Answer:
    return {
        "news": [_closed(closed) for closed in session_views.list_closed_sessions(reading.db, limit) if closed.line]
    }


@page_at("/sessions/{name}", "session.html")
def session_page(reading: Reading, name: str) -> Answer:
    """The log of one session: what it tells, and the record of all its rounds."""
    session, notes = _must(reading, name)
    before, after = session_views.find_session_neighbours(reading.db, session)
    headline = next((session_log.note_sentence(note) for _, note in notes if note.kind == "told.headline"), "")
    rounds = sessions.list_session_rounds(reading.db, session, limits.ROUNDS_SHOWN) if session.told else []
    return {
        "session": describe_session(session)
        | {
            "before": before,
            "after": after,
            "plan": sessions.read_round_plan(reading.db, session.id) or None,
            "model_use": describe_model_use(reading, session),
            "said": resolved_prose.quote_stored_prose(
                reading, kept_prose.list_round_prose(reading.db, sessions.find_session_round_ids(reading.db, session))
            ),
            "headline": headline,
            "log": session_log.log_chapters(session, notes),
            "rounds": [
                {"name": row.name, "started_at": row.started_at.isoformat(), "reason": row.reason} for row in rounds
            ],
            "all_rounds": sessions.count_session_rounds(reading.db, session),
        }
    }


def session_markdown(reading: Reading, name: str) -> str:
    return session_log.log_markdown(*_must(reading, name))


def session_text(reading: Reading, name: str) -> str:
    return session_log.log_text(*_must(reading, name))


def describe_session(session: Round) -> Answer:
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
    return describe_session(closed.session) | {
        "line": session_log.note_sentence(line) if line else "",
        "headline": str(line.facts.get("headline", "")) if line else "",
        "about": session_log.fact_address(line, "") if line else "",
    }


def _must(reading: Reading, name: str) -> tuple[Round, list[tuple[Step, Note]]]:
    session = require_session(reading, name)
    return session, sessions.list_session_notes(reading.db, session)


def describe_model_use(reading: Reading, session: Round) -> Answer:
    """What a session has asked of language models, what that took, and how often it was not asked or not answered."""
    rounds = sessions.find_session_round_ids(reading.db, session)
    taken = transcripts.sum_transcript_usage(reading.db, rounds)
    return {
        "requests": taken.requests,
        "tokens": taken.tokens,
        "cost": taken.micros / _MILLIONTHS if taken.micros else None,
        "failures": transcripts.count_transcript_entries(reading.db, rounds, EntryKind.FAILURE),
        "refusals": transcripts.count_transcript_entries(reading.db, rounds, EntryKind.REFUSAL),
    }


def require_session(reading: Reading, name: str) -> Round:
    """The session of this name, or the sentence that there is none."""
    session = sessions.find_round_by_name(reading.db, name)
    if session is None:
        newest = sessions.list_newest_sessions(reading.db, 1)
        raise NotFound(
            f"There is no session {name}. "
            + (f"The newest is {newest[0].name}." if newest else "This laboratory has held none yet.")
        )
    return session
