"""Colours by role, the two widths, and the SVG that stands alone. The same roles are custom properties on the pages."""

import re
from collections.abc import Mapping

from axiom_weigh.values import Verdict

LIGHT: Mapping[str, str] = {
    "paper": "#fbfcfa",
    "ink": "#16202e",
    "ink2": "#4b5765",
    "rule": "#ccd4d1",
    "edge": "#75828b",
    "link": "#124e96",
    "margin": "#b02a45",  # what was predicted; and what is the reader's own
    "plus": "#1f5ca7",
    "minus": "#a5470b",
    "absent": "#4b692b",
    "mixed": "#74409a",
    "open": "#5c6771",
    "band": "#e3e8e4",  # too small to matter
}
DARK: Mapping[str, str] = {
    "paper": "#10161c",
    "ink": "#e8ece7",
    "ink2": "#aab4bd",
    "rule": "#313c46",
    "edge": "#788793",
    "link": "#93bff5",
    "margin": "#f08496",
    "plus": "#82b4f2",
    "minus": "#f1a269",
    "absent": "#abc981",
    "mixed": "#cda4eb",
    "open": "#a9b3bd",
    "band": "#25303a",
}
VERDICTS: Mapping[Verdict, tuple[str, str]] = {  # shape and role; the same pair on pages and in figures
    Verdict.POSITIVE: ("triangle-up", "plus"),
    Verdict.NEGATIVE: ("triangle-down", "minus"),
    Verdict.ABSENT: ("square", "absent"),
    Verdict.MIXED: ("diamond", "mixed"),
    Verdict.UNDECIDED: ("circle", "open"),
}
SERIES: tuple[tuple[str, str], ...] = (  # by shape as well as by role: nobody needs to tell colours apart
    ("circle", "ink"),
    ("square", "link"),
    ("triangle-up", "minus"),
    ("diamond", "absent"),
    ("triangle-down", "mixed"),
    ("cross", "open"),
)
WIDTHS: Mapping[str, int] = {"wide": 660, "narrow": 326}  # CSS pixels; a picture is drawn at both, never scaled down
CARD_SIZE = (1200, 630)  # pixels of what is shown where a page is shared, as the places that show it want it
FONTS = "Literata, Georgia, serif"
_FIRST = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_HEAD = re.compile(r'<svg class="[^"]*"')
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')


def colour_svg(inline: str) -> str:
    """Return the wide picture of a page as a file: real colours of the light scheme, on paper."""
    picture = _FIRST.search(inline)
    size = _SIZE.search(picture[0]) if picture else None
    if picture is None or size is None:
        raise ValueError("the text holds no picture as this package draws them")
    svg = re.sub(r"var\(--([a-z0-9]+)\)", lambda match: LIGHT[match[1]], picture[0])
    svg = _HEAD.sub('<svg xmlns="http://www.w3.org/2000/svg"', svg, count=1)
    paper = f'<rect width="{size[1]}" height="{size[2]}" fill="{LIGHT["paper"]}"/>'
    return svg.replace("</desc>", f"</desc>{paper}", 1)


def make_standalone_svg(inline: str) -> str:
    """Return the wide picture of a page as an SVG file for itself: light, and dark where the reader's screen is.

    The colours are plain attributes, which every program can draw; a browser's dark scheme replaces them by rule. Its
    `<style>` needs `style-src 'unsafe-inline'` where such a file is served.
    """
    rules = "".join(
        f'[fill="{LIGHT[role]}"]{{fill:{DARK[role]}}}[stroke="{LIGHT[role]}"]{{stroke:{DARK[role]}}}' for role in LIGHT
    )
    style = f"<style>@media screen and (prefers-color-scheme:dark){{{rules}}}</style>"
    return colour_svg(inline).replace("</desc>", f"</desc>{style}", 1)
