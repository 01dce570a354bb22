"""The picture of a sum that grows from day to day: a step at each day, from nothing."""

from datetime import date

from axiom_weigh.figures.axes import Axes, Row
from axiom_weigh.figures.palette import WIDTHS
from axiom_weigh.figures.picture_data import History
from axiom_weigh.figures.scales import Scale, make_linear_scale

_HEIGHTS = {"wide": 230, "narrow": 200}
_FIRST = date(1970, 1, 1).toordinal()
_TICKS = {"wide": 6, "narrow": 3}


def draw_history(request: History, kind: str) -> tuple[list[str], Axes]:
    """Return the layers of a history and their axes."""
    axes = Axes(
        x=_x_axis(request, kind),
        y=make_linear_scale([0.0, *request.totals]),
        x_title="day",
        y_title=request.y,
        width=WIDTHS[kind],
        height=_HEIGHTS[kind],
    )
    rows: list[Row] = [
        {"x": day, "y": total, "low": 0.0, "high": total}
        for day, total in zip(request.days, request.totals, strict=True)
    ]
    rows.append({**rows[-1], "x": request.days[-1] + 1})  # the last day is as wide as any
    return [axes.area(rows, "band", stepped=True), axes.line(rows, "ink", stepped=True)], axes


def _x_axis(request: History, kind: str) -> Scale:
    """The dates of days that stand evenly, with both ends."""
    first, last = request.days[0], request.days[-1]
    most = min(_TICKS[kind], last - first + 1)
    days = sorted({round(first + number * (last - first) / (most - 1)) for number in range(most)})
    return Scale(
        low=float(first),
        high=float(last + 1),
        ticks=tuple(float(day) for day in days),
        labels=tuple(str(date.fromordinal(_FIRST + day)) for day in days),
    )
