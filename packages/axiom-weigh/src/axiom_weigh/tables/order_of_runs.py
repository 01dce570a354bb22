"""In which order were the seeds run, if a table says so, and are neighbours in it alike?

Evidence takes seeds to be independent of each other. Runs that follow each other may share a state of a computer, data
that grew, or weights that the last run left behind; then a value is like the one before it.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from axiom_weigh.statistics.serial_correlation import serial_correlation
from axiom_weigh.values import Alarm, Force

FEWEST = 20  # values, below which neighbours that are alike are seldom noticed
_UNUSUAL = 2.5  # standard deviations: independent values are suspected in less than 1 of 100 tables
_MOST_TOGETHER = 0.1  # of the values, that share a moment with another
_MOMENTS = ("date", "datetime", "timestamp", "created", "created_at", "started", "started_at", "start_time")
# These may be something that was measured, such as a run's length. They are an order where the table lies in it.
_PERHAPS = ("time", "wall time", "step", "round", "iteration", "day", "week", "month", "year", "order")
_INDEPENDENT = "seeds are taken to be independent of each other"


class OrderOfRuns:
    """When each row of a table was run, as one of its columns says."""

    def __init__(self, column: str, at: int) -> None:
        self.column = column
        self.is_readable = True
        self._at = at
        self._is_sure = _plain_name(column) in _MOMENTS
        self._places, self._moments = array("q"), array("d")

    def noting(self, rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
        """The same rows, while it is noted when they were run."""
        for number, cells in rows:
            if self.is_readable:
                moment = _moment(cells[self._at])
                if moment is None:
                    self.is_readable = False
                else:
                    self._places.append(number)
                    self._moments.append(moment)
            yield number, cells

    def ordered(self, measured: Iterable[tuple[int, float | None]]) -> list[tuple[float, float]]:
        """When each of these rows was run, and its value; none where the column is no order."""
        runs = [
            (self._moments[bisect_left(self._places, place)], value)
            for place, value in sorted(measured, key=lambda run: run[0])
            if value is not None and self.is_readable
        ]
        lies_in_it = all(moment <= other for (moment, _), (other, _) in pairwise(runs))
        return runs if self._is_sure or lies_in_it else []


def order_of_runs(columns: Sequence[str], unused: Sequence[str]) -> OrderOfRuns | None:
    """The first column that is not used otherwise and says when something was run; rather one that is sure to."""
    for wanted in (_MOMENTS, _PERHAPS):
        for name in unused:
            if _plain_name(name) in wanted:
                return OrderOfRuns(name, columns.index(name))
    return None


def independence(column: str, runs: Sequence[tuple[float, float]]) -> tuple[str, tuple[Alarm, ...]]:
    """What is said of values, each with when it was run; and an alarm where neighbours are alike."""
    if not runs:
        why = "no column tells when they were run, as issue or date would, so that was not looked at"
        return f"{_INDEPENDENT}; {why}", ()
    if len(runs) < FEWEST or len(runs) - len({moment for moment, _ in runs}) > _MOST_TOGETHER * len(runs):
        return f"{_INDEPENDENT}; from {FEWEST} values on, each with a {column} of its own, that is looked at", ()
    values = [value for _, value in sorted(runs, key=lambda run: run[0])]
    correlation, unusual = serial_correlation(values)
    how = f"in the order of the column {column} the rank correlation of each value with the next is {correlation:.2f}"
    if unusual < _UNUSUAL:
        return f"{_INDEPENDENT}, and nothing is seen against it: {how}", ()
    text = f"neighbours are alike, so these seeds may not be independent of each other: {how}"
    return _INDEPENDENT, (Alarm(kind="order", force=Force.HOLDS_BACK, text=text),)


def _plain_name(column: str) -> str:
    return column.lower().rpartition(".")[2].strip("_ ")


def _timestamp(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _moment(cell: Any) -> float | None:
    """When that is, as a number; None where it is no moment. What names no zone is the same on every computer."""
    text = str(cell).strip()
    for read in (float, _timestamp):
        try:
            moment = read(text)
        except (ValueError, OverflowError):
            continue
        return moment if math.isfinite(moment) else None
    return None
