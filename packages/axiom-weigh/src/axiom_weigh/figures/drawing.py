"""From a request to a picture: the SVG of a page, and of that a PNG or a page of PDF.

A page shows the SVG inside its HTML under a policy that allows no style, no script and no other address. So it holds
elements that draw, with a role for every colour, and nothing else.
"""

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.figures.axes import Axes
from axiom_weigh.figures.curves import draw_curves
from axiom_weigh.figures.forest import draw_forest
from axiom_weigh.figures.growing_sum import draw_history
from axiom_weigh.figures.narrowing import draw_narrowing
from axiom_weigh.figures.palette import FONTS, WIDTHS, colour_svg
from axiom_weigh.figures.picture_data import (
    Charted,
    Curve,
    Forest,
    History,
    Narrowing,
    Request,
    SharedCard,
    Strip,
    Sweep,
    tell_picture,
)
from axiom_weigh.figures.shared_card import CARD, draw_shared_card
from axiom_weigh.figures.strip import draw_strip
from axiom_weigh.figures.sweeps import draw_sweep

_OF_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_DRAWN_BY: Mapping[type[Charted], Callable[[Any, str], tuple[list[str], Axes]]] = {
    Sweep: draw_sweep,
    Narrowing: draw_narrowing,
    Strip: draw_strip,
    Forest: draw_forest,
    History: draw_history,
    Curve: draw_curves,
}


def svg_of(request: Request) -> str:
    """The picture at both widths, one after the other; of a card the one it has. FigureNotDrawn says why there is none.

    `palette.make_standalone_svg` makes the file to keep.
    """
    if not _NAME.fullmatch(request.name):
        raise _not_drawn(request.name, "a-z, 0-9, - and _ alone can be part of an address")
    try:
        json.dumps(asdict(request), allow_nan=False)  # refuses what is no number
        drawn = _card(request) if isinstance(request, SharedCard) else "".join(_svg(request, kind) for kind in WIDTHS)
    except (ArithmeticError, LookupError, TypeError, ValueError) as fault:
        raise _not_drawn(request.name, f"{type(fault).__name__}: {fault}") from fault
    return _OF_NO_XML.sub("?", drawn)


def png_of(svg: str) -> bytes:
    """The wide picture twice as fine; a card exactly as large as it is."""
    png: bytes = _renderer().svg_to_png(colour_svg(svg), scale=1 if svg.startswith(CARD) else 2)
    return png


def pdf_of(svg: str) -> bytes:
    """The wide picture as a page of PDF."""
    pdf: bytes = _renderer().svg_to_pdf(colour_svg(svg))
    return pdf


@functools.cache
def _renderer() -> Any:
    try:
        import vl_convert
    except ImportError as fault:
        raise FigureNotDrawn(
            "A picture as .png or .pdf needs vl-convert, which is not installed. An .svg needs nothing; or install it "
            "with pip install 'axiom-weigh[pictures]'."
        ) from fault
    vl_convert.register_font_directory(str(Path(__file__).with_name("fonts")))
    return vl_convert


def frame_picture(axes: Axes, layers: Iterable[str], name: str, kind: str, *, title: str, about: str) -> str:
    """The SVG of what was drawn in these axes, with its title and description for who cannot see it."""
    ident, size = f"{name}-{kind}", (axes.width, axes.whole_height)
    return (
        f'<svg class="fig {kind}" role="img" aria-labelledby="{ident}-t {ident}-d" width="{size[0]}" '
        f'height="{size[1]}" viewBox="0 0 {size[0]} {size[1]}" font-family="{FONTS}" fill="none"{axes.frame()}>'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(about)}</desc>'
        f"{axes.whole(layers)}</svg>"
    )


def _svg(request: Charted, kind: str) -> str:
    layers, axes = _DRAWN_BY[type(request)](request, kind)
    return frame_picture(axes, layers, request.name, kind, title=request.title, about=tell_picture(request))


def _card(request: SharedCard) -> str:
    """The card, with its picture as a telephone has it: that is legible where a card is shown small."""
    if request.picture is None:
        return draw_shared_card(request)
    layers, axes = _DRAWN_BY[type(request.picture)](request.picture, "narrow")
    return draw_shared_card(request, axes.whole(layers), (axes.width, axes.whole_height))


def _not_drawn(name: str, why: str) -> FigureNotDrawn:
    return FigureNotDrawn(
        f"The figure {name} was not drawn: {why}. Its numbers are safe and its table shows them. It is tried again "
        "when they change."
    )
