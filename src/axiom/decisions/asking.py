"""May an estimand be registered over these configs? Not when its numbers could not be weighed as it is said."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from axiom.decisions.question import question
from axiom.domain.findings import Center, Kind
from axiom.statistics.estimands import evenly_spaced, needed

_TRENDS = (Kind.SLOPE, Kind.RANK_CORRELATION)
_Configs = Sequence[Mapping[str, object]]


def fault(estimand: Mapping[str, Any], configs: _Configs) -> str:
    """Why it may not be registered, as the end of a sentence that begins with its name; nothing when it may."""
    return _fault_of_bounds(estimand) or _fault_of_censored(estimand) or _fault_of_arms(estimand, configs)


def is_another_design(estimand: Mapping[str, Any], configs: _Configs, known: Sequence[_Configs]) -> bool:
    """Does the estimand's value come from other configs than in every design that there is?"""
    wanted = _needed(estimand, configs)
    return all(
        len(wanted) != len(there) or any(config not in there for config in wanted)
        for there in (_needed(estimand, each) for each in known)
    )


def _needed(estimand: Mapping[str, Any], configs: _Configs) -> list[Mapping[str, object]]:
    return [configs[place] for place in needed(estimand, configs)]


def _fault_of_bounds(estimand: Mapping[str, Any]) -> str:
    """A mean is weighed by bets within its bounds: there must be room, on both sides of the null."""
    if estimand.get("about", Center.MEDIAN) != Center.MEAN or not estimand["bounds"]:
        return ""
    low, high = (float(end) for end in estimand["bounds"])
    if low < estimand["null"] < high and math.isfinite(high - low):
        return ""
    return f"is about a mean, and its null {estimand['null']:g} does not lie between its bounds {low:g} and {high:g}"


def _fault_of_censored(estimand: Mapping[str, Any]) -> str:
    """Which arm was stopped, a time-out does not tell: so for two arms it may speak for neither."""
    censored, null = estimand.get("censored"), estimand["null"]
    if censored is None:
        return ""
    bounds = question(estimand).bounds
    if bounds and not bounds[0] <= censored <= bounds[1]:
        return f"counts a time-out as {censored:g}, which lies beyond its bounds {bounds[0]:g} and {bounds[1]:g}"
    kind = Kind(estimand["kind"])
    compares_arms = kind is Kind.CONTRAST or (kind in _TRENDS and estimand.get("exchangeable", False))
    if compares_arms and censored != null:
        return (
            f"counts a time-out as {censored:g}, and a time-out in any arm would speak for an effect; "
            f"it may count as the null, {null:g}, or be left missing"
        )
    return ""


def _fault_of_arms(estimand: Mapping[str, Any], configs: _Configs) -> str:
    is_promised = estimand.get("exchangeable", False) and Kind(estimand["kind"]) in _TRENDS
    if not is_promised or evenly_spaced(configs, estimand):
        return ""
    return (
        f"promises exchangeable arms, and those of {estimand['across']} are not evenly spaced"
        f"{' in their logarithms' if Kind(estimand['kind']) is Kind.SLOPE else ''}, with as many configs at each level"
    )
