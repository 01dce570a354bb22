"""Do values depend on their place in the order in which seeds count, or were run?

Evidence takes seeds to be independent of each other. Runs that follow each other may share a state of a computer, data
that grew, or weights that the last run left behind; then a value is like the one before it.
"""

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from axiom_weigh.statistics.serial_correlation import serial_correlation
from axiom_weigh.tables.doubts import AS_STARTED, Doubt
from axiom_weigh.values import Alarm, Force

FEWEST = 20  # values, below which neighbours that are alike are seldom noticed
_UNUSUAL = 2.5  # standard deviations: independent values are suspected in less than 1 of 100 tables
_PLAIN = 3.5  # the same of one in 4,000 tables, from which on nothing is weighed
_MOST_TOGETHER = 0.1  # of the values, that share a moment with another
_MOMENTS = ("date", "datetime", "timestamp", "created", "created_at", "started", "started_at", "start_time")
# These may be something that was measured, such as a run's length. They are an order where the table lies in it.
_PERHAPS = ("time", "wall time", "step", "round", "iteration", "day", "week", "month", "year", "order")
_SELDOM = 20_000  # values that lie in the order of their size are remarkable where chance does it so seldom
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

    def ordered(self, measured: Iterable[tuple[int, float | None, str]]) -> list[float]:
        """The values of these rows as they were run; none where the column is no order, or many share a moment."""
        runs = [
            (self._moments[bisect_left(self._places, place)], value)
            for place, value, _ in sorted(measured, key=lambda run: run[0])
            if value is not None and self.is_readable
        ]
        moments = [moment for moment, _ in runs]
        are_many_together = len(moments) - len({*moments}) > _MOST_TOGETHER * len(moments)
        if are_many_together or not (self._is_sure or moments == sorted(moments)):
            return []
        return [value for _, value in sorted(runs, key=lambda run: run[0])]


def order_of_runs(columns: Sequence[str], unused: Sequence[str]) -> OrderOfRuns | None:
    """The first column that is not used otherwise and says when something was run; rather one that is sure to."""
    for wanted in (_MOMENTS, _PERHAPS):
        for name in unused:
            if _plain_name(name) in wanted:
                return OrderOfRuns(name, columns.index(name))
    return None


def independence(column: str, values: Sequence[float]) -> tuple[str, tuple[Alarm, ...], Doubt | None]:
    """What is said of values in the order of a column, or of the table; an alarm, or a doubt, if neighbours are alike.

    Whoever sorts a table by its values, or by what goes with them, makes neighbours alike.
    """
    correlation, unusual = serial_correlation(values) if len(values) >= FEWEST else (0.0, 0.0)
    where = f"in the order of the {f'column {column}' if column else 'table'}"
    how = f"{where} the rank correlation of each value with the next is {correlation:.2f}"
    alarms: tuple[Alarm, ...] = ()
    if unusual >= _UNUSUAL:
        text = f"neighbours are alike, so these seeds may not be independent of each other: {how}"
        alarms = (Alarm(kind="order", force=Force.HOLDS_BACK, text=text),)
    if unusual >= _PLAIN or _is_sorted(values):
        why = f"{where} the values are sorted, or neighbours are alike, so they are not independent of each other"
        return _INDEPENDENT, alarms, Doubt(why=why, instead=(AS_STARTED,), has_interval=False)
    if len(values) < FEWEST:
        return f"{_INDEPENDENT}; from {FEWEST} values on that is looked at", (), None
    return _INDEPENDENT if alarms else f"{_INDEPENDENT}, and nothing is seen against it: {how}", alarms, None


def _is_sorted(values: Sequence[float]) -> bool:
    """Do they lie in the order of their size, though chance has far more orders for them?"""
    rising = all(value <= other for value, other in pairwise(values))
    if not rising and not all(value >= other for value, other in pairwise(values)):
        return False
    equal = sum(math.lgamma(times + 1) for times in Counter(values).values())
    return math.lgamma(len(values) + 1) - equal > math.log(2 * _SELDOM)


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
