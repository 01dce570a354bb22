"""A paper as one LaTeX file that needs no other; its picture is drawn with rules."""

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

_HEAD = r"""\documentclass{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\else\usepackage{fontspec}\fi
\usepackage{graphicx}
\setlength{\parindent}{0pt}\setlength{\parskip}{0.6em}
"""
_ESCAPES = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "-{}",  # two would become a dash
    "−": r"\ensuremath{-}",
    "∞": r"\ensuremath{\infty}",
    "×": r"\ensuremath{\times}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "→": r"\ensuremath{\to}",
    "…": r"\ldots{}",
    "\u00a0": "~",
}
_LONG_WORD = re.compile(r"\S{25,}")
_BROKEN_AFTER = 8  # letters of a long word, as of a hash
_LONG_CELL = 26  # letters, from which on a column breaks its lines
_WIDE = 80  # letters of a row, from which on a table is made smaller


def as_latex(paper: Paper) -> str:
    """The whole paper."""
    parts = [
        _HEAD,
        f"\\title{{{_text(paper.title)}}}",
        f"\\author{{{_text([paper.by])}}}",
        f"\\date{{{_text([paper.until])}}}",
        "\\begin{document}",
        "\\maketitle",
    ]
    for chapter in paper.chapters:
        parts += [f"\\section{{{_escaped(chapter.title)}}}", *(_block(block) for block in chapter.blocks)]
    return "\n\n".join([*parts, "\\end{document}"]) + "\n"


def _block(block: Block) -> str:
    match block:
        case Text():
            return _text(block.pieces)
        case Items():
            return _items(_text(each) for each in block.items)
        case PaperTable():
            return _table(block)
        case Whiskers():
            rows = "\n".join(f"{{}}{_text(row.label)} & {_drawn(row)} \\\\" for row in block.rows)
            table = f"\\begin{{tabular}}{{ll}}\n{rows}\n\\end{{tabular}}"
            return f"\\begin{{figure}}[!ht]\n{table}\n\\caption{{{_escaped(block.caption)}}}\n\\end{{figure}}"
        case AuthoredText():
            return "\n\n".join(_said(block))


def _said(said: AuthoredText) -> Iterable[str]:
    about = "wrote this; every number in it is a reference to a row, resolved when this was made."
    yield f"\\emph{{{_escaped(said.author)} {about}}}"
    for each in said.paragraphs:
        lines = [_text(each.pieces), *(f"\\emph{{Computed: {_text(pieces)}.}}" for pieces in each.beside)]
        lines += [f"\\textbf{{It could not be written today: {_escaped(fault)}.}}" for fault in each.faults]
        yield "\n".join(["\\begin{quote}", "\n\n".join(lines), "\\end{quote}"])


def _items(items: Iterable[str]) -> str:
    return "\n".join(["\\begin{itemize}", *(f"\\item{{}} {each}" for each in items), "\\end{itemize}"])


def _table(block: PaperTable) -> str:
    cells = [block.headings, *(tuple(plain_text([cell]) for cell in row) for row in block.rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(block.headings))]
    columns = "".join("p{4.2cm}" if width > _LONG_CELL else "l" for width in widths)
    rows = [" & ".join(_text([cell]) for cell in row) for row in [block.headings, *block.rows]]
    lines = [f"{{}}{row} \\\\" for row in rows]
    table = "\n".join([f"\\begin{{tabular}}{{{columns}}}", lines[0], "\\hline", *lines[1:], "\\end{tabular}"])
    if sum(min(width, _LONG_CELL) for width in widths) > _WIDE:
        table = f"\\resizebox{{\\textwidth}}{{!}}{{%\n{table}}}"
    return f"\\begin{{table}}[!ht]\n\\caption{{{_escaped(block.caption)}}}\n{table}\n\\end{{table}}"


def _drawn(row: Whisker) -> str:
    """The interval as a bar, the estimate as a line across it, the null as a thin one."""
    if row.drawn is None:
        return "no interval yet"
    low, middle, high = (float(row.drawn[name]) for name in ("low", "middle", "high"))
    bar = f"\\put({low:.1f},4){{\\rule{{{max(high - low, 1.0):.1f}pt}}{{3pt}}}}"
    lines = f"\\put(88,0){{\\rule{{0.3pt}}{{11pt}}}}{bar}\\put({middle:.1f},1){{\\rule{{1.2pt}}{{9pt}}}}"
    return f"\\setlength{{\\unitlength}}{{1pt}}\\begin{{picture}}(176,11){lines}\\end{{picture}}"


def _text(pieces: Iterable[Piece]) -> str:
    return "".join(_escaped(piece.text if isinstance(piece, Fact) else piece) for piece in pieces)


def _escaped(text: str) -> str:
    """What TeX reads as just these letters; a long word may be broken."""
    found, end = [], 0
    for word in _LONG_WORD.finditer(calm(text)):
        found.append(_letters(text[end : word.start()]))
        pieces = [word[0][place : place + _BROKEN_AFTER] for place in range(0, len(word[0]), _BROKEN_AFTER)]
        found.append("\\allowbreak{}".join(map(_letters, pieces)))
        end = word.end()
    return "".join([*found, _letters(text[end:])])


def _letters(text: str) -> str:
    return "".join(_ESCAPES.get(sign, sign) for sign in calm(text))
