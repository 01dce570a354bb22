"""Which class of requests a path belongs to, for whoever counts them."""

from axiom.web.probes import PATHS as PROBES
from axiom.web.site.routes import PAGES

_PAGES = {page.path.split("/")[1] for page in PAGES} | {"index"}
_OTHERS = {
    "account": "account",
    "download": "download",
    "figures": "figure",
    "language": "page",
    "mcp": "mcp",
    "static": "static",
    "stats": "statistics",
}
_DATA = (".json", ".csv", ".atom", ".zip", ".md", ".txt")


def class_of(path: str) -> str:
    """One of a dozen words, however many paths strangers think of."""
    if path in PROBES:
        return "probe"
    first, _, ending = path.removeprefix("/").partition("/")[0].partition(".")
    if first == "maps" and path.endswith(".png"):
        return "figure"
    if first in _PAGES:
        return "data" if path.endswith(_DATA) else "page"
    if path.startswith("/api/"):
        return "api"
    return "boinc" if ending == "php" else _OTHERS.get(first, "other")
