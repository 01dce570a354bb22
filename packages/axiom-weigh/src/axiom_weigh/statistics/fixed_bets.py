"""Bets of fixed sizes on a mean within bounds: for differences of two arms in which something happens or not.

Each bet is a share c of the most that may be bet: a value makes 1 + c (x - m) / (m - low) of the capital that holds the
mean to lie above m. If it does not, no bet gains on average, whatever the law within the bounds; and the sum of the
capitals is an e-process. What a value makes never grows with m, so the numbers that are not refuted are an interval,
and it leaves the null out exactly when the null is refuted. No order matters. A missing value is the bound that costs
most.

Bets that learn from the values before how much to bet (`betting`) take up to three times as many events.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from axiom_weigh.statistics.shares_and_medians import MOST, cap_log_e
from axiom_weigh.statistics.signed_ranks import BETS, SHARES

_STEPS = 50  # halvings of the bounds until an end of the interval is told


@dataclass(frozen=True)
class Amounts:
    """How often there is each value, which is all that these bets see."""

    values: npt.NDArray[np.float64]  # from 0 to 1 between the bounds
    times: npt.NDArray[np.int64]
    missing: int


def count_values(values: Sequence[float | None], bounds: tuple[float, float]) -> Amounts:
    low, high = bounds
    present = [value for value in values if value is not None]
    different, times = np.unique((np.array(present) - low) / (high - low), return_counts=True)
    return Amounts(values=different, times=times, missing=len(values) - len(present))


def log_e(amounts: Amounts, share: float, side: int) -> float:
    """How strongly the values speak for a mean above this share of the bounds, or below it where the side is -1."""
    values, mean = (amounts.values, share) if side > 0 else (1.0 - amounts.values, 1.0 - share)
    if mean >= 1.0:
        return -MOST if len(values) or amounts.missing else 0.0
    if mean <= 0.0:
        return MOST if np.any(values > 0.0) else 0.0
    made = np.log1p(BETS * ((values - mean) / mean)[:, None])
    grown = amounts.times @ made + amounts.missing * np.log1p(-BETS) + SHARES
    most = grown.max()
    return cap_log_e(float(most + math.log(np.exp(grown - most).sum())))


def find_interval(amounts: Amounts, *, alpha: float) -> tuple[float, float]:
    """The ends of all means that neither side refutes, as shares of the bounds; they hold at every look at once."""
    return _end(amounts, 1, alpha), 1.0 - _end(amounts, -1, alpha)


def _end(amounts: Amounts, side: int, alpha: float) -> float:
    """How far from its bound the first mean lies that this side does not refute, rounded towards the bound."""
    bar, refuted, left = math.log(2.0 / alpha), 0.0, 1.0
    if log_e(amounts, 0.0 if side > 0 else 1.0, side) < bar:
        return 0.0
    for _ in range(_STEPS):
        middle = (refuted + left) / 2.0
        is_refuted = log_e(amounts, middle if side > 0 else 1.0 - middle, side) >= bar
        refuted, left = (middle, left) if is_refuted else (refuted, middle)
    return refuted
