"""The rows of a forest from a card: every platform and design, and of many hosts those with most replicates."""

from axiom_weigh.evidence.cards import Card, Stratum
from axiom_weigh.figures import limits
from axiom_weigh.figures.requests import ForestPart

_GROUPS = {"platform": "Platform", "design": "Design", "host": "Host"}


def parts_of(card: Card) -> tuple[ForestPart, ...]:
    """What a forest draws, group by group, in the order in which a reader wants to know it."""
    return tuple(part for by in _GROUPS for part in _group(by, card.by(by)))


def _group(by: str, found: tuple[Stratum, ...]) -> list[ForestPart]:
    shown = found
    heading = _GROUPS[by]
    if by == "host" and len(found) > limits.HOSTS_DRAWN:
        shown = tuple(sorted(found, key=lambda one: -one.seeds)[: limits.HOSTS_DRAWN])
        heading = f"Host: {limits.HOSTS_DRAWN} of {len(found):,}, those with most replicates"
    return [_part(heading, by, one) for one in shown]


def _part(heading: str, by: str, one: Stratum) -> ForestPart:
    name = f"host {one.name}" if by == "host" else one.name
    return ForestPart(group=heading, name=name, seeds=one.seeds, estimate=one.estimate, low=one.low, high=one.high)
