"""The picture of a sweep: one line and band, or several series with their names beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from axiom_weigh.figures.axes import CHARACTER, Axes, Row, of_series
from axiom_weigh.figures.palette import SERIES, WIDTHS
from axiom_weigh.figures.picture_data import BETWEEN, Sweep, SweepPoint
from axiom_weigh.figures.scales import Scale, at_levels, digits, evenly, linear, logarithmic, of_intervals, short

HEIGHTS = {"wide": 270, "narrow": 230}
TICKS = {"wide": 12, "narrow": 6}
_LINE = 15
_NEAR = 6
LONGEST = {"wide": 24, "narrow": 18}  # characters of a series' name in the picture; the table has all of it
HEADING = {"wide": 24, "narrow": 16}  # characters of the factor above these names
_ROOM = 24  # CSS pixels between a line's end and its name, where the line's sign may stand, and behind the name


@dataclass(frozen=True, kw_only=True)
class Series:
    """The points of one series at their places on the x axis, and how they look."""

    name: str  # as the table has it
    shown: str  # as there is room for it in the picture
    shape: str
    role: str
    shift: float
    rows: tuple[Row, ...]

    @property
    def last(self) -> Row:
        """The point at which it ends."""
        return max(self.rows, key=lambda row: row["x"])


def sweep(request: Sweep, kind: str) -> tuple[list[str], Axes]:
    """Return the layers of a sweep and their axes."""
    points = [point for point in request.points if point.median is not None]
    names = evenly(list(dict.fromkeys(point.series for point in points)), len(SERIES))
    points = [point for point in points if point.series in names]
    by, levels = telling(request.by, [digits(name) for name in names])
    heading = short(by.replace("_", " "), HEADING[kind])
    shown = [short(name, LONGEST[kind]) for name in levels]
    y = _y_axis(request, points)
    x, place = _x_axis(request, points, kind)
    axes = Axes(
        x=with_room(x, [heading, *shown], kind) if len(shown) > 1 else x,
        y=y,
        x_title=request.x.replace("_", " "),
        y_title=f"median {request.y.replace('_', ' ')}",
        width=WIDTHS[kind],
        height=HEIGHTS[kind],
        slanted=sum(len(label) + 2 for label in x.labels) * CHARACTER > WIDTHS[kind] - 60,
    )
    series = [
        Series(
            name=digits(name),
            shown=shown[number],
            shape=SERIES[number][0],
            role=SERIES[number][1],
            shift=4 * (number - (len(names) - 1) / 2),
            rows=tuple(_row(point, place[repr(point.x)], y) for point in points if point.series == name),
        )
        for number, name in enumerate(names)
    ]
    is_joined = _is_numeric(points)
    layers = [_strokes(axes, course, is_joined, is_alone=len(series) == 1) for course in series]
    return layers + (names_beside(heading, axes, series) if len(series) > 1 else []), axes


def telling(by: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """Return factors, and levels of each series, without those that the others tell already, the longest first."""
    factors, levels = by.split(BETWEEN), [name.split(BETWEEN) for name in names]
    if len(names) < 2 or any(len(level) != len(factors) for level in levels):
        return by, list(names)
    kept = list(range(len(factors)))
    for number in sorted(kept, key=lambda place: -max(len(level[place]) for level in levels)):
        rest = [other for other in kept if other != number]
        if rest and len({tuple(level[place] for place in rest) for level in levels}) == len(names):
            kept = rest
    return BETWEEN.join(factors[place] for place in kept), [
        BETWEEN.join(level[place] for place in kept) for level in levels
    ]


def _is_numeric(points: Sequence[SweepPoint]) -> bool:
    return all(isinstance(point.x, int | float) and not isinstance(point.x, bool) for point in points)


def _x_axis(request: Sweep, points: Sequence[SweepPoint], kind: str) -> tuple[Scale, dict[str, float]]:
    """Return the axis, and where each level stands on it; levels that are no numbers stand in the order given."""
    if not _is_numeric(points):
        levels = list(dict.fromkeys(digits(point.x) for point in points))
        scale = Scale(
            low=-0.6,
            high=len(levels) - 0.4,
            ticks=tuple(float(number) for number in range(len(levels))),
            labels=tuple(levels),
        )
        return scale, {repr(point.x): float(levels.index(digits(point.x))) for point in points}
    places = {repr(point.x): float(point.x) for point in points}
    positions = places.values()
    if "x" in request.log and min(positions) > 0:
        return at_levels(logarithmic(positions), positions, most=TICKS[kind]), places
    scale = at_levels(linear(positions, about=TICKS[kind] // 2, tight=True), positions, most=TICKS[kind])
    room = 0.03 * (scale.high - scale.low)
    return replace(scale, low=scale.low - room, high=scale.high + room), places


def _y_axis(request: Sweep, points: Sequence[SweepPoint]) -> Scale:
    medians = [point.median for point in points if point.median is not None]
    ends = [end for point in points for end in (point.low, point.high) if end is not None]
    return of_intervals(medians, ends, is_log="y" in request.log)


def with_room(scale: Scale, words: Sequence[str], kind: str) -> Scale:
    """Widen the axis to the right by what the names of the series need, and the factor above them."""
    longest = max(len(word) for word in words)
    share = min(0.5, (longest * CHARACTER + _ROOM) / (WIDTHS[kind] - 60))
    return replace(scale, high=scale.at(1 / (1 - share)))


def _row(point: SweepPoint, x: float, y: Scale) -> Row:
    row: Row = {"x": x, "y": point.median}
    if point.low is not None or point.high is not None:
        low = y.low if point.low is None else max(point.low, y.low)
        high = y.high if point.high is None else min(point.high, y.high)
        row |= {"low": low, "high": high}
    return row


def _strokes(axes: Axes, series: Series, is_joined: bool, *, is_alone: bool) -> str:
    rows = sorted(series.rows, key=lambda row: row["x"])
    bounded = [row for row in rows if "low" in row]
    shift = 0.0 if is_joined and is_alone else series.shift
    layers = [axes.area(bounded, "band")] if is_joined and is_alone and len(bounded) > 1 else []
    if is_joined and len(rows) > 1:
        layers.append(axes.line(rows, series.role, width=1.6 if is_alone else 1.2))
    if bounded:
        layers.append(axes.bars(bounded, series.role, shift=0.0 if is_joined else shift))
    layers.append(axes.points(rows, series.role, shape=series.shape, shift=0.0 if is_joined else shift))
    return of_series(layers, series.name)


def names_beside(heading: str, axes: Axes, series: Sequence[Series]) -> list[str]:
    """Write each series' name right of its last point, apart from the others, with the factor above them."""
    right = max(course.last["x"] for course in series)
    ordered = sorted(series, key=lambda course: -course.last["y"])
    wanted = [(1 - axes.y.place(course.last["y"])) * axes.height for course in ordered]
    heights = _apart(wanted, top=_LINE, bottom=axes.height)
    is_moved = any(
        abs(height - where) > _NEAR or course.last["x"] < right
        for course, height, where in zip(ordered, heights, wanted, strict=True)
    )
    dx = 20 if is_moved else 10
    layers: list[str] = []
    for course, height in zip(ordered, heights, strict=True):
        place = {"x": right, "y": axes.y.at(1 - height / axes.height)}
        named = [axes.words(place | {"words": course.shown}, course.role, align="start", dx=dx)]
        if is_moved:  # a name that does not stand at its line's end shows the line's sign
            named.append(axes.points([place], course.role, shape=course.shape, shift=13))
        layers.append(of_series(named, course.name))
    top = {"x": right, "y": axes.y.at(1 - (heights[0] - _LINE) / axes.height), "words": heading}
    return [*layers, axes.words(top, "ink2", align="start", dx=dx)]


def _apart(wanted: Sequence[float], *, top: float, bottom: float) -> list[float]:
    """Move sorted places as little as one pass down and one pass up allow, so that none is nearer than a line."""
    places = list(wanted)
    for number, place in enumerate(places):
        places[number] = max(place, top if number == 0 else places[number - 1] + _LINE)
    for number in reversed(range(len(places))):
        ceiling = bottom if number == len(places) - 1 else places[number + 1] - _LINE
        places[number] = min(places[number], ceiling)
    return places
