"""Which query words each page reads: any other word makes no other page."""

from urllib.parse import unquote_plus

OF_RESULTS = frozenset({"experiment", "outcome", "replicate", "sort", "page", "until"})  # besides factors
OF_RECTANGLE = frozenset({"x0", "x1", "y0", "y1", "level", "arm", "replicate", "format"})
_PAGES = frozenset({"after", "before"})
_NONE = frozenset[str]()
# By the first part of a path; the `.json` of a page, and what lies under it, look for no other words.
_WORDS = {
    "findings": frozenset(
        {
            "q",
            "verdict",
            "grade",
            "alias",
            "theme",
            "since",
            "order",
            "from",
            "until",
            "of",
            "claim",
            "factors",
            "measure",
        }
    ),
    "results": OF_RESULTS,
    "experiments": frozenset({"q", "theme", "status", "measure"}),
    # Those of a map's page, and those of its data.
    "maps": OF_RECTANGLE | {"column", "row", "against", "x", "y"},
    "sessions": frozenset({"experiment", "state", "host", "contradicted", "from"}),
    "brief": frozenset({"since"}),
    "hosts": _PAGES | {"state", "page", "findings"},
    "volunteers": _PAGES | {"findings"},
    "teams": _PAGES,
    "leaderboards": frozenset({"of", "by", "experiment", "from"}),
    "ideas": frozenset({"state", "from"}),
    "failures": frozenset({"experiment"}),
    "static": frozenset({"v"}),
}


def normalize(path: str, query: bytes) -> bytes:
    """Return the query without words that no page at this path reads.

    Any word may be a factor of the experiment whose results are asked for; across experiments none is.
    """
    if not query:
        return query
    noun = path[1:].partition("/")[0].partition(".")[0]
    pairs = [(_name(pair), pair) for pair in query.split(b"&")]
    if noun == "results" and any(name == "experiment" for name, _ in pairs):
        return query
    words = _WORDS.get(noun, _NONE)
    return b"&".join(pair for name, pair in pairs if name in words)


def _name(pair: bytes) -> str:
    return unquote_plus(pair.partition(b"=")[0].decode("latin-1"))
