"""What the site of a laboratory says, read without a server."""

from contextlib import closing
from typing import Any

from starlette.testclient import TestClient

from axiom.web.site.app import Site, make_site


def read_page(door: Any, path: str) -> dict[str, Any]:
    """A page as JSON."""
    pages = Site(folder=door.lab.folder, name="Small", now=lambda: door.lab.now, live=dict)
    with closing(pages.readers):
        answer: dict[str, Any] = TestClient(make_site(pages)).get(f"{path}.json").json()
        return answer
