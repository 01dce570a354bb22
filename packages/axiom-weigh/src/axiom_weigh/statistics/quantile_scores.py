"""Forecasts of a number by three quantiles: what each was worth, and whose are better.

A forecast is the normal law of two pieces through its quantiles at 10, 50 and 90 %: half of it lies on each side of the
median, each side with a spread of its own. The continuous ranked probability score (CRPS) of a law is the integral of
the squared distance between its distribution and that of the truth, in the unit of the number: 0 at best. On average it
is least for whoever says the law that the truth has (Gneiting and Raftery 2007).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

from axiom_weigh.statistics.shares_and_medians import cap_log_e

Quantiles = tuple[float, float, float]  # at 10, 50 and 90 %

_NORMAL = NormalDist()
_NINETY = _NORMAL.inv_cdf(0.9)
_HALF = 1.0 / math.sqrt(2.0 * math.pi) - 0.5 / math.sqrt(math.pi)  # what one side costs where the truth is the median
MOST = 4.0  # smallest effects, to which a difference counts: one wild miss must not decide
_BETS = (0.1, 0.2, 0.4, 0.8, 1.6)  # for one smallest effect; each has an equal share of the capital


def compute_crps(forecast: Quantiles, truth: float) -> float:
    """The score of a forecast: the smaller the better."""
    low, median, high = forecast
    if not (low <= median <= high and all(map(math.isfinite, (low, high, truth)))):
        raise ValueError(f"{forecast} are no quantiles of a forecast, or {truth} is no truth: finite numbers, in order")
    below, above = (median - low) / _NINETY, (high - median) / _NINETY
    nearer, farther = (below, above) if truth <= median else (above, below)
    distance = abs(truth - median)
    if nearer == 0.0:
        return distance + farther * _HALF
    z = distance / nearer
    return (
        distance * (2.0 * _NORMAL.cdf(z) - 1.0)
        + nearer * (2.0 * _NORMAL.pdf(z) - 1.0 / math.sqrt(math.pi) - _HALF)
        + farther * _HALF
    )


def better_log_es(differences: Sequence[float], smallest: float) -> tuple[float, float]:
    """How strongly pairs of scores speak for the first forecaster, and for the second, as two logarithms.

    A difference is the score of the second less that of the first for the same truth, in the order in which truths came
    out. Each process is an e-process by itself: if every difference could as well have had the other sign, no bet on
    signs would gain on average. A bet grows with the difference, since a forecaster who is too sure wins often and
    little, and loses rarely and much: ranks would tell it later. Whoever takes the larger of the two asks twice as much
    of it (`signed_ranks.combine_sides`).
    """
    if not (math.isfinite(smallest) and smallest > 0):
        raise ValueError(f"the smallest effect that matters must be a number above 0, and {smallest} is not")
    if any(map(math.isnan, differences)):
        raise ValueError("a difference is no number: both forecasters must have a score for each truth")
    steps = [max(-MOST, min(MOST, difference / smallest)) for difference in differences]
    return _log_e(steps), _log_e([-step for step in steps])


def _log_e(steps: Sequence[float]) -> float:
    logs = [math.fsum(math.log1p(math.tanh(bet * step)) for step in steps) for bet in _BETS]
    largest = max(logs)
    return cap_log_e(largest + math.log(math.fsum(math.exp(log - largest) for log in logs) / len(logs)))
