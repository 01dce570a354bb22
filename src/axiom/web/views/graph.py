"""The findings graph: what tests, explains or depends on what, with what the old laboratory claimed.

What has no link between it is drawn apart, as an island: a row for each node, and arcs beside the rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from axiom import shipped
from axiom.decisions.findings import links as link_rules
from axiom.domain.estimands import Direction
from axiom.domain.evidence import headline
from axiom.domain.evidence import reading as meaning
from axiom.domain.links import FindingState, Link, Node, Noun
from axiom.store.evidence import finding_notes, links, old_claims
from axiom.store.evidence.old_claims import StoredClaim
from axiom.store.experiments import experiments
from axiom.store.views import findings
from axiom.store.views.findings import Brief
from axiom.web.base import paging
from axiom.web.base.page import shown_at
from axiom.web.base.request import Answer, Reading
from axiom.web.views import graph_picture
from axiom.web.views.graph_picture import LinkGraph

_ANSWERED = "old_claims_answered.json"  # written by scripts/campaign reproduce
# What became of a claim, the most sure first, and what that means.
_MEANS = {
    "stands": "every test speaks for it, and no control overturns it",
    "depends": "it holds in one setting and not in another, or something else accounts for it",
    "too small to matter": "whatever there is of it is smaller than what was said to matter",
    "does not stand": "every test speaks against it",
    "undecided": "all planned seeds are in, and they are not enough to say",
    "not yet": "too few seeds are in, or nothing tests it so far",
}


class Graph:
    """What is linked, or of it the island around one finding; and besides, findings that no link joins."""

    def __init__(self, reading: Reading, *, around: int | None = None, besides: Iterable[int] = ()) -> None:
        self.woven = _woven(reading)
        self.claims = self.woven.claims
        self.links = self.woven.links if around is None else self.woven.around(_finding(around))
        self._reading, self._besides = reading, besides

    @cached_property
    def footings(self) -> Mapping[int, FindingState]:
        """How findings stand. Most pages ask for names alone: this and what follows is read when it is asked."""
        ends = {end.id for link in self.links for end in (link.source, link.target) if end.noun is Noun.FINDING}
        return links.footings_of(self._reading.db, ends.union(self._besides))

    @cached_property
    def open(self) -> frozenset[Node]:
        """The nodes, of these, about which something is still asked."""
        return link_rules.open_nodes(self.links, self.footings, self.claims)

    @cached_property
    def tainted(self) -> Mapping[int, tuple[int, ...]]:
        """The findings that depend on void ones, and on which."""
        return link_rules.tainted(self.links, self.footings)

    @cached_property
    def hanging(self) -> Mapping[int, int]:
        """How many open questions hang on each finding."""
        return link_rules.hanging(self.links, self.open)

    def aliases(self, number: int) -> list[Answer]:
        """What the old laboratory called that which this finding asks, and how it asks it."""
        asking = self.woven.asking.get(_finding(number), ())
        return [{**_claim(self.claims[link.target.id]), "kind": link.kind} for link in asking]

    def of_finding(self, number: int) -> list[Answer]:
        """The links that begin or end at a finding."""
        node = _finding(number)
        return [self.link(link) for link in self.links if node in (link.source, link.target)]

    def link(self, link: Link) -> Answer:
        """A link as pages and JSON show it."""
        bearing = link_rules.bearing(link, self.footings)
        return {
            "number": link.id,
            "kind": link.kind,
            "source": self.named(link.source),
            "target": self.named(link.target),
            "bearing": bearing,
            "upheld_by": list(link_rules.upheld_by(link, self.footings)),
            "caution": link_rules.caution(link, self.links, self.footings),
            "why": link.why,
            "by": link.by,
            "line": link.line,
            "evidence_hash": link.evidence_hash,
            "said_at": link.said_at.isoformat(),
        }

    def named(self, node: Node) -> Answer:
        """A node by its name, and where it is shown."""
        name, href = str(node.id), f"/findings/{node.id}"
        if node.noun is Noun.OLD_CLAIM:
            name = self.claims[node.id].said.name
            href = f"/findings/graph#old-{name.removeprefix('#')}"
        elif node.noun is Noun.LINK:
            href = f"/findings/graph?from={node.id}#link-{node.id}"
        return {"noun": node.noun, "name": name, "href": href}


@shown_at("/findings/graph", "graph.html")
def graph(reading: Reading) -> Answer:
    """The whole graph, as it is until another link is said or a finding stands otherwise; its table in pages."""
    briefs = findings.in_brief(reading.db)
    drawn = reading.memo.get_or_create("graph", lambda: _graph(reading, briefs), version=(_stamp(reading), briefs))
    page = paging.stretch(reading, "from", [link["number"] for link in drawn["links"]])
    return {
        "graph": drawn,
        "first": page.first,
        "last": page.first + page.length,
        **page.around("/findings/graph?from="),
    }


def _graph(reading: Reading, briefs: Sequence[Brief]) -> Answer:
    """Its islands, its links, and the old claims that wait for their experiment."""
    estimands, published = findings.estimands(reading.db), {brief.experiment for brief in briefs}
    whole = Graph(reading, besides=estimands)
    nodes = {
        **{_finding(brief.number): _shown_finding(whole, brief, estimands[brief.number]) for brief in briefs},
        **{_old(claim.id): _shown_claim(whole, claim) for claim in whole.claims.values()},
    }
    islands = [
        {"nodes": [nodes[row] for row in rows], "picture": graph_picture.picture(rows, joined, whole.footings)}
        for rows, joined in whole.woven.islands
    ]
    return {
        "nodes": list(nodes.values()),
        "links": [whole.link(link) for link in whole.links],
        "islands": islands,
        "waiting": [
            {
                **_claim(claim),
                "is_drawn": _old(claim.id) in whole.woven.ends,
                "is_published": claim.said.experiment in published,
            }
            for claim in whole.claims.values()
            if not whole.woven.is_tested(_old(claim.id))
        ],
        "open": len(whole.open),
    }


def linked(reading: Reading, number: int) -> Answer:
    """What a finding's own page says of its links, and the notes beside it."""
    around = Graph(reading, around=number)
    footings = around.footings
    return {
        "links": around.of_finding(number),
        "aliases": around.aliases(number),
        "hanging": around.hanging.get(number, 0),
        "notes": [
            {"number": note.number, "text": note.text, "by": note.by, "said_at": note.said_at.isoformat()}
            for note in finding_notes.of(reading.db, number)
        ],
        "depends_on_void": [
            {"number": source, "status": footings[source].status} for source in around.tainted.get(number, ())
        ],
    }


def _shown_finding(whole: Graph, brief: Brief, estimand: Mapping[str, Any]) -> Answer:
    number, reads = brief.number, meaning(brief.verdict, Direction(estimand["expects"]))
    return {
        **whole.named(_finding(number)),
        "answer": headline(estimand, reads, brief.status),
        "claim": estimand["claim"],
        "experiment": brief.experiment,
        "status": brief.status,
        "verdict": brief.verdict,
        "reads": reads,
        "grade": brief.grade,
        "is_open": _finding(number) in whole.open,
        "hanging": whole.hanging.get(number, 0),
        "depends_on_void": list(whole.tainted.get(number, ())),
    }


def _shown_claim(whole: Graph, stored: StoredClaim) -> Answer:
    return {**whole.named(_old(stored.id)), **_claim(stored), "is_open": _old(stored.id) in whole.open}


def _claim(stored: StoredClaim) -> Answer:
    claim = stored.said
    return {
        "name": claim.name,
        "anchor": f"old-{claim.name.removeprefix('#')}",
        "claim": claim.claim,
        "experiment": claim.experiment,
        "scripts": list(claim.scripts),
        "figure": claim.figure,
        "rests_on": claim.rests_on,
        "status": claim.status,
        "source": claim.source,
    }


def _woven(reading: Reading) -> LinkGraph:
    def make() -> LinkGraph:
        return LinkGraph(links.everything(reading.db), old_claims.everything(reading.db))

    return reading.memo.get_or_create("links", make, version=_stamp(reading))


def _stamp(reading: Reading) -> tuple[object, ...]:
    """Differs from what it was when another link or old claim is there, or one is put otherwise."""
    return links.last(reading.db), old_claims.as_stored(reading.db)


def _finding(number: int) -> Node:
    return Node(noun=Noun.FINDING, id=number)


def _old(number: int) -> Node:
    return Node(noun=Noun.OLD_CLAIM, id=number)


@shown_at("/old-claims", "earlier_claims.html")
def earlier_claims(reading: Reading) -> Answer:
    """Each of them with its tests, and how many stand."""
    published = {version.name for version in experiments.everything(reading.db)}
    claims = [{**claim, "is_published": claim["experiment"] in published} for claim in _answered_claims()]
    became = Counter(claim["became"] for claim in claims)
    return {
        "claims": claims,
        "became": [[word, became[word], means] for word, means in _MEANS.items() if became[word]],
    }


def earlier_in_brief() -> Answer:
    """How many earlier claims were asked again, and how many of them stand."""
    became = Counter(claim["became"] for claim in _answered_claims())
    return {"claims": became.total(), "stand": became["stands"]}


@cache
def _answered_claims() -> list[Answer]:
    file = shipped.catalogue() / _ANSWERED
    answered: list[Answer] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return answered
