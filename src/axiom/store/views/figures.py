from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, as_value


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPicture:
    name: str
    svg: str  # the digest
    png: str  # the digest
    drawn_at: datetime


def drawn(db: Database, names: Sequence[str]) -> list[StoredPicture]:
    rows = [db.one("SELECT * FROM figure WHERE name = :name", name=name) for name in names]
    return [as_value(StoredPicture, row) for row in rows if row is not None]
