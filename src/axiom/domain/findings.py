"""What is concluded: estimands, what was predicted of them, and the registration that comes before any workunit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """How the measures of one replicate become one number."""

    CONTRAST = "contrast"  # paired difference between two configs
    SLOPE = "slope"  # of log measure on log factor, over the arms
    RANK_CORRELATION = "rank_correlation"  # of measure with factor, over the arms
    EXPONENT = "exponent"  # of a power law
    BREAKPOINT = "breakpoint"  # the factor's value at which the measure turns
    PROPORTION = "proportion"  # did it happen: 0 or 1
    LEVEL = "level"  # the measure itself, against a registered value


class Direction(StrEnum):
    """On which side of its null a number lies when the claim is true."""

    MORE = "+"
    LESS = "-"


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What somebody expected before anything was seen."""

    positive: float
    negative: float
    absent: float
    interval: tuple[float, float]  # holds the truth with probability 0.8
    because: str

    def __post_init__(self) -> None:
        """Refuse probabilities that are none."""
        chances = (self.positive, self.negative, self.absent)
        if min(chances) < 0 or not math.isclose(sum(chances), 1.0, abs_tol=1e-9):
            raise ValueError(f"positive, negative and absent must be at least 0 and add up to 1; got {chances}")
        if self.interval[0] > self.interval[1]:
            raise ValueError(f"the interval {self.interval} ends before it begins")


@dataclass(frozen=True, kw_only=True)
class Estimand:
    """One number concluded from the measures of one replicate. A file declares it; the server computes it."""

    name: str
    claim: str
    kind: Kind
    measure: str
    smallest: float  # an effect nearer to `null` than this counts as absent
    prediction: Prediction
    across: str = ""  # the factor of a slope, rank correlation, exponent or breakpoint
    between: tuple[Mapping[str, object], ...] = field(default=())  # the two arms of a contrast; one for a level
    bounds: tuple[float, float] | None = None
    null: float = 0.0
    expects: Direction = Direction.MORE  # an effect of this sign is what the claim says


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


class Verdict(StrEnum):
    """What the evidence says about a claim."""

    POSITIVE = "effect +"
    NEGATIVE = "effect −"
    ABSENT = "absent"  # shown to be nearer to nothing than the smallest effect that matters
    MIXED = "mixed"  # designs disagree
    UNDECIDED = "undecided"


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


def reading(verdict: Verdict, expects: Direction) -> Meaning:
    """Return what a verdict says about a claim that expects an effect of this sign."""
    if verdict in _OF_NO_SIGN:
        return _OF_NO_SIGN[verdict]
    is_claimed = (verdict is Verdict.POSITIVE) == (expects is Direction.MORE)
    return Meaning.AS_CLAIMED if is_claimed else Meaning.OPPOSITE


class Grade(StrEnum):
    """How far the evidence carries. It follows the last closed block, so it can fall."""

    AWAITING = "Awaiting"
    MODERATE = "Moderate"
    STRONG = "Strong"
    DEFINITIVE = "Definitive"


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """The estimand's value in one replicate; None when a cell that it needs is missing, late, failed or diverged."""

    replicate: int
    value: float | None
    hosts: tuple[int, ...] = ()  # that computed its cells: several when it was ordered in parts
    why_missing: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Consecutive replicates that enter evidence together, once each is back, failed or late."""

    number: int
    replicates: tuple[int, ...]
    closed: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the closed blocks of one estimand say, on a date."""

    blocks: int  # closed, from the first on without a gap
    seeds: int  # replicates with a value
    missing: int  # replicates without one; each counts against the claim
    estimate: float | None  # the median
    low: float | None  # of the confidence sequence about the median: holds at every look at once; None is unbounded
    high: float | None
    e_value: float  # against "no effect", capped at 1e300; above 1 speaks for an effect
    e_kind: str  # flip, sign or bernoulli: registered with the estimand's kind
    verdict: Verdict
    grade: Grade
    hosts: int
    volunteers: int
    platforms: int
    needs: tuple[str, ...]  # what is missing for the next grade, in words
    flags: tuple[str, ...]
    reasons: tuple[str, ...]  # every step of the weighing, in order


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
