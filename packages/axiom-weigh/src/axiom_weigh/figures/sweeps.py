"""The picture of a sweep: one line and band, or several series with their names beside them."""

import itertools
import math
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from axiom_weigh.figures.axes import CHARACTER, LINE, Axes, Row, of_series
from axiom_weigh.figures.palette import SERIES, WIDTHS
from axiom_weigh.figures.picture_data import (
    BETWEEN,
    Level,
    PointMark,
    Sweep,
    SweepPoint,
    can_be_marked,
    choose_series,
    find_usual_levels,
    stands_on_numbers,
    write_amount,
)
from axiom_weigh.figures.scales import (
    Scale,
    at_levels,
    format_value,
    make_linear_scale,
    make_log_scale,
    of_intervals,
    shorten_words,
)

HEIGHTS = {"wide": 270, "narrow": 230}
TICKS = {"wide": 12, "narrow": 6}
_NEAR = 6
HEADING = {"wide": 24, "narrow": 16}  # characters of the factor above these names
LONGEST = {"wide": 26, "narrow": 18}  # characters of a line of a series' name; where lines have no room, it is cut
BESIDE_A_MARK = {"wide": 40, "narrow": 26}  # characters of a line beside a point that is compared
_WORSE = 4  # times as bad as a line a name is to hide: through words nobody sees words
_STEPS = 8  # across words
_SPACING = 8  # CSS pixels between places along a line
_INDENT = 16  # CSS pixels of words behind a sign or a number
_CLEAR = 8  # CSS pixels between a marked point and its words
_ROOM = 24  # CSS pixels between a line's end and its name, where the line's sign may stand, and behind the name


@dataclass(frozen=True, kw_only=True)
class Series:
    """The points of one series at their places on the x axis, and how they look."""

    name: str  # as the table has it
    shown: tuple[str, ...]  # lines, as there is room for them in the picture
    shape: str
    role: str
    shift: float
    rows: tuple[Row, ...]

    @property
    def last(self) -> Row:
        """The point at which it ends."""
        return max(self.rows, key=lambda row: row["x"])


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where words stand: beside the lines and points that they are of, or below the picture."""

    has_names_below: bool
    has_marks_below: bool  # beside each marked point stands a number


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A marked point in the picture, with what stands beside it."""

    row: Row
    role: str
    words: str
    more: tuple[str, ...]
    is_reference: bool


@dataclass(frozen=True, kw_only=True)
class LegendEntry:
    """Something below a picture: a sign or a number, and what it stands for."""

    lines: tuple[tuple[str, str], ...]  # words, and how bold they are
    role: str
    shape: str = ""
    number: str = ""
    series: str = ""  # the name of one that a reader may hide


def draw_sweep(request: Sweep, kind: str) -> tuple[list[str], Axes]:
    """Return the layers of a sweep and their axes: of all ways to lay out its words the first that hides nothing."""
    points = [point for point in request.points if point.estimate is not None]
    names = choose_series(points, request.spoken_of)
    points = [point for point in points if point.series in names]
    is_placed = can_be_marked(points, names)
    places = [point.x for point in points]
    places = sorted(places) if stands_on_numbers(points) else places
    marks = [mark for mark in request.marks if is_placed and mark.point in points]
    request = replace(request, marks=tuple(sorted(marks, key=lambda mark: places.index(mark.point.x))))  # from the left
    _, beside = beside_lines(request.by, [format_value(name) for name in names], kind)
    drawings = []
    for has_marks_below, has_names_below in itertools.product((False, True), repeat=2):
        if has_names_below or fits_beside(beside, kind):
            layout = Layout(has_names_below=has_names_below and len(names) > 1, has_marks_below=has_marks_below)
            drawings.append(_lay_out(request, points, names, layout, kind))
            if not drawings[-1][2]:
                break
    layers, axes, _ = min(drawings, key=lambda drawing: drawing[2])
    return layers, axes


def _lay_out(
    request: Sweep, points: Sequence[SweepPoint], names: Sequence[Level | None], layout: Layout, kind: str
) -> tuple[list[str], Axes, float]:
    """Return the layers, their axes, and how much words beside a point hide."""
    heading, shown = beside_lines(request.by, [format_value(name) for name in names], kind)
    is_beside = len(names) > 1 and not layout.has_names_below
    y = _y_axis(request, points)
    x, place = _x_axis(request, points, kind)
    roomy = with_room(x, [heading, *(line for lines in shown for line in lines)], kind) if is_beside else x
    places = [roomy.place(tick) * (WIDTHS[kind] - 60) for tick in x.ticks]
    axes = Axes(
        x=roomy,
        y=y,
        x_title=request.x.replace("_", " "),
        y_title=request.quantity + (f", in {request.percent}" if len(request.percent) > 1 else ""),
        width=WIDTHS[kind],
        height=HEIGHTS[kind],
        slanted=sum(len(label) + 2 for label in x.labels) * CHARACTER > WIDTHS[kind] - 60
        or (not stands_on_numbers(points) and _touch(x.labels, places)),  # a number may give way to another, no name
    )
    series = [
        Series(
            name=format_value(name),
            shown=shown[number],
            shape=SERIES[number][0],
            role="edge" if request.own else SERIES[number][1],
            shift=4 * (number - (len(names) - 1) / 2),
            rows=tuple(_row(point, place[repr(point.x)], y) for point in points if point.series == name),
        )
        for number, name in enumerate(names)
    ]
    is_joined = stands_on_numbers(points)
    layers = [_strokes(axes, course, is_joined, is_alone=len(series) == 1) for course in series]
    if is_beside:
        layers += names_beside(heading, axes, series)
    own = [_row(point, place[repr(point.x)], y) for point in request.own if repr(point.x) in place]
    layers.append(axes.points(own, "margin", shape="circle", size=40))
    roles = {course.name: course.role for course in series} if len(series) > 1 else {}
    marks = [
        Mark(
            row={"x": place[repr(mark.point.x)], "y": mark.point.estimate},
            role=roles.get(format_value(mark.point.series), "plus"),
            words=str(number) if layout.has_marks_below else mark.words,
            more=() if layout.has_marks_below else mark.more,
            is_reference=mark.is_reference,
        )
        for number, mark in enumerate(request.marks, 1)
    ]
    words, hidden = _marked(axes, marks, _drawn(axes, series, is_beside=is_beside), BESIDE_A_MARK[kind])
    legend = _signs_below(series, request.by, kind) if layout.has_names_below else []
    if layout.has_marks_below:
        legend += _marks_below(request.marks, marks, kind)
    axes = replace(axes, legend=sum(len(entry.lines) for entry in legend))
    return layers + words + draw_legend(axes, legend), axes, hidden


def _touch(labels: Sequence[str], places: Sequence[float]) -> bool:
    """Would a label at its place lie on the next?"""
    ends = [(place, len(label) * CHARACTER / 2) for label, place in zip(labels, places, strict=True)]
    return any(first + half + _CLEAR > second - other for (first, half), (second, other) in itertools.pairwise(ends))


def _drawn(axes: Axes, series: Sequence[Series], *, is_beside: bool) -> list[tuple[float, float]]:
    """Return places along all lines and of the names beside them, close enough that no word slips between them."""
    places: list[tuple[float, float]] = []
    right = max(axes.x.place(course.last["x"]) for course in series) * axes.across
    for course in series:
        at = [(axes.x.place(row["x"]) * axes.across, (1 - axes.y.place(row["y"])) * axes.height) for row in course.rows]
        for (x, y), (x2, y2) in itertools.pairwise(sorted(at)):
            steps = math.ceil(math.hypot(x2 - x, y2 - y) / _SPACING) or 1
            places += [(x + (x2 - x) * step / steps, y + (y2 - y) * step / steps) for step in range(steps + 1)]
        for row in course.rows:
            if "low" in row:
                x, (lower, upper) = (
                    axes.x.place(row["x"]) * axes.across,
                    ((1 - axes.y.place(row[end])) * axes.height for end in ("low", "high")),
                )
                places += [
                    (x, min(upper + _SPACING * step, lower))
                    for step in range(math.ceil((lower - upper) / _SPACING) + 1)
                ]
    if is_beside:
        for course, height, _ in _names_apart(axes, series):
            places += _WORSE * _inside((right + _ROOM, height - LINE / 2), course.shown)
    return places


def _inside(corner: tuple[float, float], lines: Sequence[str]) -> list[tuple[float, float]]:
    """Return places within a box of words from its upper left corner."""
    (left, upper), wide = corner, max(map(len, lines)) * CHARACTER
    downs = [upper + LINE * half / 2 for half in range(2 * len(lines) + 1)]
    return [(left + wide * step / _STEPS, down) for step in range(_STEPS + 1) for down in downs]


def _marked(
    axes: Axes, marks: Sequence[Mark], taken: list[tuple[float, float]], longest: int
) -> tuple[list[str], float]:
    """Ring the points that are compared, draw the level of the one they are compared with, and write beside them.

    Also return how much the words hide.
    """
    ends = [mark.row["x"] for mark in marks]
    layers = [
        axes.level(mark.row | {"x": min(ends), "x2": max(ends)}, "ink2", dashes="2 3")
        for mark in marks
        if mark.is_reference
    ]
    layers += [axes.points([mark.row], mark.role, shape="circle", size=90, hollow=True) for mark in marks]
    points = [
        (axes.x.place(mark.row["x"]) * axes.across, (1 - axes.y.place(mark.row["y"])) * axes.height) for mark in marks
    ]
    hidden = 0.0
    for mark, point in zip(marks, points, strict=True):
        bold, *grey = [textwrap.wrap(words, longest) for words in (mark.words, *mark.more)]
        lines = [*bold, *itertools.chain(*grey)]
        y, others = point[1], [other for other in points if other != point]
        align, upper, box, hides = _freest(axes, point, lines, taken, others)
        taken, hidden = [*taken, *box], hidden + hides
        nearer = upper + LINE * len(lines) if upper < y else upper
        if abs(nearer - y) > LINE:
            stroke = mark.row | {"low": mark.row["y"], "high": axes.y.at(1 - nearer / axes.height)}
            layers.append(axes.bars([stroke], "edge", width=0.8))
        for number, line in enumerate(lines):
            role, weight = (mark.role, "bold") if number < len(bold) else ("ink2", "")
            below = upper + LINE * (number + 0.5) - y
            layers.append(axes.words(mark.row | {"words": line}, role, align=align, dy=below, font_weight=weight))
    return layers, hidden


def _freest(
    axes: Axes,
    point: tuple[float, float],
    lines: Sequence[str],
    taken: Sequence[tuple[float, float]],
    others: Sequence[tuple[float, float]],
) -> tuple[str, float, list[tuple[float, float]], float]:
    """Return how words lie beside a point, where they begin, their box, and how much it hides.

    It is the nearest one that hides the least, and stands nearer to its point than to any other that has words, so
    that nobody takes it for that one's.
    """
    (x, y), wide, high = point, max(map(len, lines)) * CHARACTER, LINE * len(lines)
    places = [
        (align, left, upper)
        for align, left in (("end", x - wide), ("middle", x - wide / 2), ("start", x))
        for upper in [LINE * half / 2 for half in range(int(2 * (axes.height - high) / LINE) + 1)]
        if not upper - _CLEAR < y < upper + high + _CLEAR
    ]

    def cost(candidate: tuple[str, float, float]) -> tuple[float, float]:
        _, left, upper = candidate
        beyond = max(0.0, -left) + max(0.0, left + wide - axes.across)
        inside = sum(left - 4 <= across <= left + wide + 4 and upper <= down <= upper + high for across, down in taken)
        away = [
            math.hypot(max(left - across, 0, across - left - wide), max(upper - down, 0, down - upper - high))
            for across, down in (point, *others)
        ]
        is_nearer_to_another = any(other <= away[0] for other in away[1:])
        hidden = inside + 25 * beyond + 250 * is_nearer_to_another
        return hidden, 4 * hidden + abs(upper + high / 2 - y) / LINE

    costs = {place: cost(place) for place in places}
    align, left, upper = best = min(places, key=lambda place: costs[place][1])
    return align, upper, _inside((left, upper), lines), costs[best][0]


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


def apart_from_usual(names: Sequence[str]) -> list[str]:
    """Return the names of series without the levels that most series have, where any other level is left."""
    usual, levels = find_usual_levels(names), [name.split(BETWEEN) for name in names]
    if not usual:
        return list(names)
    own = [[part for part, other in zip(level, usual, strict=True) if part != other] for level in levels]
    return [BETWEEN.join(part or level) for part, level in zip(own, levels, strict=True)]


def tell_apart(by: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the factors and levels that tell series apart; no factor where the names say what they are."""
    return telling(by, names) if by else ("", apart_from_usual(names))


def beside_lines(by: str, names: Sequence[str], kind: str) -> tuple[str, list[tuple[str, ...]]]:
    """Return what stands above the names of series and the lines of each; with no factors named the names say all."""
    factors, levels = tell_apart(by, names)
    parts = [[name] if by or len(name) <= LONGEST[kind] else name.split(BETWEEN) for name in levels]
    lines = [
        tuple(line for part in of_name for line in textwrap.wrap(part, LONGEST[kind]) or [""]) for of_name in parts
    ]
    return shorten_words(factors.replace("_", " "), HEADING[kind]), lines


def fits_beside(names: Sequence[tuple[str, ...]], kind: str) -> bool:
    """Is there room for these lines one below the other?"""
    return LINE * sum(map(len, names)) <= HEIGHTS[kind]


def _signs_below(series: Sequence[Series], by: str, kind: str) -> list[LegendEntry]:
    """The names of all series, behind their signs."""
    heading, names = tell_apart(by, [course.name for course in series])
    above = [LegendEntry(lines=((heading, ""),), role="ink2")] if heading else []
    return above + [
        LegendEntry(
            lines=tuple((line, "") for line in textwrap.wrap(name, _letters(kind))),
            role=course.role,
            shape=course.shape,
            series=course.name,
        )
        for course, name in zip(series, names, strict=True)
    ]


def _marks_below(compared: Sequence[PointMark], marks: Sequence[Mark], kind: str) -> list[LegendEntry]:
    """What stands else beside the points, behind their numbers."""
    return [
        LegendEntry(
            lines=tuple(
                (line, weight)
                for words, weight in ((mark.words, "bold"), (" ".join(mark.more), ""))
                for line in textwrap.wrap(words, _letters(kind))
            ),
            role=drawn.role,
            number=drawn.words,
        )
        for mark, drawn in zip(compared, marks, strict=True)
    ]


def _letters(kind: str) -> int:
    """Of a line of the legend."""
    return int((WIDTHS[kind] - _INDENT) / CHARACTER)


def draw_legend(axes: Axes, entries: Sequence[LegendEntry]) -> list[str]:
    """Write these below the picture, one below the other."""
    layers, first = [], 0
    for entry in entries:
        sign = [axes.sign_below(entry.shape, entry.role, first)] if entry.shape else []
        if entry.number:
            sign.append(axes.words_below(entry.number, entry.role, first, font_weight="bold"))
        words = [
            axes.words_below(
                line,
                entry.role if weight or entry.shape else "ink2",
                first + number,
                indent=_INDENT if sign else 0,
                font_weight=weight,
            )
            for number, (line, weight) in enumerate(entry.lines)
        ]
        layers.append(of_series([*sign, *words], entry.series) if entry.series else "".join([*sign, *words]))
        first += len(entry.lines)
    return layers


def _x_axis(request: Sweep, points: Sequence[SweepPoint], kind: str) -> tuple[Scale, dict[str, float]]:
    """Return the axis, and where each level stands on it; levels that are no numbers stand in the order given."""
    if not stands_on_numbers(points):
        levels = list(dict.fromkeys(format_value(point.x) for point in points))
        scale = Scale(
            low=-0.6,
            high=len(levels) - 0.4,
            ticks=tuple(float(number) for number in range(len(levels))),
            labels=tuple(levels),
        )
        return scale, {repr(point.x): float(levels.index(format_value(point.x))) for point in points}
    places = {repr(point.x): float(point.x) for point in points}
    positions = places.values()
    scale = _number_axis(request, points, positions, kind)
    return replace(scale, labels=tuple(map(request.name_level, scale.ticks))) if request.levels else scale, places


def _number_axis(request: Sweep, points: Sequence[SweepPoint], positions: Collection[float], kind: str) -> Scale:
    spoken_of = _places_spoken_of(request, points)
    if "x" in request.log and min(positions) > 0:
        return at_levels(make_log_scale(positions), positions, most=TICKS[kind], spoken_of=spoken_of)
    scale = at_levels(
        make_linear_scale(positions, about=TICKS[kind] // 2, tight=True),
        positions,
        most=TICKS[kind],
        spoken_of=spoken_of,
    )
    room = 0.03 * (scale.high - scale.low)
    return replace(scale, low=scale.low - room, high=scale.high + room)


def _places_spoken_of(request: Sweep, points: Sequence[SweepPoint]) -> list[float]:
    """Return where that stands of which people speak: what is compared, the highest point and the lowest."""
    by_height = sorted(points, key=lambda point: point.estimate or 0.0)
    marked = (*(mark.point for mark in request.marks), by_height[-1], by_height[0])
    return [float(point.x) for point in marked]


def _y_axis(request: Sweep, points: Sequence[SweepPoint]) -> Scale:
    scale = make_linear_scale((0.0, 1.0)) if request.is_share else _axis_of_medians(request, points)
    if request.percent.startswith("%"):
        return replace(scale, labels=tuple(write_amount(tick, request.percent) for tick in scale.ticks))
    return replace(scale, labels=tuple(format_value(100 * tick) for tick in scale.ticks)) if request.percent else scale


def _axis_of_medians(request: Sweep, points: Sequence[SweepPoint]) -> Scale:
    medians = [point.estimate for point in (*points, *request.own) if point.estimate is not None]
    ends = [end for point in points for end in (point.low, point.high) if end is not None]
    return of_intervals(medians, ends, is_log="y" in request.log)


def with_room(scale: Scale, words: Sequence[str], kind: str) -> Scale:
    """Widen the axis to the right by what the names of the series need, and the factor above them."""
    longest = max(len(word) for word in words)
    share = min(0.5, (longest * CHARACTER + _ROOM) / (WIDTHS[kind] - 60))
    return replace(scale, high=scale.at(1 / (1 - share)))


def _row(point: SweepPoint, x: float, y: Scale) -> Row:
    row: Row = {"x": x, "y": point.estimate}
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
    """Write each series' name right of its last point, apart from the others, with what they are above them."""
    right = max(course.last["x"] for course in series)
    named_at = _names_apart(axes, series)
    is_moved = any(abs(height - where) > _NEAR or course.last["x"] < right for course, height, where in named_at)
    dx = 20 if is_moved else 10
    layers: list[str] = []
    for course, height, _ in named_at:
        place = {"x": right, "y": axes.y.at(1 - height / axes.height)}
        named = [
            axes.words(place | {"words": line}, course.role, align="start", dx=dx, dy=LINE * number)
            for number, line in enumerate(course.shown)
        ]
        if is_moved:  # a name that does not stand at its line's end shows the line's sign
            named.append(axes.points([place], course.role, shape=course.shape, shift=13))
        layers.append(of_series(named, course.name))
    if heading:
        top = {"x": right, "y": axes.y.at(1 - (named_at[0][1] - LINE) / axes.height), "words": heading}
        layers.append(axes.words(top, "ink2", align="start", dx=dx))
    return layers


def _names_apart(axes: Axes, series: Sequence[Series]) -> list[tuple[Series, float, float]]:
    """Return each series from above, how far down its name stands, and how far down its line ends."""
    ordered = sorted(series, key=lambda course: -course.last["y"])
    wanted = [(1 - axes.y.place(course.last["y"])) * axes.height for course in ordered]
    room = [LINE * len(course.shown) for course in ordered]
    heights = _apart(wanted, room, top=LINE, bottom=axes.height)
    return list(zip(ordered, heights, wanted, strict=True))


def _apart(wanted: Sequence[float], room: Sequence[float], *, top: float, bottom: float) -> list[float]:
    """Move sorted places as little as one pass down and one pass up allow, so that each has the room it needs below."""
    places = list(wanted)
    for number, place in enumerate(places):
        places[number] = max(place, top if number == 0 else places[number - 1] + room[number - 1])
    for number in reversed(range(len(places))):
        end = bottom + LINE / 2 if number == len(places) - 1 else places[number + 1]
        places[number] = min(places[number], end - room[number])
    return places
