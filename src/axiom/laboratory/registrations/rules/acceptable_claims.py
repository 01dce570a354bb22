"""Which claims and forecasts may be registered? None whose numbers could not be weighed as it is said."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.estimands import Center, Direction, Kind, Prediction, find_likeliest_outcomes, read_prediction
from axiom.errors import Refused, WrongUse
from axiom_weigh.evidence.choice_of_statistic import Process, asks_those_that_waited, is_symmetric, pose_question
from axiom_weigh.statistics.estimand_arithmetic import (
    compute_estimand,
    evenly_spaced,
    has_even_arms,
    list_needed_configs,
)

_Configs = Sequence[Mapping[str, object]]


def demand_askable(estimands: Sequence[Mapping[str, Any]], configs: Sequence[Mapping[str, object]]) -> None:
    """Refuse an estimand whose numbers could not be weighed as it is said."""
    for estimand in estimands:
        if why := estimand_fault(estimand, configs):
            raise Refused(f"{estimand['name']} {why}. No laboratory registers that; say it otherwise.")


def demand_believed_claim(estimand: Mapping[str, Any], prediction: Mapping[str, Any]) -> None:
    """Refuse a claim that its own author does not believe: whatever came out, one of the two would have been right."""
    sides = find_likeliest_outcomes(prediction)
    if Direction(estimand["expects"]) not in sides:
        likely = " or ".join(f"{side.name} ({side})" for side in sorted(sides))
        raise Refused(
            f"{estimand['name']} claims {Direction(estimand['expects']).name} ({estimand['expects']}), and its own "
            f"forecast holds {likely} likeliest. No laboratory registers that; claim what you expect, or forecast what "
            "you claim."
        )


def demand_sound_prediction(prediction: Mapping[str, Any]) -> Prediction:
    """Three probabilities that add up to 1, an interval, and a median inside it where one is said."""
    low, high = (float(end) for end in prediction["interval"])
    if not (math.isfinite(low) and math.isfinite(high)):
        raise WrongUse("The ends of an interval are finite numbers. Nothing was written down.")
    try:
        return read_prediction({**prediction, "interval": (low, high)})
    except ValueError as error:
        raise WrongUse(f"This is no prediction: {error}. Nothing was written down.") from error


def estimand_fault(estimand: Mapping[str, Any], configs: _Configs) -> str:
    """Why it may not be registered, as the end of a sentence that begins with its name; nothing when it may."""
    return (
        _fault_of_bounds(estimand)
        or _fault_of_share(estimand)
        or _fault_of_reach(estimand)
        or _fault_of_censored(estimand)
        or _fault_of_arms(estimand, configs)
        or _fault_of_event(estimand, configs)
    )


def is_another_design(estimand: Mapping[str, Any], configs: _Configs, designs: Sequence[_Configs]) -> bool:
    """Does the estimand's value come from other configs than in every design that there is?"""
    wanted = _needed(estimand, configs)
    return all(
        len(wanted) != len(design_configs) or any(config not in design_configs for config in wanted)
        for design_configs in (_needed(estimand, design) for design in designs)
    )


def _needed(estimand: Mapping[str, Any], configs: _Configs) -> list[Mapping[str, object]]:
    return [configs[place] for place in list_needed_configs(estimand, configs)]


def _fault_of_bounds(estimand: Mapping[str, Any]) -> str:
    """A mean is weighed by bets within its bounds: there must be room, on both sides of the null."""
    if estimand.get("about", Center.MEDIAN) != Center.MEAN or not estimand["bounds"]:
        return ""
    low, high = (float(end) for end in estimand["bounds"])
    if low < estimand["null"] < high and math.isfinite(high - low):
        return ""
    return f"is about a mean, and its null {estimand['null']:g} does not lie between its bounds {low:g} and {high:g}"


def _fault_of_share(estimand: Mapping[str, Any]) -> str:
    """No share lies beyond 0 and 1, and a null that does would be refuted by any value."""
    if Kind(estimand["kind"]) is not Kind.PROPORTION or 0.0 <= estimand["null"] <= 1.0:
        return ""
    return f"is a share, and its null {estimand['null']:g} does not lie between 0 and 1"


def _fault_of_reach(estimand: Mapping[str, Any]) -> str:
    """An absence that could not have come out otherwise says nothing."""
    bounds, null, smallest = pose_question(estimand).bounds, float(estimand["null"]), float(estimand["smallest"])
    if bounds is None or max(bounds[1] - null, null - bounds[0]) > smallest:
        return ""
    return (
        f"can lie {max(bounds[1] - null, null - bounds[0]):g} from its null {null:g} at most, and calls less than "
        f"{smallest:g} too small to matter: no effect could be shown, so that there is none would say nothing"
    )


def _fault_of_censored(estimand: Mapping[str, Any]) -> str:
    """What a time-out counts as must be a value that there may be."""
    censored = estimand.get("censored")
    if censored is None:
        return ""
    if is_symmetric(estimand):
        return (
            f"counts a time-out as {censored:g}, and compares arms: which of them was stopped a time-out does not "
            "tell, so it may speak neither for an effect nor for its absence; leave it missing"
        )
    if asks_those_that_waited(estimand):
        return (
            f"counts a time-out as {censored:g}, and asks those alone that still waited after "
            f"{estimand['event']['after']:g}: whether one that was stopped did a time-out does not tell; "
            "leave it missing"
        )
    bounds = pose_question(estimand).bounds
    if bounds and not bounds[0] <= censored <= bounds[1]:
        return f"counts a time-out as {censored:g}, which lies beyond its bounds {bounds[0]:g} and {bounds[1]:g}"
    return ""


def _fault_of_arms(estimand: Mapping[str, Any], configs: _Configs) -> str:
    """Where signs are fair coins, arms that are alike under the null must make them symmetric."""
    if Kind(estimand["kind"]) is Kind.CONTRAST:
        first, second = estimand["between"]
        if first == second:
            return "compares an arm with itself: give one of the two in `between` another level"
        if pose_question(estimand).process is not Process.RANKS or has_even_arms(configs, estimand):
            return ""
        return "compares arms that differ in how many configs they have, or share some: give each as many of its own"
    if not is_symmetric(estimand) or evenly_spaced(configs, estimand):
        return ""
    return (
        f"promises exchangeable arms, and those of {estimand['across']} are not evenly spaced"
        f"{' in their logarithms' if Kind(estimand['kind']) is Kind.SLOPE else ''}, with as many configs at each level"
    )


def _fault_of_event(estimand: Mapping[str, Any], configs: _Configs) -> str:
    """Where a run ends before the time that is asked of, what had not happened may happen before it or after.

    Of several runs in an arm some may have been over before the interval begins, and others not.
    """
    if not estimand.get("event"):
        return ""
    if len(_needed(estimand, configs)) != len(estimand["between"] or ({},)):
        return "asks for an event of a single run in each arm: name in `between` all that varies"
    why = compute_estimand(estimand, [(config, {estimand["measure"]: None}) for config in configs])[1]
    return f"asks for an event within the budget of each run, and {why}" if why else ""
