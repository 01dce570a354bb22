"""The findings graph: what tests, explains or depends on what, with what the old laboratory claimed.

What has no link between it is drawn apart, as an island: a row for each node, and arcs beside the rows.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from axiom.domain.estimands import Direction
from axiom.domain.evidence import verdict_meaning
from axiom.domain.headlines.finding_sentences import compose_answer
from axiom.domain.links import Bearing, FindingState, Link, LinkKind, Node, Noun
from axiom.laboratory.findings.rules import links as link_rules
from axiom.reads.base import paging, resolved_prose
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.store.findings import links, old_claims
from axiom.store.findings.old_claims import StoredClaim
from axiom.store.views import findings
from axiom.store.views.findings import FindingBrief

ROW = 56  # units of the picture for a row: 3.5rem in the style sheet, three lines of small text
WIDTH = 88
_SPINE = WIDTH - 8
_LEAST, _MOST = 14, WIDTH - 14  # how far an arc leans out
_HEAD = 5
_ASKING = {LinkKind.TESTS, LinkKind.MODERATES}

Island = tuple[Sequence[Node], Sequence[Link]]  # its rows, in order, and the links that join them


def order_island(island: Collection[Node], links: Sequence[Link]) -> list[Node]:
    """The rows: each old claim, then the findings that ask it and came with none before."""
    claims = sorted(node for node in island if node.noun is Noun.OLD_CLAIM)
    asking = {
        claim: [link.source for link in links if link.target == claim and link.source.noun is Noun.FINDING]
        for claim in claims
    }
    rows = [node for claim in claims for node in (claim, *sorted(asking[claim]))]
    return list(dict.fromkeys([*rows, *sorted(node for node in island if node.noun is Noun.FINDING)]))


def draw_arcs(rows: Sequence[Node], links: Sequence[Link], states: Mapping[int, FindingState]) -> dict[str, Any]:
    """Arcs between the rows: each with the path of its line and of its head, its kind, and how it is drawn."""
    places = {node: number * ROW + ROW // 2 for number, node in enumerate(rows)}
    by_id = {link.id: link for link in links}
    drawn = []
    for link in links:
        target = link.target
        if target.noun is Noun.LINK:  # the test of an explanation is drawn to what is explained
            target = by_id[target.id].target
        if link.source in places and target in places:
            drawn.append(_arc(link, places[link.source], places[target], len(rows), states))
    return {
        "width": WIDTH,
        "height": len(rows) * ROW,
        "arcs": drawn,
        "spine": _SPINE,
        "dots": [{"y": y, "is_old": node.noun is Noun.OLD_CLAIM} for node, y in places.items()],
    }


def _arc(link: Link, start: int, end: int, rows: int, states: Mapping[int, FindingState]) -> dict[str, Any]:
    share = (abs(end - start) / ROW) / max(1, rows - 1)
    edge = _SPINE - 5
    lean = _SPINE - (_LEAST + (_MOST - _LEAST) * share**0.5) - edge
    head = f"M{edge} {end}l-{_HEAD + 3} -{_HEAD}v{2 * _HEAD}z"
    bearing = link_rules.find_bearing(link, states)
    return {
        "link": link.id,
        "kind": link.kind.value,
        "line": f"M{edge} {start}c{lean:.0f} 0 {lean:.0f} {end - start} -{_HEAD} {end - start}",
        "head": head,
        "style": bearing.name.lower() if bearing in {Bearing.SUPPORTS, Bearing.CONTRADICTS} else _class(link),
    }


def _class(link: Link) -> str:
    return link.kind.value.replace(" ", "-")


class LinkGraph:
    """All links, and the islands that they make of findings and old claims, the largest first."""

    def __init__(self, links: Sequence[Link], claims: Iterable[StoredClaim]) -> None:
        self.links = links
        self.claims: Mapping[int, StoredClaim] = {claim.id: claim for claim in claims}
        self.ends = frozenset(end for link in links for end in (link.source, link.target))
        self.asking: defaultdict[Node, list[Link]] = defaultdict(list)
        for link in links:
            if link.target.noun is Noun.OLD_CLAIM and link.kind in _ASKING:
                self.asking[link.source].append(link)
        self.islands = _islands(links)
        self._links_of = {node: joined for rows, joined in self.islands for node in rows}

    def around(self, node: Node) -> Sequence[Link]:
        """The links of the island on which this node is; none where nothing is linked to it."""
        return self._links_of.get(node, ())

    def is_tested(self, claim: Node) -> bool:
        """Is there a finding that tests this old claim?"""
        tests = (link for link in self.around(claim) if link.kind is LinkKind.TESTS)
        return any(test.target == claim and test.source.noun is Noun.FINDING for test in tests)


def _islands(links: Sequence[Link]) -> list[Island]:
    """A link that is tested leads to both of its ends."""
    neighbours: dict[Node, set[Node]] = defaultdict(set)
    by_id = {link.id: link for link in links}
    for link in links:
        explained = by_id.get(link.target.id) if link.target.noun is Noun.LINK else None
        for end in (explained.source, explained.target) if explained else (link.target,):
            neighbours[link.source].add(end)
            neighbours[end].add(link.source)
    islands: list[Island] = []
    joined: dict[Node, list[Link]] = {}  # of each node the links of its island
    for node in sorted(neighbours, key=_newest_finding_first):
        if node not in joined:
            island, between = _island_of(node, neighbours), list[Link]()
            joined.update(dict.fromkeys(island, between))
            islands.append((island, between))
    for link in links:
        joined[link.source].append(link)
    made = [(order_island(island, between), between) for island, between in islands]
    return sorted(made, key=lambda pair: -len(pair[0]))


def _island_of(start: Node, neighbours: Mapping[Node, Iterable[Node]]) -> list[Node]:
    nodes, waiting = {start}, [start]
    while waiting:
        for following in neighbours[waiting.pop()]:
            if following not in nodes:
                nodes.add(following)
                waiting.append(following)
    return list(nodes)


def _newest_finding_first(node: Node) -> tuple[bool, int]:
    return (False, -node.id) if node.noun is Noun.FINDING else (True, node.id)


class Graph:
    """What is linked, or of it the island around one finding; and besides, findings that no link joins."""

    def __init__(self, reading: Reading, *, around: int | None = None, besides: Iterable[int] = ()) -> None:
        self.woven = _woven(reading)
        self.claims = self.woven.claims
        self.links = self.woven.links if around is None else self.woven.around(_finding(around))
        self._reading, self._besides = reading, besides

    @cached_property
    def states(self) -> Mapping[int, FindingState]:
        """How findings stand. Most pages ask for names alone: this and what follows is read when it is asked."""
        ends = {end.id for link in self.links for end in (link.source, link.target) if end.noun is Noun.FINDING}
        return links.find_finding_states(self._reading.db, ends.union(self._besides))

    @cached_property
    def open(self) -> frozenset[Node]:
        """The nodes, of these, about which something is still asked."""
        return link_rules.open_nodes(self.links, self.states, self.claims)

    @cached_property
    def tainted(self) -> Mapping[int, tuple[int, ...]]:
        """The findings that depend on void ones, and on which."""
        return link_rules.find_tainted_findings(self.links, self.states)

    @cached_property
    def hanging(self) -> Mapping[int, int]:
        return link_rules.count_hanging_questions(self.links, self.open)

    def aliases(self, number: int) -> list[Answer]:
        """What the old laboratory called that which this finding asks, and how it asks it."""
        asking = self.woven.asking.get(_finding(number), ())
        return [{**_claim(self.claims[link.target.id]), "kind": link.kind} for link in asking]

    def of_finding(self, number: int) -> list[Answer]:
        node = _finding(number)
        return [self.link(link) for link in self.links if node in (link.source, link.target)]

    def link(self, link: Link) -> Answer:
        bearing = link_rules.find_bearing(link, self.states)
        said_at = link.said_at.isoformat()
        ends = link_rules.findings_between(link, self.links)
        is_weighed = all(self.states[number].is_weighed for number in ends)
        why = link.why if is_weighed else ""
        return {
            "number": link.id,
            "kind": link.kind,
            "source": self.named(link.source),
            "target": self.named(link.target),
            "bearing": bearing,
            "upheld_by": list(link_rules.upholding_verdicts(link, self.states)),
            "caution": link_rules.link_caution(link, self.links, self.states),
            "said": resolved_prose.quote_text(self._reading, link.by, "why", why, number=link.id, at=said_at),
            "by": link.by,
            "line": link.line,
            "evidence_hash": link.evidence_hash,
            "said_at": said_at,
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


@page_at("/findings/graph", "graph.html")
def graph_page(reading: Reading) -> Answer:
    """The whole graph, as it is until another link is said or a finding stands otherwise; its table in pages."""
    briefs = findings.list_finding_briefs(reading.db)
    drawn = reading.memo.get_or_create("graph", lambda: _graph(reading, briefs), version=(_stamp(reading), briefs))
    page = paging.paginate_ids(reading, "from", [link["number"] for link in drawn["links"]])
    return {
        "graph": drawn,
        "first": page.first,
        "last": page.first + page.length,
        **page.around("/findings/graph?from="),
    }


def _graph(reading: Reading, briefs: Sequence[FindingBrief]) -> Answer:
    """Its islands, its links, and the old claims that wait for their experiment."""
    estimands, published = findings.list_finding_estimands(reading.db), {brief.experiment for brief in briefs}
    whole = Graph(reading, besides=estimands)
    nodes = {
        **{_finding(brief.number): _shown_finding(whole, brief, estimands[brief.number]) for brief in briefs},
        **{_old(claim.id): _shown_claim(whole, claim) for claim in whole.claims.values()},
    }
    islands = [
        {"nodes": [nodes[row] for row in rows], "picture": draw_arcs(rows, joined, whole.states)}
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


def describe_links(reading: Reading, number: int) -> Answer:
    """What a finding's own page says of its links."""
    around = Graph(reading, around=number)
    states = around.states
    return {
        "links": around.of_finding(number),
        "aliases": around.aliases(number),
        "hanging": around.hanging.get(number, 0),
        "depends_on_void": [
            {"number": source, "status": states[source].status} for source in around.tainted.get(number, ())
        ],
    }


def _shown_finding(whole: Graph, brief: FindingBrief, estimand: Mapping[str, Any]) -> Answer:
    number, reads = brief.number, verdict_meaning(brief.verdict, Direction(estimand["expects"]))
    return {
        **whole.named(_finding(number)),
        "answer": compose_answer(estimand, brief, brief.status),
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
        return LinkGraph(links.list_links(reading.db), old_claims.list_old_claims(reading.db))

    return reading.memo.get_or_create("links", make, version=_stamp(reading))


def _stamp(reading: Reading) -> tuple[object, ...]:
    """Differs from what it was when another link or old claim is there, or one is put otherwise."""
    return links.find_last_link(reading.db), old_claims.read_old_claim_rows(reading.db)


def _finding(number: int) -> Node:
    return Node(noun=Noun.FINDING, id=number)


def _old(number: int) -> Node:
    return Node(noun=Noun.OLD_CLAIM, id=number)
