"""What is true in a simulated world: the effect that each of its questions has, its law, and what disturbs it.

Everything follows from the world's seed. The laboratory sees none of it; whoever judges it afterwards does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulation.dice import Dice

from axiom.domain.estimands import Kind

QUESTIONS = 40
NULLS = 16  # of them: no effect at all
LARGE = 0.5  # an effect from which on it is expected to be found, in standard deviations of the estimand
SHARE = 0.3  # of events where there is no effect
_CHEAPEST, _DEAREST = 20.0, 2_000.0  # core-seconds of a replicate
_SMALLEST = (0.15, 0.25, 0.35, 0.45)  # standard deviations
_KINDS = (*(Kind.CONTRAST,) * 6, Kind.LEVEL, Kind.PROPORTION)
_MEDIAN, _SPREAD, _LEAST, _MOST = 0.5, 0.6, 0.05, 2.0  # of the log-normal law of effects
_DECLARED_SIDE = 0.7  # of effects are on the side that the claim expects
_DEPENDS = 0.1  # of effects depend on what the claim leaves open
EVENT_SPREAD = math.sqrt(SHARE * (1.0 - SHARE))


class NumberSpread(StrEnum):
    NORMAL = "normal"
    HEAVY = "heavy tails"  # Student's t with 3 degrees of freedom
    SKEWED = "skewed"  # exponential
    LOGNORMAL = "log-normal"
    RARE = "rare jumps"  # one in ten lies ten times as far away


class Disturbance(StrEnum):
    NONE = "none"
    LATE = "large values time out"  # in either arm
    LATE_ARM = "large values of one arm time out"
    SLOW = "large values take longer"  # so that they come back later
    CHAOS = "platforms end differently from the same seed"
    UNEVEN = "arms of another shape"  # with the same median of their contrast as without an effect
    HOSTS = "hosts shift an arm"
    PLATFORM = "a platform shifts an arm"


_DISTURBED = (  # so many questions of each world
    (Disturbance.LATE, 3),
    (Disturbance.LATE_ARM, 3),
    (Disturbance.SLOW, 6),
    (Disturbance.CHAOS, 3),
    (Disturbance.HOSTS, 1),
    (Disturbance.PLATFORM, 1),
)
_UNEVEN = 2  # of the contrasts without an effect


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedQuestion:
    """What is published of a question: the same in every world."""

    name: str
    kind: Kind
    seconds: float  # of a replicate, on a reference core
    smallest: float  # in the estimand's own numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    asked: PublishedQuestion
    effect: float  # in standard deviations, with its sign; 0 is none
    bend: float  # how much of the effect is gone where what the claim leaves open is at its far end
    law: NumberSpread
    disturbance: Disturbance

    @property
    def is_large(self) -> bool:
        return abs(self.effect) >= LARGE

    def at(self, config: Mapping[str, Any]) -> float:
        arm, size = float(config["arm"]), float(config["size"])
        return self.effect * (arm - 1.0) * (1.0 - self.bend * (size - 1.0) / 8.0)

    def share(self, config: Mapping[str, Any]) -> float:
        return min(0.99, max(0.01, SHARE + EVENT_SPREAD * self.at(config)))


def asked() -> tuple[PublishedQuestion, ...]:
    """The questions: costs from the cheapest to the dearest, in no order."""
    found = []
    for place in range(QUESTIONS):
        kind = _KINDS[place % len(_KINDS)]
        step = (place * 17 % QUESTIONS) / (QUESTIONS - 1)
        smallest = _SMALLEST[place // 2 % len(_SMALLEST)] * (EVENT_SPREAD if kind is Kind.PROPORTION else 1.0)
        seconds = round(_CHEAPEST * (_DEAREST / _CHEAPEST) ** step, 1)
        found.append(
            PublishedQuestion(name=f"planted_{place:02}", kind=kind, seconds=seconds, smallest=round(smallest, 4))
        )
    return tuple(found)


def truths(seed: int) -> dict[str, Truth]:
    dice = Dice(seed, "truths")
    shuffled = _shuffled(asked(), dice)
    effects = {one.name: 0.0 if place < NULLS else _effect(dice) for place, one in enumerate(shuffled)}
    disturbed = _disturbed(_shuffled(shuffled, dice), effects)
    return {
        one.name: Truth(
            asked=one,
            effect=effects[one.name],
            bend=dice.between(0.5, 1.5) if effects[one.name] and dice.happens(_DEPENDS) else 0.0,
            law=dice.one_of(tuple(NumberSpread)),
            disturbance=disturbed.get(one.name, Disturbance.NONE),
        )
        for one in sorted(shuffled, key=lambda one: one.name)
    }


def _shuffled(questions: Sequence[PublishedQuestion], dice: Dice) -> list[PublishedQuestion]:
    order = [dice.share() for _ in questions]
    return [one for _, one in sorted(zip(order, questions, strict=True), key=lambda pair: pair[0])]


def _effect(dice: Dice) -> float:
    normal = math.sqrt(-2.0 * math.log(1.0 - dice.share())) * math.cos(2.0 * math.pi * dice.share())
    size = min(_MOST, max(_LEAST, _MEDIAN * math.exp(_SPREAD * normal)))
    return size if dice.happens(_DECLARED_SIDE) else -size


def _disturbed(shuffled: Sequence[PublishedQuestion], effects: Mapping[str, float]) -> dict[str, Disturbance]:
    """What disturbs which question, each at most by one thing; events are never shifted by who computes them."""
    even = [one.name for one in shuffled if one.kind is Kind.CONTRAST and not effects[one.name]]
    found = dict.fromkeys(even[:_UNEVEN], Disturbance.UNEVEN)
    for disturbance, amount in reversed(_DISTURBED):
        is_shift = disturbance in (Disturbance.HOSTS, Disturbance.PLATFORM)
        free = [
            one.name for one in shuffled if one.name not in found and not (is_shift and one.kind is Kind.PROPORTION)
        ]
        found |= dict.fromkeys(free[:amount], disturbance)
    return found
