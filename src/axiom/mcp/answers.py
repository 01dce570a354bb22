"""Answers of a size that a language model can read, and the words of others marked as what they are."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from axiom import shipped
from axiom.domain.callers import Answer as Answer
from axiom.domain.proposals import AUTOPILOT
from axiom.errors import AxiomError, WrongUse
from axiom.limits import language_models as limits

_AROUND = 120  # bytes for what stands around the rows: that it was cut, and where it goes on
_PIECE = 200  # bytes: a text is cut into nothing smaller
_MOST_TOLD = 2_000  # characters of an error
_CURSOR = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,9}")


def answer_text(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def answer_size(answer: Any) -> int:
    """How many bytes it has."""
    return len(answer_text(answer).encode(errors="replace"))


def answer_byte_limit(*, long: bool) -> int:
    """How many bytes an answer may have."""
    return limits.TOOL_ANSWER_LONG_BYTES if long else limits.TOOL_ANSWER_BYTES


def mark_untrusted(text: str, by: str) -> Answer:
    """Somebody's words. Whoever reads them takes them as data, whatever they ask for."""
    return {"untrusted": {"by": by, "text": text}}


def quote_entries(entries: Iterable[Answer]) -> list[Answer]:
    """What others say, as pages have it, each text marked as theirs."""
    return [{**entry, "text": mark_untrusted(entry["text"], entry["by"])} for entry in entries]


def mark_author_text(text: str, by: str) -> Any:
    """These words: plain where the laboratory itself wrote them, else marked as somebody's."""
    return text if not text or by == AUTOPILOT else mark_untrusted(text, by)


@cache
def _shipped() -> frozenset[str]:
    return frozenset(file.stem for file in shipped.catalogue_folder().glob("[a-z]*.py"))


def mark_experiment_text(text: str, experiment: str, author: str | None = None) -> Any:
    """Words of a file or of a proposal: plain where Axiom brought them along or the autopilot made them."""
    if author not in (None, AUTOPILOT):
        return mark_author_text(text, author)
    return text if experiment in _shipped() else mark_untrusted(text, f"the file of {experiment}")


def fit_rows(name: str, rows: Iterable[tuple[str, Answer]], following: str | None, most: int, **around: Any) -> Answer:
    """As many rows as fit, each with the cursor at which it begins; `following` is what comes after all of them."""
    left = most - _AROUND - answer_size({**around, name: []})
    rows_that_fit: list[Answer] = []
    for cursor, row in rows:
        needed = answer_size(row) + 1
        if rows_that_fit and needed > left:
            return {**around, name: rows_that_fit, "truncated": True, "cursor": cursor}
        rows_that_fit.append(row if needed <= left else shorten_row(row, left))
        left -= needed
    if following:
        return {**around, name: rows_that_fit, "truncated": True, "cursor": following}
    return {**around, name: rows_that_fit}


def rows_from_cursor(cursor: str, rows: Sequence[tuple[str, Answer]]) -> Sequence[tuple[str, Answer]]:
    if not cursor:
        return rows
    for place, (begins, _) in enumerate(rows):
        if begins == cursor:
            return rows[place:]
    raise bad_cursor_error(cursor)


def bad_cursor_error(cursor: str) -> WrongUse:
    return WrongUse(f"The cursor {cursor[:40]!r} is none of ours. Nothing was read; leave it out to begin anew.")


def shorten_row(row: Answer, most: int) -> Answer:
    """A row whose texts and lists are cut until it fits."""
    longest = most
    while answer_size(row) > most and longest > 1:
        longest //= 2
        row = {**_cut(row, longest), "shortened": True}
    return row


def _cut(value: Any, longest: int) -> Any:
    match value:
        case str() if len(value) > longest:
            return f"{value[:longest]}…"
        case dict():
            return {name[:longest]: _cut(part, longest) for name, part in list(value.items())[: max(8, longest)]}
        case list():
            return [_cut(part, longest) for part in value[:longest]]
    return value


def cut_answer_page(whole: Answer, cursor: str, most: int) -> Answer:
    """An answer from this cursor on, as far as there is room: the next cursor goes on at the very place."""
    part, following = _portion(whole, _places(cursor), most - _AROUND)
    if following is None:
        return dict(part)
    return {**part, "truncated": True, "cursor": ".".join(map(str, following))}


def _places(cursor: str) -> list[int]:
    if not cursor:
        return []
    if not _CURSOR.fullmatch(cursor):
        raise bad_cursor_error(cursor)
    return [int(place) for place in cursor.split(".")]


def _portion(whole: Any, places: Sequence[int], left: int) -> tuple[Any, list[int] | None]:
    """What fits of a value from this place on, and the place at which the rest begins; None where nothing is left."""
    match whole:
        case dict():
            return _parts(list(whole.items()), places, left, dict)
        case list() | tuple():
            part, following = _parts([("", element) for element in whole], places, left, list)
            return [element for _, element in part], following
        case str():
            return _stretch(whole, places[0] if places else 0, left)
    return whole, None


def _parts(
    entries: Sequence[tuple[str, Any]], places: Sequence[int], left: int, kind: Callable[[Any], Any]
) -> tuple[Any, list[int] | None]:
    first, inside = (places[0], places[1:]) if places else (0, ())
    fitting: list[tuple[str, Any]] = []
    for place in range(min(first, len(entries)), len(entries)):
        name, value = entries[place]
        begins = inside if place == first else ()
        label = answer_size(name) + 2
        if not begins and answer_size(value) + label <= left:
            fitting.append((name, value))
            left -= answer_size(value) + label
            continue
        if fitting and left < 4 * _PIECE:
            return _made(fitting, kind), [place]
        part, following = _portion(value, begins, max(left - label - 4, _PIECE))
        fitting.append((name, part))
        left -= answer_size(part) + label
        if following is not None:
            return _made(fitting, kind), [place, *following]
    return _made(fitting, kind), None


def _made(entries: list[tuple[str, Any]], kind: Callable[[Any], Any]) -> Any:
    return dict(entries) if kind is dict else entries


def _stretch(text: str, start: int, left: int) -> tuple[str, list[int] | None]:
    length = max(_PIECE // 4, left)
    while answer_size(text[start : start + length]) > max(left, _PIECE) and length > 1:
        length = max(1, length * 3 // 4)
    end = start + length
    return text[start:end], [end] if end < len(text) else None


def error_answer(error: AxiomError) -> Answer:
    """An error of a tool, which a language model reads and acts upon."""
    message = str(error)[:_MOST_TOLD].encode(errors="replace").decode()
    return {"error": {"kind": type(error).__name__, "message": message}}


def find_quoted_programs(answer: Any) -> frozenset[str]:
    match answer:
        case {"untrusted": {"by": str(by), "text": _}}:
            return frozenset({by.partition(",")[0]}) if by.startswith("program:") else frozenset()
        case dict():
            parts: Iterable[Any] = answer.values()
        case list() | tuple():
            parts = answer
        case _:
            return frozenset()
    return frozenset().union(*map(find_quoted_programs, parts))


def drop_fields(row: Mapping[str, Any], *names: str) -> Answer:
    return {name: value for name, value in row.items() if name not in names}


def pick_fields(row: Mapping[str, Any], *names: str) -> Answer:
    return {name: row[name] for name in names if name in row}
