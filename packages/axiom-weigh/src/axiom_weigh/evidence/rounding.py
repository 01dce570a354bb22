"""How a number is told beside a bar: with so many digits that it stays on its own side of it.

An e-value of 19.998 that is told as 20 contradicts the verdict beside it, and so does an end of an interval that is
told as the null above which it lies.
"""

from collections.abc import Sequence

from axiom_weigh.values import Verdict

_DIGITS = 4
_ALL_DIGITS = 17
_BARS = (5.0, 20.0, 1e3, 1e6)  # of a hint, a verdict and the two upper grades


def e_told(e_value: float, digits: int = _DIGITS) -> str:
    """An e-value, never as if it had reached what it has not."""
    return clear_of(e_value, *_BARS, digits=digits)


def clear_of(number: float, *bars: float, digits: int = _DIGITS) -> str:
    """The number with so many digits, or with as many more as keep it on its side of each of these."""
    texts = (f"{number:.{many}g}" for many in range(digits, _ALL_DIGITS))
    return next((text for text in texts if sides(float(text), bars) == sides(number, bars)), repr(number))


def around(null: float, smallest: float) -> tuple[float, float, float]:
    """What a verdict says that an interval lies beside: the null, and on either side where an effect would matter."""
    return null - smallest, null, null + smallest


def is_size_open(verdict: Verdict, low: float | None, high: float | None, bars: tuple[float, float, float]) -> bool:
    """Is there an effect, and open whether it is as large as one that matters? Its interval holds some that are not."""
    below, _, above = bars
    if verdict is Verdict.POSITIVE:
        return low is None or low < above
    return verdict is Verdict.NEGATIVE and (high is None or high > below)


def end_told(end: float | None, bars: Sequence[float]) -> str:
    """An end of an interval, never as if it lay on what it lies beside."""
    return "unbounded" if end is None else clear_of(end, *bars)


def sides(number: float, bars: Sequence[float]) -> list[int]:
    """On which side of each bar it lies: -1 below, 1 above, 0 on it."""
    return [(number > bar) - (number < bar) for bar in bars]
