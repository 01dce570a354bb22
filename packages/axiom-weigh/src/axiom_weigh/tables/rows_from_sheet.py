"""Cells become rows that can be weighed: every number, word and seed is checked, and named where it is wrong."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from axiom_weigh.errors import TableUnreadable
from axiom_weigh.tables.arrange_rows import TableContext
from axiom_weigh.tables.digit_groups import DigitGroups
from axiom_weigh.tables.find_columns import NOTHING_NAMED, Columns, NamedColumns, columns_of
from axiom_weigh.tables.parse_cell import (
    LARGEST,
    LOST,
    NO_VALUE,
    NUMBER,
    OUT,
    cut_cell,
    issue_of,
    join_parts,
    label_of,
    number_text,
    outcome_of,
    parsed_number,
    real_number,
    says_an_end,
    seed_of,
    text_of,
)
from axiom_weigh.tables.read_sheet import MOST_ROWS, Sheet, too_many
from axiom_weigh.tables.run_order_column import order_of_runs
from axiom_weigh.tables.seed_row import LARGEST_SEED, PlainRows, Row
from axiom_weigh.tables.suggested_command import arms_beside, peek_rows
from axiom_weigh.values import Outcome

PLAIN_COLUMNS = {"outcome"}  # beside seed and value: with these alone rows are kept as columns

_WORDS = ("block", "host", "volunteer", "platform", "design")
_MARKED = re.compile(r"[+-]?\d*[.,][\d.,]*(?:[eE][+-]?\d+)?", re.ASCII)  # with a sign that may be decimal
_PLAIN_SEED = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Checked rows, with the columns that were there and those that were not looked at."""

    name: str
    place: str  # what the number of a row is called
    rows: Sequence[Row]
    columns: frozenset[str]
    unused: tuple[str, ...]
    context: TableContext
    arms: tuple[Sequence[float], ...] = ()  # the values of both arms, where values are differences
    unpaired: str = ""  # why nothing is the difference of two runs
    gone: int = 0  # seeds of such arms of which no run has a value


def rows_of(sheet: Sheet, named: NamedColumns = NOTHING_NAMED) -> Rows:
    """Read every cell. TableUnreadable says which cannot be read, LimitReached that there are too many."""
    columns = columns_of(sheet, named)
    sheet, first = peek_rows(sheet)
    read = Reader(sheet, columns)
    rows: PlainRows | list[Row] = PlainRows() if columns.by_name.keys() <= PLAIN_COLUMNS else []
    for number, cells in read.noting(counted_rows(sheet)):
        if isinstance(rows, list):
            rows.append(read.row(number, cells))
        elif plain := read.plain(number, cells):
            rows.add_plain(number, *plain)
        else:
            rows.add(read.row(number, cells))
    hint = arms_beside(sheet, first, columns.seeds[0])
    return read.whole(rows, TableContext(flags=(hint,) if hint else ()))


def counted_rows(sheet: Sheet) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows of a table that has some, and not too many."""
    count = 0
    for count, row in enumerate(sheet.rows, start=1):
        if count > MOST_ROWS:
            raise too_many(sheet.name)
        yield row
    if not count:
        raise TableUnreadable(
            f"{sheet.name} has its heading and no rows. Nothing was weighed; write one row for each seed."
        )


class _EndColumn:
    """Whether a column says how runs ended: all of its words do, or none does."""

    def __init__(self, sheet: Sheet, at: int) -> None:
        self.at = at
        self.column = sheet.columns[at]
        self._sheet = sheet
        self._words: dict[str, Outcome | str | None] = {}  # those that say an end, as they are written
        self._known: tuple[int, str] | None = None
        self._other: tuple[int, str] | None = None

    def read(self, number: int, cells: Sequence[Any]) -> Outcome | str | None:
        """How this run ended; well, where the word says nothing of it."""
        cell = cells[self.at]
        if type(cell) is str and cell in self._words:
            return self._words[cell]
        try:
            word = text_of(cell)
        except ValueError:
            word = str(cell)
        if not says_an_end(word):
            self._other = self._other or (number, word)
            return Outcome.OK
        if word:
            self._known = self._known or (number, word)
        end = outcome_of(word)
        if type(cell) is str:
            self._words[cell] = end
        return end

    def demand_one_kind(self) -> bool:
        """Does it say how runs ended? TableUnreadable, if it does so in some rows alone."""
        if self._known and self._other:
            place = self._sheet.place
            raise TableUnreadable(
                f"{self._sheet.name}, column {self.column}: {cut_cell(self._known[1])!r} in {place} {self._known[0]} "
                f"says how a run ended, and {cut_cell(self._other[1])!r} in {place} {self._other[0]} does not. Nothing "
                "was weighed; correct the words (ok, late, diverged, failed, missing, lost and out are known), or "
                "rename the column if it says something else."
            )
        return self._known is not None


class Reader:
    """Turns the cells of a sheet into rows; equal words are one string, however many rows have them."""

    def __init__(self, sheet: Sheet, columns: Columns) -> None:
        self._sheet = sheet
        self._columns = columns
        self._places = columns.by_name
        self._ends = [_EndColumn(sheet, at) for at in columns.states]
        self._seed = columns.seeds[0] if columns.seeds else -1
        self._seed_readers = [(at, seed_of if at in columns.seeds_proper else label_of) for at in columns.seeds]
        self._is_plain = not (
            len(columns.seeds) > 1 or sheet.decimal_comma or self._ends or "outcome" in columns.by_name
        )
        self._word_places = [(name, at) for name, at in columns.by_name.items() if name in _WORDS]
        self._words: dict[str, str] = {}
        self._at = 0  # the row that is read
        self._groups = DigitGroups(sheet)
        self._decimal_signs: dict[str, int] = {}  # where the first number with a comma and with a point stand
        self._has_percents = self._has_others = False  # numbers with a per cent sign, and without one
        self._volunteers: dict[str, tuple[str, str]] = {}
        unused = [] if "issue" in columns.by_name else columns.unused
        self._order = order_of_runs(sheet.columns, unused)

    def noting(self, rows: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
        """The same rows, while it is noted when they were run, if a column tells."""
        return rows if self._order is None else self._order.noting(rows)

    def whole(self, rows: Sequence[Row], context: TableContext) -> Rows:
        """All rows, once they are read, with what their columns were taken for."""
        ends = [ends for ends in self._ends if ends.demand_one_kind()]
        if len(ends) > 1:
            raise TableUnreadable(
                f"{self._sheet.name} has two columns that say how a run ended: {ends[0].column} and {ends[1].column}. "
                "Nothing was weighed; rename the one that is meant to outcome."
            )
        order = self._order.column if self._order is not None else ""
        taken = {**self._columns.taken, **({"the outcome": ends[0].column} if ends else {})}
        reasons = [f"taken for {role}: the column {column}" for role, column in taken.items()]
        if reading := self._groups.demand_one_reading():
            reasons.append(reading)
        if self._has_percents:
            reasons.append("values are in per cent, as they are written: 81.3 % is 81.3, also in intervals and bounds")
        return Rows(
            name=self._sheet.name,
            place=self._sheet.place,
            rows=rows,
            columns=frozenset({"seed", "value", *self._places, *(["outcome"] if ends else [])}),
            unused=(
                *(name for name in self._columns.unused if name != order),
                *(reader.column for reader in self._ends if reader not in ends),
            ),
            context=replace(
                context,
                reasons=(*reasons, *context.reasons),
                order=self._order,
            ),
        )

    def plain(self, number: int, cells: Sequence[Any]) -> tuple[int, float] | None:
        """Seed and value of a row of which nothing else need be asked, as of almost every one; None of others."""
        if not self._is_plain:
            return None
        seed, value = cells[self._seed], cells[self._columns.values[0]]
        if type(value) is not float:
            if type(value) is not str or not NUMBER.fullmatch(value):
                return None
            if not self._groups.is_decided:
                self._groups.note(value, number)
            value = float(value)
        self._has_others = True
        if type(seed) is not int:
            if type(seed) is not str or not _PLAIN_SEED.fullmatch(seed):
                return None
            seed = int(seed)
        return (seed, value) if abs(value) <= LARGEST and 0 <= seed <= LARGEST_SEED else None

    def row(self, number: int, cells: Sequence[Any], value_at: int | None = None) -> Row:
        """One row, or TableUnreadable with its place."""
        at = self._columns.values[0] if value_at is None else value_at
        self._at = number
        value, why = self._read(at, number, cells, self._number)
        state = self._outcome(number, cells)
        outcome = state if isinstance(state, Outcome) else None
        if value is None and outcome is Outcome.OK:
            outcome = Outcome.DIVERGED if why != NO_VALUE else None
        elif outcome is not Outcome.OK:
            value, why = None, f"its outcome is {self._outcome_cells(cells)}"
        words: dict[str, Any] = {name: self._word(at, number, cells) for name, at in self._word_places}
        row = Row(
            place=number,
            seed=self.seed(number, cells),
            value=value,
            outcome=outcome,
            why_missing=why,
            is_out=state == OUT,
            is_lost=state == LOST,
            issue=self.issue(number, cells),
            **words,
        )
        self._demand_one_home(row)
        return row

    def seed(self, number: int, cells: Sequence[Any]) -> str:
        """The seed, or whatever else is the same in both arms of a pair; a name of its own where nothing is."""
        if not self._seed_readers:
            return f"{self._sheet.place} {number}"
        parts = [self._read(at, number, cells, read) for at, read in self._seed_readers]
        seed: str = join_parts(parts) if len(parts) > 1 else parts[0]
        return seed

    def issue(self, number: int, cells: Sequence[Any]) -> int | None:
        """When it was issued, if the table says so."""
        return self._read(self._places["issue"], number, cells, issue_of) if "issue" in self._places else None

    def label(self, at: int, number: int, cells: Sequence[Any]) -> str:
        """A word that names something, such as an arm; a number is one word however it is written."""
        label: str = self._read(at, number, cells, label_of)
        return label

    def _outcome(self, number: int, cells: Sequence[Any]) -> Outcome | str | None:
        if "outcome" in self._places:
            end: Outcome | str | None = self._read(self._places["outcome"], number, cells, outcome_of)
            return end
        ends = [reader.read(number, cells) for reader in self._ends]
        return next((end for end in ends if end is not Outcome.OK), Outcome.OK)

    def _outcome_cells(self, cells: Sequence[Any]) -> str:
        places = [self._places["outcome"]] if "outcome" in self._places else self._columns.states
        return " and ".join(str(cells[at]) for at in places)

    def _read(self, at: int, number: int, cells: Sequence[Any], read: Callable[[Any], Any]) -> Any:
        try:
            return read(cells[at])
        except ValueError as error:
            raise TableUnreadable(
                f"{self._sheet.name}, {self._sheet.place} {number}, column {self._sheet.columns[at]}: {error} Nothing "
                "was weighed: correct the cell and try again."
            ) from error

    def _number(self, cell: Any) -> tuple[float | None, str]:
        if not isinstance(cell, str):
            number, why = real_number(cell)
            self._note_sign(has_sign=False, number=number)
            return number, why
        text = number_text(cell)
        if _MARKED.fullmatch(text):
            self._note_decimal_sign(text, "," if "," in text else ".")
        number, why = parsed_number(text.replace(",", "."), cell)
        if number is not None and not self._groups.is_decided:
            self._groups.note(text, self._at)
        self._note_sign(has_sign=cell.rstrip().endswith("%"), number=number)
        return number, why

    def _note_sign(self, *, has_sign: bool, number: float | None) -> None:
        if number is None:
            return
        if has_sign:
            self._is_plain = False
        self._has_percents, self._has_others = self._has_percents or has_sign, self._has_others or not has_sign
        if self._has_percents and self._has_others:
            raise ValueError(
                f"{number:g} {'has a' if has_sign else 'has no'} per cent sign, unlike the rows before it, so it could "
                "mean two numbers. Write all of them with one, or none."
            )

    def _note_decimal_sign(self, text: str, sign: str) -> None:
        """A comma may separate columns, or thousands; and both signs in one file mean two things."""
        if sign == "," and not self._sheet.decimal_comma:
            raise ValueError(
                f"{cut_cell(text)!r} has a comma, and commas separate the columns. Is it decimal? Then write a point, "
                "or separate the columns by semicolons."
            )
        if sign == "," and ("." in text or text.count(",") > 1):
            raise ValueError(f"{cut_cell(text)!r} groups its digits. Write the number without separators of thousands.")
        self._decimal_signs.setdefault(sign, self._at)
        if len(self._decimal_signs) > 1:
            raise ValueError(
                f"{cut_cell(text)!r} has another decimal sign than the rows before it (a comma in {self._sheet.place} "
                f"{self._decimal_signs[',']}, a point in {self._decimal_signs['.']}), so 1.234 could mean two numbers. "
                "Use one."
            )

    def _word(self, at: int, number: int, cells: Sequence[Any]) -> str:
        word: str = self._read(at, number, cells, label_of if at in self._columns.seeds else text_of)
        return self._words.setdefault(word, word)

    def _demand_one_home(self, row: Row) -> None:
        """A host has one volunteer and one platform."""
        if not row.host:
            return
        before = self._volunteers.setdefault(row.host, (row.volunteer, row.platform))
        if before != (row.volunteer, row.platform):
            raise TableUnreadable(
                f"{self._sheet.name}, {self._sheet.place} {row.place}: the host {cut_cell(row.host)!r} is of "
                f"{row.volunteer or 'nobody'} on {row.platform or 'nothing'}, and of {before[0] or 'nobody'} on "
                f"{before[1] or 'nothing'} before. Nothing was weighed; a host has one volunteer and one platform."
            )
