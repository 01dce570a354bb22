from dataclasses import dataclass

from axiom.domain.rounds import Note, Round
from axiom.store.engine.database import Database, as_value
from axiom.store.rounds import rounds

_LISTED = """
SELECT s.*, n.kind, n.text, n.facts, n.about, n.links FROM session s
LEFT JOIN note n ON n.id = (SELECT max(id) FROM note WHERE session_id = s.id)
WHERE s.told <> '' ORDER BY s.id DESC LIMIT :limit
"""
_NEIGHBOUR = """
SELECT (SELECT name FROM session WHERE told <> '' AND id < :id ORDER BY id DESC LIMIT 1) AS before,
    (SELECT name FROM session WHERE told <> '' AND id >= :from ORDER BY id LIMIT 1) AS after
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedSession:
    session: Round
    line: Note | None


def list_closed_sessions(db: Database, limit: int) -> list[ClosedSession]:
    return [
        ClosedSession(session=as_value(Round, row), line=rounds.read_note(row) if row["kind"] is not None else None)
        for row in db.select(_LISTED, limit=limit)
    ]


def find_session_neighbours(db: Database, session: Round) -> tuple[str, str]:
    row = db.row(_NEIGHBOUR, **{"id": session.id, "from": session.id + bool(session.told)})
    return (row["before"] or "", row["after"] or "") if row else ("", "")
