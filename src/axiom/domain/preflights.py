"""What a preflight is: a bundle tried with all of its configs before it goes to other people's computers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.work import Outcome

# The set of gates that is asked of a bundle today: every config once and, in a fresh process, once again.
GATES = "twice-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """How one config fared."""

    config: int  # its place in the sweep
    outcome: Outcome
    digest: str  # SHA-256 of outcome, measures and early fingerprint: two that agree in it agree in every bit
    cpu_seconds: float
    missing: tuple[str, ...] = ()  # measures that left the real numbers
    error: str = ""  # what the code raised, and where


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What a bundle declares, and what is therefore asked of it."""

    configs: Sequence[Mapping[str, object]]
    allowed_seconds: Sequence[float]  # of a processor, for a cell of each config


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What came of trying a bundle, as facts: what they mean is decided where they are stored."""

    bundle: str  # its digest
    gates: str
    platform: str
    seed: int
    first: tuple[Tried, ...]  # the cheapest config first
    again: tuple[Tried, ...]  # in a fresh process, the other way round
    fault: str = ""  # what ended it before its end, in a sentence
    seconds: float = 0.0  # that a person waited


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """What is remembered of it. One that passed stays as it is; one that failed may be repeated."""

    bundle: str
    gates: str
    passed: bool
    reason: str
    platform: str
    report: str  # the attempt as canonical JSON
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """How the laboratory stands."""

    has_volunteers: bool  # somebody has an account
    has_evidence: bool  # some claim was weighed already
    computes_itself: bool  # a host of its own was heard from lately
