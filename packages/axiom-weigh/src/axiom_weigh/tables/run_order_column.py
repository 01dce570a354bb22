"""In which order were the rows of a table run, as one of its columns says?"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

_MOST_TOGETHER = 0.1  # of the values, that share a moment with another
_MOMENTS = ("date", "datetime", "timestamp", "created", "created_at", "started", "started_at", "start_time")
# These may be something that was measured, such as a run's length. They are an order where the table lies in it.
_PERHAPS = ("time", "wall time", "step", "round", "iteration", "day", "week", "month", "year", "order")


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
