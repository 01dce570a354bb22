"""Sequential signed ranks: how strongly values speak against lying about a number as often above it as below it.

Each value is ranked by its distance from the number among the values before it. Under the null its sign is a fair coin
that knows nothing of distances, so a bet on the sign that grows with the rank gains nothing on average, whatever the
law's tails. One value counts for one rank, however large it is.

A bet is won by values above and lost by values below; several bets of different sizes share the first capital, and the
same bets are made the other way round with a capital of their own. What a value wins never grows when the number grows.
So the numbers that are not refuted are an interval, and the interval leaves the null out exactly when the null is
refuted. Its middle is the pseudo-median: half of all means of two values are above it (Hodges and Lehmann 1963).

A missing value is bet on at its worst: it lies farthest out on the losing side, and it makes the rank of every later
value the worst that it could have made it. So no reason for which values are missing can make anything surer.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.statistics.sequential import capped

Numbers = npt.NDArray[np.float64]
_of_any_size = np.errstate(over="ignore", invalid="ignore")  # two numbers may lie farther apart than any number

_REFERENCE = 128  # the first values, among which all later ones are ranked; more would decide no sooner
# How much is bet on ranks and on signs alone, and with which shares of the capital. Bets on signs lose least where
# values are missing, and win most where few values all lie on one side. Chosen by simulation: for shifts of 0.25 to
# 1 sd the median time to a verdict is at most 1.1 times that of a t-mixture (`scripts/campaign evidence`).
_BETS = np.array([[4.0], [2.0], [1.1], [0.5], [0.2], [0.08], [0.03]])
_SIGN_BETS = np.array([0.25, 0.6, 0.95])
_SHARES = np.log([0.08, 0.2, 0.23, 0.17, 0.05, 0.02, 0.01, 0.05, 0.05, 0.14])
_LOG_2 = math.log(2.0)
_SIGN_WON, _SIGN_FAILED = np.log1p(_SIGN_BETS), np.log1p(-_SIGN_BETS)
_PLACES = np.arange(1.0, _REFERENCE + 1.0)
_BEFORE = np.tri(_REFERENCE, k=-1, dtype=bool)  # which places come before which
_EVEN = 0.25  # how much more than evenly ranks may scatter, times the root of their number, before values are skewed
_ALL_MEANS = 200  # values, up to which the mean of each two is made
_PRECISE = 1e-9  # of the distance of quartiles, to which the middle of many values is found
_NEAR = 0.2  # of the distance of two neighbouring values, within which few means of two values lie


@dataclass(frozen=True, slots=True)
class Stream:
    """Values in the order in which they count, ready to be asked about many numbers."""

    head: Numbers  # the first values, in order; a missing one is no number
    tail: Numbers  # the later values, sorted: they are ranked among the first, so their order says nothing
    gone: Numbers  # missing values before each of the head, and before all of the tail
    missing: int
    lost: Numbers  # what the missing ones lose of each bet on ranks
    middle: float  # the typical value; no number where there is none
    lopsided: float  # how much more ranks scatter than those of symmetric values

    @property
    def present(self) -> Numbers:
        """All values that are there, sorted."""
        return np.sort(np.concatenate([self.head[~np.isnan(self.head)], self.tail]))


def stream(values: Sequence[float | None], *, lopsided: float | None = None) -> Stream:
    """Read values, None for a missing one. `lopsided` is that of a whole, for a part of it."""
    given = np.array(values, dtype=np.float64)  # None becomes what is no number
    lacking = np.isnan(given)
    head, first = given[:_REFERENCE], lacking[:_REFERENCE]
    places = np.append(np.flatnonzero(first), np.full(np.count_nonzero(lacking[_REFERENCE:]), len(head)))
    farthest = (places + 0.5) / (places + 1.0)  # of all values so far, on the losing side
    middle = math.nan
    if lopsided is None:
        ordered = np.sort(given[~lacking])
        middle = _middle(ordered) if len(ordered) else middle
        lopsided = _lopsidedness(ordered, middle)
    return Stream(
        head=head,
        tail=np.sort(given[_REFERENCE:][~lacking[_REFERENCE:]]),
        gone=np.concatenate([[0.0], np.cumsum(first)]),
        missing=len(places),
        lost=_failed(farthest).sum(axis=1),
        middle=middle,
        lopsided=lopsided,
    )


@_of_any_size
def log_es(known: Stream, null: float) -> tuple[float, float]:
    """How strongly the values speak for lying above the null, and for lying below it, as two logarithms.

    Each is an e-process by itself. Whoever takes the larger of the two asks twice as much of it.
    """
    ranked = _ranked(known, null)
    won, failed = _won(ranked.nearer) * ranked.times, _failed(ranked.farther) * ranked.times
    above, below = ranked.signs > 0, ranked.signs < 0
    return (
        _whole(known, won @ above + failed @ below, ranked.times @ above, ranked.times @ below),
        _whole(known, won @ below + failed @ above, ranked.times @ below, ranked.times @ above),
    )


def either(above: float, below: float) -> float:
    """One logarithm for both sides: the larger, with half of the capital; 0 at most where neither has won anything."""
    larger = max(above, below) - math.log(2.0)
    return larger if larger > 0 else min(0.0, float(np.logaddexp(above, below)) - math.log(2.0))


@_of_any_size
def interval(known: Stream, *, alpha: float = 0.05) -> tuple[float | None, float | None]:
    """Return the ends of the numbers that are not refuted, at every look at once; None is an end without a bound."""
    values, bar = known.present, math.log(2.0 / alpha)
    if not len(values):
        return None, None
    return tuple(_end(known, values, bar, side) for side in (0, 1))  # type: ignore[return-value]


def pseudo_median(values: Sequence[float]) -> float:
    """Return the number below which half of the means of two values lie, each value with itself among them."""
    ordered = np.sort(np.array(values, dtype=np.float64))
    return _middle(ordered)


@_of_any_size
def _lopsidedness(ordered: Numbers, middle: float) -> float:
    """How much more the ranks scatter about the middle than those of symmetric values; 1 where none is sure.

    Mirrored at the middle, values that are symmetric have ranks like their own, evenly spread. Those of skewed values
    pile up at the ends, and then a sum of signed ranks strays farther than the coins of its signs would let it: up to
    three times as far, squared. What has been won is taken to that root, as bets on so much wider steps would.
    """
    n = len(ordered)
    if n < 2:
        return 1.0
    mirrored = middle + (middle - ordered)
    share = (np.searchsorted(ordered, mirrored, "left") + np.searchsorted(ordered, mirrored, "right")) / (2.0 * n)
    scatter = 12.0 * float(np.mean((share - 0.5) ** 2))
    return scatter if scatter > 1.0 + _EVEN / math.sqrt(n) else 1.0


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Values as a null sees them. A rank is a share of the places up to the value."""

    signs: Numbers
    nearer: Numbers  # ranks at best: no missing value before it lies nearer to the null
    farther: Numbers  # at worst: all of them do
    times: Numbers  # how many values have this sign and rank


def _ranked(known: Stream, null: float) -> _Ranked:
    away = known.head - null
    sizes, n = np.abs(away), len(away)
    places = _PLACES[:n]
    below = np.count_nonzero((sizes <= sizes[:, None]) & _BEFORE[:n, :n], axis=1) + 0.5
    signs = np.nan_to_num(np.sign(away))
    nearer, farther, times = below / places, (below + known.gone[:-1]) / places, np.ones(n)
    if not len(known.tail):
        return _Ranked(signs, nearer, farther, times)
    head = known.head[~np.isnan(known.head)]
    mirrored = null + (null - head)  # a value on its own side is compared as it is: no rounding parts it from its like
    over = len(known.tail) - np.searchsorted(known.tail, np.sort(np.maximum(head, mirrored)), "left")
    under = np.searchsorted(known.tail, np.sort(np.minimum(head, mirrored))[::-1], "right")
    over = np.append(np.count_nonzero(known.tail > null), over)
    under = np.append(np.count_nonzero(known.tail < null), under)
    ranks = np.tile(np.arange(len(head) + 1) + 0.5, 2)
    return _Ranked(
        np.concatenate([signs, np.repeat([1.0, -1.0], len(head) + 1)]),
        np.concatenate([nearer, ranks / (n + 1.0)]),
        np.concatenate([farther, (ranks + known.gone[-1]) / (n + 1.0)]),
        np.concatenate([times, -np.diff(over, append=0), -np.diff(under, append=0)]),
    )


def _won(ranks: Numbers) -> Numbers:
    """The logarithm of 1 + tanh(bet), for bets of each size on these ranks."""
    return _LOG_2 - np.log1p(np.exp(-2.0 * _BETS * ranks))


def _failed(ranks: Numbers) -> Numbers:
    """The logarithm of 1 - tanh(bet)."""
    return _won(ranks) - 2.0 * _BETS * ranks


def _whole(known: Stream, on_ranks: Numbers, won: Any, failed: Any) -> float:
    """What all bets together have become. Lopsided values lie more often on one side, so their signs say nothing."""
    on_signs = won * _SIGN_WON + (failed + known.missing) * _SIGN_FAILED
    if known.lopsided > 1.0:
        on_signs = np.full_like(on_signs, -math.inf)
    grown = np.concatenate([on_ranks + known.lost, on_signs]) / known.lopsided + _SHARES
    most = grown.max()
    return capped(float(most + math.log(np.exp(grown - most).sum())))


def _end(known: Stream, values: Numbers, bar: float, side: int) -> float | None:
    """The number nearest to the middle that is refuted from below (side 0) or above (side 1); None where none is.

    Sought over places among the values, so that one value far out costs no precision. Evidence changes at means of two
    values and at values alone, so among the few of them that are left the end is found exactly.
    """
    outwards = values if side == 0 else values[::-1]
    first, last = float(outwards[0]), float(outwards[-1])
    points = np.append(first + (1 if side else -1) * (abs(last - first) or abs(first) or 1.0), outwards)
    places = np.arange(len(points), dtype=np.float64)

    def excess(null: float) -> float:
        found = log_es(known, null)[side]
        return math.copysign(math.sqrt(abs(found)), found) - math.sqrt(bar)

    around = _bracket(lambda place: excess(float(np.interp(place, places, points))), len(values))
    if around is None:
        return None
    low, high = np.interp(around, places, points).tolist()
    means = _means_between(known, values, *sorted((low, high)))
    if not len(means):  # rounding hid it
        return float(high)
    ordered = means if side == 0 else means[::-1]
    between = np.concatenate([[low], ordered[:-1] / 2.0 + ordered[1:] / 2.0, [high]])
    refuted, whole = 0, len(between) - 1  # the first is, the last is not
    while whole - refuted > 1:
        middle = (refuted + whole) // 2
        refuted, whole = (middle, whole) if excess(float(between[middle])) >= 0 else (refuted, middle)
    return float(ordered[refuted])


def _bracket(excess: Callable[[float], float], n: int) -> tuple[float, float] | None:
    """Two places near to each other, the first of which is refuted and the second not; None where not even 0 is.

    By regula falsi (Illinois), since the root of a logarithm of evidence grows about evenly from place to place. It
    begins where an end lies if the values are normal.
    """
    step = 1.5 * math.sqrt(n)
    high = below = n / 2.0
    low = max(0.0, high - step)
    above = excess(low)
    while above < 0:
        if low == 0:
            return None
        high, below, low = low, above, max(0.0, low - step)
        above = excess(low)
    if high == n / 2.0:
        below = excess(high)
    while below >= 0:
        low, above, high = high, below, min(float(n), high + step)
        below = excess(high)
    moved = 0
    while high - low > _NEAR:
        inner = (high - low) / 10
        at = min(max((high * above - low * below) / (above - below), low + inner), high - inner)
        found = excess(at)
        if found >= 0:
            low, above, below, moved = at, found, below / 2 if moved > 0 else below, 1
        else:
            high, below, above, moved = at, found, above / 2 if moved < 0 else above, -1
    return low, high


def _means_between(known: Stream, values: Numbers, low: float, high: float) -> Numbers:
    """Where evidence changes from `low` to `high`: at means of two values, one among the first, and at values."""
    first = known.head[~np.isnan(known.head)]
    starts = np.searchsorted(values, 2.0 * low - first, "left")
    ends = np.searchsorted(values, 2.0 * high - first, "right")
    means = [one / 2.0 + values[start:end] / 2.0 for one, start, end in zip(first, starts, ends, strict=True)]
    inside = known.tail[np.searchsorted(known.tail, low, "left") : np.searchsorted(known.tail, high, "right")]
    return np.unique(np.concatenate([*means, inside]))


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
    precise = _PRECISE * float(ordered[3 * n // 4] / 2.0 - ordered[n // 4] / 2.0)
    while end - start > precise and start < (middle := start / 2.0 + end / 2.0) < end:
        start, end = (middle, end) if is_below(middle) else (start, middle)
    return end
