"""The picture of a finding's value in every repetition."""

from dataclasses import replace

from axiom_weigh.figures.axes import Axes
from axiom_weigh.figures.narrowing import draw_nothing, end_or_edge, finding_axes, name_small
from axiom_weigh.figures.palette import VERDICTS
from axiom_weigh.figures.picture_data import Strip, choose_spacing
from axiom_weigh.figures.scales import Scale, make_linear_scale


def draw_strip(request: Strip, kind: str) -> tuple[list[str], Axes]:
    """Return the layers of a strip and their axes."""
    pairs = list(zip(request.replicates, request.values, strict=True))[:: choose_spacing(request)]
    axes = finding_axes(request, kind, _x_of_replicates(request, kind), _domain_of_values(request))
    role = VERDICTS[request.look.verdict][1]
    older = frozenset(request.older)
    before = [{"x": number, "y": value} for number, value in pairs if value is not None and number in older]
    values = [{"x": number, "y": value} for number, value in pairs if value is not None and number not in older]
    missing = [{"x": number, "y": axes.y.low} for number, value in pairs if value is None]
    across = {"x": axes.x.low, "x2": axes.x.high}
    look = request.look
    layers = draw_nothing(request, axes)
    if look.low is not None or look.high is not None:
        low, high = end_or_edge(look.low, axes.y.low), end_or_edge(look.high, axes.y.high)
        layers.append(axes.box(across | {"low": low, "high": high}, role, opacity=0.22))
    if look.estimate is not None:
        layers.append(axes.level(across | {"y": look.estimate}, role, width=2))
    if look.estimate is not None:
        row = {"x": axes.x.high, "y": look.estimate, "words": request.centre}
        layers.append(axes.words(row, role, align="end", dx=-2, dy=-9))
    layers.append(name_small(request, axes, look))
    layers.append(axes.points(values, "ink", shape="circle", size=13 if len(values) < 200 else 8))  # no word hides one
    own = [row for row in values if row["x"] in request.own]
    layers.append(axes.points(own, "margin", shape="circle", size=60))
    if before:
        layers.append(axes.points(before, "edge", shape="cross", size=16))
    if missing:
        layers.append(axes.points(missing, "ink2", shape="cross", size=40))
        row = {"x": axes.x.low, "y": axes.y.low, "words": f"+ no value: {request.missing:,}"}
        layers.append(axes.words(row, "ink2", align="start", dx=4, dy=-14))
    return layers, axes


def _x_of_replicates(request: Strip, kind: str) -> Scale:
    first, last = request.replicates[0], request.replicates[-1]
    room = max(1.0, 0.02 * (last - first))
    marked = make_linear_scale((first, max(last, first + 1)), about=7 if kind == "wide" else 4, tight=True).whole()
    return replace(marked, low=first - room, high=last + room)


def _domain_of_values(request: Strip) -> Scale:
    if request.centre == "share":  # of which each value is 0 or 1
        return replace(make_linear_scale((0, 1)), low=-0.06, high=1.06)
    values = [value for value in request.values if value is not None]
    values += [request.null - 1.5 * request.smallest, request.null + 1.5 * request.smallest]
    room = 0.06 * (max(values) - min(values))
    floor = (2 if request.missing else 1) * room  # the edge where missing ones are marked stays clear of values
    return make_linear_scale((min(values) - floor, max(values) + room), about=5, signed=request.null == 0)
