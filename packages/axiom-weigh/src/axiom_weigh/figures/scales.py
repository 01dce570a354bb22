"""From numbers to places and words: the ticks and labels of an axis, for pictures and sketches alike."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

Thing = TypeVar("Thing")

_STEPS = (1.0, 2.0, 5.0, 10.0)
_LEAST = 1e-290  # a tenth of it is still a number with all its digits
_NEAREST = 0.6  # of the distance that ticks have when all that are allowed stand evenly
_BASES = {"times2": 2.0, "times10": 10.0, "times_e": math.e}
_IN_FULL = (1e-6, 1e9)  # from where to where the numbers of an axis are written without an exponent
_MOST_LOG = 300.0  # beyond it no number holds what the axis would be marked with
_DENSE = 2  # decades; an axis shorter than this is marked at 2 and 5 too


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """An axis: from where to where, and what is written beside it."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, from 0 at the low end to 1 at the high one; beyond them it is held at the edge."""
        value = min(max(value, self.low), self.high)
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def at(self, share: float) -> float:
        """The value at a place; the inverse of `place`."""
        if self.is_log:
            return self.low * math.exp(share * math.log(self.high / self.low))
        return self.low + share * (self.high - self.low)

    def whole(self) -> Self:
        """The axis of what is counted: marked at whole numbers alone."""
        ticks = tuple(tick for tick in self.ticks if tick.is_integer())
        return replace(self, ticks=ticks, labels=tuple(format_value(tick) for tick in ticks))


def make_linear_scale(values: Iterable[float], *, about: int = 5, signed: bool = False, tight: bool = False) -> Scale:
    """Return a linear axis that holds all values, with about so many ticks; `tight` ends it at the values."""
    least, most = _hull(values)
    step = _step((most - least) / about)
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    low, high = (least, most) if tight else (first * step, last * step)
    ticks = tuple(_clean(number * step) for number in range(first, last + 1) if low <= _clean(number * step) <= high)
    power = math.floor(math.log10(step) + 1e-9)
    is_in_full = _IN_FULL[0] <= max(abs(low), abs(high)) < _IN_FULL[1]
    write = _fixed if is_in_full else _exponential
    return Scale(low=low, high=high, ticks=ticks, labels=tuple(write(tick, power, signed) for tick in ticks))


def make_log_scale(values: Iterable[float]) -> Scale:
    """Return a logarithmic axis that holds all values, each of which is above zero."""
    least, most = _hull(values)
    decades = math.log10(most / least)
    margin = 10 ** (0.04 * max(decades, 0.1))
    low, high = least / margin, most * margin
    ticks = _log_ticks(low, high, (1, 2, 5) if decades <= _DENSE else (1,))
    if len(ticks) < 3:
        ticks = _log_ticks(low, high, (1, 2, 5))
    if len(ticks) < 3:
        ticks = max(ticks, make_linear_scale((low, high), about=4, tight=True).ticks, key=len)
    if len(ticks) < 2:
        ticks = make_linear_scale((low, high), about=8, tight=True).ticks
    return Scale(low=low, high=high, ticks=ticks, labels=tuple(format_value(tick) for tick in ticks), is_log=True)


def in_unit(scale: Scale, unit: str, *, signed: bool = False) -> Scale:
    """Return a linear axis with what people measure beside it: of logarithms how many times as much, of shares percent.

    A unit that is none of these leaves it as it is, and so do logarithms of what no number holds.
    """
    base = _BASES.get(unit, 0.0)
    if unit == "percent":
        percents = make_linear_scale((100 * scale.low, 100 * scale.high), tight=True, signed=signed)
        return replace(scale, ticks=tuple(tick / 100 for tick in percents.ticks), labels=percents.labels)
    if not base or max(abs(scale.low), abs(scale.high)) * math.log(base) > _MOST_LOG:
        return scale
    times = make_log_scale((base**scale.low, base**scale.high))
    marked = [(math.log(tick, base), label) for tick, label in zip(times.ticks, times.labels, strict=True)]
    inside = [(tick, f"{label}×") for tick, label in marked if scale.low <= tick <= scale.high]
    return replace(scale, ticks=tuple(tick for tick, _ in inside), labels=tuple(label for _, label in inside))


def digits_in_unit(value: float | None, unit: str) -> str:
    """Write a value as an axis in this unit marks it: of a logarithm how many times as much, of a share the percent."""
    base = _BASES.get(unit, 0.0)
    if value is None or (base and abs(value) * math.log(base) > _MOST_LOG):
        return format_value(value)
    if unit == "percent":
        return format_value(100 * value)
    return f"{format_value(base**value)}×" if base else format_value(value)


def of_intervals(
    medians: Sequence[float], ends: Iterable[float], *, is_log: bool, about: int = 5, margin: float = 0.03
) -> Scale:
    """Return the axis of medians and the ends of their intervals; logarithmic if asked for and every median can be."""
    if is_log and min(medians) > _LEAST:
        least = min(medians) / 10  # an interval that nears zero must not push all the rest together
        return make_log_scale([*medians, *(max(end, least) for end in ends)])
    values = [*medians, *ends]
    room = margin * (max(values) - min(values))
    low = min(values) - room
    high = max(values) + room
    if min(values) >= 0:  # no more room than there may be: what is a share from 0 to 1 ends there
        low, high = max(low, 0.0), min(high, 1.0) if max(values) <= 1.0 else high
    return make_linear_scale((low, high), about=about)


def at_levels(scale: Scale, levels: Iterable[float], *, most: int, spoken_of: Collection[float] = ()) -> Scale:
    """Return the axis marked at the levels that were computed, thinned to at most so many; or as it was.

    A level whose label would lie on that of another goes without; those that people speak of come first.
    """
    ticks = sorted(set(levels))
    if not scale.is_log and len(ticks) > most:
        return scale
    thinned: list[float] = []
    for tick in (*spoken_of, *ticks[:: -(-len(ticks) // most)]):
        if all(abs(scale.place(tick) - scale.place(other)) > _NEAREST / most for other in thinned):
            thinned.append(tick)
    thinned.sort()
    return Scale(
        low=scale.low,
        high=scale.high,
        ticks=tuple(thinned),
        labels=tuple(format_value(tick) for tick in thinned),
        is_log=scale.is_log,
    )


def pick_evenly(things: Sequence[Thing], most: int) -> list[Thing]:
    """Return all things, or so many of them, evenly chosen with both ends."""
    if len(things) <= most:
        return list(things)
    return [things[round(number * (len(things) - 1) / (most - 1))] for number in range(most)]


def format_value(value: object) -> str:
    """Write a value for people: three digits that count, a true minus, commas between thousands."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e6):
        return f"{int(value):,}".replace("-", "−")
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def shorten_words(words: str, most: int) -> str:
    """Return the words, or as many of their characters as there is room for."""
    return words if len(words) <= most else words[: most - 1] + "…"


def _hull(values: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(values)
    least, most = ordered[0], ordered[-1]
    if most - least > 1e-9 * max(abs(least), abs(most)):
        return least, most
    return (
        (least * 0.9, most * 1.1) if least > 0 else (least - 0.5 * max(abs(least), 1), most + 0.5 * max(abs(most), 1))
    )


def _step(raw: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in _STEPS if step * power >= raw * (1 - 1e-9))


def _clean(value: float) -> float:
    return float(f"{value:.12g}")


def _fixed(value: float, power: int, signed: bool) -> str:
    """The number as far as to this power of ten."""
    if value == 0:
        return "0"
    return f"{value:{'+' if signed else ''},.{max(0, -power)}f}".replace("-", "−")


def _exponential(value: float, power: int, signed: bool) -> str:
    """The same of numbers that have too many digits before the point, or zeros behind it."""
    if value == 0:
        return "0"
    further = max(0, math.floor(math.log10(abs(value)) + 1e-9) - power)
    digits, exponent = f"{value:{'+' if signed else ''}.{further}e}".split("e")
    return f"{digits}e{int(exponent)}".replace("-", "−")


def _log_ticks(low: float, high: float, parts: tuple[int, ...]) -> tuple[float, ...]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [_clean(part * 10.0**power) for power in powers for part in parts if low <= part * 10.0**power <= high]
    return tuple(ticks[:: -(-len(ticks) // 8)]) if ticks else ()
