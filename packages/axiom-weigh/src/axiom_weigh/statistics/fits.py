"""Curves through the arms of one replicate: a power law that saturates, and two lines that meet at a turn.

All are least squares with one number to search for; the others are closed forms. The search is a grid and a halving, so
the same measures always give the same answer. Errors count in proportion to the measure for power laws, whose measures
span decades, and as they are for a turn.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_LEAST = 4  # levels of a power law with an offset
_STEEPEST = 8.0  # exponents are looked for between minus and plus this
_GRID = 160
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_SAME = 1e-9  # relative differences below this are rounding
_ROUNDING = _SAME * _SAME  # of squares
_LOGARITHM = 1e-6  # an exponent nearer to 0 than this is told as a logarithm
_DECADES = 30 * math.log(10.0)

Point = tuple[float, float]


class NoFitError(ValueError):
    """There is no such curve, and this sentence says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerLaw:
    """offset + factor × x ** exponent. Near an exponent of 0 it is a logarithm: then factor and offset are None."""

    exponent: float
    factor: float | None
    offset: float | None
    explained: float  # share of the variation that the curve explains, at most 1


@dataclass(frozen=True, kw_only=True, slots=True)
class TwoLines:
    """Two lines that meet."""

    at: float
    before: float  # slopes
    after: float
    explained: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Arms:
    logs: tuple[float, ...]  # of the levels, about their mean
    centre: float  # that mean
    ys: tuple[float, ...]  # in units of the largest
    unit: float


_Fitted = tuple[float, float, float]  # error, offset, and slope of the rise


def saturating_law(xs: Sequence[float], ys: Sequence[float]) -> PowerLaw:
    """A power law that starts from, or ends at, an offset of either sign; four levels at least."""
    arms = _arms(xs, ys)
    exponent = _searched(lambda candidate: _with_offset(arms, candidate)[0])
    errors, offset, slope = _with_offset(arms, exponent)
    level = math.fsum(1.0 / y for y in arms.ys) / math.fsum(1.0 / y**2 for y in arms.ys)
    whole = math.fsum(((y - level) / y) ** 2 for y in arms.ys)
    is_logarithm = abs(exponent) < _LOGARITHM
    if not is_logarithm:  # from a rise of (x^b - 1) / b to one of x^b
        offset, slope = offset - slope / exponent, slope / exponent
    return PowerLaw(
        exponent=exponent,
        factor=None if is_logarithm else slope * arms.unit * math.exp(-exponent * arms.centre),
        offset=None if is_logarithm else offset * arms.unit,
        explained=1.0 - errors / whole,
    )


def find_turn(xs: Sequence[float], ys: Sequence[float]) -> TwoLines:
    """Where the two lines that fit best meet (Hudson's search: between two levels, or at one); five levels at least."""
    ordered = sorted(zip(xs, ys, strict=True))
    if len({x for x, _ in ordered}) < max(5, len(ordered)):
        raise NoFitError(f"there are {len({x for x, _ in ordered})} levels, and a turn needs five")
    start, width = ordered[0][0], ordered[-1][0] - ordered[0][0]
    unit = max(abs(y) for _, y in ordered)
    if not math.isfinite(width):
        raise NoFitError("the levels lie too far apart")
    points = [((x - start) / width, y / unit if unit else 0.0) for x, y in ordered]
    straight = _line(points)[0]
    if straight <= _ROUNDING * len(points):
        raise NoFitError("the measure lies on one straight line, which turns nowhere")
    errors, at, before, after = min([*_between_levels(points), *_at_levels(points)])
    mean = math.fsum(y for _, y in points) / len(points)
    whole = math.fsum((y - mean) ** 2 for _, y in points)
    slope = unit / width
    return TwoLines(at=start + at * width, before=before * slope, after=after * slope, explained=1.0 - errors / whole)


def _arms(xs: Sequence[float], ys: Sequence[float]) -> _Arms:
    if not xs or min(*xs, *ys) <= 0:
        raise NoFitError("a power law needs levels and measures above 0")
    if len(set(xs)) < _LEAST:
        raise NoFitError(f"there are {len(set(xs))} levels, and this needs {_LEAST}")
    unit, logs = max(ys), [math.log(x) for x in xs]
    if unit - min(ys) <= _SAME * unit:
        raise NoFitError("the measure is the same at all levels, so no exponent is better than another")
    if max(logs) - min(logs) > _DECADES or math.log(unit) - math.log(min(ys)) > _DECADES:
        raise NoFitError("levels or measures span more than thirty powers of ten")
    centre = math.fsum(logs) / len(logs)
    return _Arms(logs=tuple(log - centre for log in logs), centre=centre, ys=tuple(y / unit for y in ys), unit=unit)


def _searched(errors: Callable[[float], float]) -> float:
    """The exponent with the least error: the best of a grid, then between its neighbours."""
    step = 2 * _STEEPEST / _GRID
    best = min(range(_GRID + 1), key=lambda place: errors(place * step - _STEEPEST))
    if best in (0, _GRID):
        raise NoFitError(f"no exponent between -{_STEEPEST:g} and {_STEEPEST:g} fits: the measure jumps at one level")
    low, high = (best - 1) * step - _STEEPEST, (best + 1) * step - _STEEPEST
    while high - low > _SAME:
        first, second = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, second) if errors(first) <= errors(second) else (first, high)
    return (low + high) / 2


def _with_offset(arms: _Arms, exponent: float) -> _Fitted:
    """The best line along the rise (x^b - 1) / b; for an exponent of 0 that is the logarithm, and nothing is torn."""
    rises = [math.expm1(exponent * at) / exponent if exponent else at for at in arms.logs]
    weights = [1.0 / (y * y) for y in arms.ys]
    whole = math.fsum(weights)
    mean = math.fsum(w * rise for w, rise in zip(weights, rises, strict=True)) / whole
    level = math.fsum(1.0 / y for y in arms.ys) / whole
    away = [rise - mean for rise in rises]
    spread = math.fsum(w * distance * distance for w, distance in zip(weights, away, strict=True))
    slope = (
        math.fsum(w * distance * (y - level) for w, distance, y in zip(weights, away, arms.ys, strict=True)) / spread
    )
    errors = math.fsum(((y - level - slope * distance) / y) ** 2 for distance, y in zip(away, arms.ys, strict=True))
    return errors, level - slope * mean, slope


def _line(points: Sequence[Point]) -> tuple[float, float, float]:
    """Error, height at 0 and slope of the straight line that fits best."""
    mean = math.fsum(x for x, _ in points) / len(points)
    level = math.fsum(y for _, y in points) / len(points)
    spread = math.fsum((x - mean) ** 2 for x, _ in points)
    slope = math.fsum((x - mean) * (y - level) for x, y in points) / spread
    errors = math.fsum((y - level - slope * (x - mean)) ** 2 for x, y in points)
    return errors, level - slope * mean, slope


def _between_levels(points: Sequence[Point]) -> Iterator[tuple[float, float, float, float]]:
    """Each side's own line, where the two meet between the levels that they part."""
    for place in range(2, len(points) - 1):
        left, low, before = _line(points[:place])
        right, high, after = _line(points[place:])
        if before == after:
            continue
        at = (low - high) / (after - before)
        if points[place - 1][0] <= at <= points[place][0]:
            yield left + right, at, before, after


def _at_levels(points: Sequence[Point]) -> Iterator[tuple[float, float, float, float]]:
    """Two lines that have to meet at an inner level."""
    for at, _ in points[1:-1]:
        basis = [(1.0, min(0.0, x - at), max(0.0, x - at)) for x, _ in points]
        level, before, after = _solved(basis, [y for _, y in points])
        errors = math.fsum(
            (y - level - before * left - after * right) ** 2
            for (_, left, right), (_, y) in zip(basis, points, strict=True)
        )
        yield errors, at, before, after


def _solved(basis: Sequence[tuple[float, float, float]], ys: Sequence[float]) -> tuple[float, float, float]:
    """Least squares of a level and two slopes, one on each side: where one has run, the other is 0."""
    n = len(ys)
    left, right = (math.fsum(row[side] for row in basis) for side in (1, 2))
    left2, right2 = (math.fsum(row[side] ** 2 for row in basis) for side in (1, 2))
    left_y, right_y = (math.fsum(row[side] * y for row, y in zip(basis, ys, strict=True)) for side in (1, 2))
    level = (math.fsum(ys) - left * left_y / left2 - right * right_y / right2) / (
        n - left * left / left2 - right * right / right2
    )
    return level, (left_y - level * left) / left2, (right_y - level * right) / right2
