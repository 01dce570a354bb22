"""Documents as HTML. What they hold of HTML, images, and links to what is not installed stay words."""

import posixpath
import re
from collections.abc import Iterable
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from axiom.reads.documents import read_documents

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_NO_PART_OF_AN_ANCHOR = re.compile(r"[^\w\- ]")


@cache
def document_in_html(path: str) -> Markup:
    tokens = _MARKDOWN.parse(read_documents()[path])
    for token, following in zip(tokens, [*tokens[1:], Token("", "", 0)], strict=True):
        if token.type == "heading_open":
            name = _NO_PART_OF_AN_ANCHOR.sub("", following.content.lower()).replace(" ", "-")
            token.attrs["id"] = name
        elif token.attrs.pop("style", "") == "text-align:right":  # no page may carry a style of its own
            token.attrs["class"] = "num"
        _keep_words(path, token.children or ())
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(html)  # noqa: S704  nothing of it is HTML but what was made here


def _keep_words(path: str, pieces: Iterable[Token]) -> None:
    is_dropped = False
    for piece in pieces:
        if piece.type == "image":
            piece.type = "text"
        elif piece.type == "link_open":
            piece.attrs["href"] = address = _address_at_site(path, str(piece.attrs["href"]))
            piece.hidden = is_dropped = not address
        elif piece.type == "link_close":
            piece.hidden = is_dropped


def _address_at_site(path: str, href: str) -> str:
    """Where a link of this document leads; nothing where that is not installed."""
    target, mark, anchor = href.partition("#")
    if "://" in target or not target:
        return href
    document = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return f"/docs/{document}{mark}{anchor}" if document in read_documents() else ""
