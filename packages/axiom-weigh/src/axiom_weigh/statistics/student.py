"""Student's distribution, and the intervals of means that hold for one look, where values are about normal."""

import functools
import math
from collections.abc import Sequence

Ends = tuple[float | None, float | None]  # of an interval; None: beyond all numbers, or too few values to say

_HALVINGS = 60
_TERMS = 20_000  # of the continued fraction, of which a million degrees of freedom take about a thousand
_PRECISE = 1e-15


def mean_interval(values: Sequence[float], level: float = 0.95) -> Ends:
    """Where the mean of all seeds is, if the values are roughly normal or many."""
    if len(values) < 2:
        return None, None
    error = deviation_of(values) / math.sqrt(len(values))
    return _about(mean_of(values), t_quantile(len(values) - 1, level) * error)


def welch_interval(ours: Sequence[float], base: Sequence[float], level: float = 0.95) -> Ends:
    """Where the difference of two means is, of runs that are not paired and may vary differently (Welch 1947)."""
    if min(len(ours), len(base)) < 2:
        return None, None
    shares = [deviation_of(arm) / math.sqrt(len(arm)) for arm in (ours, base)]
    error = math.hypot(*shares)
    difference = mean_of(ours) - mean_of(base)
    if not error:
        return difference, difference
    parts = [(share / error) ** 4 / (len(arm) - 1) for share, arm in zip(shares, (ours, base), strict=True)]
    return _about(difference, t_quantile(1.0 / sum(parts), level) * error)


def mean_of(numbers: Sequence[float]) -> float:
    """The mean, which lies among the numbers: what is lost in its last digit leads nowhere beyond them.

    Else arms of unequal size that all measured the same would differ. Numbers near the largest are divided before the
    sum, so that it is one.
    """
    try:
        mean = math.fsum(numbers) / len(numbers)
    except OverflowError:
        mean = 2.0 * math.fsum(number / len(numbers) / 2.0 for number in numbers)
    return max(float(min(numbers)), min(float(max(numbers)), mean))


def deviation_of(values: Sequence[float]) -> float:
    """The standard deviation of two values or more."""
    mean = mean_of(values)
    return math.hypot(*(value - mean for value in values)) / math.sqrt(len(values) - 1)


@functools.lru_cache(maxsize=4096)
def t_quantile(freedom: float, level: float = 0.95) -> float:
    """How many standard errors on each side of the mean Student's distribution wants for this level."""
    low, high = 0.0, math.pi / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _beyond(middle, freedom) < 1.0 - level else (middle, high)
    return math.sqrt(freedom) * math.tan(low)


def _about(middle: float, half: float) -> Ends:
    low, high = middle - half, middle + half
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)


def _beyond(angle: float, freedom: float) -> float:
    """The share of Student's distribution beyond √freedom · tan(angle), which is an incomplete beta function."""
    a, b, x = freedom / 2, 0.5, math.cos(angle) ** 2
    other = math.sin(angle) ** 2
    if not x or not other:
        return float(not other)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(other)
    if x < (a + 1) / (a + b + 2):
        return math.exp(front) * _fraction(a, b, x) / a
    return 1.0 - math.exp(front) * _fraction(b, a, other) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Lentz; Abramowitz and Stegun 26.5.8)."""
    over, under = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1))
    whole = under
    for m in range(1, _TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            under = 1.0 / (1.0 + term * under)
            over = 1.0 + term / over
            whole *= over * under
        if abs(over * under - 1.0) < _PRECISE:
            break
    return whole
