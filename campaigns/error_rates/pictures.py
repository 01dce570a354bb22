"""The pictures of the explanation, drawn from what the campaign has found, in the site's look."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from axiom_weigh.figures.axes import Axes
from axiom_weigh.figures.drawing import frame_picture
from axiom_weigh.figures.palette import SERIES, WIDTHS, make_standalone_svg
from axiom_weigh.figures.scales import make_linear_scale, make_log_scale, pick_evenly
from axiom_weigh.figures.sweeps import Series, names_beside, with_room

_HEIGHT = 240
_SIGNS = 5  # on a line
_PROMISED = 0.05  # of the streams without an effect, that may ever be called one
_TITLES = {  # of the x axis and of the y axis
    "looks": ("seeds, with a look after each", "called an effect by then, where there is none"),
    "seeds": ("seeds, in blocks of 16", "have reached the grade, an effect of half a deviation"),
}
_COLUMNS = {"peeking": ("looks", "reader"), "grades": ("seeds", "grade")}  # along x, and of the lines

_Rows = Sequence[Mapping[str, Any]]


def draw(rows: Mapping[str, _Rows], folder: Path) -> list[Path]:
    """Write one SVG for each picture that there are rows for."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.svg" for name in rows]
    for file, points in zip(files, rows.values(), strict=True):
        file.write_text(make_standalone_svg(_drawn(file.stem, points)) + "\n", encoding="utf-8")
    return files


def _drawn(name: str, rows: _Rows) -> str:
    """A line for each series, with its name beside it, and where it was promised to stay below."""
    column, by = _COLUMNS[name]
    x_title, y_title = _TITLES[column]
    names = list(dict.fromkeys(str(row[by]) for row in rows))
    places = [float(row[column]) for row in rows]
    axes = Axes(
        x=with_room(
            make_log_scale(places) if column == "looks" else make_linear_scale(places, about=12, tight=True),
            names,
            "wide",
        ),
        y=make_linear_scale([0.0, *(row["share"] for row in rows)]),
        x_title=x_title,
        y_title=y_title,
        width=WIDTHS["wide"],
        height=_HEIGHT,
    )
    series = [
        Series(
            name=line,
            shown=(line,),
            shape=shape,
            role=role,
            shift=0,
            rows=tuple({"x": row[column], "y": row["share"]} for row in rows if str(row[by]) == line),
        )
        for line, (shape, role) in zip(names, SERIES, strict=False)
    ]
    promise = {"x": axes.x.low, "x2": axes.x.high, "y": _PROMISED}
    layers = [axes.level(promise, "margin", dashes="4,3")] if column == "looks" else []
    for line in series:
        layers.append(axes.line(line.rows, line.role))
        layers.append(axes.points(pick_evenly(line.rows, _SIGNS), line.role, shape=line.shape, size=40))
    return frame_picture(axes, [*layers, *names_beside("", axes, series)], name, "wide", title=y_title, about=x_title)
