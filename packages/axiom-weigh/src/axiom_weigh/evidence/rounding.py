"""How a number is told beside a bar: so that it stays on its own side of it.

An e-value of 19.998 that is told as 20 contradicts the verdict beside it, and so does an end of an interval that is
told as the null above which it lies.
"""

import math
from collections.abc import Sequence
from decimal import ROUND_DOWN, Context

_DIGITS = 4
_ALL_DIGITS = 17
_DOWN = Context(prec=3, rounding=ROUND_DOWN)
_IN_FULL = (1e3, 1e6)  # from where to where an e-value is told as a whole number
_HARDLY_MORE = 1.0 + 1e-12  # so that a thousand is one, however its logarithm is rounded


def round_e_value(e_value: float) -> float:
    """An e-value as all tell it, rounded down: it has not reached what it has not."""
    nearly = e_value * _HARDLY_MORE
    whole_from, whole_to = _IN_FULL
    return float(math.floor(nearly) if whole_from <= nearly < whole_to else _DOWN.create_decimal(nearly))


def e_told(e_value: float) -> str:
    """The same in digits."""
    rounded = round_e_value(e_value)
    return f"{rounded:,.0f}" if _IN_FULL[0] <= rounded < _IN_FULL[1] else f"{rounded:.3g}"


def clear_of(number: float, *bars: float) -> str:
    """The number with four digits, or with as many more as keep it on its side of each of these."""
    texts = (f"{number:.{many}g}" for many in range(_DIGITS, _ALL_DIGITS))
    return next((text for text in texts if find_sides(float(text), bars) == find_sides(number, bars)), repr(number))


def end_told(end: float | None, bars: Sequence[float]) -> str:
    """An end of an interval, never as if it lay on what it lies beside."""
    return "unbounded" if end is None else clear_of(end, *bars)


def find_sides(number: float, bars: Sequence[float]) -> list[int]:
    """On which side of each bar it lies: -1 below, 1 above, 0 on it."""
    return [(number > bar) - (number < bar) for bar in bars]
