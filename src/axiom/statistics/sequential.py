"""What may be said after each further replicate: e-values and intervals that hold at every look at once.

An e-process starts at 1 and is, under the null, expected never to grow; so the chance that it ever reaches 20 is at
most one in twenty, however often anybody looks (Ville). All of them are given as natural logarithms.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

MOST = 690.0  # e to this is the largest that is told: a little under 1e300


def flip_log_e(values: Sequence[float | None], *, bounds: tuple[float, float] | None = None) -> float:
    """How strongly all the values together speak against being symmetric about 0."""
    return [0.0, *flip_looks(values, bounds=bounds)][-1]


def flip_looks(values: Iterable[float | None], *, bounds: tuple[float, float] | None = None) -> Iterator[float]:
    """After each value, how strongly those so far speak against signs that are flips of a fair coin.

    The bet on a sign is the sum of the values before it, over the sum of all squares up to it; it uses the size of the
    value but never its sign, so under the null every factor is 1 on average, whatever the law's tails.

    None is a value that never came. It is not bet on afterwards, and its own factor is the least that any value (any
    within `bounds`) could have given, even if it is missing because of its sign. So the process stays below the one
    that sees everything, which is an e-process, and needs nothing of the reasons for which values are missing.
    """
    log_e = total = length = 0.0  # length: the root of the sum of squares
    for number in values:
        if number is None:
            log_e += _worst_factor(total, length, bounds)
        else:
            size = math.ldexp(number, -32)  # only ratios matter; this leaves room to add
            length = math.hypot(length, size)
            if length:
                log_e += _factor((total / length) * (size / length))
            total += size
        yield _capped(log_e)


def sign_log_e(signs: Sequence[int]) -> float:
    """How strongly the signs speak against a median of 0; a Beta(1/2, 1/2) mixture over the chance of a plus.

    A 0 says that the sign is unknown or that the value is the median itself. It may have been either, so the zeros are
    dealt out to make plus and minus as equal as they can be. That is the least that any dealing gives, and one dealing
    is the fair coin's: the process is valid for laws with a lump on the median, and whatever is missing.
    """
    plus = sum(sign > 0 for sign in signs)
    unknown = sum(sign == 0 for sign in signs)
    return bernoulli_log_e(min(max(plus, len(signs) // 2), plus + unknown), len(signs), 0.5)


def bernoulli_log_e(successes: int, n: int, p0: float) -> float:
    """How strongly so many successes of n speak against a chance of p0; a Beta(1/2, 1/2) mixture over the chance."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} cannot be: there must be 0 to {n}")
    if not 0.0 <= p0 <= 1.0:
        raise ValueError(f"a chance of {p0} cannot be: it must be between 0 and 1")
    failures = n - successes
    mixture = math.lgamma(successes + 0.5) + math.lgamma(failures + 0.5) - math.lgamma(n + 1.0) - math.log(math.pi)
    return _capped(mixture - _log_power(p0, successes) - _log_power(1.0 - p0, failures))


def median_sequence(
    values: Sequence[float], *, missing: int = 0, alpha: float = 0.05
) -> tuple[float | None, float | None]:
    """Return the interval of all medians that the signs do not speak against; it holds at every look at once.

    Its two ends are values themselves, so it needs nothing of the law. Values that never came count as minus infinity
    for the lower end and as plus infinity for the upper one. None is an end that is not bounded yet.
    """
    ordered = sorted(values)
    needed = _one_sided(len(ordered) + missing, alpha)
    if needed > len(ordered):
        return None, None
    return ordered[len(ordered) - needed], ordered[needed - 1]


def share_sequence(successes: int, n: int, *, missing: int = 0, alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval of all chances that successes of n do not speak against; it holds at every look at once.

    What never came counts as a failure for the lower end and as a success for the upper one.
    """
    whole, bar = n + missing, -math.log(alpha)
    most = successes + missing

    def too_low(chance: float) -> bool:
        return successes > chance * whole and bernoulli_log_e(successes, whole, chance) >= bar

    def high_enough(chance: float) -> bool:
        return most < chance * whole and bernoulli_log_e(most, whole, chance) >= bar

    return _first(lambda chance: not too_low(chance)), _first(high_enough)


def _factor(bet: float) -> float:
    """The logarithm of 1 + tanh(bet), exact where the sum would round to 0."""
    return math.log(2.0) - math.log1p(math.exp(-2.0 * bet))


def _worst_factor(total: float, length: float, bounds: tuple[float, float] | None) -> float:
    if not total:
        return 0.0
    # A value as long as everything before it loses most; a longer one would count for more in the sum of squares.
    reach = length
    if bounds is not None:
        against = -bounds[0] if total > 0 else bounds[1]
        reach = min(length, math.ldexp(max(0.0, against), -32))
    whole = math.hypot(length, reach)
    return _factor(-(abs(total) / whole) * (reach / whole))


def _log_power(chance: float, times: int) -> float:
    if times == 0:
        return 0.0
    return times * math.log(chance) if chance > 0 else -math.inf


@lru_cache(maxsize=4096)
def _one_sided(n: int, alpha: float) -> int:
    """How many of n signs must agree to speak against a median at level alpha; n + 1 when not even all would."""
    low, high = (n + 1) // 2, n + 1
    while low < high:
        middle = (low + high) // 2
        if bernoulli_log_e(middle, n, 0.5) >= -math.log(alpha):
            high = middle
        else:
            low = middle + 1
    return low


def _first(holds: Callable[[float], bool]) -> float:
    """The smallest chance for which it holds, when it holds for all above; 1 when for none."""
    low, high = 0.0, 1.0
    if holds(low):
        return low
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _capped(log_e: float) -> float:
    return max(-MOST, min(MOST, log_e))
