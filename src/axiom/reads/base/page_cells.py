"""Cells of tables as pages write them. A page has thousands, so they are made here and not one by one by a template."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from markupsafe import Markup

from axiom.domain.headlines.numbers import format_number

_NOTHING = "–"
_DIGEST = re.compile("[0-9a-f]{64}")  # what is kept of the pixels of a tile, of which a table shows nothing
_NUMBER = (int, float)  # named once: `int | float` is made anew wherever it stands


def format_cell(value: Any, *, aligned: bool = True) -> str:
    return _NOTHING if value is None or value == "" else format_number(value, aligned=aligned)


def row_cells(values: Iterable[Any]) -> Markup:
    """A row of a data table; numbers stand in columns, but the first, which is a place or a level, as it was chosen."""
    return _joined(
        f'<td class="num">{format_cell(value, aligned=bool(place))}</td>'
        if isinstance(value, _NUMBER)
        else f"<td>{_text(format_cell(value))}</td>"
        for place, value in enumerate(values)
    )


def number_columns(values: Mapping[str, Any], names: Iterable[str]) -> Markup:
    """The levels or measures of these names, each in a column of numbers; a list of values only says how many."""
    return _joined(f'<td class="num">{_column(values.get(name))}</td>' for name in names)


def config_in_words(config: Mapping[str, Any], varying: set[str] | None = None) -> str:
    return ", ".join(
        f"{name} {format_number(value)}" for name, value in config.items() if varying is None or name in varying
    )


def measures_in_words(measures: Mapping[str, Any]) -> str:
    """The measures of a cell one after the other."""
    return ", ".join(f"{name} {_in_brackets(value)}" for name, value in measures.items())


def _joined(written: Iterable[str]) -> Markup:
    return Markup("".join(written))  # noqa: S704  each was escaped


def _column(value: Any) -> str:
    return format_cell(value) if isinstance(value, _NUMBER) else _text(_few(value))


def _text(text: str) -> str:
    """Most is one word, in which nothing is to be escaped."""
    return text if text.isalnum() or text is _NOTHING else escape(text)


def _few(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"{len(value)} values"
    return "a picture" if isinstance(value, str) and _DIGEST.fullmatch(value) else format_cell(value)


def _in_brackets(value: Any) -> str:
    return f"({_few(value)})" if isinstance(value, list | tuple) else _few(value)
