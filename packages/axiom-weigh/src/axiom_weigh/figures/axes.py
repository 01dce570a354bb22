"""The strokes that pictures are made of: each is a piece of SVG over plain rows, at places of one pair of axes."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from axiom_weigh.figures.scales import Scale, shorten_words

Row = dict[str, Any]

SIZE = 12.5  # CSS pixels of letters; nothing in a figure is smaller
CHARACTER = 6.6  # CSS pixels that a letter takes, about
_LONGEST = 39  # characters of a label
_EDGE = 2  # CSS pixels around a picture
LINE = 15  # CSS pixels that a line of words takes
_BESIDE, _ABOVE, _BELOW = 14, 27, 43  # CSS pixels for an axis and its title, beside what labels take
_APART = 8  # CSS pixels above a legend
_SPACE = 4  # CSS pixels between two labels of an axis
_SLANT = math.radians(35)
_MANY = 12  # alike circles; from here on they are one path of short strokes with round ends, at a tenth of the bytes


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Two scales, what is written at them, and the size of what they frame."""

    x: Scale
    y: Scale
    x_title: str
    y_title: str
    width: int  # of the whole picture
    height: int  # of the frame alone
    slanted: bool = False
    legend: int = 0  # lines of words below the title of the x axis
    is_read_along_x: bool = True  # its rows lie side by side, so that a place on the x axis names some of them

    @cached_property
    def left(self) -> int:
        """Where the frame begins."""
        beside = max(map(_wide, self.y.labels)) + _BESIDE if self.y.labels else _EDGE
        room = self.width - beside - _EDGE
        before = [_wide(label) * (math.cos(_SLANT) if self.slanted else 0.5) for label in self.x.labels]
        over = [end + _EDGE - self.x.place(tick) * room for tick, end in zip(self.x.ticks, before, strict=True)]
        return math.ceil(max(beside, *over) if over else beside)

    @cached_property
    def across(self) -> int:
        """How wide the frame is."""
        room = self.width - self.left - _EDGE
        after = [0.0 if self.slanted else _wide(label) / 2 for label in self.x.labels]
        over = [end - (1 - self.x.place(tick)) * room for tick, end in zip(self.x.ticks, after, strict=True)]
        return math.floor(room - max(0.0, *over) if over else room)

    @property
    def top(self) -> int:
        """Where the frame begins, from above."""
        return _ABOVE + LINE * (len(self._y_lines) - 1) if self.y_title else 2 * _EDGE

    @cached_property
    def whole_height(self) -> int:
        """How high the picture is, with the labels and the title of its x axis."""
        return self.top + round(self._foot) + (_APART + LINE * self.legend if self.legend else 0)

    @property
    def _foot(self) -> float:
        """Where the title of the x axis ends, from the top of the frame."""
        return self.height + _BELOW + self._hanging + LINE * (len(self._x_lines) - 1)

    @cached_property
    def _y_lines(self) -> list[str]:
        return textwrap.wrap(self.y_title, round(self.width / CHARACTER))

    @cached_property
    def _x_lines(self) -> list[str]:
        return textwrap.wrap(self.x_title, round(self.across / CHARACTER)) or [""]

    @cached_property
    def _hanging(self) -> float:
        """How far slanted labels hang lower than upright ones."""
        return max(map(_wide, self.x.labels)) * math.sin(_SLANT) - 8 if self.slanted else 0.0

    def whole(self, layers: Iterable[str]) -> str:
        """The axes and what stands in their frame, as one group."""
        x_axis, y_axis = self._x_axis(), self._y_axis()
        return f'<g transform="translate({self.left},{self.top})">{y_axis}{x_axis}{"".join(layers)}</g>'

    def frame(self) -> str:
        """For a script: left, top, width and height of the frame in pixels, and the ends of the x axis.

        Nothing is said where rows lie one below the other.
        """
        if not self.is_read_along_x:
            return ""
        ends = f"{self.x.low!r} {self.x.high!r}{' log' if self.x.is_log else ''}"
        return f' data-frame="{self.left} {self.top} {self.across} {self.height} {ends}"'

    def area(self, rows: Sequence[Row], role: str, *, opacity: float = 1.0, stepped: bool = False) -> str:
        """Fill between low and high."""
        lows, highs = ([(row["x"], row[end]) for row in rows] for end in ("low", "high"))
        forth, back = self._course(lows, is_stepped=stepped), self._course(highs, is_stepped=stepped)
        ends = [*forth, *reversed(back)]
        return _path(f"{_joined(ends)}Z", fill=role, fill_opacity=opacity)

    def box(self, row: Row, role: str, *, opacity: float = 1.0) -> str:
        """Fill a rectangle from x and low to x2 and high."""
        (left, top), (right, bottom) = self._at(row["x"], row["high"]), self._at(row["x2"], row["low"])
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return _path(f"{_joined(corners)}Z", fill=role, fill_opacity=opacity)

    def line(self, rows: Sequence[Row], role: str, *, stepped: bool = False, width: float = 1.6) -> str:
        """Join the rows at their y, broken where y is None."""
        pieces: list[list[tuple[float, float]]] = [[]]
        for row in rows:
            if row["y"] is None:
                pieces.append([])
            else:
                pieces[-1].append((row["x"], row["y"]))
        drawn = "".join(_joined(self._course(piece, is_stepped=stepped)) for piece in pieces if piece)
        return _path(drawn, stroke=role, stroke_width=width) if drawn else ""

    def bars(self, rows: Sequence[Row], role: str, *, width: float = 1.6, shift: float = 0, dashes: str = "") -> str:
        """Stand upright from low to high."""
        ends = [(self._at(row["x"], row["low"]), self._at(row["x"], row["high"])) for row in rows]
        return "".join(
            _line((x + shift, low), (x + shift, high), role, width=width, dashes=dashes) for (x, low), (_, high) in ends
        )

    def level(self, row: Row, role: str, *, width: float = 1.0, dashes: str = "") -> str:
        """Lie flat from x to x2."""
        return _line(self._at(row["x"], row["y"]), self._at(row["x2"], row["y"]), role, width=width, dashes=dashes)

    def caps(self, row: Row, role: str) -> str:
        """End a bar with a short stroke at low and at high."""
        ends = [self._at(row["x"], row[end]) for end in ("low", "high")]
        return "".join(_line((x - 4.5, y), (x + 4.5, y), role, width=2) for x, y in ends)

    def points(
        self, rows: Sequence[Row], role: str, *, shape: str, size: float = 52, hollow: bool = False, shift: float = 0
    ) -> str:
        """Stand at x and y."""
        places = [(x + shift, y) for x, y in (self._at(row["x"], row["y"]) for row in rows)]
        if shape == "circle" and len(places) >= _MANY and not hollow:
            dots = "".join(f"M{_place(*place)}h0" for place in places)
            return _path(dots, stroke=role, stroke_width=math.sqrt(size), stroke_linecap="round")
        rim: dict[str, Any] = {"stroke": role, "stroke_width": 1.5} if hollow else {}
        outline, fill = _outline(shape, size), "paper" if hollow else role
        return "".join(_path(outline, transform=f"translate({_place(*place)})", fill=fill, **rim) for place in places)

    def words(self, row: Row, role: str, *, align: str, dx: float = 0, dy: float = 0, **more: Any) -> str:
        """Write the row's words with a rim of paper, so that they can be read on whatever lies below."""
        x, y = self._at(row["x"], row["y"])
        place = (x + dx, y + dy + 4)
        rim = {"stroke": "paper", "stroke_width": 4, "stroke_linejoin": "round"}
        return "".join(
            _text(row["words"], place, colour, anchor=align, **more, **edge)
            for colour, edge in (("paper", rim), (role, {}))
        )

    def words_below(self, words: str, role: str, line: int, *, indent: float = 0, **more: Any) -> str:
        """Write a line of the legend."""
        return _text(
            words,
            (_EDGE - self.left + indent, self._foot + _APART + LINE * (line + 1) - 5),
            role,
            anchor="start",
            **more,
        )

    def sign_below(self, shape: str, role: str, line: int) -> str:
        """The sign of a series before its words in the legend."""
        place = (_EDGE - self.left + 5, self._foot + _APART + LINE * (line + 1) - 9)
        return _path(_outline(shape, 52), transform=f"translate({_place(*place)})", fill=role)

    def _x_axis(self) -> str:
        drawn, end = [_line((0, self.height), (self.across, self.height), "edge")], -math.inf
        for tick, label in zip(self.x.ticks, self.x.labels, strict=True):
            x = self.x.place(tick) * self.across
            drawn.append(_line((x, self.height), (x, self.height + 4), "edge"))
            if self.slanted:
                turned = f"translate({_place(x + 4, self.height + 14)}) rotate(-35)"
                drawn.append(_text(shorten_words(label, _LONGEST), (0, 0), "ink2", anchor="end", transform=turned))
            elif x - _wide(label) / 2 > end + _SPACE:  # a label that would touch the one before it gives way
                drawn.append(_text(shorten_words(label, _LONGEST), (x, self.height + 18), "ink2", anchor="middle"))
                end = x + _wide(label) / 2
        below = self.height + 38.5 + self._hanging
        for number, line in enumerate(self._x_lines):
            drawn.append(_text(line, (self.across / 2, below + LINE * number), "ink", anchor="middle"))
        return "".join(drawn)

    def _y_axis(self) -> str:
        above = _ABOVE - self.top - LINE
        drawn = [
            _text(line, (_EDGE - self.left, above + LINE * number), "ink", anchor="start")
            for number, line in enumerate(self._y_lines)
        ]
        for tick, label in zip(self.y.ticks, self.y.labels, strict=True):
            y = (1 - self.y.place(tick)) * self.height
            drawn.append(_line((0, y), (self.across, y), "rule", width=0.6))
            drawn.append(_text(label, (-4, y + 4), "ink2", anchor="end"))
        return "".join(drawn)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.x.place(x) * self.across, (1 - self.y.place(y)) * self.height

    def _course(self, values: Sequence[tuple[float, float]], *, is_stepped: bool) -> list[tuple[float, float]]:
        """The places that a line goes through; a stepped one stays at its height until the next."""
        places = [self._at(*value) for value in values]
        if not is_stepped:
            return places
        corners = [(x, y) for (x, _), (_, y) in zip(places[1:], places, strict=False)]
        return [place for pair in zip(places, corners, strict=False) for place in pair] + places[-1:]


def of_series(layers: Iterable[str], name: str) -> str:
    """The layers as parts of one series, which a reader of a page may hide."""
    return f'<g data-s="{escape(name)}">{"".join(layers)}</g>'


def _outline(shape: str, size: float) -> str:
    """A sign of this area, about, around its middle."""
    r = math.sqrt(size) / 2
    if shape == "circle":
        radius = short_number(r)
        return f"M{radius},0A{radius},{radius},0,1,1,-{radius},0A{radius},{radius},0,1,1,{radius},0"
    h, s = r * math.sqrt(3) / 2, r / 2.5
    left_arm = [(-s, r), (-s, s), (-r, s), (-r, -s), (-s, -s), (-s, -r)]
    corners: dict[str, list[tuple[float, float]]] = {
        "square": [(-r, -r), (r, -r), (r, r), (-r, r)],
        "triangle-up": [(0, -h), (-r, h), (r, h)],
        "triangle-down": [(0, h), (-r, -h), (r, -h)],
        "diamond": [(-r, 0), (0, -r), (r, 0), (0, r)],
        "cross": [*left_arm, *((-x, -y) for x, y in left_arm)],
    }
    return f"{_joined(corners[shape])}Z"


def _wide(label: str) -> float:
    return CHARACTER * min(len(label), _LONGEST)


def short_number(number: float) -> str:
    """As many digits as can be seen."""
    text = f"{number:.2f}" if abs(number) < 1 else f"{number:.1f}"
    return text.rstrip("0").rstrip(".") if float(text) else "0"


def _place(x: float, y: float) -> str:
    return f"{short_number(x)},{short_number(y)}"


def _joined(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(_place(*place) for place in places)


def _line(
    start: tuple[float, float], end: tuple[float, float], role: str, *, width: float = 1, dashes: str = ""
) -> str:
    return _path(_joined([start, end]), stroke=role, stroke_width=width, stroke_dasharray=dashes)


def _path(course: str, **attributes: Any) -> str:
    return f'<path d="{course}"{_written(attributes)}/>'


def _text(words: str, place: tuple[float, float], role: str, *, anchor: str, **attributes: Any) -> str:
    x, y = map(short_number, place)
    look = _written({"x": x, "y": y, "fill": role, "text_anchor": anchor, "font_size": SIZE, **attributes})
    return f"<text{look}>{escape(words)}</text>"


def _written(attributes: dict[str, Any]) -> str:
    """Attributes of an element; a colour is a role's, and what says nothing is left out."""
    written = ""
    for name, value in attributes.items():
        if value == "" or (name, value) == ("fill_opacity", 1.0):
            continue
        shown = f"var(--{value})" if name in ("fill", "stroke") else value
        text = short_number(shown) if isinstance(shown, float) else shown
        written += f' {name.replace("_", "-")}="{text}"'
    return written
