"""The literature that somebody has approved."""

from datetime import datetime

from axiom.domain.links import ApprovedReference, reference_number
from axiom.store.engine.database import Database, to_microseconds


def list_approved_references(db: Database) -> list[ApprovedReference]:
    return db.values(ApprovedReference, "SELECT * FROM approved_reference WHERE approved_by <> '' ORDER BY id")


def add_reference(db: Database, words: str, *, number: str = "", title: str = "", by: str, now: datetime) -> int:
    """Keep it, if it is not there; its row. One without a number, or taken back, waits for whoever gives a number."""
    if row := db.row("SELECT id, number, approved_by FROM approved_reference WHERE words = :words", words=words):
        if number and not (row["number"] and row["approved_by"]):
            db.change(
                "approved_reference",
                row["id"],
                number=number,
                title=title,
                approved_by=by,
                approved_at=to_microseconds(now),
            )
        return int(row["id"])
    return db.add(
        "approved_reference",
        words=words,
        number=number or reference_number(words),
        title=title,
        approved_by=by,
        approved_at=to_microseconds(now),
    )


def withdraw_reference(db: Database, reference_id: int) -> bool:
    """Nobody approves it from now on. It stays, so that the catalogue's next publication does not bring it again."""
    text = "UPDATE approved_reference SET approved_by = '' WHERE id = :id AND approved_by <> ''"
    return db.execute(text, id=reference_id) == 1
