"""Do values depend on their place in the order in which seeds count, or were run?

Evidence takes seeds to be independent of each other. Runs that follow each other may share a state of a computer, data
that grew, or weights that the last run left behind; then a value is like the one before it.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from axiom_weigh.statistics.serial_correlation import serial_correlation
from axiom_weigh.tables.undeclared_numbers import AS_STARTED, Doubt
from axiom_weigh.values import Alarm, Force

_FEWEST = 20  # values, below which neighbours that are alike are seldom noticed
_UNUSUAL = 2.5  # standard deviations: independent values are suspected in less than 1 of 100 tables
_PLAIN = 3.5  # the same of one in 4,000 tables, from which on nothing is weighed
_SELDOM = 20_000  # values that lie in the order of their size are remarkable where chance does it so seldom
_INDEPENDENT = "seeds are taken to be independent of each other"


def check_independence(column: str, values: Sequence[float]) -> tuple[str, tuple[Alarm, ...], Doubt | None]:
    """What is said of values in the order of a column, or of the table; an alarm, or a doubt, if neighbours are alike.

    Whoever sorts a table by its values, or by what goes with them, makes neighbours alike.
    """
    correlation, unusual = serial_correlation(values) if len(values) >= _FEWEST else (0.0, 0.0)
    where = f"in the order of the {f'column {column}' if column else 'table'}"
    how = f"{where} the rank correlation of each value with the next is {correlation:.2f}"
    alarms: tuple[Alarm, ...] = ()
    if unusual >= _UNUSUAL:
        text = f"neighbours are alike, so these seeds may not be independent of each other: {how}"
        alarms = (Alarm(kind="order", force=Force.HOLDS_BACK, text=text),)
    if unusual >= _PLAIN or _is_sorted(values):
        why = f"{where} the values are sorted, or neighbours are alike, so they are not independent of each other"
        return _INDEPENDENT, alarms, Doubt(why=why, instead=(AS_STARTED,), has_interval=False)
    if len(values) < _FEWEST:
        return f"{_INDEPENDENT}; from {_FEWEST} values on that is looked at", (), None
    return _INDEPENDENT if alarms else f"{_INDEPENDENT}, and nothing is seen against it: {how}", alarms, None


def _is_sorted(values: Sequence[float]) -> bool:
    """Do they lie in the order of their size, though chance has far more orders for them?"""
    rising = all(value <= other for value, other in pairwise(values))
    if not rising and not all(value >= other for value, other in pairwise(values)):
        return False
    equal = sum(math.lgamma(times + 1) for times in Counter(values).values())
    return math.lgamma(len(values) + 1) - equal > math.log(2 * _SELDOM)
