"""A paper as Markdown."""

import re
from collections.abc import Iterable

from axiom.web.base.document import (
    AuthoredText,
    Block,
    Fact,
    Items,
    Paper,
    PaperTable,
    Piece,
    Text,
    Whisker,
    Whiskers,
    plain_text,
)
from axiom.web.base.numbers import calm

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|&~$])")
_FIRST = re.compile(r"^(\s*)([-+=:]|[0-9]+[.)])")  # would begin a list or a heading
_PLACES = 41  # of a picture in letters, from ten below the null to ten above it
_LEFT, _WIDE = 8.0, 160.0  # of the same in the picture's own places


def as_markdown(paper: Paper, root: str) -> str:
    """The whole paper; `root` is the address of the laboratory, to which facts lead where there is one."""
    parts = [f"# {_text(paper.title)}", f"{_text([paper.by])}, {_text([paper.until])}"]
    for chapter in paper.chapters:
        parts += [f"## {chapter.title}", *(_block(block, root) for block in chapter.blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block, root: str) -> str:
    match block:
        case Text():
            return _first(_text(block.pieces, root))
        case Items():
            return "\n".join(f"- {_first(_text(each, root))}" for each in block.items)
        case PaperTable():
            lines = [block.headings, ("---",) * len(block.headings)]
            rows = [tuple(_text([cell], root) for cell in row) for row in block.rows]
            table = "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *rows])
            return f"**{block.caption}**\n\n{table}"
        case Whiskers():
            wide = max(len(plain_text(row.label)) for row in block.rows)
            drawn = "\n".join(f"{plain_text(row.label).ljust(wide)} {_drawn(row)}" for row in block.rows)
            return f"```text\n{drawn}\n```\n\n**Figure.** {block.caption}."
        case AuthoredText():
            return "\n\n".join(_said(block, root))


def _said(said: AuthoredText, root: str) -> Iterable[str]:
    about = "wrote this; every number in it is a reference to a row, resolved when this was made."
    yield f"*{_text([said.author])} {about}*"
    for each in said.paragraphs:
        yield "\n".join(f"> {line}" for line in [_first(_text(each.pieces, root))])
        for pieces in each.beside:
            yield f"*Computed: {_text(pieces, root)}.*"
        for fault in each.faults:
            yield f"**It could not be written today: {_text([fault])}.**"


def _drawn(row: Whisker) -> str:
    """The interval in letters."""
    if row.drawn is None:
        return "no interval yet"
    line = ["·"] * _PLACES
    line[_PLACES // 2] = "|"
    low, middle, high = (_place(row.drawn[name]) for name in ("low", "middle", "high"))
    for place in range(low, high + 1):
        line[place] = "="
    line[middle] = "O"
    return "".join(line)


def _place(value: float | str) -> int:
    return round((float(value) - _LEFT) / _WIDE * (_PLACES - 1))


def _text(pieces: Iterable[Piece], root: str = "") -> str:
    return "".join(_piece(piece, root) for piece in pieces)


def _piece(piece: Piece, root: str) -> str:
    if not isinstance(piece, Fact):
        return _escaped(piece)
    text = _escaped(piece.text)
    return f"[{text}]({root}{piece.leads_to})" if root and piece.leads_to else text


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(calm(text).split(" ")))


def _first(text: str) -> str:
    return _FIRST.sub(r"\1\\\2", text)
