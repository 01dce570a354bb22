"""The findings graph: what tests, explains or depends on what, with what the old laboratory claimed.

What has no link between it is drawn apart, as an island: a row for each node, and arcs beside the rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from axiom.decisions import linking
from axiom.domain.findings import Grade
from axiom.domain.links import Footing, Link, LinkKind, Node, Noun
from axiom.store import finding_pages, links, old_claims
from axiom.store.old_claims import StoredClaim
from axiom.web import arcs
from axiom.web.reading import Answer, Reading

_FEW = 2  # nodes that make an island
_ASKING = {LinkKind.TESTS, LinkKind.MODERATES}


class Graph:
    """Everything that is linked, read once for a page."""

    def __init__(self, reading: Reading) -> None:
        self.links = links.everything(reading.db)
        self.claims: Mapping[int, StoredClaim] = {one.id: one for one in old_claims.everything(reading.db)}
        self._reading = reading
        self._asking: defaultdict[Node, list[Link]] = defaultdict(list)
        for each in self.links:
            if each.target.noun is Noun.OLD_CLAIM and each.kind in _ASKING:
                self._asking[each.source].append(each)

    @cached_property
    def footings(self) -> Mapping[int, Footing]:
        """How every finding stands. Most pages ask for names alone: this and what follows is read when it is asked."""
        return links.footings(self._reading.db)

    @cached_property
    def open(self) -> frozenset[Node]:
        """The nodes about which something is still asked."""
        return linking.open_nodes(self.links, self.footings, self.claims)

    @cached_property
    def tainted(self) -> Mapping[int, tuple[int, ...]]:
        """The findings that depend on void ones, and on which."""
        return linking.tainted(self.links, self.footings)

    @cached_property
    def hanging(self) -> Mapping[int, int]:
        """How many open questions hang on each finding."""
        return linking.hanging(self.links, self.open)

    def aliases(self, number: int) -> list[Answer]:
        """What the old laboratory called that which this finding asks, and how it asks it."""
        asking = self._asking.get(_finding(number), ())
        return [{**_claim(self.claims[each.target.id]), "kind": each.kind} for each in asking]

    def of_finding(self, number: int) -> list[Answer]:
        """The links that begin or end at a finding."""
        node = _finding(number)
        return [self.link(each) for each in self.links if node in (each.source, each.target)]

    def link(self, one: Link) -> Answer:
        """A link as pages and JSON show it."""
        bearing = linking.bearing(one, self.footings)
        return {
            "number": one.id,
            "kind": one.kind,
            "source": self.named(one.source),
            "target": self.named(one.target),
            "bearing": bearing,
            "upheld_by": list(one.upheld_by),
            "caution": linking.caution(one, self.links, self.footings),
            "why": one.why,
            "by": one.by,
            "line": one.line,
            "evidence_hash": one.evidence_hash,
            "said_at": one.said_at.isoformat(),
        }

    def named(self, node: Node) -> Answer:
        """A node by its name, and where it is shown."""
        name, href = str(node.id), f"/findings/{node.id}"
        if node.noun is Noun.OLD_CLAIM:
            name = self.claims[node.id].said.name
            href = f"/findings/graph#old-{name.removeprefix('#')}"
        elif node.noun is Noun.LINK:
            href = f"/findings/graph#link-{node.id}"
        return {"noun": node.noun, "name": name, "href": href}


def graph(reading: Reading) -> Answer:
    """The whole graph: its islands, its links, and the old claims that wait for their experiment."""
    known = Graph(reading)
    texts = {standing.finding.number: standing for standing in finding_pages.everything(reading.db)}
    nodes = {
        **{_finding(number): _shown_finding(known, standing) for number, standing in texts.items()},
        **{_old(one.id): _shown_claim(known, one) for one in known.claims.values()},
    }
    islands = [
        {"nodes": [nodes[each] for each in island], "picture": arcs.picture(island, known.links, known.footings)}
        for island in _islands(nodes, known.links)
    ]
    return {
        "graph": {
            "nodes": list(nodes.values()),
            "links": [known.link(each) for each in known.links],
            "islands": islands,
            "waiting": [
                {
                    **_claim(one),
                    "is_drawn": _is_linked(one, known.links),
                    "is_published": one.said.experiment in {each.experiment for each in texts.values()},
                }
                for one in known.claims.values()
                if not _is_tested(one, known.links)
            ],
            "open": len(known.open),
        }
    }


def linked(reading: Reading, number: int) -> Answer:
    """What a finding's own page says of its links."""
    known = Graph(reading)
    footings = known.footings
    return {
        "links": known.of_finding(number),
        "aliases": known.aliases(number),
        "hanging": known.hanging.get(number, 0),
        "depends_on_void": [
            {"number": each, "status": footings[each].status} for each in known.tainted.get(number, ())
        ],
    }


def _islands(nodes: Mapping[Node, Any], known: Sequence[Link]) -> list[list[Node]]:
    """The nodes between which links lead, the largest island first; a link that is tested leads to both of its ends."""
    beside: dict[Node, set[Node]] = defaultdict(set)
    by_id = {each.id: each for each in known}
    for one in known:
        explained = by_id.get(one.target.id) if one.target.noun is Noun.LINK else None
        for end in (explained.source, explained.target) if explained else (one.target,):
            beside[one.source].add(end)
            beside[end].add(one.source)
    found: list[list[Node]] = []
    seen: set[Node] = set()
    for node in nodes:
        if node not in seen and beside[node]:
            island = _around(node, beside)
            seen |= island
            found.append(arcs.ordered(island, known))
    return sorted((each for each in found if len(each) >= _FEW), key=lambda each: -len(each))


def _around(start: Node, beside: Mapping[Node, Iterable[Node]]) -> set[Node]:
    found, waiting = {start}, [start]
    while waiting:
        for following in beside[waiting.pop()]:
            if following not in found:
                found.add(following)
                waiting.append(following)
    return found


def _shown_finding(known: Graph, standing: finding_pages.Standing) -> Answer:
    number = standing.finding.number
    return {
        **known.named(_finding(number)),
        "claim": standing.finding.claim,
        "experiment": standing.experiment,
        "status": standing.finding.status,
        "verdict": standing.verdict,
        "reads": standing.reads,
        "grade": standing.line.evidence.grade if standing.line else Grade.AWAITING,
        "is_open": _finding(number) in known.open,
        "hanging": known.hanging.get(number, 0),
        "depends_on_void": list(known.tainted.get(number, ())),
    }


def _shown_claim(known: Graph, one: StoredClaim) -> Answer:
    return {**known.named(_old(one.id)), **_claim(one), "is_open": _old(one.id) in known.open}


def _claim(one: StoredClaim) -> Answer:
    said = one.said
    return {
        "name": said.name,
        "anchor": f"old-{said.name.removeprefix('#')}",
        "claim": said.claim,
        "experiment": said.experiment,
        "scripts": list(said.scripts),
        "figure": said.figure,
        "rests_on": said.rests_on,
        "status": said.status,
        "source": said.source,
    }


def _is_tested(one: StoredClaim, known: Iterable[Link]) -> bool:
    tests = [each for each in known if each.kind is LinkKind.TESTS and each.source.noun is Noun.FINDING]
    return any(each.target == _old(one.id) for each in tests)


def _is_linked(one: StoredClaim, known: Iterable[Link]) -> bool:
    return any(_old(one.id) in (each.source, each.target) for each in known)


def _finding(number: int) -> Node:
    return Node(noun=Noun.FINDING, id=number)


def _old(number: int) -> Node:
    return Node(noun=Noun.OLD_CLAIM, id=number)
