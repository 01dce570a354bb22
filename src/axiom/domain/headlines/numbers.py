"""How numbers, times and words are written: a true minus, as many digits as the interval is worth, UTC, no controls."""

import functools
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_UP, Context
from typing import Any

from axiom.domain.estimands import NUMBERS, SCALES, Kind
from axiom_weigh.evidence.rounding import e_told, find_sides
from axiom_weigh.evidence.size_that_matters import list_bars

_MINUS = "−"
_UNSIGNED = {Kind.PROPORTION, Kind.LEVEL, Kind.EXPONENT, Kind.BREAKPOINT, Kind.DIMENSION}
_FROM, _TO = 1e-4, 1e6  # outside of these a number is written with a power of ten
_MOST_DECIMALS = 12
_ODDS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_MOST_ODDS = 1e15
_LONGEST = 8  # decimals that a number has because it is small
_UP = Context(prec=3, rounding=ROUND_UP)
DOUBLING = "with each doubling on average"
_HYPHEN = re.compile(r"(?<![\w.)-])-(?=\.?[0-9])")
_ONE_TIMES = re.compile(r"1 times(?! as)(?: the)?")
_HARDLY_MORE = 1.0 + 1e-12  # so that a tenth is one, however it is rounded


def format_number(value: object, *, signed: bool = False, aligned: bool = False) -> str:
    """A number with at most three significant digits, always three where columns align; whole numbers in full."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _TO:
        value = int(value)
    if isinstance(value, int):
        return _minus(f"{value:{'+' if signed and value else ''},}")
    return _minus(_few_digits(value, signed=signed, aligned=aligned))


def format_credit(amount: float) -> str:
    """An amount of credit, to the thousandth in which it is kept."""
    return _minus(f"{amount:,.3f}")


def round_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    signed: bool = True,
    bars: Sequence[float] = (0.0,),
) -> tuple[str, str, str]:
    """Estimate and interval with two significant digits of the interval's width, and never fewer than two of their own.

    So a wide interval does not make its estimate 0, nor the lower end of a ratio. An end that lies beside a bar is not
    written as lying on it, and takes as many decimals as that needs; so does an estimate whose whole interval lies
    beside it.
    """
    decimals = _decimals([number for number in (low, value, high) if number is not None])
    beyond = [bar for bar in bars if (low is not None and low > bar) or (high is not None and high < bar)]

    def written(number: float | None, absent: str, near: Sequence[float]) -> str:
        if number is None:
            return absent
        text = None if decimals is None else _fixed(number, decimals, signed=signed, bars=near)
        return format_number(float(number), signed=signed) if text is None else text

    return written(value, "–", beyond), written(low, f"{_MINUS}∞", bars), written(high, "∞", bars)


def format_interval(
    estimand: Mapping[str, Any], value: float | None, low: float | None, high: float | None
) -> tuple[str, str, str]:
    """Estimate and interval as pages write them, never as if they lay on what the verdict says that they lie beside."""
    bars, ends = list_bars(estimand["null"], estimand["smallest"]), find_known_ends(estimand, low, high)
    estimate, first, last = round_interval(value, *ends, signed=_is_signed(estimand["kind"]), bars=bars)
    return estimate, "open" if ends[0] is None else first, "open" if ends[1] is None else last


def interval_in_words(estimand: Mapping[str, Any], value: float | None, low: float | None, high: float | None) -> str:
    """Estimate and interval as the file would have them said, or as a doubling has them; else nothing."""
    if not has_unit(estimand) or value is None:
        return ""
    numbers = (value, low, high)
    estimate, certainty = estimate_with_unit(estimand, *numbers), tell_certainty(estimand, *numbers)
    return f"{estimate} ({certainty})" if _is_bounded(estimand, low, high) else f"{estimate} {certainty}"


def tell_interval(estimand: Mapping[str, Any], value: float | None, low: float | None, high: float | None) -> str:
    """The same, or the bare numbers where they have no unit."""
    numbers = (value, low, high)
    return interval_in_words(estimand, *numbers) or "{} [{}, {}]".format(*format_interval(estimand, *numbers))


def tell_certainty(estimand: Mapping[str, Any], value: float, low: float | None, high: float | None) -> str:
    """How sure it is between what, beside an estimate that tells the unit; or that nothing bounds it."""
    span = span_in_words(estimand, value, low, high)
    return f"95 % sure: {span}" if _is_bounded(estimand, low, high) else span


def certainty_with_unit(estimand: Mapping[str, Any], value: float, low: float | None, high: float | None) -> str:
    """The same where no estimate with the unit stands beside it: shares are told in percent."""
    is_span = _is_bounded(estimand, low, high) and low != high
    percent = " %" if is_span and unit_of(estimand)[1].startswith("%") else ""
    return f"{tell_certainty(estimand, value, low, high)}{percent}"


def span_in_words(estimand: Mapping[str, Any], value: float, low: float | None, high: float | None) -> str:
    """The interval on the scale of its words, without the unit, which stands with the estimate."""
    if not _is_bounded(estimand, low, high):
        return "so far, and nothing bounds it yet"
    if low == value == high:
        return "no other typical value"
    low, high = find_known_ends(estimand, low, high)
    _, first, last = _rescaled(estimand, value, low, high)
    if _is_change(estimand, value):
        return _span_of_changes(first, last)
    if low is None or high is None:
        return f"at most {last}" if low is None else f"at least {first}"
    return f"{first} to {last}"


def _is_bounded(estimand: Mapping[str, Any], low: float | None, high: float | None) -> bool:
    """Does the interval exclude any number that there can be?"""
    return find_known_ends(estimand, low, high) != (None, None)


def find_known_ends(
    estimand: Mapping[str, Any], low: float | None, high: float | None
) -> tuple[float | None, float | None]:
    """The ends of an interval beyond which there can be a number: one that lies on a declared bound excludes none."""
    least, most = estimand.get("bounds") or (None, None)
    return None if low == least else low, None if high == most else high


def estimate_with_unit(estimand: Mapping[str, Any], value: float, low: float | None, high: float | None) -> str:
    """The estimate with as many digits as its interval is worth, in the unit that the file gives it."""
    number = _rescaled(estimand, value, low, high)[0]
    return f"{_as_change(number)} {DOUBLING}" if _is_change(estimand, value) else _filled(estimand, number)


def amount_with_unit(estimand: Mapping[str, Any], amount: float, *, is_most: bool = False) -> str:
    """A size on the scale of an estimand, such as the smallest that matters; rounded up where it is the most."""
    name, is_change = _number_in(_template(estimand)), _is_change(estimand, amount)
    size = _change(amount) if is_change else _on_scale(name, amount)
    text = format_number(float(_UP.create_decimal(size / _HARDLY_MORE)) if is_most else size)
    if is_change:
        return f"{text} %"
    if name not in ("value", "percent"):
        return f"a factor of {text}"
    filled = _filled(estimand, text)
    if filled == f"{text} %":  # of a share: 20 % of it would be something else
        return f"{text} percentage point{'' if text == '1' else 's'}"
    return filled


def bare_number(estimand: Mapping[str, Any], value: float) -> str:
    """A value beside which an estimand's number lies, on its scale."""
    name = _number_in(_template(estimand))
    return format_number(float(f"{_on_scale(name, value):.12g}")) + (" %" if name == "percent" and value else "")


def tell_bars(estimand: Mapping[str, Any]) -> dict[str, str]:
    """Beside what its number lies, and how far from it an effect matters, on the scale of its words."""
    return {
        "null": bare_number(estimand, estimand["null"]),
        "smallest": amount_with_unit(estimand, estimand["smallest"]),
    }


def unit_of(estimand: Mapping[str, Any]) -> tuple[str, str]:
    """How its number is rescaled, and in what it then is: "percent" and "percentage points", or "to the …th power"."""
    template = _template(estimand)
    name = _number_in(template)
    slot = f"{{{name}}}"
    return name, template.removeprefix(slot).strip() if template.startswith(slot) else template.replace(slot, "…")


def has_unit(estimand: Mapping[str, Any]) -> bool:
    """Is its number told in something that says what it is of?"""
    return _template(estimand) != "{value}"


def tells_doubling(estimand: Mapping[str, Any]) -> bool:
    """Is its number an exponent that is told as what a doubling of the factor does? It was doubled at least once."""
    low, high = estimand.get("span") or (0.0, 0.0)
    return estimand["kind"] == Kind.SLOPE and not estimand.get("in_words") and 0.0 < 2.0 * low <= high


def is_ratio(estimand: Mapping[str, Any]) -> bool:
    """Is its number the logarithm of how many times as much something is?"""
    return _number_in(_template(estimand)) not in ("value", "percent")


def is_percentage(estimand: Mapping[str, Any]) -> bool:
    """Is its number told as so many of a hundred?"""
    return _number_in(_template(estimand)) == "percent"


def estimand_scale(estimand: Mapping[str, Any]) -> str:
    """In what the number itself is, where its words say it otherwise."""
    return "exponents" if tells_doubling(estimand) else SCALES.get(_number_in(_template(estimand)), "")


def name_column(estimand: Mapping[str, Any], heading: str) -> str:
    """What stands above numbers as they were weighed: in what they are, where sentences tell them otherwise."""
    scale = estimand_scale(estimand)
    return f"{heading}, in {scale}" if scale else heading


def _template(estimand: Mapping[str, Any]) -> str:
    words: str = estimand.get("in_words", "")
    if tells_doubling(estimand):
        return f"{{times2}} times {DOUBLING}"
    is_share = estimand["kind"] == Kind.PROPORTION or estimand.get("is_event") or estimand.get("event")
    if words or not is_share:
        return words or "{value}"
    return "{percent} percentage points" if estimand["kind"] == Kind.CONTRAST else "{percent} %"


def _filled(estimand: Mapping[str, Any], number: str) -> str:
    template = _template(estimand)
    filled = template.replace(f"{{{_number_in(template)}}}", number)
    if number.lstrip("+" + _MINUS) != "1":
        return filled
    return _ONE_TIMES.sub("the same", filled).replace("points", "point")


def _rescaled(
    estimand: Mapping[str, Any], value: float | None, low: float | None, high: float | None
) -> tuple[str, str, str]:
    """Estimate and interval on the scale of their words, each on its side of what the verdict says it lies beside.

    Nor is what is less written as if it were as much.
    """
    is_change = _is_change(estimand, value)
    rescaled = _change if is_change else functools.partial(rescale_number, estimand)
    ends = [None if end is None else rescaled(end) for end in (value, low, high)]
    bars = [rescaled(bar) for bar in (*list_bars(estimand["null"], estimand["smallest"]), 0.0)]
    is_signed = is_change or (_is_signed(estimand["kind"]) and not is_ratio(estimand))
    return round_interval(*ends, signed=is_signed, bars=bars)


def _is_change(estimand: Mapping[str, Any], value: float | None) -> bool:
    """Is a doubling told by how much it changes something? Twice as much, or half, is told as that."""
    return value is not None and abs(value) < 1.0 and not estimand["null"] and tells_doubling(estimand)


def _change(exponent: float) -> float:
    """By how many percent a doubling changes what grows with this exponent."""
    return 100.0 * (_on_scale("times2", exponent) - 1.0)


def _as_change(percent: str) -> str:
    if percent == "0":
        return "no change"
    return f"{percent.lstrip('+' + _MINUS)} % {'lower' if percent.startswith(_MINUS) else 'higher'}"


def _span_of_changes(first: str, last: str) -> str:
    """An interval of changes, the smaller one first; an end that is not bounded is left out."""
    changes = [end for end in (first, last) if "∞" not in end]
    if len(changes) < 2:
        is_floor = "∞" in last
        return "".join(
            f"at {'least' if is_floor != end.startswith(_MINUS) else 'most'} {_as_change(end)}" for end in changes
        )
    if first[0] == last[0] == _MINUS:
        return f"{last.lstrip(_MINUS)} to {_as_change(first)}"
    return (
        f"{first.lstrip('+')} to {_as_change(last)}" if first[0] == last[0] else " to ".join(map(_as_change, changes))
    )


def rescale_number(estimand: Mapping[str, Any], value: float) -> float:
    """A number as its words have it: a share as so many of a hundred, a logarithm as what it is the logarithm of."""
    return _on_scale(_number_in(_template(estimand)), value)


def _on_scale(name: str, value: float) -> float:
    try:
        return NUMBERS[name](value)
    except OverflowError:
        return math.inf


def _number_in(words: str) -> str:
    return next(name for name in NUMBERS if f"{{{name}}}" in words)


def _is_signed(kind: str) -> bool:
    """Is the sign of this kind of number part of the answer?"""
    return kind not in _UNSIGNED


def begin_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def join_words(words: Sequence[str]) -> str:
    """These as "one, two and three"; nothing of none."""
    *before, last = words or [""]
    return f"{', '.join(before)} and {last}" if before else last


def format_moment(value: str | None) -> str:
    if value is None:
        return "–"
    at = datetime.fromisoformat(value)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def format_duration(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 0.95 * size:
            amount = max(1, round(seconds / size))
            return f"{amount}\u00a0{name}{'' if amount == 1 else 's'}"
    if 0.0 < seconds < 0.95:
        return f"{max(seconds, 0.001):.1g}\u00a0seconds"
    amount = max(0, round(seconds))
    return f"{amount}\u00a0second{'' if amount == 1 else 's'}"


def write_minus(sentence: str) -> str:
    """A sentence whose numbers have a true minus."""
    return _HYPHEN.sub(_MINUS, sentence)


def format_e_value(value: float | None) -> str:
    """An e-value, with the digits with which it is told everywhere."""
    return "–" if value is None else _minus(e_told(value))


def tell_odds(e_value: float) -> str:
    """What chance is at most one in so many, rounded down as an e-value is, in words that people use."""
    if e_value >= _MOST_ODDS:
        return "a million billion"
    size, name = next((odds for odds in _ODDS if e_value >= odds[0]), (1.0, ""))
    return f"{math.floor(10 * e_value / size) / 10:g} {name}" if name else format_e_value(e_value)


def _decimals(numbers: list[float]) -> int | None:
    """How many decimals the width is worth; None where it says nothing, or where a power of ten is needed."""
    width = max(numbers, default=0.0) - min(numbers, default=0.0)
    largest = max(map(abs, numbers), default=0.0)
    if not width or largest >= _TO or max(width, largest) < _FROM:
        return None
    decimals = 1 - math.floor(math.log10(width))
    return max(0, decimals) if decimals <= _MOST_DECIMALS else None


def _fixed(value: float, decimals: int, *, signed: bool, bars: Sequence[float]) -> str | None:
    """The number with so many decimals, or with as many more as two digits take, or its side of each of these."""
    wanted, own = find_sides(value, bars), 1 - math.floor(math.log10(abs(value))) if value else 0
    if own > max(decimals, _LONGEST):
        return None
    for many in range(max(decimals, own), max(decimals, _MOST_DECIMALS) + 1):
        text = f"{value:{'+' if signed else ''},.{many}f}"
        read = float(text.replace(",", ""))
        if find_sides(read, bars) == wanted:
            return _minus(text) if read else "0"
    return None


def _few_digits(value: float, *, signed: bool, aligned: bool) -> str:
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞"
    sign = "+" if signed and value > 0 else ""
    if _FROM <= abs(value) < _TO:
        decimals = max(0, 2 - math.floor(math.log10(abs(float(f"{value:.2e}")))))  # 9.996 is written as 10.0
        text = f"{value:,.{decimals}f}"
        says_nothing = decimals > 0 and not aligned and float(text.replace(",", "")) == value
        return sign + (text.rstrip("0").rstrip(".") if says_nothing else text)
    return f"{sign}{value:.2e}"


def _minus(text: str) -> str:
    return text.replace("-", _MINUS)
