"""One look for every figure: Vega-Lite's configuration, in the light palette. `render` turns colours into roles."""

from typing import Any

from axiom_weigh.figures.palette import LIGHT

FONT = "Literata"
SIZE = 12.5  # CSS pixels; nothing in a figure is smaller


def config() -> dict[str, Any]:
    """Return the configuration that all specs carry."""
    words = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": SIZE, "titleFontSize": SIZE}
    ink, soft, edge = LIGHT["ink"], LIGHT["ink2"], LIGHT["edge"]
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 2,
        "view": {"stroke": None},
        "axis": {
            **words,
            "labelColor": soft,
            "titleColor": ink,
            "titleFontWeight": 400,
            "domainColor": edge,
            "tickColor": edge,
            "gridColor": LIGHT["rule"],
            "gridWidth": 0.6,
            "tickSize": 4,
            "labelPadding": 4,
            "titlePadding": 8,
            "labelLimit": 260,
        },
        "axisY": {
            "titleAngle": 0,  # words stand above their axis, where they can be read
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleY": -12,
            "domain": False,
            "ticks": False,
            "grid": True,
        },
        "axisX": {"grid": False, "labelFlush": False},
        "text": {"font": FONT, "fontSize": SIZE, "color": ink},
        "rule": {"color": ink, "strokeWidth": 1.6},
        "point": {"filled": True, "size": 52, "opacity": 1},
        "line": {"strokeWidth": 1.6},
        "area": {"opacity": 1},
        "rect": {"opacity": 1},
    }
