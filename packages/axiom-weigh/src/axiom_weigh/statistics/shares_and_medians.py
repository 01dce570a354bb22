"""What may be said after each further replicate: e-values and intervals that hold at every look at once.

An e-process starts at 1 and is, under the null, expected never to grow; so the chance that it ever reaches 20 is at
most one in twenty, however often anybody looks (Ville). All of them are given as natural logarithms.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache

MOST = 690.0  # e to this is the largest that is told: a little under 1e300


@lru_cache(maxsize=65_536)
def dealt_log_e(plus: int, unknown: int, n: int) -> float:
    """How strongly so many plus signs of n speak against a median of 0; a Beta(1/2, 1/2) mixture over their chance.

    A sign is unknown of a missing value and of one that is the median itself. It may have been either, so the unknown
    ones are dealt out to make plus and minus as equal as they can be. That is the least that any dealing gives, and one
    dealing is the fair coin's: the process holds for laws with a lump on the median, and whatever is missing.
    """
    return bernoulli_log_e(min(max(plus, n // 2), plus + unknown), n, 0.5)


def bernoulli_log_e(successes: int, n: int, p0: float) -> float:
    """How strongly so many successes of n speak against a chance of p0; a Beta(1/2, 1/2) mixture over the chance."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} cannot be: there must be 0 to {n}")
    if not 0.0 <= p0 <= 1.0:
        raise ValueError(f"a chance of {p0} cannot be: it must be between 0 and 1")
    failures = n - successes
    mixture = math.lgamma(successes + 0.5) + math.lgamma(failures + 0.5) - math.lgamma(n + 1.0) - math.log(math.pi)
    return cap_log_e(mixture - _log_power(p0, successes) - _log_power(1.0 - p0, failures))


def log_e_above(successes: int, n: int, chance: float) -> float:
    """How strongly so many successes of n speak against all chances up to this one."""
    return MOST if chance < 0 else bernoulli_log_e(successes, n, min(chance, successes / n))


def median_of(numbers: Sequence[float]) -> float:
    """The mean of the two in the middle is a number even where their sum is none."""
    middle = float(statistics.median(numbers))
    if math.isfinite(middle):
        return middle
    return statistics.median_low(numbers) / 2.0 + statistics.median_high(numbers) / 2.0


def median_sequence(
    values: Sequence[float], *, missing: int = 0, alpha: float = 0.05
) -> tuple[float | None, float | None]:
    """Return the interval of all medians that the signs do not speak against; it holds at every look at once.

    Its two ends are values themselves, so it needs nothing of the law. Values that never came count as minus infinity
    for the lower end and as plus infinity for the upper one. None is an end that is not bounded yet.

    A value is censored when only a limit is known that it lies beyond: a training that was stopped before it got there.
    It is given as that limit, which keeps its place among the others; an end that is the limit itself is to be read as
    "at least" it.
    """
    ordered = sorted(values)
    needed = signs_needed(len(ordered) + missing, alpha)
    if needed > len(ordered):
        return None, None
    return ordered[len(ordered) - needed], ordered[needed - 1]


def share_sequence(successes: int, n: int, *, missing: int = 0, alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval of all chances that successes of n do not speak against; it holds at every look at once.

    What never came counts as a failure for the lower end and as a success for the upper one. What was stopped at the
    limit within which it had to happen did come: it is a failure.
    """
    whole, bar = n + missing, -math.log(alpha)
    most = successes + missing

    def too_low(chance: float) -> bool:
        return successes > chance * whole and bernoulli_log_e(successes, whole, chance) >= bar

    def high_enough(chance: float) -> bool:
        return most < chance * whole and bernoulli_log_e(most, whole, chance) >= bar

    return _first(lambda chance: not too_low(chance)), _first(high_enough)


@lru_cache(maxsize=4096)
def signs_needed(n: int, alpha: float) -> int:
    """How many of n signs must agree to speak against a median at level alpha; n + 1 when not even all would."""
    low, high = (n + 1) // 2, n + 1
    while low < high:
        middle = (low + high) // 2
        if bernoulli_log_e(middle, n, 0.5) >= -math.log(alpha):
            high = middle
        else:
            low = middle + 1
    return low


def cap_log_e(log_e: float) -> float:
    """Return what is told of a logarithm of any size."""
    return max(-MOST, min(MOST, log_e))


def _log_power(chance: float, times: int) -> float:
    if times == 0:
        return 0.0
    return times * math.log(chance) if chance > 0 else -math.inf


def _first(holds: Callable[[float], bool]) -> float:
    """The smallest chance for which it holds, when it holds for all above; 1 when for none."""
    low, high = 0.0, 1.0
    if holds(low):
        return low
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
