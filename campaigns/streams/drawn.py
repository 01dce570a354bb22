"""The pictures of the explanation, drawn from what the campaign has found, in the site's look."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

import axiom_weigh.figures
from axiom_weigh.figures.palette import FONTS, LIGHT, SERIES
from axiom_weigh.figures.theme import FONT, SIZE, config

_WIDTH, _HEIGHT = 620, 240
_Chart = alt.LayerChart | alt.FacetChart
_Rows = Sequence[Mapping[str, object]]

vl_convert.register_font_directory(str(Path(axiom_weigh.figures.__file__).with_name("fonts")))


def draw(rows: Mapping[str, _Rows], folder: Path) -> list[Path]:
    """Write one SVG for each picture that there are rows for."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_written(folder / f"{name}.svg", _CHARTS[name](points)) for name, points in rows.items()]


def _written(path: Path, chart: _Chart) -> Path:
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec["config"] = {**config(), "background": LIGHT["paper"], "padding": 12}
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=alt.SCHEMA_VERSION.rpartition(".")[0])
    path.write_text(drawn.replace(f'font-family="{FONT}"', f'font-family="{FONTS}"') + "\n", encoding="utf-8")
    return path


def _peeking(rows: _Rows) -> _Chart:
    """How many streams without an effect have been called an effect by then."""
    bar = alt.Chart(alt.InlineData(values=[{"share": 0.05}])).mark_rule(color=LIGHT["margin"], strokeDash=[4, 3])
    return alt.layer(
        bar.encode(y="share:Q"),
        _lines(
            rows,
            alt.X("looks:Q", scale=alt.Scale(type="log", nice=False), title="seeds, with a look after each"),
            alt.Y("share:Q", axis=alt.Axis(format="%"), title="called an effect by then, where there is none"),
            "reader",
        ),
    ).properties(width=_WIDTH, height=_HEIGHT)


def _grades(rows: _Rows) -> _Chart:
    """How many streams with an effect have reached each grade by then."""
    return alt.layer(
        _lines(
            rows,
            alt.X("seeds:Q", axis=alt.Axis(tickCount=12), title="seeds, in blocks of 16"),
            alt.Y("share:Q", axis=alt.Axis(format="%"), title="have reached the grade, an effect of half a deviation"),
            "grade",
        )
    ).properties(width=_WIDTH, height=_HEIGHT)


def _lines(rows: _Rows, x: alt.X, y: alt.Y, series: str) -> alt.Chart:
    """A line for each of a few series, told by its dashes too, with a legend above."""
    names = list(dict.fromkeys(str(row[series]) for row in rows))
    colours = [LIGHT[SERIES[place][1]] for place in range(len(names))]
    base = alt.Chart(alt.InlineData(values=list(rows))).encode(x=x, y=y)
    scale = alt.Scale(domain=names, range=colours)
    dashes = alt.Scale(domain=names, range=[[1, 0], [6, 3], [2, 2]][: len(names)])
    legend = alt.Legend(orient="top", labelLimit=400, offset=28, symbolSize=500, labelFontSize=SIZE)
    lines: alt.Chart = base.mark_line().encode(
        color=alt.Color(f"{series}:N", scale=scale, title=None, legend=legend),
        strokeDash=alt.StrokeDash(f"{series}:N", scale=dashes, title=None, legend=legend),
    )
    return lines


_CHARTS = {"peeking": _peeking, "grades": _grades}
