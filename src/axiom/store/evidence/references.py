"""The literature that somebody has approved."""

from datetime import datetime

from axiom.domain.links import ApprovedReference, number_in
from axiom.store.engine.database import Database, at


def everything(db: Database) -> list[ApprovedReference]:
    return db.values(ApprovedReference, "SELECT * FROM approved_reference ORDER BY id")


def add(db: Database, words: str, *, number: str = "", title: str = "", by: str, now: datetime) -> int:
    """Keep it, if it is not there; its row. One that had no number gets that with which somebody looks it up."""
    if row := db.one("SELECT id, number FROM approved_reference WHERE words = :words", words=words):
        if number and not row["number"]:
            db.change("approved_reference", row["id"], number=number, title=title, approved_by=by, approved_at=at(now))
        return int(row["id"])
    return db.add(
        "approved_reference",
        words=words,
        number=number or number_in(words),
        title=title,
        approved_by=by,
        approved_at=at(now),
    )


def remove(db: Database, reference_id: int) -> bool:
    return db.execute("DELETE FROM approved_reference WHERE id = :id", id=reference_id) == 1
