"""What `signed-ranks.md` defines, as plainly as possible and slowly. Needs nothing of Axiom."""

import math
import statistics
from collections.abc import Sequence
from itertools import combinations_with_replacement

BETS = {0.98: 0.58, 0.6: 0.29, 0.25: 0.08, 0.08: 0.03, 0.025: 0.01, 0.008: 0.01}  # sizes, and shares of the capital
WAYS = ((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))  # to pair four values


def e_above(values: Sequence[float | None], m: float) -> float:
    """How strongly the values speak for a typical value above m; None is a value that never came."""
    capital = dict.fromkeys(BETS, 1.0)
    for start in range(0, len(values), 4):
        group = values[start : start + 4]
        for bet in BETS:
            made = [math.prod(1 + bet * side(group, pair, m) for pair in pairing) for pairing in WAYS]
            capital[bet] *= statistics.fmean(made)
    return math.fsum(share * capital[bet] for bet, share in BETS.items())


def side(group: Sequence[float | None], pair: tuple[int, int], m: float) -> int:
    """1 if the mean of a pair lies above m, −1 if not or if one of it is missing, and 0 while neither has come yet."""
    come = [group[place] for place in pair if place < len(group)]
    there = [value for value in come if value is not None]
    if not come:
        return 0
    return 1 if len(there) == 2 and there[0] / 2 + there[1] / 2 > m else -1


def e_below(values: Sequence[float | None], m: float) -> float:
    """How strongly they speak for one below m."""
    return e_above([None if value is None else -value for value in values], -m)


def e_told(values: Sequence[float | None], m: float) -> float:
    """The number that a card tells against m: half of the larger, or their mean, but 1 at most, if that is less."""
    above, below = e_above(values, m), e_below(values, m)
    return max(max(above, below) / 2, min(1.0, (above + below) / 2))


def verdict(values: Sequence[float | None], m: float, alpha: float = 0.05) -> str:
    """What is said of m: above, below, or nothing yet; by whole groups alone."""
    whole = values[: len(values) - len(values) % 4]
    if e_above(whole, m) >= 2 / alpha:
        return "above"
    return "below" if e_below(whole, m) >= 2 / alpha else ""


def is_absent(values: Sequence[float | None], null: float, smallest: float, alpha: float = 0.05) -> bool:
    """Is there no effect of this size or more, either way?"""
    below = verdict(values, null + smallest, alpha) == "below"
    return below and verdict(values, null - smallest, alpha) == "above"


def interval(values: Sequence[float | None], alpha: float = 0.05) -> tuple[float | None, float | None]:
    """All numbers of which neither side is refuted; None is an end without a bound."""
    means = sorted(
        {
            values[start + one] / 2 + values[start + other] / 2
            for start in range(0, len(values) - 3, 4)
            for pairing in WAYS
            for one, other in pairing
            if values[start + one] is not None and values[start + other] is not None
        }
    )
    whole = values[: len(values) - len(values) % 4]
    low, high = None, None
    if e_above(whole, -math.inf) >= 2 / alpha:
        low = next(mean for mean in means if e_above(whole, mean) < 2 / alpha)
    if e_below(whole, math.inf) >= 2 / alpha:
        high = next(mean for mean in reversed(means) if e_below(whole, mean) < 2 / alpha)
    return low, high


def typical(values: Sequence[float | None]) -> float:
    """The typical value of the sample: the median of all means of two values."""
    there = [value for value in values if value is not None]
    return statistics.median(one / 2 + other / 2 for one, other in combinations_with_replacement(there, 2))
