"""How a value stands in a CSV file: a text never as a formula, a curve as a JSON list, a number with all its digits."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from axiom.domain.declaration import ValueType

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a text that begins so is computed by a spreadsheet
_GUARDED = (*_FORMULA, "'")  # an apostrophe too, so that taking one off always gives the text


def table_csv(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table for a spreadsheet. A cell that a spreadsheet would take for a formula is made text."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerow(headings)
    return target.getvalue() + rows_csv(rows)


def rows_csv(rows: Sequence[Sequence[Any]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return target.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def guard_text(text: str) -> str:
    """A text that no spreadsheet computes, with an apostrophe before it as spreadsheets write it."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def _text(value: str | None) -> str:
    return "" if value is None else guard_text(value)


def _curve(value: Sequence[Any] | None) -> str:
    return "" if value is None else json.dumps(value, allow_nan=False)


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _flag(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


WRITTEN_BY_TYPE: dict[ValueType, Callable[[Any], str]] = {
    ValueType.INT: _number,
    ValueType.FLOAT: _number,
    ValueType.BOOL: _flag,
    ValueType.TEXT: _text,
    ValueType.GRID: _text,
    ValueType.INTS: _curve,
    ValueType.FLOATS: _curve,
}
