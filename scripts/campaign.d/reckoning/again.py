"""Weighs what is kept by the rules of today. The values stay as they are, so nothing is computed."""

from collections.abc import Mapping
from dataclasses import replace

from axiom.domain.estimands import Direction
from axiom.domain.evidence import reading
from axiom_weigh.evidence.weigh_claim import weigh
from axiom_weigh.values import COARSE, METHOD
from reckoning.order import BLOCK
from reckoning.told import Known, Said, Told


def is_of_earlier_rules(known: Mapping[str, Known]) -> bool:
    """Was any of it weighed otherwise than today?"""
    return any(told.said.method < METHOD for one in known.values() for told in one.findings.values())


def weighed_again(known: Mapping[str, Known]) -> dict[str, Known]:
    """The same values, weighed by the rules of today."""
    return {
        name: replace(one, findings={estimand: _told(told) for estimand, told in one.findings.items()})
        for name, one in known.items()
    }


def as_before(known: Mapping[str, Known], earlier: Mapping[str, Known]) -> dict[str, Known]:
    """What the earlier rules said of the same values; of values that they never weighed, what is said now.

    The seeds of an experiment follow from their number, so as many seeds of one version are the same values.
    """
    return {name: _before(one, earlier[name]) if name in earlier else one for name, one in known.items()}


def _before(now: Known, then: Known) -> Known:
    old = [(name, told) for name, told in then.findings.items() if name in now.findings]
    same = {name: told for name, told in old if told.seeds == now.findings[name].seeds}
    return replace(now, findings={**now.findings, **same})


def _told(told: Told) -> Told:
    """That seeds differ was seen when they were computed, from all that was measured. It is not kept, and not asked."""
    observations = [replace(one, fingerprint=COARSE) for one in told.counted]
    evidence = weigh(told.estimand, observations, blocks=-(-len(observations) // BLOCK))
    return replace(
        told,
        said=Said.of(evidence),
        meaning=reading(evidence.verdict, Direction(told.estimand["expects"])),
    )
