"""What one cell says: a number, a seed, a word. ValueError says why it cannot be read."""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from axiom_weigh.values import Outcome

NO_VALUE = "no value"
_MOST_LETTERS = 200  # of a seed or a name
MINUS = "\N{MINUS SIGN}"  # as typeset tables write it
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
# 1.234,5 and 1,234.5: of two signs there is no doubt which groups digits
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,' \xa0\u202f])\d{3}(?:\1\d{3})*(?!\1)[.,]\d+", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_SHORTENED = re.compile(r"[+-]?\d+[.,]?\d*[eE]\+?\d+", re.ASCII)  # what a spreadsheet makes of a long number
_POINT_ZERO = re.compile(r"([+-]?\d+)(?:[.,]0*)?", re.ASCII)
ABSENT = frozenset({"", "nan", "na", "n/a", "n.a.", "#n/a", "#nv", "#n/d", "<na>", "nat", "null", "none"})
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_TRUTH = {"true": 1.0, "false": 0.0}
LARGEST = 1e100  # squares of it can still be added up
_INFINITE_VALUE, _TOO_LARGE = "infinite", f"beyond {LARGEST:g}, which is taken as diverged"
BEYOND = frozenset({_INFINITE_VALUE, _TOO_LARGE})  # why there is no value, though it lies beyond every bound
_BETWEEN = " · "
_EXACT = 2**53  # whole numbers that a float still tells apart
OUT, LOST = "out", "lost"
_OUTCOMES: Mapping[str, Outcome | str | None] = {
    **dict.fromkeys(("", "ok", "success", "successful", "finished", "done", "completed", "complete"), Outcome.OK),
    **dict.fromkeys(("late", "timeout", "timed out", "time out"), Outcome.LATE),
    **dict.fromkeys(("diverged", "nan"), Outcome.DIVERGED),
    **dict.fromkeys(("failed", "failure", "error", "crashed", "killed", "invalid", "out of memory"), Outcome.FAILED),
    "missing": None,
    **dict.fromkeys(("lost", "preempted", "cancelled", "canceled", "node fail"), LOST),
    **dict.fromkeys(("out", "running", "pending", "queued", "scheduled", "in progress", "preempting"), OUT),
}


def number_text(cell: str) -> str:
    """A number as it is written, without its per cent sign, and without what groups its digits where that is clear."""
    text = cell.strip().replace(MINUS, "-")
    text = text.removesuffix("%").rstrip() or text
    grouped = _GROUPED.fullmatch(text)
    return text.replace(grouped[1], "") if grouped else text


def parsed_number(text: str, cell: str) -> tuple[float | None, str]:
    """The number that a text with a decimal point is, or why it is none; `cell` is how it was written."""
    if NUMBER.fullmatch(text):
        return _finite(float(text))
    word = text.casefold()
    if word in _TRUTH:
        return _TRUTH[word], ""
    if word in ABSENT:
        return None, NO_VALUE if word != "nan" else "not a number (NaN)"
    if _INFINITE.fullmatch(text):
        return None, _INFINITE_VALUE
    raise ValueError(f"{cut_cell(cell)!r} is not a number. If there is none, leave the cell empty.")


def real_number(cell: Any) -> tuple[float | None, str]:
    """A number of a notebook, of whatever library."""
    if cell is None:
        return None, NO_VALUE
    try:
        number = float(cell)
    except OverflowError:
        return None, _INFINITE_VALUE
    except (TypeError, ValueError):
        if str(cell).casefold() in ABSENT:  # pandas.NA and its like
            return None, NO_VALUE
        raise ValueError(f"{cut_cell(repr(cell))} is a {type(cell).__name__} and no number.") from None
    return (None, "not a number (NaN)") if math.isnan(number) else _finite(number)


def _finite(number: float) -> tuple[float | None, str]:
    if abs(number) <= LARGEST:
        return number, ""
    return None, _INFINITE_VALUE if math.isinf(number) else _TOO_LARGE


def seed_of(cell: Any) -> str:
    """A seed as text. A whole number is one seed however it is written; one that lost digits is refused."""
    text = cell.strip() if isinstance(cell, str) else _whole(cell)
    if text.casefold() in ABSENT:
        raise ValueError("there is no seed, so nobody knows whether this row counts or repeats another.")
    if len(text) > _MOST_LETTERS:
        raise ValueError(f"{cut_cell(text)!r} has more than {_MOST_LETTERS} letters, which is no seed.")
    if _SHORTENED.fullmatch(text):
        raise ValueError(
            f"{text!r} is a seed that a spreadsheet has shortened, so that different seeds look alike. Format the "
            "column as text, and import the seeds again."
        )
    if match := _POINT_ZERO.fullmatch(text.replace(MINUS, "-")):
        text = match[1]
    elif NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no whole number, so it is no seed. If the row sums up others, leave it out.")
    if _WHOLE.fullmatch(text):
        digits = text.lstrip("+-").lstrip("0") or "0"
        return f"-{digits}" if text.startswith("-") and digits != "0" else digits
    return text


def _whole(cell: Any) -> str:
    """A number as it is written out; a float only where it still tells whole numbers apart."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell) if abs(cell) < 10**_MOST_LETTERS else "9" * (_MOST_LETTERS + 1)
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        return "" if cell is None else str(cell)
    if hasattr(cell, "__index__"):
        return str(cell.__index__())
    if math.isnan(number):
        return ""
    if not number.is_integer() or abs(number) >= _EXACT:
        raise ValueError(f"{cell!r} is a float that is no whole number, or too large to tell seeds apart.")
    return str(int(number))


def label_of(cell: Any) -> str:
    """A word, or a number as it is written most simply: 0.10 and 1e-1 are one arm."""
    text = str(cell).strip() if cell is not None else ""
    if text.casefold() in ABSENT:
        raise ValueError("the cell is empty, so nobody knows to what this row belongs.")
    if len(text) > _MOST_LETTERS:
        raise ValueError(f"{cut_cell(text)!r} has more than {_MOST_LETTERS} letters.")
    written = text.replace(MINUS, "-")
    try:
        value = Decimal(written) if NUMBER.fullmatch(written) else None
    except InvalidOperation:  # its exponent has more digits than any
        value = None
    if value is None or abs(value.adjusted()) > _MOST_LETTERS:
        return text
    if _SHORTENED.fullmatch(written) and abs(value) >= _EXACT:
        raise ValueError(f"{text!r} is a long number that was shortened, so that different ones look alike.")
    number = f"{value:f}"
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return "0" if number == "-0" else number


def join_parts(parts: Sequence[str]) -> str:
    """Several words as one, which no other words give."""
    return _BETWEEN.join(repr(part) if _BETWEEN in part or part[:1] in "'\"" else part for part in parts)


def issue_of(cell: Any) -> int:
    """When a seed was issued."""
    try:
        text = cell.strip().replace(MINUS, "-") if isinstance(cell, str) else _whole(cell)
    except ValueError:
        text = ""
    if match := _POINT_ZERO.fullmatch(text):
        text = match[1]
    if not _WHOLE.fullmatch(text) or len(text) > _MOST_LETTERS:
        raise ValueError(f"{cut_cell(str(cell))!r} is no whole number; it says which seed was issued when.")
    return int(text)


def outcome_of(cell: Any) -> Outcome | str | None:
    """How a run ended, `OUT` or `LOST`; None: it never came back."""
    word = _simply(text_of(cell))
    if word not in _OUTCOMES:
        near = difflib.get_close_matches(word, [name for name in _OUTCOMES if name], 1, 0.6)
        hint = f"Did you mean {near[0]}?" if near else "Known are ok, late, diverged, failed, missing, lost and out."
        raise ValueError(f"{cut_cell(word)!r} is no outcome that is known. {hint}")
    return _OUTCOMES[word]


def _simply(word: str) -> str:
    return re.sub(r"[-_\s]+", " ", word).casefold()


def says_an_end(word: str) -> bool:
    """Is this a word for how a run ended?"""
    return _simply(word) in _OUTCOMES


def text_of(cell: Any) -> str:
    """A word; empty where the cell says that there is none."""
    text = str(cell).strip() if isinstance(cell, str) else _whole(cell)
    if len(text) > _MOST_LETTERS:
        raise ValueError(f"{cut_cell(text)!r} has more than {_MOST_LETTERS} letters.")
    return "" if text.casefold() in ABSENT else text


def cut_cell(text: str) -> str:
    """As much of a cell as a sentence can show."""
    return text if len(text) <= 60 else f"{text[:60]}…"
