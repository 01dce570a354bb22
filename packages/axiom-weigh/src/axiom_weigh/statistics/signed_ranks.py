"""Sequential signed ranks: how strongly values speak against a typical value, and which typical values are left.

The typical value is the pseudo-median (Hodges and Lehmann 1963): half of all means of two values lie above it. Bets on
pairs ask about it. If the typical value is the number asked about, the mean of a pair lies above it as often as below,
whatever the law of the values. So nothing is gained on average by betting on its side.

Values come in groups of four. Four can be paired in three ways, and each way is two fair bets; the capital becomes the
mean of the three. So of each value its sign counts, and the rank of its distance among its four, however large it is.
This needs a quarter fewer values than one way would, and nothing of their law.

What a value wins never grows when the number grows. So the numbers that are not refuted are an interval, and it leaves
the null out exactly when the null is refuted.

A missing value loses its pair, whichever that is. So no reason for which values are missing can make anything surer.
In a group that is not whole yet a pair is lost while one of it has come, and is no bet before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from axiom_weigh.statistics.shares_and_medians import cap_log_e

Numbers = npt.NDArray[np.float64]
_of_any_size = np.errstate(over="ignore", invalid="ignore")  # two numbers may lie farther apart than any number

GROUP = 4  # values that are paired with each other
# How much of the capital is bet on a pair, with which share of it. Twelve values on one side decide: eight come more
# often than once in forty of some laws. Beside that, normal values decide soonest with about these (`scripts/campaign
# evidence seeds-needed`). The smallest bets tell of small effects in many values.
BETS = np.array([0.98, 0.6, 0.25, 0.08, 0.025, 0.008])
SHARES = np.log([0.58, 0.29, 0.08, 0.03, 0.01, 0.01])
_WAYS = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]])  # to pair four values
_ALL_MEANS = 200  # values, up to which the mean of each two is made
_SYMMETRIC = 1.0 / 12.0  # variance of the share of pairs that a value wins, of a symmetric law about its middle
_PRECISE = 1e-9  # of the distance of quartiles, to which the middle of many values is found


def _grown() -> Numbers:
    """The logarithm of what a group makes of each bet, at 4 x the ways that win both pairs + those that win one."""
    both, single = np.divmod(np.arange(16.0)[:, None], 4)
    none = np.maximum(0.0, 3 - both - single)
    made: Numbers = (both * (1 + BETS) ** 2 + single * (1 - BETS**2) + none * (1 - BETS) ** 2) / 3
    return np.log(made)


_GROWN = _grown()


@dataclass(frozen=True)
class Stream:
    """Values in the order in which they count, ready to be asked about many numbers."""

    means: Numbers  # of each pair, by whole groups and ways to pair them; no number where a value is missing
    last: tuple[Numbers, ...]  # the values of each group that is not whole
    ordered: Numbers  # those that are there, sorted

    @cached_property
    def middle(self) -> float:
        """The typical value of the sample; no number where there is none."""
        return _middle(self.ordered) if len(self.ordered) else math.nan


def make_stream(values: Sequence[float | None], designs: Sequence[str] = ()) -> Stream:
    """Read values, None for a missing one. Those of a group are of one design, where designs are named."""
    numbers = np.array(values, dtype=np.float64)  # None becomes what is no number
    places: dict[str, list[int]] = {}
    for place, design in enumerate(designs):
        places.setdefault(design, []).append(place)
    parts = [numbers[own] for own in places.values()] or [numbers]
    whole = [len(part) // GROUP * GROUP for part in parts]
    groups = np.concatenate([part[:end] for part, end in zip(parts, whole, strict=True)]).reshape(-1, GROUP)
    return Stream(
        means=(groups[:, _WAYS] / 2.0).sum(axis=3),
        last=tuple(part[end:] for part, end in zip(parts, whole, strict=True) if end < len(part)),
        ordered=np.sort(numbers[~np.isnan(numbers)]),
    )


@_of_any_size
def log_es(stream: Stream, null: float, *, with_last: bool = False) -> tuple[float, float]:
    """How strongly the values speak for lying above the null, and for lying below it, as two logarithms.

    Each is an e-process by itself: of whole groups as they end, and `with_last` of the values one by one. Whoever takes
    the larger of the two asks twice as much of it.
    """
    return log_e(stream, null, 1, with_last=with_last), log_e(stream, null, -1, with_last=with_last)


@_of_any_size
def log_e(stream: Stream, null: float, side: int, *, with_last: bool = False) -> float:
    """The first of `log_es` where the side is 1, and the second where it is -1; the null itself is on neither."""
    won = np.count_nonzero(side * stream.means > side * null, axis=2)
    kinds = 4 * np.count_nonzero(won == 2, axis=1) + np.count_nonzero(won == 1, axis=1)
    grown = np.bincount(kinds, minlength=len(_GROWN)) @ _GROWN + SHARES
    if with_last:
        grown = grown + sum(_begun(last, null, side) for last in stream.last)
    most = grown.max()
    return cap_log_e(float(most + math.log(np.exp(grown - most).sum())))


def _begun(last: Numbers, null: float, side: int) -> Numbers:
    """The logarithm of what a group that is not whole has made of each bet."""
    group = np.append(last, np.full(GROUP - len(last), math.nan))[_WAYS] / 2.0
    won = np.where(side * group.sum(axis=2) > side * null, 1.0, -1.0)
    bets = np.where(_WAYS.min(axis=2) < len(last), won, 0.0)[..., None] * BETS  # 0 where none of a pair has come
    made: Numbers = np.log(np.mean(np.prod(1.0 + bets, axis=1), axis=0))
    return made


def combine_sides(above: float, below: float) -> float:
    """One logarithm for both sides: the larger, with half of the capital; 0 at most where neither has won anything."""
    larger = max(above, below) - math.log(2.0)
    return larger if larger > 0 else min(0.0, float(np.logaddexp(above, below)) - math.log(2.0))


def find_interval(stream: Stream, *, alpha: float = 0.05) -> tuple[float | None, float | None]:
    """Return the ends of the numbers that are not refuted, at every look at once; None is an end without a bound."""
    means = np.unique(stream.means[~np.isnan(stream.means)])
    return _end(stream, means, 1, alpha), _end(stream, means[::-1], -1, alpha)


def _end(stream: Stream, means: Numbers, side: int, alpha: float) -> float | None:
    """The first of these means, seen from outside, that is not refuted; None where nothing outside of them is."""
    bar = math.log(2.0 / alpha)
    if log_e(stream, -side * math.inf, side) < bar:
        return None
    refuted, left = -1, len(means) - 1
    while left - refuted > 1:
        middle = (refuted + left) // 2
        refuted, left = (middle, left) if log_e(stream, float(means[middle]), side) >= bar else (refuted, middle)
    return float(means[left])


@_of_any_size
def standard_errors_beyond(values: Sequence[float | None], number: float, side: int) -> float:
    """How far more than half of the means of two values lie on this side of a number, at one look.

    A missing value lies on the other side. The error is that of a share of pairs, from how many pairs each value wins
    (Sen 1960), and no smaller than that of a symmetric law.
    """
    away = side * (np.array(values, dtype=np.float64) - number)
    away[np.isnan(away)] = -np.inf
    n = len(away)
    won = n - np.searchsorted(np.sort(away), -away, "right") - (away > 0)  # by each value, of its pairs with others
    shares = won / (n - 1)
    variance = max(float(shares.var(ddof=1)), _SYMMETRIC)
    return (float(shares.mean()) - 0.5) / (2.0 * math.sqrt(variance / n))


@_of_any_size
def pseudo_median(values: Sequence[float]) -> float:
    """Return the number below which half of the means of two values lie, each value with itself among them."""
    return _middle(np.sort(np.array(values, dtype=np.float64)))


@_of_any_size
def _middle(ordered: Numbers) -> float:
    n = len(ordered)
    if n <= _ALL_MEANS:
        first, second = np.triu_indices(n)
        return 2.0 * float(np.median(ordered[first] / 4.0 + ordered[second] / 4.0))  # sums of the largest are none
    half = n * (n + 1) / 4.0

    def is_below(number: float) -> bool:
        """Are fewer than half of the means at most this?"""
        twice = np.searchsorted(ordered, number + (number - ordered), "right").sum()
        return bool((twice + np.searchsorted(ordered, number, "right")) / 2.0 < half)

    low, high, reach = n // 2, n // 2, int(2.0 * math.sqrt(n))
    while low > 0 and not is_below(float(ordered[low])):
        low, reach = max(0, low - reach), 2 * reach
    while high < n - 1 and is_below(float(ordered[high])):
        high, reach = min(n - 1, high + reach), 2 * reach
    start, end = float(ordered[low]), float(ordered[high])
    if start < end and is_below(math.nextafter(end, -math.inf)):
        return end  # many values are this one, which halving reaches after a thousand steps
    precise = _PRECISE * float(ordered[3 * n // 4] / 2.0 - ordered[n // 4] / 2.0)
    while end - start > precise and start < (middle := start / 2.0 + end / 2.0) < end:
        start, end = (middle, end) if is_below(middle) else (start, middle)
    return end
