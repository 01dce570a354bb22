"""The picture of an island of the findings graph: a row for each node, and an arc for each link, beside the rows.

So the words stay text, which wraps and can be followed, and the picture needs no more room than a telephone has.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from axiom.decisions.findings import links as linking
from axiom.domain.links import Bearing, Footing, Link, Node, Noun

ROW = 56  # units of the picture for a row: 3.5rem in the style sheet, three lines of small text
WIDTH = 88
_SPINE = WIDTH - 8
_LEAST, _MOST = 14, WIDTH - 14  # how far an arc leans out
_HEAD = 5


def ordered(island: Collection[Node], links: Sequence[Link]) -> list[Node]:
    """The rows: each old claim, then the findings that ask it and came with none before."""
    claims = sorted(each for each in island if each.noun is Noun.OLD_CLAIM)
    asking = {
        claim: [each.source for each in links if each.target == claim and each.source.noun is Noun.FINDING]
        for claim in claims
    }
    rows = [node for claim in claims for node in (claim, *sorted(asking[claim]))]
    return list(dict.fromkeys([*rows, *sorted(each for each in island if each.noun is Noun.FINDING)]))


def picture(rows: Sequence[Node], links: Sequence[Link], footings: Mapping[int, Footing]) -> dict[str, Any]:
    """Arcs between the rows: each with the path of its line and of its head, its kind, and how it is drawn."""
    places = {node: number * ROW + ROW // 2 for number, node in enumerate(rows)}
    by_id = {each.id: each for each in links}
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


def _arc(link: Link, start: int, end: int, rows: int, footings: Mapping[int, Footing]) -> dict[str, Any]:
    share = (abs(end - start) / ROW) / max(1, rows - 1)
    lean = _SPINE - (_LEAST + (_MOST - _LEAST) * share**0.5)
    edge = _SPINE - 5
    head = f"M{edge} {end}l-{_HEAD + 3} -{_HEAD}v{2 * _HEAD}z"
    bearing = linking.bearing(link, footings)
    return {
        "link": link.id,
        "kind": link.kind.value,
        "line": f"M{edge} {start}C{lean:.1f} {start} {lean:.1f} {end} {edge - _HEAD} {end}",
        "head": head,
        "style": bearing.name.lower() if bearing in {Bearing.SUPPORTS, Bearing.CONTRADICTS} else _class(link),
    }


def _class(link: Link) -> str:
    return link.kind.value.replace(" ", "-")
