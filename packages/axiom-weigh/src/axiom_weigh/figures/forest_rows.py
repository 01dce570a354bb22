"""The rows of a forest from a card: every platform and design, and of many hosts those with most replicates."""

from axiom_weigh.evidence.finding_card import Card, Stratum
from axiom_weigh.figures import limits
from axiom_weigh.figures.picture_data import ForestPart

_GROUPS = {"platform": "Platform", "design": "Design", "host": "Host"}


def parts_of(card: Card) -> tuple[ForestPart, ...]:
    """What a forest draws, group by group, in the order in which a reader wants to know it."""
    return tuple(part for by in _GROUPS for part in _group(by, card.by(by)))


def _group(by: str, strata: tuple[Stratum, ...]) -> list[ForestPart]:
    shown = strata
    heading = _GROUPS[by]
    if by == "host" and len(strata) > limits.HOSTS_DRAWN:
        shown = tuple(sorted(strata, key=lambda stratum: -stratum.seeds)[: limits.HOSTS_DRAWN])
        heading = f"Host: {limits.HOSTS_DRAWN} of {len(strata):,}, those with most replicates"
    return [_part(heading, by, stratum) for stratum in shown]


def _part(heading: str, by: str, stratum: Stratum) -> ForestPart:
    name = f"host {stratum.name}" if by == "host" else stratum.name
    return ForestPart(
        group=heading, name=name, seeds=stratum.seeds, estimate=stratum.estimate, low=stratum.low, high=stratum.high
    )
