"""The picture of curves: a line for each config, told apart by the signs on it, with their names beside them."""

from axiom_weigh.figures.axes import Axes, of_series
from axiom_weigh.figures.palette import SERIES, WIDTHS
from axiom_weigh.figures.picture_data import Curve
from axiom_weigh.figures.scales import make_linear_scale, of_intervals, pick_evenly, shorten_words
from axiom_weigh.figures.sweeps import (
    HEIGHTS,
    LONGEST,
    TICKS,
    Series,
    beside_lines,
    fits_beside,
    names_beside,
    with_room,
)

_SIGNS = 5  # on a line
_FAR = 1_000  # times the least median: from here on a line that runs away would press all others flat


def draw_curves(request: Curve, kind: str) -> tuple[list[str], Axes]:
    """Return the layers of curves and their axes."""
    drawn = [curve_series for curve_series in request.series if curve_series.places]
    heading, shown = beside_lines(request.by, [curve_series.name for curve_series in drawn], kind)
    if not fits_beside(shown, kind):
        shown = [(shorten_words(", ".join(lines), LONGEST[kind]),) for lines in shown]
    last = max(curve_series.places[-1] for curve_series in drawn)
    medians = [middle for curve_series in drawn for middle in curve_series.medians]
    x = make_linear_scale((1, last), about=TICKS[kind] // 2 + 1, tight=True).whole()
    axes = Axes(
        x=with_room(x, [heading, *(line for lines in shown for line in lines)], kind) if len(drawn) > 1 else x,
        y=of_intervals(medians, [], is_log=min(medians) * _FAR < max(medians)),
        x_title=f"{request.x.replace('_', ' ')}, by its place in the list",
        y_title=f"median {request.y.replace('_', ' ')}",
        width=WIDTHS[kind],
        height=HEIGHTS[kind],
    )
    series = [
        Series(
            name=curve_series.name,
            shown=shown[number],
            shape=SERIES[number][0],
            role=SERIES[number][1],
            shift=0,
            rows=tuple(
                {"x": place, "y": y} for place, y in zip(curve_series.places, curve_series.medians, strict=True)
            ),
        )
        for number, curve_series in enumerate(drawn)
    ]
    layers = [_strokes(axes, line) for line in series]
    return layers + (names_beside(heading, axes, series) if len(series) > 1 else []), axes


def _strokes(axes: Axes, series: Series) -> str:
    signs = axes.points(pick_evenly(series.rows, _SIGNS), series.role, shape=series.shape, size=40)
    line = [axes.line(series.rows, series.role, width=1.4)] if len(series.rows) > 1 else []
    return of_series([*line, signs], series.name)
