"""How the measures of one replicate become one number. A file declares an estimand; this is its arithmetic."""

import itertools
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom_weigh.statistics import fits
from axiom_weigh.statistics.student import mean_of
from axiom_weigh.values import NOT_WAITING, Kind

_ROUNDED = 0.05  # so much may the steps between levels differ, since whole numbers are seldom evenly spaced
_Cells = Sequence[tuple[Mapping[str, object], Mapping[str, Any] | None]]


def _place_by_names(config: Mapping[str, object]) -> str:
    return f"at {', '.join(f'{factor}={level}' for factor, level in config.items())}" if config else ""


@dataclass(frozen=True, slots=True)
class Naming:
    """How what has no number is told: by the names in its file, unless somebody has words for them."""

    name: Callable[[str], str] = str  # of a measure or factor
    place: Callable[[Mapping[str, object]], str] = _place_by_names  # at the end of a sentence


BY_NAMES = Naming()


class _NoNumberError(Exception):
    """A cell that the estimand needs has no number, and this sentence says which."""

    def __init__(
        self, sentence: str, *, name: str = "", place: Mapping[str, object] | None = None, **facts: Any
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.name, self.place, self.facts = sentence, name, place or {}, facts

    def tell(self, naming: Naming) -> str:
        parts = {"name": naming.name(self.name), "place": naming.place(self.place), **self.facts}
        return self.sentence.format(**parts).rstrip()


def compute_estimand(estimand: Mapping[str, Any], cells: _Cells, naming: Naming = BY_NAMES) -> tuple[float | None, str]:
    """Return the estimand's value in one replicate, or None and why there is none.

    `cells` are the configs of the sweep with what was measured there. Only the cells that the estimand speaks of are
    needed: those of its two arms for a contrast, those of `between[0]` (all, when it is empty) for any other kind.
    """
    try:
        number = _COMPUTE[Kind(estimand["kind"])](estimand, cells)
    except _NoNumberError as missing:
        return None, missing.tell(naming)
    if not math.isfinite(number):
        return None, f"what is made of {naming.name(estimand['measure'])} left the real numbers"
    return number, ""


def why_not_concluded(estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]]) -> str:
    """Why no number could be concluded from these configs, whatever is measured; empty where one could be.

    A power law has an exponent only where the measure changes, and an event is asked of what has not happened before.
    """
    event, is_power = estimand.get("event"), Kind(estimand["kind"]) is Kind.EXPONENT
    anything = event["by"] if event else 1
    return compute_estimand(
        estimand,
        [
            (config, {estimand["measure"]: config.get(estimand["across"], 1) if is_power else anything})
            for config in configs
        ],
    )[1]


def list_needed_configs(estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]]) -> tuple[int, ...]:
    """Which of the configs, by their place in this list, the estimand's value comes from."""
    arms = _arms_of(estimand)
    return tuple(place for place, config in enumerate(configs) if any(_is_in(config, arm) for arm in arms))


def evenly_spaced(configs: Sequence[Mapping[str, object]], estimand: Mapping[str, Any]) -> bool:
    """Are the arms of a slope or rank correlation evenly spaced, each with as many configs as the others?

    Only then arms that are alike under the null make the number symmetric about 0. A slope sees the levels'
    logarithms; a rank correlation sees their order alone, in which they are evenly spaced whatever they are.
    """
    try:
        levels = Counter(_factor(estimand, configs[place]) for place in list_needed_configs(estimand, configs))
    except _NoNumberError:
        return False
    if len(levels) < 2 or len(set(levels.values())) > 1:
        return False
    if Kind(estimand["kind"]) is Kind.RANK_CORRELATION:
        return True
    if min(levels) <= 0:
        return False
    steps = [math.log(high / low) for low, high in itertools.pairwise(sorted(levels))]
    return max(steps) - min(steps) <= _ROUNDED * max(steps)


def has_even_arms(configs: Sequence[Mapping[str, object]], estimand: Mapping[str, Any]) -> bool:
    """Have both arms of a contrast as many configs, and none in common?

    Only then arms that are alike under the null make the number symmetric about 0: a mean of twelve skewed values is
    not spread as one of them is. An arm without any config is no matter of theirs being even.
    """
    first, second = (
        {place for place, config in enumerate(configs) if _is_in(config, arm)} for arm in _arms_of(estimand)
    )
    return not (first and second) or (len(first) == len(second) and first.isdisjoint(second))


def _arms_of(estimand: Mapping[str, Any]) -> Sequence[Mapping[str, object]]:
    """What the configs of each arm have in common: two arms of a contrast, one or two of a dimension, else one."""
    between: Sequence[Mapping[str, object]] = estimand["between"] or ({},)
    return between[:2] if Kind(estimand["kind"]) in _OF_TWO_ARMS else between[:1]


def _is_in(config: Mapping[str, object], arm: Mapping[str, object]) -> bool:
    return all(config.get(factor) == level for factor, level in arm.items())


def _level(estimand: Mapping[str, Any], cells: _Cells) -> float:
    return mean_of([number for _, number in _numbers_of_arm(estimand, cells, 0)])


def _contrast(estimand: Mapping[str, Any], cells: _Cells) -> float:
    first, second = ([number for _, number in _numbers_of_arm(estimand, cells, arm)] for arm in (0, 1))
    return mean_of(first) - mean_of(second)


def _proportion(estimand: Mapping[str, Any], cells: _Cells) -> float:
    """1 when it happened in every cell that the claim speaks of, 0 when it did not in at least one."""
    numbers = [number for _, number in _numbers_of_arm(estimand, cells, 0)]
    for number in numbers:
        if number not in (0.0, 1.0):
            raise _NoNumberError(
                "{name} is {number:g}, and a proportion counts 0 and 1 alone", name=estimand["measure"], number=number
            )
    return min(numbers)


def _slope(estimand: Mapping[str, Any], cells: _Cells) -> float:
    """Least squares of log measure on log factor. Where other factors vary, a level stands for its geometric mean."""
    arms = _log_arms(estimand, cells)
    _at_least_two(estimand, arms)
    xs, ys = list(arms), [mean_of(logs) for logs in arms.values()]
    return _product(xs, ys) / _product(xs, xs)


def _rank_correlation(estimand: Mapping[str, Any], cells: _Cells) -> float:
    """Spearman's, of the arms' mean measure with the factor; 0 when the measure is the same in all arms."""
    arms = _arms(estimand, cells)
    _at_least_two(estimand, arms)
    xs, ys = _ranks(list(arms)), _ranks([mean_of(numbers) for numbers in arms.values()])
    spread = math.sqrt(_product(xs, xs) * _product(ys, ys))
    return max(-1.0, min(1.0, _product(xs, ys) / spread)) if spread else 0.0


def _exponent(estimand: Mapping[str, Any], cells: _Cells) -> float:
    """Of the power law with an offset that fits the arms best; a slope is the exponent of the law without one.

    Where other factors vary, a level stands for its arms' geometric mean, as in a slope.
    """
    arms = _log_arms(estimand, cells)
    try:
        return fits.saturating_law([*map(math.exp, arms)], [math.exp(mean_of(logs)) for logs in arms.values()]).exponent
    except fits.NoFitError as none:
        raise _NoNumberError("{name} has no exponent: {none}", name=estimand["measure"], none=none) from none


def _breakpoint(estimand: Mapping[str, Any], cells: _Cells) -> float:
    """The level at which the arms' mean measure turns. Levels count by their logarithms where all are above 0."""
    arms = _arms(estimand, cells)
    is_logarithmic = min(arms) > 0
    xs = [math.log(level) if is_logarithmic else level for level in arms]
    try:
        at = fits.find_turn(xs, [mean_of(numbers) for numbers in arms.values()]).at
    except fits.NoFitError as none:
        raise _NoNumberError("{name} has no breakpoint: {none}", name=estimand["measure"], none=none) from none
    return math.exp(at) if is_logarithmic else at


def _dimension(estimand: Mapping[str, Any], cells: _Cells) -> float:
    """By how much a border's length in boxes grows as they shrink: in one arm, or the difference of two.

    Of each level of a map's tiles the boxes are counted together; the slope is that of their log2 on the level.
    """
    first, *second = (_dimension_of(estimand, cells, arm) for arm in range(len(_arms_of(estimand))))
    return first - second[0] if second else first


def _dimension_of(estimand: Mapping[str, Any], cells: _Cells, arm: int) -> float:
    if not estimand.get("levels"):
        raise _NoNumberError("it is not said to which levels the dimension of a border is fitted")
    first, last = estimand["levels"]
    boxes: Counter[int] = Counter()
    for config, number in _numbers_of_arm(estimand, cells, arm):
        if first <= (level := int(_factor({"across": "level"}, config))) <= last:
            boxes[level] += round(number)
    levels = range(first, last + 1)
    if missing := [level for level in levels if boxes[level] <= 0]:
        place: Mapping[str, object] = (estimand["between"] or ({},))[arm]
        raise _NoNumberError("no border passes at level {level} {place}", place=place, level=missing[0])
    xs, ys = [float(level) for level in levels], [math.log2(boxes[level]) for level in levels]
    return _product(xs, ys) / _product(xs, xs)


_COMPUTE = {
    Kind.CONTRAST: _contrast,
    Kind.SLOPE: _slope,
    Kind.RANK_CORRELATION: _rank_correlation,
    Kind.EXPONENT: _exponent,
    Kind.BREAKPOINT: _breakpoint,
    Kind.PROPORTION: _proportion,
    Kind.LEVEL: _level,
    Kind.DIMENSION: _dimension,
}
_OF_TWO_ARMS = (Kind.CONTRAST, Kind.DIMENSION)


def _numbers_of_arm(estimand: Mapping[str, Any], cells: _Cells, arm: int) -> list[tuple[Mapping[str, object], float]]:
    between = estimand["between"]
    wanted = between[arm] if between else {}
    chosen = [cell for cell in cells if _is_in(cell[0], wanted)]
    if not chosen:
        raise _NoNumberError("this design has no config {place}", place=wanted)
    number = _happened if estimand.get("event") else _number
    return [(config, number(estimand, config, measures)) for config, measures in chosen]


def _arms(estimand: Mapping[str, Any], cells: _Cells) -> dict[float, list[float]]:
    """What was measured at each level of the factor."""
    arms: dict[float, list[float]] = {}
    for config, number in _numbers_of_arm(estimand, cells, 0):
        arms.setdefault(_factor(estimand, config), []).append(number)
    return arms


def _log_arms(estimand: Mapping[str, Any], cells: _Cells) -> dict[float, list[float]]:
    """The logarithms of what was measured, at the logarithm of each level."""
    arms: dict[float, list[float]] = {}
    for config, number in _numbers_of_arm(estimand, cells, 0):
        level = _factor(estimand, config)
        for what, positive in ((estimand["across"], level), (estimand["measure"], number)):
            if positive <= 0:
                raise _NoNumberError(
                    "{name} is {number:g} {place}, which has no logarithm", name=what, number=positive, place=config
                )
        arms.setdefault(math.log(level), []).append(math.log(number))
    return arms


def _happened(estimand: Mapping[str, Any], config: Mapping[str, object], measures: Mapping[str, Any] | None) -> float:
    """1 where it happened by then, 0 where it did not: also where the run ended first, if that was not before."""
    event, measure = estimand["event"], estimand["measure"]
    if measures is not None and measures.get(measure, measures) is None:
        if (end := _factor({"across": event["budget"]}, config)) < event["by"]:
            raise _NoNumberError(
                "{name} never came {place}, and {by:g} is later",
                name=measure,
                place={event["budget"]: end},
                by=event["by"],
            )
        return 0.0
    waited = _number(estimand, config, measures)
    if event["after"] and waited <= event["after"]:
        raise _NoNumberError(NOT_WAITING)
    return float(waited <= event["by"])


def _number(estimand: Mapping[str, Any], config: Mapping[str, object], measures: Mapping[str, Any] | None) -> float:
    measure = estimand["measure"]
    if measures is None:
        raise _NoNumberError("nothing was measured {place}", place=config)
    number = measures.get(measure)
    if number is None:
        raise _NoNumberError("{name} has no value {place}", name=measure, place=config)
    if not isinstance(number, int | float):
        raise _NoNumberError(
            "{name} is a {kind} {place}, and an estimand needs a number",
            name=measure,
            kind=type(number).__name__,
            place=config,
        )
    if not -sys.float_info.max <= number <= sys.float_info.max:  # so asked, a whole number may be of any size
        raise _NoNumberError("{name} left the real numbers {place}", name=measure, place=config)
    return float(number)


def _factor(estimand: Mapping[str, Any], config: Mapping[str, object]) -> float:
    level = config.get(estimand["across"])
    if not isinstance(level, int | float) or isinstance(level, bool):
        raise _NoNumberError(
            "{name} is {level!r} {place}, and must be a number", name=estimand["across"], level=level, place=config
        )
    return float(level)


def _at_least_two(estimand: Mapping[str, Any], arms: Mapping[float, object]) -> None:
    if len(arms) < 2:
        raise _NoNumberError("{name} has one level only, and a trend needs two", name=estimand["across"])


def _product(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The sum of products of what two rows of numbers are away from their means."""
    x_mean, y_mean = mean_of(xs), mean_of(ys)
    return math.fsum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))


def _ranks(numbers: Sequence[float]) -> list[float]:
    """From 1 on; equal numbers share the mean of their places."""
    return [sum(other < number for other in numbers) + (numbers.count(number) + 1) / 2 for number in numbers]
