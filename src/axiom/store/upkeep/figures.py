"""Which pictures were drawn, and of what: a picture is drawn again when what it shows has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine import blobs
from axiom.store.engine.database import Database, as_value, to_microseconds
from axiom.store.engine.folder import Folder

_KEEP = """
INSERT INTO figure (name, shows, svg, drawn_at) VALUES (:name, :shows, :svg, :drawn_at)
ON CONFLICT (name) DO UPDATE SET shows = :shows, svg = :svg, drawn_at = :drawn_at
"""


def list_figure_contents(db: Database) -> dict[str, str]:
    return {row["name"]: row["shows"] for row in db.select("SELECT name, shows FROM figure")}


def store_figure(db: Database, folder: Folder, *, name: str, shown: str, svg: str, now: datetime) -> None:
    """Remember a picture; its bytes are a blob. That of the one that it takes the place of is not needed any more."""
    before = db.row("SELECT svg FROM figure WHERE name = :name", name=name)
    db.execute(_KEEP, name=name, shows=shown, svg=svg, drawn_at=to_microseconds(now))
    if before and db.row("SELECT 1 AS found FROM figure WHERE svg = :svg LIMIT 1", svg=before["svg"]) is None:
        blobs.delete_unused_blob(db, folder, before["svg"], now)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFigure:
    name: str
    svg: str  # the digest
    drawn_at: datetime


def find_figures(db: Database, names: Sequence[str]) -> list[StoredFigure]:
    rows = [db.row("SELECT * FROM figure WHERE name = :name", name=name) for name in names]
    return [as_value(StoredFigure, row) for row in rows if row is not None]
