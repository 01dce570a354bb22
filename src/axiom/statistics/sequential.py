"""What may be said after each further replicate: e-values and intervals that hold at every look at once.

An e-process starts at 1 and is, under the null, expected never to grow; so the chance that it ever reaches 20 is at
most one in twenty, however often anybody looks (Ville). All of them are given as natural logarithms.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_LOG_2 = math.log(2.0)
_FAR = 300.0  # a bet against what came, so large that only its size counts
MOST = 690.0  # e to this is the largest that is told: a little under 1e300


def flip_log_e(values: Sequence[float | None], *, bounds: tuple[float, float] | None = None) -> float:
    """How strongly all the values together speak against being symmetric about 0."""
    flips = _Flips(bounds)
    for number in values:
        flips.take(number)
    return capped(flips.log_e)


def flip_looks(values: Iterable[float | None], *, bounds: tuple[float, float] | None = None) -> Iterator[float]:
    """After each value, how strongly those so far speak against signs that are flips of a fair coin.

    The bet on a sign is the sum of the values before it, over the sum of all squares up to it; it uses the size of the
    value but never its sign, so under the null every factor is 1 on average, whatever the law's tails.

    None is a value that never came. It is not bet on afterwards, and its own factor is the least that any value (any
    within `bounds`) could have given. Before there is a value, nothing is bet, and none could have lost.

    The more is known, the more is bet, and the more one further missing value would lose, without an end. So after a
    missing one half of what there is goes on so, and the other half bets on the signs of what comes later, where a
    missing one loses no more than a sign. Both promise the same under the null, and so does their mean. Which missing
    one that is must not pay: told is the least that comes of any of them with those before it left out, or of leaving
    out all. So one more missing value never makes anything surer.

    That keeps the promise if whether a value is missing depends on nothing but itself (its sign as well) and what came
    before it. It keeps none where later values decide which earlier ones are missing: bets follow what is there, so
    leaving out the right ones directs them. A verdict of a finding therefore also asks the interval of the median, in
    which all that is missing counts against either end, whatever it is missing for.
    """
    flips = _Flips(bounds)
    for number in values:
        flips.take(number)
        yield capped(flips.log_e)


@dataclass(frozen=True, slots=True)
class _Gap:
    """How things stood just after a missing value."""

    log_e: float  # of the values before it
    cost: float  # its own factor
    lost: float  # the factors of all missing values up to it
    plus: int
    minus: int
    seen: int


class _Flips:
    """The flip e-process, value by value."""

    __slots__ = ("_bounds", "_gaps", "_length", "_log_e", "_lost", "_minus", "_plus", "_seen", "_total")

    def __init__(self, bounds: tuple[float, float] | None) -> None:
        self._bounds = bounds
        self._log_e = self._total = self._length = self._lost = 0.0  # the length is the root of the sum of squares
        self._plus = self._minus = self._seen = 0
        self._gaps: list[_Gap] = []

    def take(self, number: float | None) -> None:
        """The next value."""
        self._seen += 1
        if number is None:
            cost = _worst_factor(self._total, self._length, self._bounds)
            self._lost += cost
            self._gaps.append(_Gap(self._log_e, cost, self._lost, self._plus, self._minus, self._seen))
            return
        self._plus, self._minus = self._plus + (number > 0), self._minus + (number < 0)
        size = math.ldexp(number, -32)  # only ratios matter; this leaves room to add
        self._length = math.hypot(self._length, size)
        if self._length:
            self._log_e += _factor((self._total / self._length) * (size / self._length))
        self._total += size

    @property
    def log_e(self) -> float:
        """How strongly all of them speak."""
        return min([self._log_e, *map(self._after, self._gaps)])

    def _after(self, gap: _Gap) -> float:
        """What there is if this missing value is the first that counts."""
        flipped = self._log_e - gap.log_e + self._lost - gap.lost
        plus, minus, later = self._plus - gap.plus, self._minus - gap.minus, self._seen - gap.seen
        return gap.log_e + gap.cost + halved(flipped, dealt_log_e(plus, later - plus - minus, later))


def halved(one: float, other: float) -> float:
    """The logarithm of what comes of two halves, of which one grew by the first and one by the second."""
    more, less = max(one, other), min(one, other)
    return more + math.log1p(math.exp(less - more)) - _LOG_2


def sign_log_e(signs: Sequence[int]) -> float:
    """How strongly the signs speak against a median of 0; a Beta(1/2, 1/2) mixture over the chance of a plus.

    A 0 says that the sign is unknown or that the value is the median itself. It may have been either, so the zeros are
    dealt out to make plus and minus as equal as they can be. That is the least that any dealing gives, and one dealing
    is the fair coin's: the process is valid for laws with a lump on the median, and whatever is missing.
    """
    return dealt_log_e(sum(sign > 0 for sign in signs), sum(sign == 0 for sign in signs), len(signs))


@lru_cache(maxsize=65_536)
def dealt_log_e(plus: int, unknown: int, n: int) -> float:
    """The same from counts: so many plus, so many of which nobody knows the sign, of n."""
    return bernoulli_log_e(min(max(plus, n // 2), plus + unknown), n, 0.5)


def bernoulli_log_e(successes: int, n: int, p0: float) -> float:
    """How strongly so many successes of n speak against a chance of p0; a Beta(1/2, 1/2) mixture over the chance."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} cannot be: there must be 0 to {n}")
    if not 0.0 <= p0 <= 1.0:
        raise ValueError(f"a chance of {p0} cannot be: it must be between 0 and 1")
    failures = n - successes
    mixture = math.lgamma(successes + 0.5) + math.lgamma(failures + 0.5) - math.lgamma(n + 1.0) - math.log(math.pi)
    return capped(mixture - _log_power(p0, successes) - _log_power(1.0 - p0, failures))


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


def capped(log_e: float) -> float:
    """Return what is told of a logarithm of any size."""
    return max(-MOST, min(MOST, log_e))


def _factor(bet: float) -> float:
    """The logarithm of 1 + tanh(bet), exact where the sum would round to 0."""
    if bet < -_FAR:
        return _LOG_2 + 2.0 * bet  # what is left out is less than any digit, and its power has no number
    return _LOG_2 - math.log1p(math.exp(-2.0 * bet))


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


def _first(holds: Callable[[float], bool]) -> float:
    """The smallest chance for which it holds, when it holds for all above; 1 when for none."""
    low, high = 0.0, 1.0
    if holds(low):
        return low
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
