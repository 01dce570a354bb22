"""The picture of a finding's parts: one interval for each platform, host and design, beside that of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from axiom_weigh.figures.axes import CHARACTER, Axes, Row
from axiom_weigh.figures.palette import VERDICTS, WIDTHS
from axiom_weigh.figures.picture_data import Forest, ForestPart
from axiom_weigh.figures.scales import Scale, in_unit, make_linear_scale, shorten_words

_PITCH = {"wide": 22, "narrow": 36}  # CSS pixels that a row takes; a telephone has its words above the interval
_HEAD = 26
_LONGEST = {"wide": 34, "narrow": 46}  # characters of a row's words in the picture; the table has all of them
_MOST_ROOM = 0.42  # of the width, for words
_REACH = 0.75  # of what the estimates span: how far an interval's end may widen the axis on either side


@dataclass(frozen=True, kw_only=True)
class _RowAt:
    """One row or heading at its height, counted in pixels from the top."""

    words: str
    top: float
    part: ForestPart | None = None


def draw_forest(request: Forest, kind: str) -> tuple[list[str], Axes]:
    """Return the layers of a forest and their axes."""
    lines, height = _lines(request, kind)
    ticked = in_unit(_x_axis(request, kind), request.unit, signed=request.null == 0)
    axes = Axes(
        x=ticked if kind == "narrow" else _with_room(ticked, lines),
        y=Scale(low=0.0, high=float(height), ticks=(), labels=()),
        x_title=request.axis or request.y.replace("_", " "),
        y_title="",
        width=WIDTHS[kind],
        height=height,
        is_read_along_x=False,
    )
    layers = [*_nothing(request, axes), *_whole(request, axes)]
    most = max(part.seeds for part in request.parts)
    for line in lines:
        layers += _row(line, axes, ticked.low, most) if line.part else [_heading(line, axes)]
    return layers + _next_design(request, axes, ticked.low, kind), axes


def _lines(request: Forest, kind: str) -> tuple[list[_RowAt], int]:
    rows, top = list[_RowAt](), 0.0
    for group in dict.fromkeys(part.group for part in request.parts):
        top += _HEAD
        rows.append(_RowAt(words=group, top=top - 7))
        for part in request.parts:
            if part.group == group:
                rows.append(_RowAt(words=_short(part, kind), top=top + _PITCH[kind] / 2, part=part))
                top += _PITCH[kind]
    return rows, round(top + (_HEAD + _PITCH[kind] if request.expected else 0) + 6)


def _short(part: ForestPart, kind: str) -> str:
    return f"{shorten_words(part.name, _LONGEST[kind])}, n\N{NO-BREAK SPACE}{part.seeds:,}"


def _x_axis(request: Forest, kind: str) -> Scale:
    """Hold every estimate, the band and the whole's interval; an end that lies far away runs off the edge."""
    numbers = [request.null - 1.5 * request.smallest, request.null + 1.5 * request.smallest]
    numbers += [part.estimate for part in request.parts if part.estimate is not None]
    whole = (request.look.estimate, request.look.low, request.look.high)
    numbers += [end for end in (*whole, *(request.expected or ())) if end is not None]
    low, high = min(numbers), max(numbers)
    room = _REACH * (high - low)
    ends = [end for part in request.parts for end in (part.low, part.high) if end is not None]
    numbers += [min(max(end, low - room), high + room) for end in ends]
    margin = 0.03 * (max(numbers) - min(numbers))
    about = 6 if kind == "wide" else 4
    return make_linear_scale(
        (min(numbers) - margin, max(numbers) + margin), about=about, signed=request.null == 0, tight=True
    )


def _with_room(scale: Scale, lines: Sequence[_RowAt]) -> Scale:
    """Widen the axis to the left by what the words of the rows need."""
    longest = max(len(line.words) for line in lines)
    share = min(_MOST_ROOM, (longest * CHARACTER + 12) / WIDTHS["wide"])
    return replace(scale, low=scale.at(-share / (1 - share)))


def _nothing(request: Forest, axes: Axes) -> list[str]:
    """What is too small to matter, and the line of no effect."""
    upright = {"low": 0.0, "high": float(axes.height)}
    band = upright | {"x": request.null - request.smallest, "x2": request.null + request.smallest}
    return [axes.box(band, "band"), axes.bars([upright | {"x": request.null}], "edge", width=1.0)]


def _whole(request: Forest, axes: Axes) -> list[str]:
    """The estimate of all replicates together, from top to bottom."""
    if request.look.estimate is None:
        return []
    row: Row = {"x": request.look.estimate, "low": 0.0, "high": float(axes.height)}
    return [axes.bars([row], VERDICTS[request.look.verdict][1], width=1.2, dashes="2,3")]


def _heading(line: _RowAt, axes: Axes) -> str:
    row: Row = {"x": axes.x.low, "y": axes.height - line.top, "words": line.words}
    return axes.words(row, "ink", align="start", font_weight=600)


def _row(line: _RowAt, axes: Axes, least: float, most: int) -> list[str]:
    """The words and the interval of one part; the square grows with its seeds."""
    is_narrow = axes.x.low == least
    middle = axes.height - line.top
    words = {"x": axes.x.low, "y": middle + (9 if is_narrow else 0), "words": line.words}
    layers = [axes.words(words, "ink", align="start")]
    part = line.part
    if part is None or part.estimate is None:
        return layers
    y = middle - (8 if is_narrow else 0)
    low = least if part.low is None else max(part.low, least)
    high = axes.x.high if part.high is None else min(part.high, axes.x.high)
    if low <= high:
        # What is not bounded yet must not look like something that was measured.
        is_open = part.low is None or part.high is None
        place: Row = {"x": low, "x2": high, "y": y}
        layers.append(axes.level(place, "edge", dashes="2,3") if is_open else axes.level(place, "ink", width=1.6))
    size = 18 + 62 * part.seeds / max(1, most)
    return [*layers, axes.points([{"x": part.estimate, "y": y}], "ink", shape="square", size=size)]


def _next_design(request: Forest, axes: Axes, least: float, kind: str) -> list[str]:
    """Where a further design is expected to lie."""
    if request.expected is None:
        return []
    low, high = request.expected
    middle = _PITCH[kind] / 2 + 6
    head = _RowAt(words="A further design", top=axes.height - middle - _PITCH[kind] / 2 - 7)
    words = {"x": axes.x.low, "y": middle + (9 if kind == "narrow" else 0), "words": "95\N{NO-BREAK SPACE}% prediction"}
    y = middle - (8 if kind == "narrow" else 0)
    bar = {"x": max(low, least), "x2": min(high, axes.x.high), "y": y}
    return [
        _heading(head, axes),
        axes.words(words, "ink", align="start"),
        axes.level(bar, "ink2", width=5),
    ]
