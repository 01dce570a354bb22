"""The t-mixture: what may be said of a mean whose scale is not known, for values that lie about evenly around it.

The bet is on a standardised effect drawn from a normal law of width c; the unknown scale is integrated out, so the
e-value knows no unit. It is not safe for rare or very uneven values: there it lies up to three times out of four.
"""

import math
from collections.abc import Iterator, Sequence

from axiom.statistics.sequential import capped

Bounds = tuple[float, float]


def t_log_e(values: Sequence[float | None], *, c: float = 1.0, bounds: Bounds | None = None) -> float:
    """How strongly the values speak against a mean of 0.

    None is a value that never came. It may have been anything within `bounds` (anything at all without them), and what
    is told is the least that any such value would have given.
    """
    n = len(values)
    if n < 2:
        return 0.0
    ratio = min((_t_squared(filled) for filled in _worst(values, bounds)), default=0.0)
    if _may_be_zero(values, bounds):
        ratio = 0.0
    m = 1.0 + n * c * c
    if math.isinf(ratio):
        return capped(0.5 * (n - 1) * math.log(m))
    nu = n - 1
    return capped(-0.5 * math.log(m) + 0.5 * n * (math.log1p(ratio / nu) - math.log1p(ratio / (nu * m))))


def t_sequence(
    values: Sequence[float | None], *, alpha: float = 0.05, c: float = 1.0, bounds: Bounds | None = None
) -> tuple[float | None, float | None]:
    """Return the interval of all means that the values do not speak against; it holds at every look at once.

    Values that never came are put where they widen it most. None is an end that is not bounded yet.
    """
    ends = [_interval(filled, reach(len(values), alpha=alpha, c=c)) for filled in _worst(values, bounds)]
    if not ends or any(end is None for end in ends):
        return None, None
    return min(end[0] for end in ends if end), max(end[1] for end in ends if end)


def reach(n: int, *, alpha: float = 0.05, c: float = 1.0) -> float:
    """Half the interval's width in standard errors after n values; infinite while it is not bounded yet."""
    if n < 2:
        return math.inf
    m = 1.0 + n * c * c
    log_k = (2.0 / n) * (0.5 * math.log(m) - math.log(alpha))
    if log_k >= math.log(m):
        return math.inf
    return math.sqrt((n - 1) * math.expm1(log_k) / -math.expm1(log_k - math.log(m)))


def _interval(values: Sequence[float], standard_errors: float) -> Bounds | None:
    if math.isinf(standard_errors):
        return None
    mean, deviation = _moments(values)
    half = standard_errors * deviation / math.sqrt(len(values))
    return (mean - half, mean + half) if math.isfinite(half) else None


def _t_squared(values: Sequence[float]) -> float:
    mean, deviation = _moments(values)
    if mean == 0:
        return 0.0
    ratio = abs(mean) / deviation if deviation else math.inf
    return len(values) * ratio * ratio if ratio < 1e150 else math.inf


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation; divided first, so that large values do not overflow on the way."""
    largest = max(map(abs, values))
    if largest == 0.0:
        return 0.0, 0.0
    shift = math.frexp(largest)[1]
    scaled = [math.ldexp(number, -shift) for number in values]
    mean = math.fsum(scaled) / len(scaled)
    deviation = math.sqrt(math.fsum((number - mean) ** 2 for number in scaled) / (len(scaled) - 1))
    return _told(mean, shift), _told(deviation, shift)


def _told(number: float, shift: int) -> float:
    try:
        return math.ldexp(number, shift)
    except OverflowError:
        return math.copysign(math.inf, number)


def _worst(values: Sequence[float | None], bounds: Bounds | None) -> Iterator[list[float]]:
    """Yield the fillings among which the worst is: so many of the missing at one bound, the others at the other."""
    present = [number for number in values if number is not None]
    missing = len(values) - len(present)
    if missing and bounds is None:
        return
    low, high = bounds or (0.0, 0.0)
    for at_high in range(missing + 1):
        yield [*present, *[high] * at_high, *[low] * (missing - at_high)]


def _may_be_zero(values: Sequence[float | None], bounds: Bounds | None) -> bool:
    """Could the missing values have brought the mean to 0?"""
    missing = sum(number is None for number in values)
    if not missing:
        return False
    if bounds is None:
        return True
    total = math.fsum(number for number in values if number is not None)
    return total + missing * bounds[0] <= 0.0 <= total + missing * bounds[1]
