"""Notes that people and programs write to a finding. They are never changed, and nothing is concluded from them."""

from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, to_microseconds

_OF = "SELECT *, id AS number, said_by AS by FROM finding_note WHERE finding_number = :finding_number ORDER BY id"


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingNote:
    number: int
    text: str
    by: str
    said_at: datetime


def add_finding_note(db: Database, finding: int, *, text: str, by: str, now: datetime) -> int:
    return db.add("finding_note", finding_number=finding, text=text, said_by=by, said_at=to_microseconds(now))


def list_finding_notes(db: Database, finding: int) -> list[FindingNote]:
    return db.values(FindingNote, _OF, finding_number=finding)
