"""Would weighing find this effect? Asked of controls, where it is known beforehand whether there is one.

A claim is worth something if it can fail: what says "found" of data without the effect says it of anything, and what
does not say it of data with a plain effect will never say it. Both are asked with the very e-process that evidence
is weighed by and, of differences, with their signs, which tell more of so few seeds; and not with the same rule: a
planted effect has to be shown beyond doubt, and of a placebo no more may be left than a doubt, on either side and with
hardly a value missing. Where eight seeds leave it open, eight more are computed and all sixteen are weighed: by chance
one of eight is an outlier in some experiment of every laboratory, and a leak hides in eight. Nothing is taken to be a
placebo that is near to being none before its sixteen seeds are there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.estimands import Direction, Kind
from axiom.limits import experiments as limits
from axiom_weigh.evidence.choice_of_statistic import Process, Question, pose_question
from axiom_weigh.evidence.counted_values import no_value
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.statistics.shares_and_medians import dealt_log_e
from axiom_weigh.values import COARSE, Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlResult:
    """Whether the effect that the claim expects was found in these values, and why."""

    is_found: bool
    is_beyond: bool  # the estimate lies on the claimed side, further from the null than the smallest that matters
    e_value: float
    estimate: float | None
    centre: str  # what it is of the values: their median, share or mean
    reason: str


def control_result(estimand: Mapping[str, Any], values: Sequence[float | None]) -> ControlResult:
    """Is the effect there, on the side that the claim expects and larger than the smallest that matters?

    A value that is missing counts against it, as it does in evidence. The arms of a control are alike but for what is
    planted, so the signs of their differences are fair coins without it: eight alike are an e-value of 50, however much
    their sizes differ. Seeds that gave the very same are no copies here: a leak may add one number to all, and what
    stands for a missing value is another seed's.
    """
    from axiom_weigh.evidence.weigh_claim import weigh_observations

    observed = [Observation(replicate=n, value=number, fingerprint=COARSE) for n, number in enumerate(values)]
    evidence = weigh_observations(estimand, observed, blocks=1, homes={})
    estimate, null, smallest = evidence.estimate, float(estimand["null"]), float(estimand["smallest"])
    is_more = _is_looked_for_above(estimand, estimate)
    side, bar = ("above", null + smallest) if is_more else ("below", null - smallest)
    is_beyond = estimate is not None and (estimate > bar if is_more else estimate < bar)
    agreeing = sum(value is not None and (value > null if is_more else value < null) for value in values)
    e_value = evidence.e_value
    if pose_question(estimand).process is Process.RANKS and 2 * agreeing > len(values):
        e_value = max(e_value, math.exp(dealt_log_e(agreeing, 0, len(values))))
    if estimate is None:
        why = f"none of {len(values)} seeds gave a value"
    else:
        lies = "lies" if is_beyond else "does not lie"
        why = (
            f"over {evidence.seeds} of {len(values)} seeds the {evidence.centre} {estimate:.4g} {lies} {side} {bar:.4g}"
            f", and e is {e_told(e_value)}, of {limits.CONTROL_ENOUGH:.0f} wanted"
        )
    return ControlResult(
        is_found=is_beyond and e_value >= limits.CONTROL_ENOUGH,
        is_beyond=is_beyond,
        e_value=e_value,
        estimate=estimate,
        centre=evidence.centre,
        reason=why,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceboResult:
    """Whether nothing is seen where nothing is, and why."""

    is_spared: bool
    reason: str
    is_near: bool = False  # to being none: more seeds may tell


def check_placebo_values(estimand: Mapping[str, Any], values: Sequence[float | None]) -> PlaceboResult:
    """Is there no effect to be seen in these values of a placebo?

    One is seen whose estimate lies further from the null than the smallest effect that matters, at an e-value that is a
    hint already. Where a null is 0, as of a difference, both sides count: a leak may turn either way. A half, or a
    number from the literature, is a border, and a placebo may lie far on the side of it that nobody claims. A value
    that is missing, or that cannot be one, is taken to be the most extreme of those that are there.
    """
    query = pose_question(estimand)
    possible = [None if value is None or no_value(query, value) else value for value in values]
    numbers = [number for number in possible if number is not None]
    least = max(1, math.ceil(limits.CONTROL_VALUES * len(values)))
    if len(numbers) < least:
        gave = "a value" if sum(value is not None for value in values) == len(numbers) else f"a value {_where(query)}"
        return PlaceboResult(
            is_spared=False, reason=f"{len(numbers)} of {len(values)} seeds gave {gave}, and {least} are wanted"
        )
    is_near = False
    for is_more in _sides(estimand):
        extreme = max(numbers) if is_more else min(numbers)
        filled = [extreme if number is None else number for number in possible]
        result = control_result({**estimand, "expects": "+" if is_more else "-"}, filled)
        above = (result.estimate or 0.0) - float(estimand["null"])
        beyond = (above if is_more else -above) > limits.CONTROL_NEAR * float(estimand["smallest"])
        is_near = is_near or (beyond and result.e_value > limits.CONTROL_LEANING)
        if result.is_beyond and result.e_value >= limits.CONTROL_HINT:
            return PlaceboResult(
                is_spared=False,
                reason=f"the {result.centre} {result.estimate:.4g} lies further from {estimand['null']:g} than "
                f"{estimand['smallest']:g}, and e is {e_told(result.e_value)}, of less than "
                f"{limits.CONTROL_HINT:.0f} wanted",
            )
    result = control_result(estimand, numbers)
    return PlaceboResult(
        is_spared=True,
        reason=f"over {len(numbers)} of {len(values)} seeds the {result.centre} is {result.estimate:.4g}",
        is_near=is_near,
    )


def _where(query: Question) -> str:
    if query.process is Process.BERNOULLI or query.bounds is None:
        return "of 0 or 1"
    return f"within the bounds {query.bounds[0]:g} to {query.bounds[1]:g}"


def _is_looked_for_above(estimand: Mapping[str, Any], estimate: float | None) -> bool:
    """Of a claim that there is none, an effect may be planted on either side."""
    expects = Direction(estimand["expects"])
    if expects is Direction.ABSENT:
        return estimate is None or estimate >= float(estimand["null"])
    return expects is Direction.MORE


def _sides(estimand: Mapping[str, Any]) -> tuple[bool, ...]:
    """On which sides of the null an effect is looked for: whether above."""
    if Direction(estimand["expects"]) is Direction.ABSENT:
        return (True, False)
    claimed = Direction(estimand["expects"]) is Direction.MORE
    is_nothing = float(estimand["null"]) == 0.0 and Kind(estimand["kind"]) is not Kind.PROPORTION
    return (claimed, not claimed) if is_nothing else (claimed,)
