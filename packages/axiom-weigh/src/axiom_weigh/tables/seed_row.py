"""One row of anybody's table, and many rows that say nothing but a seed and a value."""

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import overload

from axiom_weigh.values import Outcome

LARGEST_SEED = 10**18 - 1  # that is kept as a number

_MOST_DIGITS = 19
_NUMBERED = re.compile(r"-?\d+$", re.ASCII)  # as 7, seed_7 and run-7 are
_FEWEST = 3  # seeds above, from which on their names say something
_MOST_SUMS = 8  # rows: as many as pandas describes numbers with


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row: a seed and what came of it. Words that the table does not have are empty."""

    place: int  # line of the file, or row of the table
    seed: str
    value: float | None
    outcome: Outcome | None = Outcome.OK  # None: it never came back
    why_missing: str = ""
    is_out: bool = False  # not back yet
    is_lost: bool = False  # the table says that its machine was at fault, so its value had no part in it
    issue: int | None = None
    block: str = ""
    host: str = ""
    volunteer: str = ""
    platform: str = ""
    design: str = ""
    arms: tuple["Row", ...] = ()  # of which the value is the difference
    shared: tuple[str, ...] = ()  # names of those arms that have a number of other seeds, each with that number

    @property
    def hosts(self) -> tuple[str, ...]:
        """Who computed it; nobody, where one of the arms does not say so."""
        if not self.arms:
            return (self.host,) if self.host else ()
        names = tuple(dict.fromkeys(arm.host for arm in self.arms))
        return names if all(names) else ()

    @property
    def says_nothing(self) -> bool:
        """Did it end without saying anything of its seed?"""
        return self.value is None and self.outcome in (None, Outcome.FAILED)

    @property
    def gives_way(self) -> bool:
        """May a later row speak for the seed, whatever its value?"""
        return self.says_nothing and (self.is_out or self.is_lost)


class PlainRows(Sequence[Row]):
    """Rows of which most are a whole number and a value, kept as columns: a million objects would take 300 MB."""

    def __init__(self) -> None:
        self.places = array("q")
        self.seeds = array("q")
        self.values = array("d")
        self.others: dict[int, Row] = {}  # rows that are anything else, by where they stand

    def add_plain(self, place: int, seed: int, value: float) -> None:
        """Keep a row whose seed is written as Python writes it."""
        self.places.append(place)
        self.seeds.append(seed)
        self.values.append(value)

    def add(self, row: Row) -> None:
        """Keep a row that has no host, block or other word."""
        is_number = len(row.seed) < _MOST_DIGITS and row.seed.isascii() and row.seed.isdecimal()
        if row.value is not None and is_number and not row.shared:
            self.add_plain(row.place, int(row.seed), row.value)
        else:
            self.others[len(self)] = row
            self.add_plain(row.place, 0, 0.0)

    def seed(self, at: int) -> str:
        """The seed of one row, for which no row is made."""
        return self.others[at].seed if at in self.others else str(self.seeds[at])

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...

    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        if at in self.others:
            return self.others[at]
        return Row(place=self.places[at], seed=str(self.seeds[at]), value=self.values[at])


def sum_below(rows: Sequence[Row]) -> Row | None:
    """The first of some last rows whose seeds have no number, such as mean and std, below seeds that are numbered."""
    tail = list(takewhile(lambda row: not _NUMBERED.search(row.seed), map(rows.__getitem__, _last(rows))))
    above = len(rows) - len(tail)
    if not tail or above < _FEWEST or len(tail) > _MOST_SUMS:
        return None
    names = {_NUMBERED.sub("", rows[at].seed) for at in range(above)}
    return tail[-1] if len(names) == 1 else None


def _last(rows: Sequence[Row]) -> range:
    return range(len(rows) - 1, max(-1, len(rows) - _MOST_SUMS - 2), -1)


def list_row_values(rows: Sequence[Row]) -> Iterator[tuple[int, float | None, str]]:
    """The place of each row, its value, and why it has none."""
    if not isinstance(rows, PlainRows):
        return ((row.place, row.value, row.why_missing) for row in rows)
    plain = zip(rows.places, rows.values, strict=True)
    others = rows.others
    return (
        (others[at].place, others[at].value, others[at].why_missing) if at in others else (place, value, "")
        for at, (place, value) in enumerate(plain)
    )
