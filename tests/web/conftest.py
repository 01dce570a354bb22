"""A small laboratory with something on every page, and its site."""

import asyncio
import gzip
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from account_site import ORIGIN, Visitor, receiving
from furnished_lab import fill, noisy, weigh_three_blocks
from map_on_site import draw_map

from axiom.domain.planning import Preview
from axiom.domain.registrations import Stopping
from axiom.domain.sessions import Allotment
from axiom.lab.planning.deploy import deploy
from axiom.lab.registrations.register import amend, register_further
from axiom.lab.steps.evaluate import evaluate
from axiom.store.experiments import experiments
from axiom.store.sessions import sessions
from axiom.web.base.request import nobody_counts, nothing_planned
from axiom.web.probes import Probes
from axiom.web.site.app import Site, site


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

    def make(
        lab,
        preview: Callable[[], Preview] = nothing_planned,
        look_at: Callable[[int, int], None] = nobody_counts,
        scheduler: str = "",
        probes: Probes | None = None,
        master: str = "",
        **live,
    ) -> Browser:
        pages = Site(
            folder=lab.folder,
            name="Small & Sons",
            now=lambda: lab.now,
            live=lambda: live,
            preview=preview,
            look_at=look_at,
            scheduler=scheduler,
            probes=probes or Probes(),
            master=master,
        )
        opened.append(Browser(app=site(pages), pages=pages))
        return opened[-1]

    yield make
    for each in opened:
        each.loop.run_until_complete(each.loop.shutdown_default_executor())
        each.loop.close()
        each.pages.readers.close()


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


@pytest.fixture(scope="session")
def atlas(new_lab, tmp_path_factory):
    """A laboratory with a map that was drawn down to level 3. Tests only read it."""
    lab = new_lab(tmp_path_factory.mktemp("atlas") / "lab")
    draw_map(lab)
    yield lab
    lab.db.close()


@pytest.fixture
def maps_of(browse: Callable[..., Browser], atlas) -> Browser:
    return browse(atlas)


@pytest.fixture
def empty_site(browse: Callable[..., Browser], small_lab) -> Browser:
    return browse(small_lab)


@pytest.fixture
def sends_mail() -> bool:
    """Does the laboratory of `new_visitor` send mail? A module whose laboratory does says so in its place."""
    return False


@pytest.fixture
def new_visitor(small_lab, sends_mail):
    """Browsers that look at one site."""
    opened: list[Visitor] = []
    with receiving(small_lab, f"{ORIGIN}/", sends_mail=sends_mail) as app:

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


@pytest.fixture(scope="session")
def weighed_lab(new_lab, prepared, tmp_path_factory):
    """Three blocks that were computed and weighed. Tests only read it."""
    lab = new_lab(tmp_path_factory.mktemp("weighed") / "lab")
    weigh_three_blocks(lab, prepared)
    yield lab
    lab.db.close()


SAID = {"positive": 0.2, "negative": 0.7, "absent": 0.1, "interval": [-2.0, 0.0], "because": "the first numbers"}
DESIGNS = {"wide": 3, "wider": 5, "widest": 9}  # each with a further shift of the second size


@pytest.fixture(scope="session")
def varied_lab(new_lab, prepared, tmp_path_factory):
    """A block of each of four designs; then the claim is put otherwise, and a block of that is computed."""
    lab = new_lab(tmp_path_factory.mktemp("varied") / "lab")
    lab.publish(prepared(has_shift=True))
    for name, volunteer in (("first", "Ada"), ("second", "Grace")):
        lab.host(name, volunteer=volunteer)
    version = experiments.by_id(lab.db, 1)
    fill_block(lab, 1)
    for name, shift in DESIGNS.items():
        points = [({"size": size, "shift": each}, 1.0) for size in (1, 2) for each in (0, shift)]
        with lab.db.transaction():
            made = register_further(lab.db, version, name, points, stopping=Stopping(), why="a test", now=lab.now)
        fill_block(lab, made.id)
    with lab.db.transaction():
        evaluate(lab.db, sessions.begin(lab.db, pi="autopilot", reason="a test", now=lab.now), lab.now)
        changes = {"claim": "a larger size has a smaller total", "expects": "-"}
        words = {"prediction": SAID, "forecaster": "Ada", "why": "it looked so"}
        made = amend(lab.db, 1, changes, **words, now=lab.now)
    fill_block(lab, made.id)
    with lab.db.transaction():
        evaluate(lab.db, sessions.last(lab.db), lab.now)
    yield lab
    lab.db.close()


def fill_block(lab, registration_id: int) -> None:
    allotment = Allotment(
        experiment_id=1, workunits=8, replicates_each=1, registration_id=registration_id, reason="a test"
    )
    with lab.db.transaction():
        deploy(lab.db, allotment, max_failures=3, now=lab.now)
    hosts = itertools.cycle((1, 2))
    while orders := [*lab.ask(next(hosts)).orders, *lab.ask(next(hosts)).orders]:  # checks are among them
        for order in orders:
            lab.report(order, noisy(lab, order))
        lab.validate()
    lab.later(minutes=1)
