"""The card that stands where a page is shared: the answer in large words, its number, and how sure it is."""

from collections.abc import Sequence
from html import escape

from axiom_weigh.figures.palette import CARD_SIZE, FONTS, VERDICTS
from axiom_weigh.figures.picture_data import SharedCard, tell_picture
from axiom_weigh.figures.scales import shorten_words

CARD = '<svg class="fig card"'  # begins one
_MARGIN = 72
_WIDTH = CARD_SIZE[0] - 2 * _MARGIN
_TOP, _ROOM = 148, 300  # pixels from above, and for how many the answer may take
_SIZES = (66, 58, 50, 44, 38)  # of the answer's letters: the largest at which it fits
_BESIDE = 520  # pixels for the answer where a picture stands right of it, and then for the picture
_CHART = (616, 144, 512, 452)  # its left and upper edge, and the most of its width and height
_WIDE = 0.5  # of a letter's size: how wide letters are, about
_LEADING = 1.2
_LONGEST = 44  # letters of the laboratory's name
_MARK = (
    '<g transform="translate(72,52) scale(1.5)"><path d="M8 34 23 3l15 31" stroke="var(--ink)" stroke-width="3.6" '
    'stroke-linejoin="round"/><path d="M2 23h42M2 17.5v11M44 17.5v11" stroke="var(--margin)" stroke-width="2.6"/>'
    '<path d="M18.4 23a4.6 4.6 0 1 0 9.2 0a4.6 4.6 0 1 0-9.2 0" fill="var(--margin)"/></g>'
)
_SIGNS = {
    "triangle-up": "M0 26 15 0l15 26z",
    "triangle-down": "M0 0h30L15 26z",
    "square": "M2 0h26v26H2z",
    "diamond": "M15-2 30 13 15 28 0 13z",
    "circle": "M2 13a13 13 0 1 0 26 0a13 13 0 1 0-26 0z",
}


def draw_shared_card(request: SharedCard, chart: str = "", size: tuple[int, int] = _CHART[2:]) -> str:
    """Return the card as an SVG whose colours are roles, with the inside of a picture of this size if there is one."""
    width, height = CARD_SIZE
    shape, role = VERDICTS[request.verdict]
    room, sizes = (_BESIDE, _SIZES[2:]) if chart else (_WIDTH, _SIZES)
    letters, lines = _set(request.title, room, sizes)
    ident = request.name
    words = [
        _words(shorten_words(request.laboratory, _LONGEST), _MARGIN + 88, 96, 30, "ink2"),
        _words(request.above, width - _MARGIN, 96, 30, "ink2", anchor="end"),
        *(
            _words(line, _MARGIN, _TOP + letters + round(number * letters * _LEADING), letters, "ink")
            for number, line in enumerate(lines)
        ),
        _words(
            request.number, _MARGIN, 540 if chart else 528, _size_of_number(request, chart), "ink2" if chart else role
        ),
        _words(request.stands, _MARGIN if chart else _MARGIN + 44, 586, 30, "ink"),
    ]
    sign = f'<path d="{_SIGNS[shape]}" transform="translate({_MARGIN},562)" fill="var(--{role})"/>'
    if chart:
        left, top, wide, high = _CHART
        scale = min(wide / size[0], high / size[1])
        sign = f'<g transform="translate({left},{top}) scale({scale:.3f})">{chart}</g>'
    return (
        f'{CARD} role="img" aria-labelledby="{ident}-t {ident}-d" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONTS}" fill="none">'
        f'<title id="{ident}-t">{escape(request.title)}</title>'
        f'<desc id="{ident}-d">{escape(tell_picture(request))}</desc>{_MARK}'
        f'<path d="M{_MARGIN} 124H{width - _MARGIN}" stroke="var(--ink)" stroke-width="2"/>'
        f"{sign}{''.join(words)}</svg>"
    )


def _size_of_number(request: SharedCard, chart: str) -> int:
    """Of the letters of its number, which stands on one line."""
    return 30 if chart else min(44, round(_WIDTH / (_WIDE * max(1, len(request.number)))))


def _words(text: str, x: int, y: int, size: int, role: str, *, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="var(--{role})">{escape(text)}</text>'


def _set(answer: str, room: int, sizes: Sequence[int]) -> tuple[int, list[str]]:
    """The size of the letters and the lines; at the smallest size an answer that is still too long is cut."""
    tried = [(size, _lines(answer, round(room / (_WIDE * size))), int(_ROOM / (size * _LEADING))) for size in sizes]
    size, lines, most = next((setting for setting in tried if len(setting[1]) <= setting[2]), tried[-1])
    return size, lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def _lines(text: str, most: int) -> list[str]:
    """The words in lines of at most so many letters; a longer word is broken."""
    lines = [""]
    for word in text.split():
        parts = [word[at : at + most] for at in range(0, len(word), most)]
        for part in parts:
            longer = f"{lines[-1]} {part}".strip()
            if len(longer) <= most:
                lines[-1] = longer
            else:
                lines.append(part)
    return lines
