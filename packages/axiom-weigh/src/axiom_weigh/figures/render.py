"""From a chart to the SVG of a page and a PNG. Nothing passes that is not on the list below.

A page shows the SVG inside its HTML under a policy that allows no style, no script and no other address; so the list
holds elements and attributes that draw, and every colour must be a role's.
"""

import re
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert

from axiom_weigh.figures.cards import card
from axiom_weigh.figures.layers import SERIES_MARK, Axes
from axiom_weigh.figures.palette import FONTS, LIGHT, WIDTHS, coloured
from axiom_weigh.figures.requests import Charted, Request, SharedCard, described
from axiom_weigh.figures.specs import chart

_SPEC_VERSION = alt.SCHEMA_VERSION.rpartition(".")[0]
_ROLES = {colour: f"var(--{role})" for role, colour in LIGHT.items()}
_ELEMENTS = ("g", "path", "line", "rect", "text")
_ATTRIBUTES = (
    *("transform", "d", "x", "y", "x2", "y2", "width", "height", "fill", "stroke", "stroke-width", "stroke-linecap"),
    *("stroke-dasharray", "stroke-linejoin", "fill-opacity", "text-anchor", "font-size", "font-weight"),
)
_SILENT = {("font-weight", "normal"), ("fill-opacity", "1"), ("transform", "translate(0,0)"), ("font-weight", "400")}
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_SPAN = re.compile(r"M0,0h([-\d.]+)v([-\d.]+)")
_PLACE = re.compile(r"translate\(([-\d.]+),([-\d.]+)\)")
_CIRCLE = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0")
_MANY = 12  # alike circles; from here on they are one path
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

vl_convert.register_font_directory(str(Path(__file__).with_name("fonts")))


def picture(request: Request) -> tuple[str, bytes]:
    """Return the SVG for a page, at both widths one after the other, and the PNG of the wide one, twice as fine.

    A card has one size, and its PNG exactly that.
    """
    if not _NAME.fullmatch(request.name):
        raise ValueError(f"{request.name!r} is no name for a figure: a-z, 0-9, - and _ alone can be part of an address")
    if isinstance(request, SharedCard):
        drawn = card(request)
        return drawn, vl_convert.svg_to_png(coloured(drawn), scale=1)
    svg = "".join(_svg(request, kind) for kind in WIDTHS)
    return svg, vl_convert.svg_to_png(coloured(svg), scale=2)


def pdf(svg: str) -> bytes:
    """Return the wide picture of a page's SVG as a page of PDF."""
    drawn: bytes = vl_convert.svg_to_pdf(coloured(svg))
    return drawn


def _svg(request: Charted, kind: str) -> str:
    made, axes = chart(request, kind)
    spec = made.to_json(validate=False)  # checking it against the schema would take a fifth of the time
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=_SPEC_VERSION, allowed_base_urls=[])
    root = ET.fromstring(drawn)  # noqa: S314 - our own process wrote it a moment ago
    width, height = WIDTHS[kind], round(float(root.attrib["height"]))
    ident = f"{request.name}-{kind}"
    inner = "".join(_text(element) for child in root for element in _cleaned(child))
    return (
        f'<svg class="fig {kind}" role="img" aria-labelledby="{ident}-t {ident}-d" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONTS}" fill="none"{_frame(root, axes)}>'
        f'<title id="{ident}-t">{escape(request.title)}</title>'
        f'<desc id="{ident}-d">{escape(described(request))}</desc>{inner}</svg>'
    )


def _frame(root: ET.Element, axes: Axes) -> str:
    """Say where the x axis lies, for a script: left, top, width and height in pixels, and the values at its ends.

    Nothing is said where rows lie one below the other.
    """
    if not axes.is_read_along_x:
        return ""
    left, top = _PLACE.fullmatch(root[0].attrib["transform"]).groups()  # type: ignore[union-attr]
    background = next(element for element in root.iter() if element.get("class") == "background")
    width, height = _SPAN.match(background.attrib["d"]).groups()  # type: ignore[union-attr]
    ends = f"{axes.x.low!r} {axes.x.high!r}{' log' if axes.x.is_log else ''}"
    return f' data-frame="{left} {top} {width} {height} {ends}"'


def _cleaned(element: ET.Element) -> list[ET.Element]:
    """Return what draws of an element: itself cut down, its children where it adds nothing, or nothing."""
    name = element.tag.rpartition("}")[2]
    if name not in _ELEMENTS:
        raise ValueError(f"the renderer wrote <{name}>, which is not on the list of what a page may show")
    children = _merged([kept for child in element for kept in _cleaned(child)])
    attributes = {
        key: _value(key, element.attrib[key])
        for key in _ATTRIBUTES
        if key in element.attrib and (key, element.attrib[key]) not in _SILENT
    }
    if element.get("aria-label", "").startswith(SERIES_MARK):
        attributes["data-s"] = element.attrib["aria-label"].removeprefix(SERIES_MARK)
    if name == "g":
        attributes = {key: attributes[key] for key in attributes if key == "transform"}
        children = _together(children)
        if not attributes or not children:
            return children
    elif _is_unseen(name, attributes, element):
        return []
    made = ET.Element(name, attributes)
    made.text = element.text
    made.extend(children)
    return [made]


def _together(elements: list[ET.Element]) -> list[ET.Element]:
    """Return one group instead of many elements of the same series."""
    names = {element.get("data-s") for element in elements}
    if len(names) != 1 or None in names:
        return elements
    group = ET.Element("g", {"data-s": str(names.pop())})
    for element in elements:
        del element.attrib["data-s"]
        group.append(element)
    return [group]


def _is_unseen(name: str, attributes: dict[str, str], element: ET.Element) -> bool:
    if name == "text":
        return not element.text
    is_painted = any(attributes.get(key, "none") != "none" for key in ("fill", "stroke"))
    return not is_painted or (name == "path" and not attributes.get("d"))


def _value(key: str, value: str) -> str:
    if key in ("fill", "stroke"):
        if value in ("none", "transparent"):
            return "none"
        return _ROLES[value]  # a colour without a role is a fault, and says so
    return _NUMBER.sub(lambda match: _short(match[0]), value).removesuffix("px")


def _short(number: str) -> str:
    text = f"{float(number):.2f}" if abs(float(number)) < 1 else f"{float(number):.1f}"
    return text.rstrip("0").rstrip(".").replace("-0.", "-.") if float(text) else "0"


def _merged(elements: list[ET.Element]) -> list[ET.Element]:
    """Return one path instead of many alike circles: short strokes with round ends, at a tenth of the bytes."""
    looks = {(element.tag, element.get("d"), element.get("fill"), element.get("stroke")) for element in elements}
    circle = _CIRCLE.fullmatch(elements[0].get("d", "")) if len(elements) >= _MANY and len(looks) == 1 else None
    places = [_PLACE.fullmatch(element.get("transform", "")) for element in elements]
    if circle is None or elements[0].get("stroke") or not all(places):
        return elements
    strokes = "".join(f"M{place[1]},{place[2]}h0" for place in places if place)
    look = {"stroke": elements[0].get("fill", ""), "stroke-width": _short(str(2 * float(circle[1])))}
    if "data-s" in elements[0].attrib:
        look["data-s"] = elements[0].attrib["data-s"]
    return [ET.Element("path", {"d": strokes, **look, "stroke-linecap": "round"})]


def _text(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode", short_empty_elements=True).replace(" />", "/>")
