"""A paper as a file to take away: one template a format, over facts that are written as the format wants them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.errors import WrongUse
from axiom.reads.base.request import Answer, Reading
from axiom.web.base.facts import facts_in_html, write_facts
from axiom.web.papers.kept_paper import read_kept_paper
from axiom.web.papers.paper import paper_facts

KINDS = {"md": "text/markdown", "tex": "application/x-tex", "html": "text/html"}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|&~$])")
_FIRST = re.compile(r"^(\s*)([-+=:]|[0-9]+[.)])")  # would begin a list or a heading
_PLACES = 41  # of a picture in letters, from ten below the null to ten above it
_LEFT, _WIDE = 8.0, 160.0  # of the same in the picture's own places
_LATEX = {
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
    "\0": r"\allowbreak{}",
}
_LONG_WORD = re.compile(r"\S{25,}")
_BROKEN_AFTER = 8  # letters of a long word, as of a hash


def paper_file(reading: Reading, numbers: Sequence[int], ending: str, templates: Environment) -> str:
    """The paper over these findings, as Markdown, LaTeX or HTML."""
    if not numbers:
        raise WrongUse("A paper needs at least one finding: /findings/paper?of=1,2,3.")
    return render_paper(paper_facts(reading, numbers), ending, templates, reading.master.rstrip("/"))


def kept_paper_file(folder: Path, ending: str, templates: Environment) -> str:
    """The short paper that this folder keeps, the same way."""
    return render_paper(read_kept_paper(folder), ending, templates, words="kept_paper_words.txt")


def render_paper(
    facts: Answer, ending: str, templates: Environment, root: str = "", *, words: str = "paper_words.txt"
) -> str:
    """These facts in the words of a paper. They lead to `root`, the address of the laboratory, if it has one."""
    template = templates.get_template(f"paper_file.{ending}")
    match ending:
        case "md":
            shown = write_facts(facts, lambda fact: fact_in_markdown(fact, root))
            return template.render(words=words, paper=shown, first=_not_a_list, drawn=_in_letters)
        case "tex":
            return template.render(words=words, paper=write_facts(facts, fact_in_latex), latex=fact_in_latex)
    return template.render(words=words, paper=facts_in_html(facts), root=root)


def fact_in_markdown(fact: Answer, root: str = "") -> str:
    text = Markup(_MARKDOWN.sub(r"\\\1", strip_controls(fact["text"])))  # noqa: S704  escaped for this format
    return Markup(f"[{text}]({root}{fact['rows']})") if root and fact["rows"] else text  # noqa: S704


def _not_a_list(text: str) -> str:
    return Markup(_FIRST.sub(r"\1\\\2", text))  # noqa: S704


def _in_letters(interval: Mapping[str, float]) -> str:
    line = ["·"] * _PLACES
    line[_PLACES // 2] = "│"
    low, middle, high = (round((interval[name] - _LEFT) / _WIDE * (_PLACES - 1)) for name in ("low", "middle", "high"))
    line[low : high + 1] = "=" * (high + 1 - low)
    line[middle] = "O"
    return "".join(line)


def fact_in_latex(fact: Answer | str) -> str:
    """What TeX reads as just these letters; a long word may be broken."""
    if isinstance(fact, Markup):
        return fact
    text = _LONG_WORD.sub(_breakable, strip_controls(fact if isinstance(fact, str) else fact["text"]))
    return Markup("".join(_LATEX.get(sign, sign) for sign in text))  # noqa: S704  escaped for this format


def _breakable(word: re.Match[str]) -> str:
    return "\0".join(word[0][place : place + _BROKEN_AFTER] for place in range(0, len(word[0]), _BROKEN_AFTER))
