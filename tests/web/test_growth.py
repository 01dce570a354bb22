"""What a page costs follows from what it shows, not from what is stored: counted in calls, which are the same anywhere.

On a clock this would be seen by `scripts/bench pages` alone, which nobody runs with every change.
"""

import gc
import itertools
import re
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from evidence_lines import record
from furnished_lab import fill, proposed, register, said_of, weighed
from map_on_site import publish_map

from axiom.domain.failures import Comparison
from axiom.domain.links import LinkKind, Node, Noun
from axiom.domain.maps import Tile, place_of
from axiom.domain.proposals import Idea
from axiom.domain.rounds import Step
from axiom.store import news
from axiom.store.accounts import teams
from axiom.store.credit import settlements
from axiom.store.experiments import drafts
from axiom.store.findings import links
from axiom.store.hosts import hosts
from axiom.store.registrations import ideas, proposals
from axiom.store.rounds import rounds
from axiom.store.upkeep import watches
from axiom.web.site.routes import PAGES as SITE_PAGES
from axiom_weigh.values import Observation

FEW, MANY = 12, 18
# How many calls a finding may add to a page that does not show it, where that is more than fifteen: a search reads what
# every finding claims. To show one takes some five hundred.
MOST = {"/findings?q=larger": 35}
# Without the lists of all versions, of all that was retired, and the graph: they show what there is.
PAGES = """
/ /live /findings /findings?from=2 /findings?q=larger /findings/3 /findings/3.json /registrations /registrations/3
/experiments/tiny_sum@3 /sessions /sessions/2026-03-02-a /results /results?experiment=tiny_sum
/hosts /hosts/1 /tasks/1 /workunits/1 /volunteers /volunteers/1 /teams/1 /leaderboards
/news /watches /join /proposals /ideas /ledger /brief
"""


TEAM = {"country": "", "website": "", "about": ""}
MAP = "/maps/small_map"
MAP_PAGES = ("/maps", MAP, f"{MAP}?level=2&column=1&row=1", f"{MAP}/views/0/0/1-0-0.png", "/")


@pytest.fixture(autouse=True)
def _in_this_thread(monkeypatch):
    """Pages are made in this thread, with few rows each."""

    async def at_once(function, *words, **named):
        return function(*words, **named)

    monkeypatch.setattr("starlette.routing.run_in_threadpool", at_once)
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 5)


def calls(reader, address: str) -> int:
    """How many functions are called to make a page that was made before: the fewer of two counts, as caches vary."""
    assert reader.get(address).status == 200, address
    return min(count_calls(reader, address) for _ in range(2))


def count_calls(reader, address: str) -> int:
    amount = 0

    def count(_frame, event: str, _argument: object) -> None:
        nonlocal amount
        amount += event in {"call", "c_call"}

    reader.app.forget()
    gc.collect()  # what earlier tests left is not freed while this counts
    sys.setprofile(count)
    try:
        reader.get(address)
    finally:
        sys.setprofile(None)
    return amount


def conclude(lab, prepared, findings: int) -> None:
    """There are so many findings, each of a version of its own, and the first host computed for all."""
    before = lab.db.row("SELECT count(*) AS amount FROM finding")["amount"]
    for number in range(before + 1, findings + 1):
        lab.publish(prepared(version=number))
        observed = [Observation(replicate=place, value=1.0 + place / 10, hosts=(1,)) for place in range(8)]
        with lab.db.transaction():
            record(lab.db, number, weighed(2), observed, session_id=1, now=lab.now)
            if number % 2:  # two by two, so that islands do not grow
                pair = [Node(noun=Noun.FINDING, id=place) for place in (number, number - 1)]
                links.add_link(lab.db, LinkKind.MODERATES, *pair, why="a test", by="a test", now=lab.now)


def test_no_page_takes_longer_because_there_are_more_findings(browse, small_lab, prepared):
    fill(small_lab, prepared)
    reader = browse(small_lab, state="running", parts={})
    conclude(small_lab, prepared, FEW)
    before = {address: calls(reader, address) for address in PAGES.split()}
    conclude(small_lab, prepared, MANY)
    after = {address: calls(reader, address) for address in PAGES.split()}
    added = {address: (after[address] - before[address]) // (MANY - FEW) for address in PAGES.split()}
    assert {address: by for address, by in added.items() if by > MOST.get(address, 15)} == {}


# These show all that there is: of what is asked a laboratory has some hundreds, and a picture of links has every one.
WHOLE = ("/experiments", "/questions", "/status", "/findings/graph")
NAMES = {
    "/sessions/": "2026-03-02-b",
    "/ledger/": "2026-03-02-b",
    "/experiments/": "tiny_sum@1",
    "/questions/": "tiny_sum",
    "/maps/": "",
}
ROWS = re.compile(r"_SHOWN|_THE_PAGE|_A_PAGE|_GROUPS|BRIEFING|_ROWS|^_WATCHES$")  # the most of a list that a page shows


def addresses() -> list[str]:
    """Every page as JSON, which holds all that the page shows."""
    pages = [
        page.json.replace("{number:number}", "1").replace("{other}", "2026-03-02-a").replace("{path:path}", "README.md")
        for page in SITE_PAGES
    ]
    named = [page.replace("{name}", NAMES[page.partition("{")[0]]) if "{" in page else page for page in pages]
    return [page for page in named if not page.startswith(("/maps/", *(f"{page}.json" for page in WHOLE)))]


def happen(lab, times: int) -> None:
    """So much more of what comes with the years, beside findings."""
    for _ in range(times):
        number = lab.db.number("SELECT count(*) FROM proposal") + 1
        with lab.db.transaction():
            proposals.add_proposal(lab.db, replace(proposed(), slug=f"another-{number}"), 1, 1, lab.now)
            idea = Idea(question=f"Is it {number}?", why="a test", by="program:ada")
            for is_shown in (True, False):
                ideas.add_idea(lab.db, idea, is_shown=is_shown, now=lab.now)
            text = {"name": "another", "author": "Ada", "text": f"print({number})", "digest": f"{number:064}"}
            drafts.add_draft(lab.db, **text, refusals=(), now=lab.now)
            news.add_news(
                lab.db, line=f"News {number}", text="more", until=lab.now + timedelta(days=9_000), now=lab.now
            )
            watches.add_watch(
                lab.db,
                experiment_id=1,
                sentence=f"watch {number}",
                measure="total",
                comparison=Comparison.ABOVE,
                threshold=float(number),
                now=lab.now,
            )
            volunteer = register(lab, f"volunteer-{number} of many")
            teams.create_team(lab.db, name=f"Team {number}", founder_id=volunteer, **TEAM, now=lab.now)
            hosts.add_host(lab.db, volunteer, said_of(f"host-{number}"), lab.now)
            begun = rounds.begin_round(lab.db, pi="autopilot", reason="a test", now=lab.now)
            settlements.settle_round(lab.db, begun.id, after=0, session_cap=10_000, now=lab.now)
            rounds.finish_round_step(lab.db, begun, Step.LOG, reviewed_to=0, now=lab.now, ends=True)
            rounds.make_session_of_round(lab.db, begun.id, "a test", lab.now)


def test_no_page_grows_with_the_years(browse, small_lab, prepared, monkeypatch):
    fill(small_lab, prepared)
    modules = [module for name, module in sys.modules.items() if name.startswith(("axiom.limits.", "axiom.reads."))]
    for module in modules:
        for name in filter(ROWS.search, dir(module)):
            monkeypatch.setattr(module, name, 5)
    reader = browse(small_lab, state="running", parts={})

    def sizes(amount: int) -> dict[str, int]:
        conclude(small_lab, prepared, amount)
        happen(small_lab, amount - small_lab.db.number("SELECT count(*) FROM watch"))
        reader.app.forget()
        replies = {address: reader.get(address) for address in addresses()}
        assert {address: reply.status for address, reply in replies.items() if reply.status != 200} == {}
        return {address: len(reply.raw) for address, reply in replies.items()}

    few, many = sizes(FEW), sizes(MANY)
    grown = {address: (many[address] - few[address]) // (MANY - FEW) for address in few}
    assert {address: by for address, by in grown.items() if by > 20} == {}


def test_no_page_takes_longer_because_there_are_more_tiles(browse, small_lab, atlas):
    publish_map(small_lab)
    small_lab.deploy(workunits=1)
    reader, pixels = browse(small_lab), atlas.db.row("SELECT shares, pixels FROM tile WHERE level = 0")

    def draw(*levels: int) -> dict[str, int]:
        places = [(level, at) for level in levels for at in itertools.product(range(1 << level), repeat=2)]
        drawn = [(level, Tile(level=level, column=column, row=row)) for level, (column, row) in places]
        rows = [{"config": place_of(tile, 0), "level": level, "now": 0, **pixels} for level, tile in drawn]
        with small_lab.db.transaction():
            small_lab.db.execute_many(
                "INSERT INTO tile (experiment_id, replicate, config, arm, level, state, worth, task_id, shares, "
                "pixels, drawn_at) VALUES (1, 0, :config, 0, :level, 'drawn', 0, 1, :shares, :pixels, :now)",
                rows,
            )
        return {address: calls(reader, address) for address in MAP_PAGES}

    few, many = draw(0, 1, 2, 3), draw(4, 5, 6)
    assert {address: many[address] - few[address] for address in MAP_PAGES if many[address] > few[address] + 100} == {}
