"""Pictures on a page: two widths, a table of the same numbers, and what can be taken away."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from axiom.errors import NotFound
from axiom.reads.base.request import Answer, Reading
from axiom.store.upkeep import figures as picture_views
from axiom_weigh.figures.drawing import png_of

WIDTHS = (660, 326)
_STYLE = re.compile(r"<style.*?</style>|<\?xml.*?\?>", re.DOTALL)
_OPENING = re.compile(r"<svg[^>]*>")
_OF_ITS_OWN = '<svg xmlns="http://www.w3.org/2000/svg"'  # without it a browser shows the text of a file, and no picture


def figure_with_table(
    reading: Reading,
    name: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    is_course: bool = False,
    has_series: bool = False,
) -> Answer:
    """A picture by its name without the width, and its table, whose first column is what the x axis shows.

    The rows of a course came one after the other: where a page has no room for all, it shows the newest. Where there
    are several series, the second column names the series of a row.
    """
    drawings = picture_views.find_figures(reading.db, [f"{name}/{width}" for width in WIDTHS])
    drawing = drawings[0] if drawings else None
    return {
        "name": name,
        "drawn_at": drawing.drawn_at.isoformat() if drawing else None,
        "svg": f"/figures/{drawing.name}.svg" if drawing else None,
        "png": f"/figures/{drawing.name}.png" if drawing else None,
        "csv": f"/figures/{name}.csv",
        "json": f"/figures/{name}.json",
        "headings": list(headings),
        "rows": [list(row) for row in rows],
        "is_course": is_course,
        "has_series": has_series,
    }


def shared_card_address(reading: Reading, name: str, title: str) -> str | None:
    """The address of what is shown where a page is shared; a newer one has another, so that it is fetched.

    None as long as the card of `finding/3`, say, has other words than its page: nobody shares what is withdrawn.
    """
    drawings = picture_views.find_figures(reading.db, [f"{name}/card"])
    if not drawings or f">{escape(title)}</title>" not in reading.text(drawings[0].svg):
        return None
    return f"/figures/{drawings[0].name}.png?v={drawings[0].svg[:8]}"


def inline_drawings(reading: Reading, name: str) -> list[str]:
    """The drawings of a picture, ready to stand in a page; the page's own style sheet colours them."""
    drawings = picture_views.find_figures(reading.db, [f"{name}/{width}" for width in WIDTHS])
    shown = ("wide", "narrow") if len(drawings) == len(WIDTHS) else ("",)
    return [
        _classed(_STYLE.sub("", reading.text(drawing.svg)).strip(), f"fig {kind}".strip())
        for drawing, kind in zip(drawings, shown, strict=False)
    ]


def figure_file(reading: Reading, name: str, kind: str, palette: str) -> bytes:
    """A picture to take away. Outside of a page it carries its colours itself."""
    drawings = picture_views.find_figures(reading.db, [name])
    if not drawings:
        raise NotFound(f"There is no picture {name}. It is drawn after the numbers that it shows have changed.")
    if kind == "png":
        return png_of(reading.text(drawings[0].svg))
    text = _STYLE.sub("", reading.text(drawings[0].svg)).strip()
    opening = _OPENING.match(text)
    if opening is None:
        return text.encode()
    tag = opening.group() if "xmlns=" in opening.group() else opening.group().replace("<svg", _OF_ITS_OWN, 1)
    return f"{tag}<style>{palette}</style>{text[opening.end() :]}".encode()


def _classed(svg: str, classes: str) -> str:
    """The drawing with our classes in place of any of its own."""
    opening = _OPENING.match(svg)
    if opening is None:
        return ""
    tag = re.sub(r'\s(?:class|xmlns)="[^"]*"', "", opening.group())
    return f'{tag[:4]} class="{classes}"{tag[4:]}{svg[opening.end() :]}'
