"""Conclusions: registrations, observations, blocks, evidence and findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from axiom.domain.estimands import Direction
from axiom_weigh.values import Verdict


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Estimands, design, stopping rule and predictions, hashed and chained before any workunit may exist."""

    id: int
    experiment_id: int
    cohort: str
    body: str  # canonical JSON; what the hash covers
    previous_hash: str
    hash: str
    created_at: datetime


class Meaning(StrEnum):
    """What a verdict says about the claim: "effect −" alone does not tell whether the claim holds."""

    AS_CLAIMED = "as claimed"
    OPPOSITE = "the opposite of the claim"
    TOO_SMALL = "too small to matter"
    DISAGREE = "designs disagree"
    UNDECIDED = "undecided"


_OF_NO_SIGN = {Verdict.MIXED: Meaning.DISAGREE, Verdict.UNDECIDED: Meaning.UNDECIDED}


def verdict_meaning(verdict: Verdict, expects: Direction) -> Meaning:
    """Return what a verdict says about a claim that expects the number there."""
    if verdict is Verdict.ABSENT:
        return Meaning.AS_CLAIMED if expects is Direction.ABSENT else Meaning.TOO_SMALL
    if verdict in _OF_NO_SIGN:
        return _OF_NO_SIGN[verdict]
    sign = Direction.MORE if verdict is Verdict.POSITIVE else Direction.LESS
    return Meaning.AS_CLAIMED if sign is expects else Meaning.OPPOSITE


def verdicts_of(meaning: Meaning, expects: Direction) -> tuple[Verdict, ...]:
    """Return the verdicts that say this of such a claim. The opposite of nothing is an effect of either sign."""
    return tuple(verdict for verdict in Verdict if verdict.is_decided and verdict_meaning(verdict, expects) is meaning)


def is_against(verdict: Verdict, expects: Direction) -> bool:
    """Does a verdict speak against such a claim: by the opposite, or by an effect that is too small?"""
    return verdict_meaning(verdict, expects) in (Meaning.OPPOSITE, Meaning.TOO_SMALL)


class ConfigEstimate(NamedTuple):
    """What the repetitions of one config say, as a row of a file has it: a median, or of an event its share."""

    seeds: int
    estimate: float | None
    low: float | None
    high: float | None


# States of a finding from which nothing follows as it stands. Of a retired one nothing more is asked, and it stands.
VOID = frozenset({"suspended", "recalled"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A claim with a number, given at registration, and how it stands."""

    number: int
    registration_id: int
    experiment_id: int
    estimand: str
    claim: str
    status: str  # open, retired, suspended or recalled
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Citable:
    """A finding as texts may speak of it. A field is None as long as there is nothing to say."""

    number: int
    status: str
    is_weighed: bool  # before that nothing is said about it
    fields: Mapping[str, object]
    literature: Mapping[str, str] = field(default_factory=dict)  # by the experiment whose signed file names it
