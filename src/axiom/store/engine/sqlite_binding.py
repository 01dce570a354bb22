"""How Python's SQLite is spoken to: values by place, rows as mappings, errors as ours.

Whoever asks names the values (`:name`). To bind by name, Python's binding asks SQLite for the name of each place of
each row anew, and lets go of the interpreter's lock for it: to change a task's row took twice as long by name. So each
text is read once, here.
"""

import functools
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from axiom.errors import StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.store.engine.timestamps import at

BUSY_MS = 5_000  # how long to wait for a lock that only a stranger to this program can hold

_SHARED_MEMORY_SIZE = sqlite3.SQLITE_IOERR_SHMSIZE  # the index beside the log could not grow: no room


def explain(error: Exception) -> None:
    meaning = foreseen(error)
    if meaning is not None:
        raise meaning from error


def foreseen(error: Exception) -> StoreError | None:
    """What SQLite's error means for us; None for a mistake in our own SQL or a broken constraint."""
    code = getattr(error, "sqlite_errorcode", getattr(error, "extendedresult", 0))
    kind = code & 0xFF
    # A failed fsync is never a mere lack of room, even when that was its cause: what it left behind is unknown.
    if kind == sqlite3.SQLITE_FULL or code == _SHARED_MEMORY_SIZE:
        return StorageFull(
            "The disk is full. Nothing of this change was stored and nobody was told that it was; "
            "free some space, and what was refused can be sent again."
        )
    if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StoreBusy(
            f"Another program held the database for {BUSY_MS // 1000} seconds. Nothing of this change was stored; "
            "close that program and send the change again."
        )
    if kind in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreDamaged(
            f"The disk or the database failed ({error}). Nothing of this change was acknowledged; "
            "check the disk, then start Axiom again: it reads back what is truly there, or restore a backup."
        )
    if kind in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
        return StoreError(f"The database cannot be written here ({error}). Nothing was stored.")
    return None


Row = Mapping[str, Any]
Bare = tuple[Any, ...]


def named(cursor: sqlite3.Cursor) -> list[Row]:
    rows = cursor.fetchall()
    if not rows:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in rows]


def one_named(cursor: Any, values: tuple[Any, ...]) -> Row:
    """One row with the names of its columns, for a binding that asks row by row."""
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def unnamed(rows: Iterable[Row]) -> list[Bare]:
    return [tuple(row.values()) for row in rows]


Bound = tuple[Any, ...]  # the values of a statement in the order of their places

_MOST_KEPT = 4_096  # texts: more than this program has
# A word in quotes, a comment, or the name of a value.
_PIECE = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|:([A-Za-z_]\w*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A statement with a number at each place, and the names that the numbers stand for."""

    text: str
    names: tuple[str, ...]
    take: Callable[[Mapping[str, Any]], Bound]

    def bind(self, values: Mapping[str, Any]) -> Bound:
        """The values in the order of their places; a time as the database keeps it. Others that are given are left."""
        try:
            bound = self.take(values)
        except KeyError as error:
            raise StoreError(f"A statement names a value {error} that was not given, so it was not done.") from error
        if datetime in map(type, bound):
            return tuple(at(datum) if isinstance(datum, datetime) else datum for datum in bound)
        return bound


@functools.lru_cache(maxsize=_MOST_KEPT)
def statement(sql: str) -> Statement:
    places: dict[str, int] = {}

    def numbered(piece: re.Match[str]) -> str:
        name = piece[1]
        return piece[0] if name is None else f"?{places.setdefault(name, len(places) + 1)}"

    text = _PIECE.sub(numbered, sql)
    return Statement(text=text, names=tuple(places), take=_taker(tuple(places)))


def _taker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Bound]:
    if not names:
        return lambda _: ()
    if len(names) == 1:
        return lambda values: (values[names[0]],)
    return itemgetter(*names)
