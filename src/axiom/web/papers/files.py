"""A paper as a file to take away."""

from collections.abc import Sequence

from jinja2 import Environment

from axiom.errors import WrongUse
from axiom.web.base.document import as_data
from axiom.web.base.request import Reading
from axiom.web.papers.latex import as_latex
from axiom.web.papers.markdown import as_markdown
from axiom.web.papers.paper import paper

KINDS = {"md": "text/markdown", "tex": "application/x-tex", "html": "text/html"}


def as_file(reading: Reading, numbers: Sequence[int], ending: str, templates: Environment) -> str:
    """The paper over these findings, as Markdown, LaTeX or HTML."""
    if not numbers:
        raise WrongUse("A paper needs at least one finding: /findings/paper?of=1,2,3.")
    found, root = paper(reading, numbers), reading.master.rstrip("/")
    match ending:
        case "md":
            return as_markdown(found, root)
        case "tex":
            return as_latex(found)
    return templates.get_template("paper_file.html").render(paper=as_data(found), root=root)
