"""What the tiny picture beside a finding in a list shows, in the units in which its number is told."""

import math
from collections.abc import Mapping
from typing import Any

from axiom.domain.estimands import Kind
from axiom.domain.headlines import numbers
from axiom.domain.headlines.finding_sentences import WeighedNumber, name_arms

_ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # at which an axis may end, times a power of ten
_MOST_DOTS = 80


def choose_tiny_picture(
    estimand: Mapping[str, Any], measured: WeighedNumber, repetitions: int
) -> dict[str, Any] | None:
    """A dot for each repetition, two bars, squares of a hundred, or an interval beside what would not matter.

    None while nothing is decided.

    Each axis is as long as its row needs, so that its ends have to be read: they are always told.
    """
    value = measured.estimate
    if value is None or not measured.verdict.is_decided:
        return None
    came_true = value * repetitions
    if estimand["kind"] == Kind.PROPORTION and repetitions <= _MOST_DOTS and abs(came_true - round(came_true)) < 1e-6:
        return {"form": "dots", "full": round(came_true), "all": repetitions}
    middle = numbers.rescale_number(estimand, value)
    scaled = [None if end is None else numbers.rescale_number(estimand, end) for end in (measured.low, measured.high)]
    ends = [None if end == math.inf else end for end in scaled]
    if middle == math.inf:
        return None
    if estimand["kind"] == Kind.CONTRAST and numbers.is_ratio(estimand):
        return {"form": "bars", "names": name_arms(estimand), "times": middle, "interval": ends}
    is_share = estimand["kind"] == Kind.PROPORTION or tuple(estimand.get("bounds") or ()) == (0.0, 1.0)
    if is_share and estimand["kind"] != Kind.CONTRAST and numbers.is_percentage(estimand) and 0.0 <= middle <= 100.0:
        return {"form": "squares", "full": round(middle)}
    null, smallest = float(estimand["null"]), float(estimand["smallest"])
    centre = numbers.rescale_number(estimand, null)
    band = [numbers.rescale_number(estimand, null + side * smallest) for side in (-1.0, 1.0)]
    reach = _round_up(max(abs(end - centre) for end in (middle, *band, *ends) if end is not None))
    first, last = centre - reach, centre + reach
    if numbers.is_ratio(estimand):
        first = max(first, 0.0)  # nothing is less than no times as much
    return {
        "form": "axis",
        "interval": ends,
        "estimate": middle,
        "band": band,
        "from": first,
        "to": last,
        "labels": _labels(estimand, first, last),
    }


def _labels(estimand: Mapping[str, Any], first: float, last: float) -> list[str]:
    middle = (first + last) / 2.0
    if estimand["kind"] == Kind.CONTRAST and not estimand["null"]:
        reach = numbers.format_number(last - middle)
        return [f"{reach} lower", "same", f"{reach} higher"]
    unit = "×" if numbers.is_ratio(estimand) else ""
    return [f"{numbers.format_number(round(place, 12))}{unit}" for place in (first, middle, last)]


def _round_up(size: float) -> float:
    """The next number that is easily read."""
    if not 0.0 < size < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return float(f"{power * next((step for step in _ROUND if step * power >= size * (1.0 - 1e-9)), 10.0):.3g}")
