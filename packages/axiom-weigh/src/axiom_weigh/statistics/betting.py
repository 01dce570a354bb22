"""Bets on a mean within declared bounds (Waudby-Smith and Ramdas): for rare, uneven or bounded outcomes.

Half of the capital bets that the mean is above the null, half that it is below. How much is bet on a value depends on
the values before it alone, so under the null no bet gains on average, whatever the law within the bounds. The bounds
have to be tight to be of use: ten times wider than the values spread cost twice as many seeds.
"""

import math
from collections.abc import Callable, Sequence
from itertools import cycle, islice

from axiom_weigh.statistics.shares_and_medians import cap_log_e

_AT_RISK = 0.9  # the largest share of the capital that one value may cost
_ALPHA = 0.05  # for which level the bets of an e-value grow fastest; it is valid at every level
_STEPS = 30  # halvings of the bounds until an end of the interval is told


def betting_log_e(values: Sequence[float | None], null: float, bounds: tuple[float, float]) -> float:
    """How strongly the values speak against a mean of `null`.

    None is a value that never came: each half of the capital takes the bound that costs it most, and it is not learnt
    from. That keeps the promise if whether a value is missing depends on nothing but itself and what came before it.
    """
    low, high = _declared(bounds)
    if not low <= null <= high:
        raise ValueError(f"a mean of {null} cannot be: the bounds are {bounds}")
    shares = [None if number is None else _share(number, low, high) for number in values]
    bets = _bets(shares, _ALPHA)
    mean = (null - low) / (high - low)
    above, below = _gain(shares, bets, mean), _gain(_mirrored(shares), bets, 1.0 - mean)
    larger = max(above, below)
    return cap_log_e(larger + math.log(0.5 * math.exp(above - larger) + 0.5 * math.exp(below - larger)))


def betting_sequence(
    values: Sequence[float | None], bounds: tuple[float, float], alpha: float = 0.05
) -> tuple[float, float]:
    """Return the interval of all means against which neither half of the capital has won; it holds at every look."""
    low, high = _declared(bounds)
    shares = [None if number is None else _share(number, low, high) for number in values]
    bets, bar = _bets(shares, alpha), math.log(2.0 / alpha)
    mirrored = _mirrored(shares)
    lower = _first(lambda mean: _gain(shares, bets, mean) < bar)
    upper = 1.0 - _first(lambda mean: _gain(mirrored, bets, mean) < bar)
    if lower > upper:  # both halves have won: no law within the bounds is like this, and nothing is claimed of it
        lower, upper = upper, lower
    return low + lower * (high - low), low + upper * (high - low)


def seeds_needed(
    values: Sequence[float | None], null: float, bounds: tuple[float, float], log_e: float, *, most: int
) -> int | None:
    """How many values, if they go on as these, speak so strongly against a mean of `null`; None where `most` do not."""
    low, high = _declared(bounds)
    own_shares = [None if number is None else _share(number, low, high) for number in values]
    shares, mean = list(islice(cycle(own_shares), most)), (null - low) / (high - low)
    above = below = 0.0
    for n, (share, bet) in enumerate(zip(shares, _bets(shares, _ALPHA), strict=True), start=1):
        above += math.log1p(min(bet, _AT_RISK / mean) * ((0.0 if share is None else share) - mean))
        below += math.log1p(min(bet, _AT_RISK / (1.0 - mean)) * (mean - (1.0 if share is None else share)))
        if n >= len(own_shares) and max(above, below) - math.log(2.0) >= log_e:
            return n
    return None


def _declared(bounds: tuple[float, float]) -> tuple[float, float]:
    low, high = bounds
    if not (math.isfinite(high - low) and low < high):
        raise ValueError(f"the bounds {bounds} hold no values: they must be finite, the lower one first")
    return low, high


def _share(number: float, low: float, high: float) -> float:
    """Where it lies between the bounds, from 0 to 1."""
    if not low <= number <= high:
        raise ValueError(f"{number} lies beyond the bounds {low} and {high}")
    return (number - low) / (high - low)


def _mirrored(shares: Sequence[float | None]) -> list[float | None]:
    return [None if share is None else 1.0 - share for share in shares]


def _bets(shares: Sequence[float | None], alpha: float) -> list[float]:
    """How much to bet on each value: the smaller the spread of those before it, the more."""
    bets, n, total, deviations, variance = [], 0, 0.0, 0.0, 0.25
    worth = 2.0 * math.log(2.0 / alpha)
    for share in shares:
        bets.append(math.sqrt(worth / (variance * (n + 1) * math.log(n + 2))))
        if share is not None:
            n += 1
            total += share
            deviations += (share - (0.5 + total) / (n + 1)) ** 2
            variance = (0.25 + deviations) / (n + 1)
    return bets


def _gain(shares: Sequence[float | None], bets: Sequence[float], mean: float) -> float:
    """The logarithm of what bets on more than this mean have made of 1."""
    most = _AT_RISK / mean if mean > 0 else math.inf
    return math.fsum(
        math.log1p(min(bet, most) * ((0.0 if share is None else share) - mean))
        for share, bet in zip(shares, bets, strict=True)
    )


def _first(holds: Callable[[float], bool]) -> float:
    """The least share, rounded down, for which it holds, when it holds for all above; 1 when for none."""
    low, high = 0.0, 1.0
    if holds(low):
        return low
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return low
