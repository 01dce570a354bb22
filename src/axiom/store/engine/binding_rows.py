"""How rows come from a binding of SQLite: as mappings by the names of their columns, or bare."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
Bare = tuple[Any, ...]


def named(cursor: sqlite3.Cursor) -> list[Row]:
    """All rows that are left, each with the names of its columns."""
    found = cursor.fetchall()
    if not found:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in found]


def one_named(cursor: Any, values: tuple[Any, ...]) -> Row:
    """The same of a single row, for a binding that asks row by row."""
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def unnamed(rows: Iterable[Row]) -> list[Bare]:
    """The same rows without the names of their columns."""
    return [tuple(row.values()) for row in rows]
