"""What one look says where seeds are too few, or not paired, for a verdict that holds however often somebody looks.

It is the mean of the differences with Student's interval, or the difference of two means with Welch's. Either holds if
nobody looked before and values are about normal; so it decides nothing, and stands where nothing is decided.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from axiom_weigh.statistics.student import deviation_of, mean_interval, mean_of, welch_interval

SHORT = 16  # values, below which one look says more than looks at any time do, and nothing can be forecast
CONDITION = "for one look, if nobody looked before and values are about normal"


@dataclass(frozen=True, kw_only=True)
class MeanOfArm:
    """The runs of one arm."""

    name: str
    runs: int
    mean: float
    sd: float | None

    def __str__(self) -> str:
        return f"{self.name} {self.mean:.4g}{f' ± {self.sd:.3g} sd' if self.sd is not None else ''}"


@dataclass(frozen=True, kw_only=True)
class OneLook:
    """A mean, or the difference of two, with an interval for one look."""

    is_paired: bool
    mean: float
    low: float | None
    high: float | None
    arms: tuple[MeanOfArm, ...]  # empty where values came as they are
    effect: float | None  # in standard deviations of a paired difference; unpaired runs are taken to be independent
    gone: int = 0  # runs that nothing pairs and that have no value: nobody knows where the means of all would be

    def data(self) -> dict[str, Any]:
        """The same as JSON's own types."""
        return {**dataclasses.asdict(self), "arms": [dataclasses.asdict(arm) for arm in self.arms]}

    def side(self, null: float) -> int:
        """On which side of the null the interval lies: 1 above, -1 below, 0 on both."""
        if self.low is None or self.high is None or self.low == self.high:
            return 0
        return (self.low > null) - (self.high < null)


def look_at_pairs(values: Sequence[float], arms: tuple[MeanOfArm, ...], *, null: float, alpha: float) -> OneLook:
    """Of one value or more, which are differences if they have arms."""
    low, high = mean_interval(values, 1.0 - alpha)
    sd = deviation_of(values) if len(values) > 1 else 0.0
    effect = _without_excess((mean_of(values) - null) / sd, len(values) - 1) if sd else None
    return OneLook(is_paired=True, mean=mean_of(values), low=low, high=high, arms=arms, effect=effect)


def look_at_arms(
    ours: Sequence[float],
    base: Sequence[float],
    names: tuple[str, str],
    *,
    null: float,
    alpha: float,
    gone: int = 0,
) -> OneLook:
    """Of two arms with one run or more each, of which nobody knows which belong together."""
    low, high = welch_interval(ours, base, 1.0 - alpha)
    difference, effect = mean_of(ours) - mean_of(base), None
    if low == high:  # where neither arm varies, nothing tells how sure it is
        low = high = None
    else:
        sd = math.hypot(deviation_of(ours), deviation_of(base))
        effect = _without_excess((difference - null) / sd, len(ours) + len(base) - 2)
    if gone:
        low = high = None
    arms = means_of(ours, base, names)
    return OneLook(is_paired=False, mean=difference, low=low, high=high, arms=arms, effect=effect, gone=gone)


def means_of(ours: Sequence[float], base: Sequence[float], names: tuple[str, str]) -> tuple[MeanOfArm, ...]:
    """Both arms in numbers."""
    return tuple(
        MeanOfArm(name=name, runs=len(arm), mean=mean_of(arm), sd=deviation_of(arm) if len(arm) > 1 else None)
        for name, arm in zip(names, (ours, base), strict=True)
        if arm
    )


def _without_excess(effect: float, freedom: int) -> float:
    """Few values overstate an effect in units of their spread (Hedges 1981)."""
    return effect * (1.0 - 3.0 / (4.0 * freedom - 1.0))
