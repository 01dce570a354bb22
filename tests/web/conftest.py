"""A small laboratory with something on every page, and its site."""

import asyncio
import contextlib
import itertools
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from account_site import ORIGIN, Seen, Visitor, receiving
from furnished_lab import fill, furnish_more, noisy, weigh_three_blocks
from jinja2 import Environment
from map_on_site import draw_map

from axiom.domain.registrations import StoppingRule
from axiom.domain.rounds import Allotment
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.laboratory.registrations.register import amend_claim, register_further
from axiom.laboratory.rounds.steps.weigh_findings import evaluate_findings
from axiom.store.experiments import experiments
from axiom.store.rounds import rounds
from axiom.web.site.app import Site, make_site


@dataclass
class Browser:
    """Asks an application directly, one request after the other."""

    app: Any
    pages: Site | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def get(self, address: str, *, method: str = "GET", **headers: str) -> Seen:
        return self.loop.run_until_complete(self.ask(address, method=method, **headers))

    async def ask(self, address: str, *, method: str = "GET", **headers: str) -> Seen:
        path, _, query = address.partition("?")
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "scheme": "http", "server": ("lab.example", 80), "method": method, "path": path}
        scope |= {"raw_path": path.encode(), "query_string": query.encode(), "headers": named}
        messages = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            messages.append(message)

        await self.app(scope, receive, send)
        answered = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Seen(status=messages[0]["status"], headers=answered, raw=body)


@contextlib.contextmanager
def _browsing():
    """Makes browsers, and closes them at the end."""
    opened: list[Browser] = []

    def make(lab, *, master: str = "", scheduler: str = "", **words) -> Browser:
        own = {name: words.pop(name) for name in ("preview", "look_at", "probes", "talk") if name in words}
        words_of_site = {"master": master, "scheduler": scheduler, "live": lambda: words, **own}
        pages = Site(folder=lab.folder, name="Small & Sons", now=lambda: lab.now, **words_of_site)
        opened.append(Browser(app=make_site(pages), pages=pages))
        return opened[-1]

    yield make
    for browser in opened:
        browser.loop.run_until_complete(browser.loop.shutdown_default_executor())
        browser.loop.close()
        browser.pages.readers.close()


@pytest.fixture(scope="session", autouse=True)
def _compile_templates_once():
    """Each site has an environment of its own; what Jinja makes of the same text is the same in all of them."""
    kept, compile_template = {}, Environment.compile

    def compile_once(self, *words):
        key = (type(self), *words)
        if key not in kept:
            kept[key] = compile_template(self, *words)
        return kept[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Environment, "compile", compile_once)
        yield


@pytest.fixture
def browse():
    with _browsing() as make:
        yield make


@pytest.fixture(scope="session")
def browse_shared():
    """The same for laboratories that tests only read."""
    with _browsing() as make:
        yield make


@pytest.fixture(scope="session")
def shared_lab(new_lab, tmp_path_factory):
    """Makes laboratories that tests only read."""
    opened = []

    def make():
        opened.append(new_lab(tmp_path_factory.mktemp("shared") / "lab"))
        return opened[-1]

    yield make
    for lab in opened:
        lab.db.close()


@pytest.fixture(scope="session")
def full(shared_lab, prepared):
    """A laboratory with something on every page. Tests only read it."""
    lab = shared_lab()
    fill(lab, prepared)
    return lab


@pytest.fixture(scope="session")
def site_of(browse_shared, full) -> Browser:
    return browse_shared(full, state="running", started_at=full.now.isoformat(), parts={"writer": True, "engine": True})


@pytest.fixture(scope="session")
def furnished(shared_lab, prepared):
    """One with three findings: an effect, one that is absent, and one that awaits its first block."""
    lab = shared_lab()
    fill(lab, prepared)
    furnish_more(lab, prepared)
    return lab


@pytest.fixture(scope="session")
def furnished_site(browse_shared, furnished) -> Browser:
    return browse_shared(furnished, state="running", started_at=furnished.now.isoformat())


@pytest.fixture(scope="session")
def atlas(shared_lab):
    """A laboratory with a map that was drawn down to level 3."""
    lab = shared_lab()
    draw_map(lab)
    return lab


@pytest.fixture(scope="session")
def maps_of(browse_shared, atlas) -> Browser:
    return browse_shared(atlas)


@pytest.fixture(scope="session")
def empty_site(browse_shared, shared_lab) -> Browser:
    return browse_shared(shared_lab())


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
        for visitor in opened:
            visitor.close()


@pytest.fixture
def visitor(new_visitor) -> Visitor:
    """Somebody who was never here before."""
    return new_visitor()


@pytest.fixture
def ada(visitor) -> Visitor:
    """Somebody who has just made an account, and is signed in."""
    assert visitor.register().status == 303
    return visitor


@pytest.fixture
def eve(new_visitor) -> Visitor:
    """Somebody else, from elsewhere, with an account."""
    made = new_visitor(peer="198.51.100.20")
    assert made.register(name="Eve", email="eve@mail.example").status == 303
    return made


@pytest.fixture(scope="session")
def wrong_fields():
    """The fields of a page's forms that were refused; what is refused of no field alone is not among them."""

    def fields(reply) -> set[str]:
        assert reply.status == 422
        return set(re.findall(r'class="wrong" id="[^"]*-(\w+)-w"', reply.text))

    return fields


@pytest.fixture(scope="session")
def weighed_lab(shared_lab, prepared):
    """Three blocks that were computed and weighed."""
    lab = shared_lab()
    weigh_three_blocks(lab, prepared)
    return lab


@pytest.fixture(scope="session")
def weighed_site(browse_shared, weighed_lab) -> Browser:
    return browse_shared(weighed_lab)


PREDICTION = {"positive": 0.2, "negative": 0.7, "absent": 0.1, "interval": [-2.0, 0.0], "because": "the first numbers"}
DESIGNS = {"wide": 3, "wider": 5, "widest": 9}  # each with a further shift of the second size


@pytest.fixture(scope="session")
def varied_lab(shared_lab, prepared):
    """A block of each of four designs; then the claim is put otherwise, and a block of that is computed."""
    lab = shared_lab()
    lab.publish(prepared(has_shift=True))
    for name, volunteer in (("first", "Ada"), ("second", "Grace")):
        lab.host(name, volunteer=volunteer)
    version = experiments.find_experiment(lab.db, 1)
    fill_block(lab, 1)
    for name, shift in DESIGNS.items():
        points = [({"size": size, "shift": other}, 1.0) for size in (1, 2) for other in (0, shift)]
        with lab.db.transaction():
            made = register_further(
                lab.db, version, name, points, stopping=StoppingRule(replicates=256), why="a test", now=lab.now
            )
        fill_block(lab, made.id)
    with lab.db.transaction():
        evaluate_findings(lab.db, rounds.begin_round(lab.db, pi="autopilot", reason="a test", now=lab.now), lab.now)
        changes = {"claim": "a larger size has a smaller total", "expects": "-"}
        words = {"prediction": PREDICTION, "forecaster": "Ada", "why": "it looked so"}
        made = amend_claim(lab.db, 1, changes, **words, now=lab.now)
    fill_block(lab, made.id)
    with lab.db.transaction():
        evaluate_findings(lab.db, rounds.find_last_round(lab.db), lab.now)
    return lab


def fill_block(lab, registration_id: int) -> None:
    allotment = Allotment(
        experiment_id=1, workunits=8, replicates_each=1, registration_id=registration_id, reason="a test"
    )
    with lab.db.transaction():
        order_replicates(lab.db, allotment, max_failures=3, now=lab.now)
    hosts = itertools.cycle((1, 2))
    while orders := [*lab.ask(next(hosts)), *lab.ask(next(hosts))]:  # checks are among them
        for order in orders:
            lab.report(order, noisy(lab, order))
        lab.validate()
    lab.later(minutes=1)
