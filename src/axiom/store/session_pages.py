"""Sessions as pages show them: with their neighbours and the line that closed each."""

from dataclasses import dataclass

from axiom.domain.sessions import Note, Session
from axiom.store import sessions
from axiom.store.database import Database

_LISTED = """
SELECT s.*, n.kind, n.text, n.facts, n.about, n.links FROM session s
LEFT JOIN note n ON n.id = (SELECT max(id) FROM note WHERE session_id = s.id)
ORDER BY s.id DESC LIMIT :limit
"""
_NEIGHBOUR = """
SELECT (SELECT name FROM session WHERE id < :id ORDER BY id DESC LIMIT 1) AS before,
    (SELECT name FROM session WHERE id > :id ORDER BY id LIMIT 1) AS after
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """A session and the last line of its log, if it has written any."""

    session: Session
    line: Note | None


def newest(db: Database, limit: int) -> list[Closed]:
    """The newest sessions first, each with its last line."""
    return [
        Closed(session=sessions.read(row), line=sessions.read_note(row) if row["kind"] is not None else None)
        for row in db.select(_LISTED, limit=limit)
    ]


def neighbours(db: Database, session_id: int) -> tuple[str, str]:
    """The names of the session before and the one after; empty where there is none."""
    row = db.one(_NEIGHBOUR, id=session_id)
    return (row["before"] or "", row["after"] or "") if row else ("", "")
