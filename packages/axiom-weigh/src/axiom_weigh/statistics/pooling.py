"""One effect from several places: how far they differ, what they share, and where a further place would lie.

Paule and Mandel's variance between places, Hartung and Knapp's interval (its factor never below 1, so that places
which happen to agree do not feign certainty), and the interval that predicts the effect at a place not seen yet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from axiom_weigh.statistics.student import t_quantile

_NORMAL = NormalDist()
_LEAST = 1e-300  # a tail as small as this still has a quantile


@dataclass(frozen=True, kw_only=True, slots=True)
class PooledEstimate:
    """What several estimates say together. An interval is None where there are too few of them for one."""

    estimate: float
    low: float | None  # of what the places share
    high: float | None
    tau2: float  # variance between places, beyond what their own uncertainty explains
    i2: float  # share of all variance that lies between places, at least 0
    q_p: float  # how often places that do not differ would differ as much
    prediction_low: float | None  # of the effect at a further place
    prediction_high: float | None


def pool_estimates(estimates: Sequence[float], variances: Sequence[float]) -> PooledEstimate:
    """Pool estimates of one effect, each with its variance. Variances must be above 0: a place needs two values."""
    if not estimates or len(estimates) != len(variances):
        raise ValueError(f"{len(estimates)} estimates with {len(variances)} variances cannot be pooled")
    if not all(map(math.isfinite, estimates)) or not all(0 < variance < math.inf for variance in variances):
        raise ValueError("estimates must be numbers and variances numbers above 0")
    places, unit = len(estimates), _unit(estimates, variances)
    scaled = [number / unit for number in estimates]
    spread = [(math.sqrt(variance) / unit) ** 2 for variance in variances]
    tau2 = _variance_between(scaled, spread)
    estimate, heterogeneity = _weighted_mean(scaled, spread, tau2)
    if places == 1:
        return _pooled_estimate(unit, estimate, None, None, (0.0, 0.0, 1.0))
    weight = math.fsum(1.0 / (variance + tau2) for variance in spread)
    squared = max(1.0, heterogeneity / (places - 1)) / weight
    q = _weighted_mean(scaled, spread, 0.0)[1]
    half = t_quantile(places - 1) * math.sqrt(squared)
    further = t_quantile(places - 2) * math.sqrt(tau2 + squared) if places > 2 else None
    i2 = max(0.0, 1.0 - (places - 1) / q) if q > 0 else 0.0
    return _pooled_estimate(unit, estimate, half, further, (tau2, i2, _tail(q, places - 1)))


def median_error(values: Sequence[float]) -> float:
    """The standard error of a median: half the width of an interval of it, in the deviates that the interval spans.

    Price and Bonett: between the k-th smallest and the k-th largest value lies the median with a chance that needs
    nothing of the law, and k is chosen so that it is about 95 %. The interval of one standard error each way would be
    of the few values in the middle alone, and too often narrow by luck: of ten places of eight seeds that are all alike
    it says in seven cases of a hundred that they differ beyond chance (1e-4), this one in less than one. Fewer than six
    values have no such interval; theirs is the whole range, with the chance that it really has.

    Where values tie, that interval may have no width. Then it is the next wider one that has, so that nothing but
    values which are all the same is known for certain.
    """
    ordered, n = np.sort(np.array(values)), len(values)
    if n < 2:
        raise ValueError("a median has a standard error from two values on")
    rank = max(1, round((n + 1) / 2 - math.sqrt(n)))
    while rank > 1 and ordered[rank - 1] == ordered[-rank]:
        rank -= 1
    return float(ordered[-rank] / 2.0 - ordered[rank - 1] / 2.0) / _deviates(n, rank)


@lru_cache(maxsize=4096)
def _deviates(n: int, rank: int) -> float:
    """How many standard errors each way the interval from the k-th smallest to the k-th largest of n spans."""
    whole = math.lgamma(n + 1) - n * math.log(2.0)
    below = math.fsum(math.exp(whole - math.lgamma(k + 1) - math.lgamma(n - k + 1)) for k in range(rank))
    return -_NORMAL.inv_cdf(max(below, _LEAST))


def _variance_between(estimates: Sequence[float], variances: Sequence[float]) -> float:
    """Paule and Mandel: the variance at which the places differ exactly as much as they should."""
    freedom = len(estimates) - 1
    if freedom == 0 or _weighted_mean(estimates, variances, 0.0)[1] <= freedom:
        return 0.0
    low, high = 0.0, math.fsum((estimate - estimates[0]) ** 2 for estimate in estimates)
    while _weighted_mean(estimates, variances, high)[1] > freedom:
        high *= 2.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if not low < middle < high:
            break
        low, high = (middle, high) if _weighted_mean(estimates, variances, middle)[1] > freedom else (low, middle)
    return high


def _weighted_mean(estimates: Sequence[float], variances: Sequence[float], tau2: float) -> tuple[float, float]:
    """The weighted mean, and the weighted sum of squares around it."""
    weights = [1.0 / (variance + tau2) for variance in variances]
    whole = math.fsum(weights)
    mean = math.fsum(weight / whole * estimate for weight, estimate in zip(weights, estimates, strict=True))
    return mean, math.fsum(weight * (estimate - mean) ** 2 for weight, estimate in zip(weights, estimates, strict=True))


def _unit(estimates: Sequence[float], variances: Sequence[float]) -> float:
    """A power of two near the largest number, so that neither squares nor weights leave the real numbers."""
    largest = max(*map(abs, estimates), *map(math.sqrt, variances))
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def _pooled_estimate(
    unit: float, estimate: float, half: float | None, further: float | None, spread: tuple[float, float, float]
) -> PooledEstimate:
    tau2, i2, q_p = spread
    return PooledEstimate(
        estimate=estimate * unit,
        low=None if half is None else (estimate - half) * unit,
        high=None if half is None else (estimate + half) * unit,
        tau2=tau2 * unit * unit,
        i2=i2,
        q_p=q_p,
        prediction_low=None if further is None else (estimate - further) * unit,
        prediction_high=None if further is None else (estimate + further) * unit,
    )


def _tail(q: float, freedom: int) -> float:
    """The chance that a chi-square of whole degrees of freedom is above q (26.4.4-5)."""
    half, odd = q / 2.0, freedom % 2
    if half == 0:
        return 1.0
    steps = (k + odd / 2.0 for k in range(freedom // 2))
    terms = [math.exp(step * math.log(half) - half - math.lgamma(step + 1.0)) for step in steps]
    return (math.erfc(math.sqrt(half)) if odd else 0.0) + math.fsum(terms)
