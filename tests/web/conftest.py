"""A small laboratory with something on every page, and its site."""

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from furnished import fill
from receiving import ORIGIN, Visitor, receiving

from axiom.web.app import Site, site


@dataclass
class Reply:
    """What a page answered."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.raw) if self.headers.get("content-encoding") == "gzip" else self.raw

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Browser:
    """Asks an application directly, one request after the other."""

    app: Any
    pages: Site | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def get(self, address: str, *, method: str = "GET", **headers: str) -> Reply:
        return self.loop.run_until_complete(self.ask(address, method=method, **headers))

    async def ask(self, address: str, *, method: str = "GET", **headers: str) -> Reply:
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "server": ("lab.example", 80),
            "scheme": "http",
        }
        messages = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            messages.append(message)

        await self.app(scope, receive, send)
        named = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Reply(status=messages[0]["status"], headers=named, raw=body)


@pytest.fixture
def browse():
    opened: list[Browser] = []

    def make(lab, **live) -> Browser:
        pages = Site(folder=lab.folder, name="Small & Sons", now=lambda: lab.now, live=lambda: live)
        opened.append(Browser(app=site(pages), pages=pages))
        return opened[-1]

    yield make
    for each in opened:
        each.loop.run_until_complete(each.loop.shutdown_default_executor())
        each.loop.close()


@pytest.fixture(scope="session")
def full(new_lab, prepared, tmp_path_factory):
    """A laboratory with something on every page. Tests only read it."""
    lab = new_lab(tmp_path_factory.mktemp("full") / "lab")
    fill(lab, prepared)
    yield lab
    lab.db.close()


@pytest.fixture
def site_of(browse: Callable[..., Browser], full) -> Browser:
    return browse(full, state="running", started_at=full.now.isoformat(), parts={"writer": True, "engine": True})


@pytest.fixture
def empty_site(browse: Callable[..., Browser], small_lab) -> Browser:
    return browse(small_lab)


@pytest.fixture
def new_visitor(small_lab):
    """Browsers that look at one site."""
    opened: list[Visitor] = []
    with receiving(small_lab, f"{ORIGIN}/") as app:

        def make(**changes) -> Visitor:
            opened.append(Visitor(app=app, folder=small_lab.folder, **changes))
            return opened[-1]

        yield make
        for each in opened:
            each.close()


@pytest.fixture
def visitor(new_visitor) -> Visitor:
    """Somebody who was never here before."""
    return new_visitor()


@pytest.fixture
def ada(visitor) -> Visitor:
    """Somebody who has just made an account, and is signed in."""
    assert visitor.register().status == 303
    return visitor
