"""Everything that is linked, and which of it hangs together: the same for every page until another link is said."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from axiom.domain.links import Link, LinkKind, Node, Noun
from axiom.store.evidence.old_claims import StoredClaim
from axiom.web.views import islands

_ASKING = {LinkKind.TESTS, LinkKind.MODERATES}

Island = tuple[Sequence[Node], Sequence[Link]]  # its rows, in order, and the links that join them


class Woven:
    """All links, and the islands that they make of findings and old claims, the largest first."""

    def __init__(self, links: Sequence[Link], claims: Iterable[StoredClaim]) -> None:
        self.links = links
        self.claims: Mapping[int, StoredClaim] = {one.id: one for one in claims}
        self.ends = frozenset(end for each in links for end in (each.source, each.target))
        self.asking: defaultdict[Node, list[Link]] = defaultdict(list)
        for each in links:
            if each.target.noun is Noun.OLD_CLAIM and each.kind in _ASKING:
                self.asking[each.source].append(each)
        self.islands = _islands(links)
        self._around = {node: joined for rows, joined in self.islands for node in rows}

    def around(self, node: Node) -> Sequence[Link]:
        """The links of the island on which this node is; none where nothing is linked to it."""
        return self._around.get(node, ())

    def is_tested(self, claim: Node) -> bool:
        """Is there a finding that tests this old claim?"""
        tests = (each for each in self.around(claim) if each.kind is LinkKind.TESTS)
        return any(each.target == claim and each.source.noun is Noun.FINDING for each in tests)


def _islands(links: Sequence[Link]) -> list[Island]:
    """A link that is tested leads to both of its ends."""
    beside: dict[Node, set[Node]] = defaultdict(set)
    by_id = {each.id: each for each in links}
    for one in links:
        explained = by_id.get(one.target.id) if one.target.noun is Noun.LINK else None
        for end in (explained.source, explained.target) if explained else (one.target,):
            beside[one.source].add(end)
            beside[end].add(one.source)
    found: list[Island] = []
    joined: dict[Node, list[Link]] = {}  # of each node the links of its island
    for node in sorted(beside, key=_newest_finding_first):
        if node not in joined:
            island, between = _around(node, beside), list[Link]()
            joined.update(dict.fromkeys(island, between))
            found.append((island, between))
    for one in links:
        joined[one.source].append(one)
    made = [(islands.ordered(island, between), between) for island, between in found]
    return sorted(made, key=lambda each: -len(each[0]))


def _around(start: Node, beside: Mapping[Node, Iterable[Node]]) -> list[Node]:
    found, waiting = {start}, [start]
    while waiting:
        for following in beside[waiting.pop()]:
            if following not in found:
                found.add(following)
                waiting.append(following)
    return list(found)


def _newest_finding_first(node: Node) -> tuple[bool, int]:
    return (False, -node.id) if node.noun is Noun.FINDING else (True, node.id)
