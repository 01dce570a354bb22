"""A table as JSON: an array of objects, or an object on each line."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from axiom_weigh.errors import TableUnreadable

_MOST_LETTERS = 1 << 28  # of an array, which is read as a whole
_INSTEAD = (
    "Nothing was weighed; write an array of objects, or an object on each line (of pandas: "
    "`table.to_json(file, orient='records')`)."
)


def json_array(texts: Iterable[str], name: str) -> Sequence[Any]:
    """What stands in an array that is the whole file."""
    pieces, letters = [], 0
    for text in texts:
        pieces.append(text)
        letters += len(text)
        if letters > _MOST_LETTERS:
            raise TableUnreadable(
                f"{name} is a JSON array of more than {_MOST_LETTERS:,} letters. Nothing was weighed; write an object "
                "on each line, or CSV, which are read a line at a time."
            )
    rows: Sequence[Any] = _parsed("".join(pieces), f"{name} begins as a JSON array, and is none")
    return rows


def json_lines(lines: Iterable[str], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each line that is not empty, with its number."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _parsed(line, f"{name}, line {number} is no JSON object")
        if not isinstance(row, Mapping):
            raise TableUnreadable(f"{name}, line {number} is a {type(row).__name__} and no JSON object. {_INSTEAD}")
        yield number, row


def _parsed(text: str, otherwise: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_different)
    except (ValueError, RecursionError) as error:
        raise TableUnreadable(f"{otherwise} ({error}). {_INSTEAD}") from error


def _different(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return dict(pairs)
