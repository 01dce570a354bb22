"""What a page costs follows from what it shows, not from what is stored: counted in calls, which are the same anywhere.

On a clock this would be seen by `scripts/bench pages` alone, which nobody runs with every change.
"""

import sys

import pytest
from evidence_lines import record
from furnished_lab import fill, weighed

from axiom.domain.findings import Observation
from axiom.domain.links import LinkKind, Node, Noun
from axiom.store.evidence import links

FEW, MANY = 12, 40
# How many calls a finding may add to a page that does not show it, where that is more than fifteen: a search reads what
# every finding claims. To show one takes some five hundred.
MOST = {"/findings?q=larger": 35}
# Without the lists of all versions, of all that was registered or retired, and the graph: they show what there is.
PAGES = (
    *(
        "/",
        "/live",
        "/findings",
        "/findings?from=2",
        "/findings?q=larger",
        "/findings/3",
        "/findings/3.json",
        "/registrations/3",
    ),
    *("/experiments/tiny_sum@3", "/sessions", "/sessions/2026-03-02-a", "/results", "/results?experiment=tiny_sum"),
    *("/hosts", "/hosts/1", "/tasks/1", "/workunits/1", "/volunteers", "/volunteers/1", "/teams/1", "/leaderboards"),
    *("/news", "/watches", "/join", "/proposals", "/ideas", "/ledger", "/brief"),
)


async def at_once(function, *words, **named):
    return function(*words, **named)


def calls(reader, address: str) -> int:
    """How many functions are called to make a page that was made before."""
    amount = 0

    def count(_frame, event: str, _argument: object) -> None:
        nonlocal amount
        amount += event in {"call", "c_call"}

    assert reader.get(address).status == 200, address
    sys.setprofile(count)
    try:
        reader.get(address)
    finally:
        sys.setprofile(None)
    return amount


@pytest.fixture
def reader(browse, small_lab, prepared, monkeypatch):
    """A laboratory whose pages are made in this thread and kept for nobody, with few rows each."""
    monkeypatch.setattr("starlette.routing.run_in_threadpool", at_once)
    monkeypatch.setattr("axiom.web.base.paging.LENGTH", 5)
    fill(small_lab, prepared)
    found = browse(small_lab, state="running", parts={})
    found.app._fresh = 0.0
    return found


def conclude(lab, prepared, findings: int) -> None:
    """There are so many findings, each of a version of its own, and the first host computed for all."""
    known = lab.db.one("SELECT count(*) AS amount FROM finding")["amount"]
    for number in range(known + 1, findings + 1):
        lab.publish(prepared(version=number))
        observed = [Observation(replicate=each, value=1.0 + each / 10, hosts=(1,)) for each in range(8)]
        with lab.db.transaction():
            record(lab.db, number, weighed(2), observed, session_id=1, now=lab.now)
            if number % 2:  # two by two, so that islands do not grow
                pair = [Node(noun=Noun.FINDING, id=each) for each in (number, number - 1)]
                links.add(lab.db, LinkKind.MODERATES, *pair, why="a test", by="a test", now=lab.now)


def test_no_page_takes_longer_because_there_are_more_findings(reader, small_lab, prepared):
    conclude(small_lab, prepared, FEW)
    before = {address: calls(reader, address) for address in PAGES}
    conclude(small_lab, prepared, MANY)
    after = {address: calls(reader, address) for address in PAGES}
    added = {address: (after[address] - before[address]) // (MANY - FEW) for address in PAGES}
    assert {address: by for address, by in added.items() if by > MOST.get(address, 15)} == {}
