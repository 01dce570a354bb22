"""Sessions as pages show them: with their neighbours and the line that closed each."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from axiom.domain.sessions import Note, Session
from axiom.store.engine.database import Database, Row, at
from axiom.store.sessions import sessions

_EPOCH, _DAY = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=1)

_LISTED = """
SELECT s.*, n.kind, n.text, n.facts, n.about, n.links FROM session s
LEFT JOIN note n ON n.id = (SELECT max(id) FROM note WHERE session_id = s.id)
WHERE s.told <> '' ORDER BY s.id DESC LIMIT :limit
"""
_LAST_OF_DAYS = """
SELECT s.*, n.kind, n.text, n.facts, n.about, n.links FROM session s
LEFT JOIN note n ON n.id = (SELECT max(id) FROM note WHERE session_id = s.id)
WHERE s.id IN (SELECT max(id) FROM session WHERE told <> '' AND ended_at >= :since AND ended_at < :until
    GROUP BY ended_at / :day)
ORDER BY s.id DESC
"""
_NEIGHBOUR = """
SELECT (SELECT name FROM session WHERE told <> '' AND id < :id ORDER BY id DESC LIMIT 1) AS before,
    (SELECT name FROM session WHERE told <> '' AND id >= :from ORDER BY id LIMIT 1) AS after
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedSession:
    """A session and the last line of its log, if it has written any."""

    session: Session
    line: Note | None


def newest(db: Database, limit: int) -> list[ClosedSession]:
    """The newest sessions first, each with its last line."""
    return [_closed(row) for row in db.select(_LISTED, limit=limit)]


def last_of_days(db: Database, today: datetime, days: int) -> list[ClosedSession]:
    """The last session of each of so many days before the one that begins at `today`, the newest first."""
    since, until = at(today - days * _DAY), at(today)
    return [_closed(row) for row in db.select(_LAST_OF_DAYS, since=since, until=until, day=at(_EPOCH + _DAY))]


def _closed(row: Row) -> ClosedSession:
    return ClosedSession(session=sessions.read(row), line=sessions.read_note(row) if row["kind"] is not None else None)


def neighbours(db: Database, session: Session) -> tuple[str, str]:
    """The names of the session before and the one after, which tells of a quiet round; empty where there is none."""
    row = db.one(_NEIGHBOUR, **{"id": session.id, "from": session.id + bool(session.told)})
    return (row["before"] or "", row["after"] or "") if row else ("", "")
