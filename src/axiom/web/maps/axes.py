"""The axes of a map: its two knobs, and how a value of one is written."""

import math
from decimal import ROUND_HALF_UP, Decimal, localcontext

from axiom.domain.maps import Knob, Tile
from axiom.reads.base.request import Answer

_MOST_DIGITS = 15
_SLACK = 0.05  # of a digit
_LEAST, _MOST = -4, 7  # powers of ten between which a knob's value is written in full


def format_knob(value: float, low: float, high: float) -> str:
    """A knob's value with as many digits as tell the pixels between these ends apart."""
    largest, span = max(abs(low), abs(high)), abs(high - low)
    apart = math.ceil(-math.log10(span / largest) - _SLACK) if span and largest else 0
    digits = min(max(3, 3 + apart), _MOST_DIGITS)
    power = math.floor(math.log10(abs(value))) if value else 0
    is_plain = _LEAST <= power < _MOST
    with localcontext(rounding=ROUND_HALF_UP):  # as map.js rounds, which writes the ends of a map that was moved
        exact = Decimal(value or 0)  # zero has no sign
        text = f"{exact:,.{max(0, digits - 1 - power)}f}" if is_plain else f"{exact:.{digits - 1}e}"
    return text.replace("-", "−")


def describe_axis(axis: Knob, tile: Tile, *, is_row: bool) -> Answer:
    """An axis with its two ends in a view, as numbers and as they are written."""
    low, high = tile.span(axis, is_row=is_row)
    return {
        "name": axis.name,
        "is_log": axis.log,
        "low": axis.low,
        "high": axis.high,
        "from": format_knob(low, low, high),
        "to": format_knob(high, low, high),
        "span": [low, high],
    }
