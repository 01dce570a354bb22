"""Conclusions: registrations, observations, blocks, evidence and findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

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


_OF_NO_SIGN = {
    Verdict.ABSENT: Meaning.TOO_SMALL,
    Verdict.MIXED: Meaning.DISAGREE,
    Verdict.UNDECIDED: Meaning.UNDECIDED,
}
_DECIDED = (Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT)


def reading(verdict: Verdict, expects: Direction) -> Meaning:
    """Return what a verdict says about a claim that expects an effect of this sign."""
    if verdict in _OF_NO_SIGN:
        return _OF_NO_SIGN[verdict]
    is_claimed = (verdict is Verdict.POSITIVE) == (expects is Direction.MORE)
    return Meaning.AS_CLAIMED if is_claimed else Meaning.OPPOSITE


def verdict_of(meaning: Meaning, expects: Direction) -> Verdict:
    """Return the verdict that says this of a claim that expects an effect of this sign."""
    return next(verdict for verdict in _DECIDED if reading(verdict, expects) is meaning)


VOID = frozenset({"suspended", "recalled"})  # states of a finding from which nothing follows as it stands
# Where the file that declares an estimand has no sentence of its own.
_USUAL = {
    Meaning.AS_CLAIMED: "{claim}",
    Meaning.OPPOSITE: "The opposite was found of this claim: “{claim}”",
    Meaning.TOO_SMALL: "No effect that matters was found for this claim: “{claim}”",
    Meaning.DISAGREE: "It depends on the design whether this holds: “{claim}”",
    Meaning.UNDECIDED: "Not known yet: {claim}",
}
OWN_WORDS = {Meaning.AS_CLAIMED: "if_so", Meaning.OPPOSITE: "if_opposite", Meaning.TOO_SMALL: "if_absent"}


def headline(estimand: Mapping[str, Any], reads: Meaning, status: str = "open") -> str:
    """The headline of a finding: what its verdict says, not what its claim says. It ends without a full stop."""
    own = estimand.get(OWN_WORDS.get(reads, ""), "")
    sentence = _begun(own or _USUAL[reads].format(claim=_begun(estimand["claim"])))
    return f"{_begun(status)}: {sentence}" if status in VOID else sentence


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


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
