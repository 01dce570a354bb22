"""The strokes that specs are made of: each is one Altair layer over plain rows, at places of one pair of axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from axiom_weigh.figures.palette import LIGHT
from axiom_weigh.figures.scales import Scale

Row = dict[str, Any]

SERIES_MARK = "series "


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Two scales, what is written at them, and the size of what they frame."""

    x: Scale
    y: Scale
    x_title: str
    y_title: str
    width: int
    height: int
    slanted: bool = False
    is_read_along_x: bool = True  # its rows lie side by side, so that a place on the x axis names some of them

    def area(self, rows: Sequence[Row], role: str, *, opacity: float = 1.0, stepped: bool = False) -> alt.Chart:
        """Fill between low and high."""
        mark = _chart(rows).mark_area(
            color=LIGHT[role], fillOpacity=opacity, interpolate="step-after" if stepped else "linear"
        )
        return self._placed(mark, y="low", y2="high")

    def box(self, row: Row, role: str, *, opacity: float = 1.0) -> alt.Chart:
        """Fill a rectangle from x and low to x2 and high."""
        return self._placed(
            _chart([row]).mark_rect(color=LIGHT[role], fillOpacity=opacity), y="low", x2="x2", y2="high"
        )

    def line(self, rows: Sequence[Row], role: str, *, stepped: bool = False, width: float = 1.6) -> alt.Chart:
        """Join the rows at their y, broken where y is None."""
        return self._placed(
            _chart(rows).mark_line(
                color=LIGHT[role], strokeWidth=width, interpolate="step-after" if stepped else "linear"
            )
        )

    def bars(self, rows: Sequence[Row], role: str, *, width: float = 1.6, shift: float = 0, **more: Any) -> alt.Chart:
        """Stand upright from low to high."""
        return self._placed(
            _chart(rows).mark_rule(color=LIGHT[role], strokeWidth=width, xOffset=shift, **more), y="low", y2="high"
        )

    def level(self, row: Row, role: str, *, width: float = 1.0, **more: Any) -> alt.Chart:
        """Lie flat from x to x2."""
        return self._placed(_chart([row]).mark_rule(color=LIGHT[role], strokeWidth=width, **more), x2="x2")

    def caps(self, rows: Sequence[Row], role: str) -> list[alt.Chart]:
        """End bars with a short stroke at low and at high."""
        made = _chart(rows).mark_tick(color=LIGHT[role], thickness=2, size=9, orient="horizontal")
        return [self._placed(made, y=end) for end in ("low", "high")]

    def points(
        self, rows: Sequence[Row], role: str, *, shape: str, size: float = 52, hollow: bool = False, shift: float = 0
    ) -> alt.Chart:
        """Stand at x and y."""
        rim: dict[str, Any] = {"stroke": LIGHT[role], "strokeWidth": 1.5} if hollow else {}
        fill = LIGHT["paper" if hollow else role]
        return self._placed(_chart(rows).mark_point(shape=shape, size=size, xOffset=shift, fill=fill, **rim))

    def words(self, row: Row, role: str, **more: Any) -> list[alt.Chart]:
        """Write the row's words with a rim of paper, so that they can be read on whatever lies below."""
        base = _chart([row])
        rim = base.mark_text(stroke=LIGHT["paper"], strokeWidth=4, strokeJoin="round", color=LIGHT["paper"], **more)
        return [self._placed(mark, text="words") for mark in (rim, base.mark_text(color=LIGHT[role], **more))]

    def _placed(
        self, mark: alt.Chart, *, y: str = "y", x2: str | None = None, y2: str | None = None, text: str | None = None
    ) -> alt.Chart:
        channels: Row = {
            "x": alt.X("x:Q", title=self.x_title, scale=_scale(self.x), axis=self._x_axis()),
            "y": alt.Y(f"{y}:Q", title=self.y_title, scale=_scale(self.y), axis=_axis(self.y)),
        }
        channels |= {name: f"{field}:Q" for name, field in (("x2", x2), ("y2", y2)) if field is not None}
        if text is not None:
            channels["text"] = f"{text}:N"
        return mark.encode(**channels)

    def _x_axis(self) -> alt.Axis:
        return _axis(self.x, **({"labelAngle": -35, "labelAlign": "right"} if self.slanted else {}))


def of_series(layers: Sequence[alt.Chart], name: str) -> list[alt.Chart]:
    """Return the layers, marked as parts of one series, which a reader of a page may hide; `render` reads the mark."""
    for layer in layers:
        layer.mark.description = f"{SERIES_MARK}{name}"
    return list(layers)


def _chart(rows: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def _scale(scale: Scale) -> alt.Scale:
    return alt.Scale(
        domain=[scale.low, scale.high], type="log" if scale.is_log else "linear", nice=False, zero=False, clamp=True
    )


def _axis(scale: Scale, **more: Any) -> alt.Axis:
    """The labels are ours, so that a picture, a table and a sketch write a number alike."""
    words = ", ".join(f"'{label}'" for label in (_quoted(label) for label in scale.labels))
    places = ", ".join(repr(float(tick)) for tick in scale.ticks)
    return alt.Axis(
        values=list(scale.ticks), labelExpr=f"[{words}][indexof([{places}], datum.value)]", labelOverlap=True, **more
    )


def _quoted(label: str) -> str:
    return label.replace("\\", "\\\\").replace("'", "\\'")
