"""How Python's SQLite is spoken to: values by place, rows as mappings and dataclasses, errors as ours.

Times are whole microseconds since 1970 in UTC.

Whoever asks names the values (`:name`). To bind by name, Python's binding asks SQLite for the name of each place of
each row anew, and lets go of the interpreter's lock for it: to change a task's row took twice as long by name. So each
text is read once, here.
"""

import functools
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import EnumType
from operator import itemgetter
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from axiom.errors import StorageFull, StoreBusy, StoreDamaged, StoreError

BUSY_MS = 5_000  # how long to wait for a lock that only a stranger to this program can hold

Row = Mapping[str, Any]
Bare = tuple[Any, ...]
Bound = tuple[Any, ...]  # the values of a statement in the order of their places
Conversion = Callable[[Any], Any]
T = TypeVar("T")

_AS_IT_IS = (str, int, float, bytes)
_SHARED_MEMORY_SIZE = sqlite3.SQLITE_IOERR_SHMSIZE  # the index beside the log could not grow: no room
_MOST_KEPT = 4_096  # texts: more than this program has
# A word in quotes, a comment, or the name of a value.
_PIECE = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|:([A-Za-z_]\w*)", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@functools.lru_cache(maxsize=1_024)  # what is written together says the same few moments again and again
def to_microseconds(moment: datetime) -> int:
    if moment.utcoffset() is None:
        raise ValueError(
            f"The time {moment.isoformat()} names no time zone, so it could mean any of 24 hours. "
            "Nothing was stored; give a time with tzinfo, as UTC has."
        )
    return (moment - _EPOCH) // _MICROSECOND


@functools.lru_cache(maxsize=1_024)  # rows that are read together, too
def from_microseconds(value: int) -> datetime:
    return _EPOCH + value * _MICROSECOND


def from_optional_microseconds(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)


def as_value(kind: Callable[..., T], row: Row, **others: Any) -> T:
    """The value of a row. Fields whose columns have another name or form are given.

    A field's type says how its column is kept: a moment as microseconds, an enum by its value, yes or no as a number,
    sequences and mappings as JSON; a field that is a value of several columns takes them from the same row. It costs
    about a microsecond more than a call that names each field.
    """
    plain, converted, within = _columns(kind, tuple(others))
    for name in plain:
        others[name] = row[name]
    for name, convert in converted:
        others[name] = convert(row[name])
    for name, part in within:
        others[name] = as_value(part, row)
    return kind(**others)


@functools.cache
def _columns(
    kind: Any, others: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[str, Conversion], ...], tuple[tuple[str, Any], ...]]:
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name not in others}
    plain = tuple(name for name, hint in hints.items() if _but_none(hint) in _AS_IT_IS)
    within = tuple((name, hint) for name, hint in hints.items() if is_dataclass(hint))
    left = [name for name in hints if name not in plain and (name, hints[name]) not in within]
    return plain, tuple((name, _conversion(hints[name])) for name in left), within


def _conversion(hint: Any) -> Conversion:
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        convert = _conversion(_but_none(hint))
        return lambda value: None if value is None else convert(value)
    if kind is datetime:
        return from_microseconds
    if kind is bool or isinstance(kind, EnumType):
        return kind
    if kind is tuple and is_dataclass(parts[0]):
        return lambda text: tuple(parts[0](**facts) for facts in json.loads(text))
    if kind is tuple and parts[0] not in _AS_IT_IS:
        item = _conversion(parts[0])
        return lambda text: tuple(map(item, json.loads(text)))
    if kind is tuple:
        return lambda text: tuple(json.loads(text))
    if kind in (Mapping, Sequence):
        return json.loads
    raise TypeError(f"no column is a {hint}, so its value is given")


def _but_none(hint: Any) -> Any:
    return (
        next((part for part in get_args(hint) if part is not NoneType), hint) if isinstance(hint, UnionType) else hint
    )


def raise_store_error(error: Exception) -> None:
    meaning = translate_sqlite_error(error)
    if meaning is not None:
        raise meaning from error


def translate_sqlite_error(error: Exception) -> StoreError | None:
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


def fetch_named_rows(cursor: sqlite3.Cursor) -> list[Row]:
    rows = cursor.fetchall()
    if not rows:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in rows]


def name_row_values(cursor: Any, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def strip_row_names(rows: Iterable[Row]) -> list[Bare]:
    return [tuple(row.values()) for row in rows]


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
            return tuple(to_microseconds(datum) if isinstance(datum, datetime) else datum for datum in bound)
        return bound


@functools.lru_cache(maxsize=_MOST_KEPT)
def parse_statement(sql: str) -> Statement:
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
