"""What evidence is made of, and what is concluded from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What is computed of the values of a seed, as it is registered."""

    CONTRAST = "contrast"
    SLOPE = "slope"
    RANK_CORRELATION = "rank_correlation"
    EXPONENT = "exponent"
    BREAKPOINT = "breakpoint"
    PROPORTION = "proportion"
    LEVEL = "level"
    DIMENSION = "dimension"


class Outcome(StrEnum):
    """How the computation of a seed ended."""

    OK = "ok"
    LATE = "late"  # stopped at its time limit; an outcome, not a gap: it counts against the claim
    DIVERGED = "diverged"  # a measure left the real numbers
    FAILED = "failed"


class Cohort(StrEnum):
    """The purpose of a registration's replicates."""

    EXPLORATORY = "exploratory"  # shown beside a claim that was formed from them, and never weighed into it
    CONFIRMATORY = "confirmatory"  # issued after the claim was registered


class Verdict(StrEnum):
    """The conclusion from the evidence. The sign is that of the number, not of the claim."""

    POSITIVE = "effect +"
    NEGATIVE = "effect −"
    ABSENT = "absent"  # shown to be nearer to nothing than the smallest effect that matters
    MIXED = "mixed"  # designs disagree
    UNDECIDED = "undecided"

    @property
    def is_decided(self) -> bool:
        """Does it say how the number lies, for all designs together?"""
        return self not in (Verdict.MIXED, Verdict.UNDECIDED)


class Grade(StrEnum):
    """How far the evidence carries. It follows the last closed block, so it can fall."""

    AWAITING = "Awaiting"
    MODERATE = "Moderate"
    STRONG = "Strong"
    DEFINITIVE = "Definitive"


OUTVOTED = "two others computed it otherwise, and alike"  # why a value is missing that has come back
NOT_WAITING = "it had happened before the time from which on it is asked"  # why there is no value, and none is missing
_TOLD = "told"
_CENTRES = {
    "bernoulli": "share",
    "betting": "mean",
    "event differences": "mean",
    "signed ranks": "typical value",
}  # by how it is weighed
EVERY_NUMBER = "every number"  # begins what a replicate repeats where a whole cell is that of another seed
COARSE = "coarse"  # begins the fingerprint of measures that have few values to choose from: seeds may agree in all


def centre_of(e_kind: str) -> str:
    """What is estimated of values that are weighed so, in a word."""
    return _CENTRES.get(e_kind, "median")


# Not frozen: it is made a million times, and that would take three times as long.
@dataclass(kw_only=True, slots=True, unsafe_hash=True)
class Observation:
    """The estimand's value in one replicate, and who computed it; None when a cell is missing, late or failed.

    A value to which several hosts contributed is gone without any of them.
    """

    replicate: int
    value: float | None
    hosts: tuple[int, ...] = ()  # that computed its cells: several when it was ordered in parts
    why_missing: str = ""
    outcome: Outcome | None = Outcome.OK  # the worst of its cells; None where one never came back
    registration: int = 0  # to which its number was issued
    design: str = ""
    cohort: Cohort = Cohort.CONFIRMATORY  # exploratory: older than the claim, so shown and never counted
    fingerprint: str = ""  # of everything measured: of two seeds with the same one, one was not used. Empty: unknown
    repeats: str = ""  # which of its cells has the very numbers of another seed, though the whole has not
    gpus: tuple[tuple[int, str], ...] = ()  # those of its hosts whose GPU computed some of it, with the GPU's kind

    @property
    def is_asked(self) -> bool:
        """Is it one of those that the claim is about? What had happened before says nothing of what happens later."""
        return self.why_missing != NOT_WAITING

    @property
    def without_words(self) -> "Observation":
        """What is so of it, in whichever words: the same of a reason, but where something hangs on which it is."""
        why = self.why_missing if self.why_missing in (OUTVOTED, NOT_WAITING) else self.why_missing and _TOLD
        repeats = self.repeats and (EVERY_NUMBER if self.repeats.startswith(EVERY_NUMBER) else _TOLD)
        return replace(self, why_missing=why, repeats=repeats) if why or repeats else self

    def platforms(self, homes: Mapping[int, "Home"]) -> dict[int, str]:
        """What each of its hosts that is known computed it on."""
        gpus = dict(self.gpus)
        return {host: homes[host].with_gpu(gpus.get(host, "")) for host in self.hosts if host in homes}


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The host, volunteer and platform that a result comes from."""

    host_id: int
    volunteer_id: int
    platform: str
    is_ours: bool | None = None  # the laboratory's own; None in files that somebody weighs

    def with_gpu(self, kind: str) -> str:
        """The platform of what its GPU of this kind computes, as `Platform.with_gpu` says it; without one its own."""
        return f"{self.platform.rpartition('-')[0]}-{kind.lower()}" if kind else self.platform


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Consecutive replicates that enter evidence together, once each is back, failed or late."""

    number: int
    replicates: tuple[int, ...]
    closed: bool
    reason: str
    is_whole: bool = True  # all of its replicates are ordered
    registration: int = 0  # to which its replicates were issued


class Force(StrEnum):
    """The effect of an alarm."""

    TELLS = "tells"  # it is shown
    HOLDS_BACK = "holds back"  # no grade above Moderate until it is explained
    SUSPENDS = "suspends"  # nothing more is ordered until somebody has looked


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """A sign that the values are not what they are said to be."""

    kind: str  # clones, constant, repeats, steady, hosts, platforms, duplicates, missing or bounds
    force: Force
    text: str  # a sentence without its full stop
    hosts: tuple[int, ...] = ()  # whom it names


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreements:
    """How many seeds that were computed on these two platforms agreed. Twice the same platform: two hosts of it."""

    platforms: tuple[str, str]  # in alphabetical order
    exact: int = 0  # bit for bit
    close: int = 0  # within what the experiment tolerates
    divergent: int = 0
    disputed: int = 0  # of the divergent, those whose first values differ: hosts disagree; in the others it is chaos

    @property
    def agreed(self) -> int:
        """Seeds of which the two hosts say the same, if only at first: the end of a chaotic training may differ."""
        return self.exact + self.close + self.divergent - self.disputed


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Facts that a grade needs besides the finding's own numbers: repeated seeds, its place among all claims."""

    agreements: tuple[Agreements, ...] = ()
    false_share: float | None = None  # the finding is in the e-BH set at this q, 0.01 or 0.05; None: in neither
    is_registered: bool = True  # before its first seed; false for a file that somebody weighs


class DesignVerdict(NamedTuple):
    """What one of several designs says by itself."""

    name: str
    verdict: Verdict


METHOD = 6  # the rules by which evidence is weighed; one more whenever the same observations may say something else


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One line of a finding's history: estimate, interval, e-value, verdict and grade from its closed blocks.

    A line is written for each closed block, and whenever something else changed the conclusion.
    """

    blocks: int  # closed, from the first on without a gap
    seeds: int  # replicates with a value
    missing: int  # replicates without one; each counts against every verdict
    estimate: float | None  # `centre` says of what
    low: float | None  # of the confidence sequence about it: holds at every look at once; None is unbounded
    high: float | None
    e_value: float  # against "no effect", capped at 1e300; above 1 speaks for an effect
    e_kind: str  # signed ranks, sign, event differences, bernoulli or betting: registered with the estimand's kind
    verdict: Verdict
    grade: Grade
    hosts: int
    volunteers: int
    platforms: int
    needs: tuple[str, ...]  # what is missing for the next grade, in words
    flags: tuple[str, ...]
    reasons: tuple[str, ...]  # every step of the weighing, in order
    line: int = 0  # its place in the finding's history, from 1 on; 0 before it has one
    designs: int = 1  # that have a value
    clones: int = 0  # values that another seed had given before; they count against every verdict, too
    e_absent: float = 1.0  # against an effect as large as the smallest that matters
    alarms: tuple[Alarm, ...] = ()
    agreements: tuple[Agreements, ...] = ()
    false_share: float | None = None  # in the e-BH set of the whole laboratory at this q, 0.01 or 0.05
    more: tuple[int | None, int | None] | None = None  # replicates to the next grade: one chance in two, nine in ten
    method: int = METHOD
    by_design: tuple[DesignVerdict, ...] = ()  # what each says by itself, where there are several

    @property
    def centre(self) -> str:
        """What the estimate is of the values, in a word."""
        return centre_of(self.e_kind)

    @property
    def suspends(self) -> bool:
        """Should nothing more be ordered until somebody has looked?"""
        return any(alarm.force is Force.SUSPENDS for alarm in self.alarms)
