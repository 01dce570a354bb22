"""What hangs together in the findings graph, and its picture: a row for each node, and an arc for each link beside it.

So the words stay text, which wraps and can be followed, and the picture needs no more room than a telephone has.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from axiom.decisions.findings import links as link_rules
from axiom.domain.links import Bearing, FindingState, Link, LinkKind, Node, Noun
from axiom.store.evidence.old_claims import StoredClaim

ROW = 56  # units of the picture for a row: 3.5rem in the style sheet, three lines of small text
WIDTH = 88
_SPINE = WIDTH - 8
_LEAST, _MOST = 14, WIDTH - 14  # how far an arc leans out
_HEAD = 5


def ordered(island: Collection[Node], links: Sequence[Link]) -> list[Node]:
    """The rows: each old claim, then the findings that ask it and came with none before."""
    claims = sorted(node for node in island if node.noun is Noun.OLD_CLAIM)
    asking = {
        claim: [link.source for link in links if link.target == claim and link.source.noun is Noun.FINDING]
        for claim in claims
    }
    rows = [node for claim in claims for node in (claim, *sorted(asking[claim]))]
    return list(dict.fromkeys([*rows, *sorted(node for node in island if node.noun is Noun.FINDING)]))


def picture(rows: Sequence[Node], links: Sequence[Link], footings: Mapping[int, FindingState]) -> dict[str, Any]:
    """Arcs between the rows: each with the path of its line and of its head, its kind, and how it is drawn."""
    places = {node: number * ROW + ROW // 2 for number, node in enumerate(rows)}
    by_id = {link.id: link for link in links}
    drawn = []
    for link in links:
        target = link.target
        if target.noun is Noun.LINK:  # the test of an explanation is drawn to what is explained
            target = by_id[target.id].target
        if link.source in places and target in places:
            drawn.append(_arc(link, places[link.source], places[target], len(rows), footings))
    return {
        "width": WIDTH,
        "height": len(rows) * ROW,
        "arcs": drawn,
        "dots": [{"x": _SPINE, "y": y, "is_old": node.noun is Noun.OLD_CLAIM} for node, y in places.items()],
    }


def _arc(link: Link, start: int, end: int, rows: int, footings: Mapping[int, FindingState]) -> dict[str, Any]:
    share = (abs(end - start) / ROW) / max(1, rows - 1)
    edge = _SPINE - 5
    lean = _SPINE - (_LEAST + (_MOST - _LEAST) * share**0.5) - edge
    head = f"M{edge} {end}l-{_HEAD + 3} -{_HEAD}v{2 * _HEAD}z"
    bearing = link_rules.bearing(link, footings)
    return {
        "link": link.id,
        "kind": link.kind.value,
        "line": f"M{edge} {start}c{lean:.0f} 0 {lean:.0f} {end - start} -{_HEAD} {end - start}",
        "head": head,
        "style": bearing.name.lower() if bearing in {Bearing.SUPPORTS, Bearing.CONTRADICTS} else _class(link),
    }


def _class(link: Link) -> str:
    return link.kind.value.replace(" ", "-")


_ASKING = {LinkKind.TESTS, LinkKind.MODERATES}

Island = tuple[Sequence[Node], Sequence[Link]]  # its rows, in order, and the links that join them


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
    beside: dict[Node, set[Node]] = defaultdict(set)
    by_id = {link.id: link for link in links}
    for link in links:
        explained = by_id.get(link.target.id) if link.target.noun is Noun.LINK else None
        for end in (explained.source, explained.target) if explained else (link.target,):
            beside[link.source].add(end)
            beside[end].add(link.source)
    islands: list[Island] = []
    joined: dict[Node, list[Link]] = {}  # of each node the links of its island
    for node in sorted(beside, key=_newest_finding_first):
        if node not in joined:
            island, between = _island_of(node, beside), list[Link]()
            joined.update(dict.fromkeys(island, between))
            islands.append((island, between))
    for link in links:
        joined[link.source].append(link)
    made = [(ordered(island, between), between) for island, between in islands]
    return sorted(made, key=lambda pair: -len(pair[0]))


def _island_of(start: Node, beside: Mapping[Node, Iterable[Node]]) -> list[Node]:
    nodes, waiting = {start}, [start]
    while waiting:
        for following in beside[waiting.pop()]:
            if following not in nodes:
                nodes.add(following)
                waiting.append(following)
    return list(nodes)


def _newest_finding_first(node: Node) -> tuple[bool, int]:
    return (False, -node.id) if node.noun is Noun.FINDING else (True, node.id)
