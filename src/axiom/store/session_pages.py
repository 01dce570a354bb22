"""Sessions as pages show them: with their neighbours and the line that closed each."""

import json
from dataclasses import dataclass

from axiom.domain.sessions import Note, Session, Step
from axiom.store.database import Database, Row, maybe_moment, moment

_LISTED = """
SELECT s.*, n.kind, n.text, n.facts, n.about FROM session s
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
    return [Closed(session=_session(row), line=_note(row)) for row in db.select(_LISTED, limit=limit)]


def neighbours(db: Database, session_id: int) -> tuple[str, str]:
    """The names of the session before and the one after; empty where there is none."""
    row = db.one(_NEIGHBOUR, id=session_id)
    return (row["before"] or "", row["after"] or "") if row else ("", "")


def _note(row: Row) -> Note | None:
    if row["kind"] is None:
        return None
    return Note(kind=row["kind"], text=row["text"], facts=json.loads(row["facts"]), about=row["about"])


def _session(row: Row) -> Session:
    return Session(
        id=row["id"],
        name=row["name"],
        pi=row["pi"],
        done=tuple(Step(step) for step in json.loads(row["done"])),
        reason=row["reason"],
        started_at=moment(row["started_at"]),
        ended_at=maybe_moment(row["ended_at"]),
    )
