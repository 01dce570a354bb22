"""The first step: what came back since the last session, by experiment, and how it ended."""

from datetime import datetime

from axiom.domain.sessions import Note
from axiom.domain.work import TaskState
from axiom.store import sessions
from axiom.store.database import Database, Row, at


def review(db: Database, now: datetime) -> tuple[list[Note], int]:
    """Count each closed task once, ever; also returns before which moment all are reviewed now."""
    seen = sessions.seen(db)
    notes = [_note(row) for row in sessions.closed_since(db, seen, now)]
    if not notes:
        notes = [Note(kind="review.nothing", text="No task was closed since the last session.")]
    return notes, max(seen, at(now))


def _note(row: Row) -> Note:
    facts = {"amount": row["amount"], "experiment": f"{row['name']}@{row['version']}", "state": row["state"]}
    about = f"/results?experiment={row['name']}"
    if row["state"] == TaskState.VALID:
        return Note(
            kind="task.valid",
            text="{experiment}: tasks now valid: {amount}, in {seconds} core-seconds.",
            facts={**facts, "seconds": round(row["cpu_seconds"] or 0.0, 1)},
            about=about,
        )
    return Note(
        kind=f"task.{row['state']}",
        text="{experiment}: tasks now {state}: {amount}, because {reason}",
        facts={**facts, "reason": row["reason"]},
        about=about,
    )
