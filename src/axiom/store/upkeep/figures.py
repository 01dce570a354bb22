"""Which pictures were drawn, and of what: a picture is drawn again when what it shows has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine import blobs
from axiom.store.engine.database import Database, as_value, to_microseconds

_KEEP = """
INSERT INTO figure (name, shows, svg, png, drawn_at) VALUES (:name, :shows, :svg, :png, :drawn_at)
ON CONFLICT (name) DO UPDATE SET shows = :shows, svg = :svg, png = :png, drawn_at = :drawn_at
"""


def list_figure_contents(db: Database) -> dict[str, str]:
    return {row["name"]: row["shows"] for row in db.select("SELECT name, shows FROM figure")}


def store_figure(db: Database, *, name: str, shown: str, svg: str, png: str, now: datetime) -> None:
    """Remember a picture; its bytes are blobs. Those of the one that it takes the place of are not needed any more."""
    before = db.row("SELECT svg, png FROM figure WHERE name = :name", name=name)
    db.execute(_KEEP, name=name, shows=shown, svg=svg, png=png, drawn_at=to_microseconds(now))
    for digest in {before["svg"], before["png"]} if before else ():
        if db.row("SELECT 1 AS found FROM figure WHERE svg = :digest OR png = :digest LIMIT 1", digest=digest) is None:
            blobs.delete_unused_blob(db, digest)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFigure:
    name: str
    svg: str  # the digest
    png: str  # the digest
    drawn_at: datetime


def find_figures(db: Database, names: Sequence[str]) -> list[StoredFigure]:
    rows = [db.row("SELECT * FROM figure WHERE name = :name", name=name) for name in names]
    return [as_value(StoredFigure, row) for row in rows if row is not None]
