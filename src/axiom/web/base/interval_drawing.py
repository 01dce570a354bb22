"""Where an interval is drawn beside others: in multiples of the smallest effect that matters."""

from collections.abc import Mapping
from typing import Any

_SCALE, _MIDDLE, _REACH = 8.0, 88.0, 10.0  # of a whisker: pixels a smallest effect, the zero, how many fit


def whisker_places(finding: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where the interval's ends and the estimate stand, in multiples of the smallest effect that matters."""
    evidence, smallest = finding["evidence"], finding["smallest"]
    if evidence is None or evidence["estimate"] is None or not smallest:
        return None

    def place(value: float | None, unbounded: float) -> float:
        return unbounded if value is None else (value - finding["null"]) / smallest

    low, high = place(evidence["interval"][0], -_REACH), place(evidence["interval"][1], _REACH)
    middle = place(evidence["estimate"], 0.0)
    beyond = "right" if low > _REACH else "left" if high < -_REACH else ""
    clipped = [round(_MIDDLE + _SCALE * max(-_REACH, min(_REACH, end)), 1) for end in (low, middle, high)]
    return {"low": clipped[0], "middle": clipped[1], "high": clipped[2], "beyond": beyond}
