"""Cells become rows that can be weighed: every number, word and seed is checked, and named where it is wrong."""

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.work import Outcome
from axiom.errors import TableUnreadable
from axiom.notebook.read_table import KNOWN, MOST_ROWS, Sheet, too_many
from axiom.notebook.row import LARGEST_SEED, PlainRows, Row

_MOST_LETTERS = 200  # of a seed or a name
_MINUS = "\N{MINUS SIGN}"  # as typeset tables write it
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_SHORTENED = re.compile(r"[+-]?\d+[.,]?\d*[eE]\+?\d+", re.ASCII)  # what a spreadsheet makes of a long number
_POINT_ZERO = re.compile(r"([+-]?\d+)(?:[.,]0*)?", re.ASCII)
_ABSENT = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "nat", "null", "none"})
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_TRUTH = {"true": 1.0, "false": 0.0}
_LARGEST = 1e100  # squares of it can still be added up
_INFINITE_VALUE, _TOO_LARGE = "infinite", f"beyond {_LARGEST:g}, which is taken as diverged"
BEYOND = frozenset({_INFINITE_VALUE, _TOO_LARGE})  # why there is no value, though it lies beyond every bound
_EXACT = 2**53  # whole numbers that a float still tells apart
_OUT, _LOST = "out", "lost"
_OUTCOMES: Mapping[str, Outcome | str | None] = {
    **dict.fromkeys(("", "ok", "success", "successful", "finished", "done", "completed", "complete"), Outcome.OK),
    **dict.fromkeys(("late", "timeout", "timed out", "time out"), Outcome.LATE),
    **dict.fromkeys(("diverged", "nan"), Outcome.DIVERGED),
    **dict.fromkeys(("failed", "failure", "error", "crashed", "killed", "invalid"), Outcome.FAILED),
    "missing": None,
    **dict.fromkeys(("lost", "preempted", "cancelled", "canceled"), _LOST),
    **dict.fromkeys(("out", "running", "pending", "queued", "scheduled", "in progress"), _OUT),
}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Checked rows, with the columns that were there and those that were not looked at."""

    name: str
    place: str  # what the number of a row is called
    rows: Sequence[Row]
    columns: frozenset[str]
    unused: tuple[str, ...]


@dataclass(kw_only=True)
class _Commas:
    """Where the first number with a comma and the first with a point stand: both in one file mean two things."""

    allowed: bool
    comma: int = 0
    point: int = 0


def rows_of(sheet: Sheet) -> Rows:
    """Read every cell. TableUnreadable says which cannot be read, LimitReached that there are too many."""
    unused = _demand_columns(sheet)
    places = {name: sheet.columns.index(name) for name in KNOWN if name in sheet.columns}
    read = _Reader(sheet, places)
    rows: PlainRows | list[Row] = PlainRows() if places.keys() <= _PLAIN_COLUMNS else []
    for number, cells in sheet.rows:
        if len(rows) == MOST_ROWS:
            raise too_many(sheet.name)
        if isinstance(rows, list):
            rows.append(read.row(number, cells))
        elif plain := read.plain(cells):
            rows.add_plain(number, *plain)
        else:
            rows.add(read.row(number, cells))
    if not rows:
        raise TableUnreadable(
            f"{sheet.name} has its heading and no rows. Nothing was weighed; write one row for each seed."
        )
    return Rows(name=sheet.name, place=sheet.place, rows=rows, columns=frozenset(places), unused=unused)


def _demand_columns(sheet: Sheet) -> tuple[str, ...]:
    """Both columns are there, and none is written almost as one of ours; the names of those that are not ours."""
    there = ", ".join(name or "(no name)" for name in sheet.columns) or "none"
    unused = tuple(name for name in sheet.columns if name not in KNOWN)
    missing = [name for name in ("seed", "value") if name not in sheet.columns]
    for name in unused:
        near = difflib.get_close_matches(name, [known for known in KNOWN if known not in sheet.columns], 1, 0.8)
        if near:
            raise TableUnreadable(
                f"{sheet.name} has the column {name!r}. Did you mean {near[0]}? Nothing was weighed; rename it, or "
                f"give it another name if it is something else. Columns that are read: {', '.join(KNOWN)}."
            )
    if missing:
        raise TableUnreadable(
            f"{sheet.name} has no column {' and no column '.join(missing)}. It has: {_cut(there)}. Nothing was "
            "weighed; one row is one seed, so name the column of the seeds `seed` and that of the numbers `value`, "
            "separated by commas, semicolons or tabs."
        )
    return unused


class _Reader:
    """Turns the cells of a sheet into rows; equal words are one string, however many rows have them."""

    def __init__(self, sheet: Sheet, places: Mapping[str, int]) -> None:
        self._sheet = sheet
        self._places = places
        self._is_plain = "outcome" not in places and not sheet.decimal_comma
        self._words: dict[str, str] = {}
        self._commas = _Commas(allowed=sheet.decimal_comma)
        self._volunteers: dict[str, tuple[str, str]] = {}

    def plain(self, cells: Sequence[Any]) -> tuple[int, float] | None:
        """Seed and value of a row of which nothing else need be asked, as of almost every one; None of others."""
        if not self._is_plain:
            return None
        seed, value = cells[self._places["seed"]], cells[self._places["value"]]
        if type(value) is not float:
            if type(value) is not str or not _NUMBER.fullmatch(value):
                return None
            value = float(value)
        if type(seed) is not int:
            if type(seed) is not str or not _PLAIN_SEED.fullmatch(seed):
                return None
            seed = int(seed)
        return (seed, value) if abs(value) <= _LARGEST and 0 <= seed <= LARGEST_SEED else None

    def row(self, number: int, cells: Sequence[Any]) -> Row:
        """One row, or TableUnreadable with its place."""
        seed = self._read("seed", number, cells, _seed)
        value, why = self._read("value", number, cells, self._number)
        said = self._read("outcome", number, cells, _outcome) if "outcome" in self._places else Outcome.OK
        outcome = said if isinstance(said, Outcome) else None
        if value is None and outcome is Outcome.OK:
            outcome = Outcome.DIVERGED if why != _NO_VALUE else None
        elif outcome is not Outcome.OK:
            value, why = None, f"its outcome is {cells[self._places['outcome']]}"
        row = Row(
            place=number,
            seed=seed,
            value=value,
            outcome=outcome,
            why_missing=why,
            is_out=said == _OUT,
            is_lost=said == _LOST,
            issue=self._read("issue", number, cells, _issue) if "issue" in self._places else None,
            **{name: self._word(name, number, cells) for name in _WORDS if name in self._places},
        )
        self._demand_one_home(row)
        return row

    def _read(self, name: str, number: int, cells: Sequence[Any], read: Callable[[Any, int], Any]) -> Any:
        try:
            return read(cells[self._places[name]], number)
        except ValueError as error:
            raise TableUnreadable(
                f"{self._sheet.name}, {self._sheet.place} {number}, column {name}: {error} Nothing was "
                "weighed: correct the cell and try again."
            ) from error

    def _number(self, cell: Any, number: int) -> tuple[float | None, str]:
        if not isinstance(cell, str):
            return _real(cell)
        text = cell.strip().replace(_MINUS, "-")
        if "," in text:
            self._note_comma(text, number)
            text = text.replace(",", ".")
        elif "." in text:
            self._note_point(text, number)
        return _parsed(text, cell)

    def _note_comma(self, text: str, number: int) -> None:
        if not self._commas.allowed:
            raise ValueError(
                f"{_cut(text)!r} has a comma, and commas separate the columns. Is it decimal? Then write a point, or "
                "separate the columns by semicolons."
            )
        if "." in text or text.count(",") > 1:
            raise ValueError(f"{_cut(text)!r} groups its digits. Write the number without separators of thousands.")
        self._commas.comma = self._commas.comma or number
        self._demand_one_sign(text)

    def _note_point(self, text: str, number: int) -> None:
        self._commas.point = self._commas.point or number
        self._demand_one_sign(text)

    def _demand_one_sign(self, text: str) -> None:
        if self._commas.comma and self._commas.point:
            raise ValueError(
                f"{_cut(text)!r} has another decimal sign than the rows before it (a comma in {self._sheet.place} "
                f"{self._commas.comma}, a point in {self._commas.point}), so 1.234 could mean two numbers. Use one."
            )

    def _word(self, name: str, number: int, cells: Sequence[Any]) -> str:
        word: str = self._read(name, number, cells, _text)
        return self._words.setdefault(word, word)

    def _demand_one_home(self, row: Row) -> None:
        """A host has one volunteer and one platform."""
        if not row.host:
            return
        before = self._volunteers.setdefault(row.host, (row.volunteer, row.platform))
        if before != (row.volunteer, row.platform):
            raise TableUnreadable(
                f"{self._sheet.name}, {self._sheet.place} {row.place}: the host {_cut(row.host)!r} is of "
                f"{row.volunteer or 'nobody'} on {row.platform or 'nothing'}, and of {before[0] or 'nobody'} on "
                f"{before[1] or 'nothing'} before. Nothing was weighed; a host has one volunteer and one platform."
            )


_PLAIN_COLUMNS = {"seed", "value", "outcome"}
_PLAIN_SEED = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)
_WORDS = ("block", "host", "volunteer", "platform", "design")
_NO_VALUE = "no value"


def _parsed(text: str, cell: str) -> tuple[float | None, str]:
    if _NUMBER.fullmatch(text):
        return _finite(float(text))
    word = text.casefold()
    if word in _TRUTH:
        return _TRUTH[word], ""
    if word in _ABSENT:
        return None, _NO_VALUE if word != "nan" else "not a number (NaN)"
    if _INFINITE.fullmatch(text):
        return None, _INFINITE_VALUE
    raise ValueError(f"{_cut(cell)!r} is not a number.")


def _real(cell: Any) -> tuple[float | None, str]:
    """A number of a notebook, of whatever library."""
    if cell is None:
        return None, _NO_VALUE
    try:
        number = float(cell)
    except OverflowError:
        return None, _INFINITE_VALUE
    except (TypeError, ValueError):
        if str(cell).casefold() in _ABSENT:  # pandas.NA and its like
            return None, _NO_VALUE
        raise ValueError(f"{_cut(repr(cell))} is a {type(cell).__name__} and no number.") from None
    return (None, "not a number (NaN)") if math.isnan(number) else _finite(number)


def _finite(number: float) -> tuple[float | None, str]:
    if abs(number) <= _LARGEST:
        return number, ""
    return None, _INFINITE_VALUE if math.isinf(number) else _TOO_LARGE


def _seed(cell: Any, _number: int) -> str:
    """A seed as text. A whole number is one seed however it is written; one that lost digits is refused."""
    text = cell.strip() if isinstance(cell, str) else _whole(cell)
    if text.casefold() in _ABSENT:
        raise ValueError("there is no seed, so nobody knows whether this row counts or repeats another.")
    if len(text) > _MOST_LETTERS:
        raise ValueError(f"{_cut(text)!r} has more than {_MOST_LETTERS} letters, which is no seed.")
    if _SHORTENED.fullmatch(text):
        raise ValueError(
            f"{text!r} is a seed that a spreadsheet has shortened, so that different seeds look alike. Format the "
            "column as text, and import the seeds again."
        )
    if found := _POINT_ZERO.fullmatch(text.replace(_MINUS, "-")):
        text = found[1]
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


def _issue(cell: Any, _number: int) -> int:
    try:
        text = cell.strip().replace(_MINUS, "-") if isinstance(cell, str) else _whole(cell)
    except ValueError:
        text = ""
    if found := _POINT_ZERO.fullmatch(text):
        text = found[1]
    if not _WHOLE.fullmatch(text) or len(text) > _MOST_LETTERS:
        raise ValueError(f"{_cut(str(cell))!r} is no whole number; it says which seed was issued when.")
    return int(text)


def _outcome(cell: Any, _number: int) -> Outcome | str | None:
    word = re.sub(r"[-_\s]+", " ", _text(cell, _number)).casefold()
    if word not in _OUTCOMES:
        near = difflib.get_close_matches(word, [known for known in _OUTCOMES if known], 1, 0.6)
        hint = f"Did you mean {near[0]}?" if near else "Known are ok, late, diverged, failed, missing, lost and out."
        raise ValueError(f"{_cut(word)!r} is no outcome that is known. {hint}")
    return _OUTCOMES[word]


def _text(cell: Any, _number: int) -> str:
    text = str(cell).strip() if isinstance(cell, str) else _whole(cell)
    if len(text) > _MOST_LETTERS:
        raise ValueError(f"{_cut(text)!r} has more than {_MOST_LETTERS} letters.")
    return "" if text.casefold() in _ABSENT else text


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
