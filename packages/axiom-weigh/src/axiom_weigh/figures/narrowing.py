"""The picture of how a finding's interval narrowed, and what it shares with that of its repetitions."""

from dataclasses import replace

from axiom_weigh.figures.axes import LINE, Axes, Row
from axiom_weigh.figures.palette import VERDICTS, WIDTHS
from axiom_weigh.figures.picture_data import Look, Narrowing, Strip
from axiom_weigh.figures.scales import Scale, digits_in_unit, in_unit, make_linear_scale
from axiom_weigh.values import Grade

_HEIGHTS = {"wide": 250, "narrow": 220}
_MARGIN = 0.09  # of the axis, left of the first seed: the place of what was said beforehand


def draw_narrowing(request: Narrowing, kind: str) -> tuple[list[str], Axes]:
    """Return the layers of an interval that narrows, and their axes."""
    looks, last = request.looks, request.looks[-1]
    axes = finding_axes(request, kind, _x_of_seeds(looks, kind), _domain_of(request))
    shape, role = VERDICTS[last.verdict]
    rows: list[Row] = [
        {"x": look.seeds, "low": end_or_edge(look.low, axes.y.low), "high": end_or_edge(look.high, axes.y.high)}
        for look in looks
    ]
    rows.append({**rows[-1], "x": axes.x.high})
    shown = [{"x": look.seeds, "y": look.estimate} for look in looks if look.estimate is not None]
    layers = [
        *draw_nothing(request, axes),
        axes.area(rows, role, opacity=0.16, stepped=True),
        *(axes.line(_edge(rows, axes, end), role, stepped=True, width=1.3) for end in ("low", "high")),
        *_milestones(looks, axes, kind),
        axes.points(shown, role, shape=shape, size=46, hollow=shape == "circle"),
        name_small(request, axes, last),
    ]
    return layers + _predicted(request, axes), axes


def finding_axes(request: Narrowing | Strip, kind: str, x: Scale, y: Scale) -> Axes:
    where = "repetitions so far" if isinstance(request, Narrowing) else "repetition"
    return Axes(
        x=x,
        y=in_unit(y, request.unit, signed=request.null == 0),
        x_title=where,
        y_title=request.axis or request.y.replace("_", " "),
        width=WIDTHS[kind],
        height=_HEIGHTS[kind],
    )


def _x_of_seeds(looks: tuple[Look, ...], kind: str) -> Scale:
    """Leave room for the prediction on the left, and for the newest interval on the right."""
    top = max(1, looks[-1].seeds)
    before = looks[-2].seeds if len(looks) > 1 else 0
    marked = make_linear_scale((0, top), about=7 if kind == "wide" else 4, tight=True).whole()
    return replace(marked, low=-_MARGIN * top, high=top + max(0.03 * top, 0.5 * (top - before)))


def _domain_of(request: Narrowing) -> Scale:
    """Hold the band, the prediction, all estimates and the last interval; wider, earlier intervals run off the edge."""
    last = request.looks[-1]
    values = [request.null - 1.5 * request.smallest, request.null + 1.5 * request.smallest, *(request.predicted or ())]
    values += [look.estimate for look in request.looks if look.estimate is not None]
    values += [end for end in (last.low, last.high) if end is not None]
    room = 0.12 * (max(values) - min(values))
    return make_linear_scale((min(values) - room, max(values) + room), about=5, signed=request.null == 0)


def end_or_edge(value: float | None, edge: float) -> float:
    return edge if value is None else value


def _edge(rows: list[Row], axes: Axes, end: str) -> list[Row]:
    """The stroke along one end of the interval; none where the interval runs off the picture."""
    inside = [axes.y.low < row[end] < axes.y.high for row in rows]
    return [{"x": row["x"], "y": row[end] if is_inside else None} for row, is_inside in zip(rows, inside, strict=True)]


def draw_nothing(request: Narrowing | Strip, axes: Axes) -> list[str]:
    """What is too small to matter, and the line of no effect."""
    across = {"x": axes.x.low, "x2": axes.x.high}
    band = across | {"low": request.null - request.smallest, "high": request.null + request.smallest}
    return [axes.box(band, "band"), axes.level(across | {"y": request.null}, "edge")]


def name_small(request: Narrowing | Strip, axes: Axes, look: Look) -> str:
    """Name the band at its right end: inside where the evidence is elsewhere, else beside it."""
    low, high = request.null - request.smallest, request.null + request.smallest
    room = (axes.y.place(high) - axes.y.place(low)) * axes.height
    middle = request.null if look.estimate is None else look.estimate
    covered = end_or_edge(look.low, axes.y.low) < high and end_or_edge(look.high, axes.y.high) > low
    if room >= 2.4 * LINE and not covered:
        y, shift = (low, -8) if middle >= request.null else (high, 9)
    else:
        y, shift = (low, 9) if middle >= request.null else (high, -8)
    row = {"x": axes.x.high, "y": y, "words": _band_in_words(request)}
    return axes.words(row, "ink2", align="end", dy=shift, dx=-2)


def _band_in_words(request: Narrowing | Strip) -> str:
    """What lies in the band: beside nothing what is too small to matter, beside a number what is about as much."""
    if not request.smallest:
        return "no effect"
    if not request.null:
        return "too small to matter"
    return f"about {digits_in_unit(request.null, request.unit)}{' %' if request.unit == 'percent' else ''}"


def _milestones(looks: tuple[Look, ...], axes: Axes, kind: str) -> list[str]:
    """Mark where a grade was first reached: every one where there is room, else the last."""
    order, milestones = list(Grade), list[Look]()
    for look in looks:
        if order.index(look.grade) > max((order.index(earlier.grade) for earlier in milestones), default=0):
            milestones.append(look)
    milestones = milestones if kind == "wide" else milestones[-1:]
    upright = [{"x": look.seeds, "low": axes.y.low, "high": axes.y.high} for look in milestones]
    layers = [axes.bars(upright, "ink2", width=1.0, dashes="2,3")] if milestones else []
    taken = -1.0
    for look in milestones:
        place = axes.x.place(look.seeds)
        is_left = place > 0.8
        row = {"x": look.seeds, "y": axes.y.high, "words": str(look.grade)}
        drop = 8 if place - taken > 0.14 else 8 + LINE
        layers.append(axes.words(row, "ink", align="end" if is_left else "start", dx=-4 if is_left else 4, dy=drop))
        taken = place
    return layers


def _predicted(request: Narrowing, axes: Axes) -> list[str]:
    if request.predicted is None:
        return []
    low, high = request.predicted
    row: Row = {"x": 0.55 * axes.x.low, "low": low, "high": high}
    is_high = (1 - axes.y.place(high)) * axes.height < 1.5 * LINE
    words = row | {"y": low if is_high else high, "words": "predicted, 80\N{NO-BREAK SPACE}%"}
    return [
        axes.bars([row], "margin", width=2),
        axes.caps(row, "margin"),
        axes.words(words, "margin", align="start", dx=-7, dy=12 if is_high else -11),
    ]
