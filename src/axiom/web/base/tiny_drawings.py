"""Where an interval is drawn beside others: in multiples of the smallest effect that matters."""

from collections.abc import Mapping
from typing import Any

_WIDE, _EDGE = 184.0, 2.0  # of a tiny picture
_LONGEST_BAR = 130.0
_DOTS_IN_A_ROW, _PITCH = 20, 9
_SQUARES_IN_A_ROW, _SQUARE, _STEP = 25, 5.4, 7.2  # of a hundred, in four rows
_LETTERS = 30  # that fit over a bar
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


def draw_tiny_picture(picture: Mapping[str, Any]) -> dict[str, Any]:
    """Where its parts stand, of 184 by 40."""
    if picture["form"] == "dots":
        places = [
            (_EDGE + 3 + _PITCH * (number % _DOTS_IN_A_ROW), 5 + _PITCH * (number // _DOTS_IN_A_ROW))
            for number in range(picture["all"])
        ]
        return {"form": "dots", "full": places[: picture["full"]], "empty": places[picture["full"] :]}
    if picture["form"] == "squares":
        corners = [
            (round(_EDGE + _STEP * column, 1), 2 + _PITCH * row)
            for row in range(4)
            for column in range(_SQUARES_IN_A_ROW)
        ]
        squares = [f"M{x} {y}h{_SQUARE}v{_SQUARE}h-{_SQUARE}z" for x, y in corners]
        return {
            "form": "squares",
            "full": "".join(squares[: picture["full"]]),
            "empty": "".join(squares[picture["full"] :]),
        }
    low, high = picture["interval"]
    if picture["form"] == "bars":
        scale = _LONGEST_BAR / max(1.0, picture["times"])
        first, second = (name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…" for name in picture["names"])
        ends = [scale * (0.0 if low is None else low), _WIDE if high is None else scale * high]
        return {
            "form": "bars",
            "names": (second, first),
            "lengths": [round(max(1.0, scale * times), 1) for times in (1.0, picture["times"])],
            "interval": [round(min(end, _WIDE), 1) for end in ends],
        }
    start, end = float(picture["from"]), float(picture["to"])

    def place(value: float | None, unbounded: float) -> float:
        value = unbounded if value is None else min(max(value, start), end)
        return round(_EDGE + (_WIDE - 2 * _EDGE) * (value - start) / (end - start), 1)

    return {
        "form": "axis",
        "interval": [place(low, start), place(high, end)],
        "middle": place(picture["estimate"], start),
        "band": [place(edge, start) for edge in picture["band"]],
        "labels": picture["labels"],
    }
