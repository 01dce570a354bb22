"""A document whose every number is a fact: words of ours hold no digit, and a fact says of what it is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from axiom.web.base.request import Answer

_PLACE = re.compile(r"\{(\w+)\}")
_LONGEST = 30  # letters of a fact that leads to its rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """What the records say, as it is written here."""

    text: str
    of: str  # what it is: F12.estimate, E3.question, G4.hash
    rows: str = ""  # the page with the rows behind it

    @property
    def leads_to(self) -> str:
        """The same of a number; words and sentences lead nowhere, for then nearly everything would."""
        return self.rows if len(self.text) < _LONGEST and any(sign.isdigit() for sign in self.text) else ""


Piece = str | Fact
Pieces = tuple[Piece, ...]


def words(text: str, /, **facts: Fact) -> Pieces:
    """The text with each fact in its place. One that types a digit is refused, as in a log."""
    if any(sign.isdigit() for sign in text):
        raise ValueError(f"the words {text!r} hold a digit; a number belongs into a fact")
    parts = _PLACE.split(text)  # words and names by turns
    found: list[Piece] = [facts[part] if place % 2 else part for place, part in enumerate(parts)]
    return tuple(piece for piece in found if piece)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A paragraph that somebody wrote, with the computed verdict of each finding that it names beside it."""

    pieces: Pieces
    beside: tuple[Pieces, ...] = ()
    faults: tuple[str, ...] = ()  # because of which it could not be written today


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthoredText:
    """What one author wrote."""

    author: str
    at: str
    paragraphs: tuple[Spoken, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A paragraph in the words of this program."""

    pieces: Pieces


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """A list."""

    items: tuple[Pieces, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperTable:
    """Rows under headings; a cell is words or a fact."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Whisker:
    """An interval as it is drawn, in places of the picture; None where there is none yet."""

    label: Pieces
    drawn: Mapping[str, float | str] | None
    look: str  # the verdict's class


@dataclass(frozen=True, kw_only=True, slots=True)
class Whiskers:
    """A picture of intervals, in multiples of the smallest effect that matters."""

    caption: str
    rows: tuple[Whisker, ...]


Block = Text | Items | PaperTable | Whiskers | AuthoredText


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """A part of a paper."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """A paper over findings."""

    findings: tuple[int, ...]
    title: Pieces
    by: Fact
    until: Fact  # when its newest evidence was weighed
    chapters: tuple[Chapter, ...] = field(default=())


def as_data(paper: Paper) -> Answer:
    """The paper in JSON's own types."""
    return {
        "findings": list(paper.findings),
        "title": _pieces(paper.title),
        "by": _piece(paper.by),
        "until": _piece(paper.until),
        "chapters": [
            {"title": each.title, "blocks": [_block(block) for block in each.blocks]} for each in paper.chapters
        ],
    }


def said_as_data(said: AuthoredText) -> Answer:
    """What somebody wrote, in JSON's own types."""
    return {
        "kind": "said",
        "author": said.author,
        "at": said.at,
        "paragraphs": [
            {
                "pieces": _pieces(each.pieces),
                "beside": [_pieces(one) for one in each.beside],
                "faults": list(each.faults),
            }
            for each in said.paragraphs
        ],
    }


def plain_text(pieces: Iterable[Piece]) -> str:
    """The words and facts as one text."""
    return "".join(piece.text if isinstance(piece, Fact) else piece for piece in pieces)


def _block(block: Block) -> Answer:
    match block:
        case Text():
            return {"kind": "text", "pieces": _pieces(block.pieces)}
        case Items():
            return {"kind": "items", "items": [_pieces(each) for each in block.items]}
        case PaperTable():
            rows = [[_piece(cell) for cell in row] for row in block.rows]
            return {"kind": "table", "caption": block.caption, "headings": list(block.headings), "rows": rows}
        case Whiskers():
            rows_drawn = [{"label": _pieces(row.label), "drawn": row.drawn, "look": row.look} for row in block.rows]
            return {"kind": "whiskers", "caption": block.caption, "rows": rows_drawn}
        case AuthoredText():
            return said_as_data(block)


def _pieces(pieces: Sequence[Piece]) -> list[Answer]:
    return [_piece(piece) for piece in pieces]


def _piece(piece: Piece) -> Answer:
    if isinstance(piece, Fact):
        return {"text": piece.text, "of": piece.of, "rows": piece.leads_to}
    return {"text": piece, "of": "", "rows": ""}
