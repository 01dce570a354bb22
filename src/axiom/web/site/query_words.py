"""Which query words each page reads: any other word makes no other page."""

from urllib.parse import unquote_plus

from axiom.web.site.routes import PAGES

# By the first part of a path; the `.json` of a page, and what lies under it, look for no other words.
_WORDS = {"static": {"v"}}
for _page in PAGES:
    _WORDS.setdefault(_page.path.split("/")[1], set()).update(_page.words)


def drop_unread_words(path: str, query: bytes) -> bytes:
    """Return the query without words that no page at this path reads.

    Any word may be a factor of the experiment whose results are asked for; across experiments none is.
    """
    if not query:
        return query
    noun = path[1:].partition("/")[0].partition(".")[0]
    pairs = [(unquote_plus(pair.partition(b"=")[0].decode("latin-1")), pair) for pair in query.split(b"&")]
    if noun == "results" and any(name == "experiment" for name, _ in pairs):
        return query
    words = _WORDS.get(noun, set())
    return b"&".join(pair for name, pair in pairs if name in words)
