"""The parts of a finding's card beside its evidence: strata of the data, each by itself, and all designs together."""

from dataclasses import dataclass

from axiom_weigh.values import Agreements, Evidence, Grade, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Stratum:
    """Some of the values by themselves: those of a design, a platform, a volunteer or a host. One row of a forest."""

    by: str  # design, platform, volunteer, host or cohort
    name: str  # the design's or platform's name, the volunteer's or host's number
    seeds: int
    missing: int
    estimate: float | None  # the median; of a proportion the share, of a mean the mean
    low: float | None  # of the sequence, which holds at every look; None is unbounded
    high: float | None
    error: float | None  # standard error of the estimate, at one look; None below two values
    mean: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PooledDesigns:
    """All designs' estimates together, and where a further design's would probably lie; both at one look."""

    designs: int
    estimate: float
    low: float  # 95 %, of the middle of all designs
    high: float
    tau2: float  # variance between designs beyond chance
    i2: float  # its share of all variance
    chance: float  # probability of designs so far apart if they were all the same
    prediction_low: float  # 95 %, for one further design
    prediction_high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaveOneOut:
    """The verdict without the values of one host or volunteer."""

    by: str  # host or volunteer
    number: int
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """Evidence with everything that a reader needs to judge it; recomputed from the observations whenever asked."""

    evidence: Evidence
    strata: tuple[Stratum, ...]
    pooled: PooledDesigns | None  # None below three designs with values that differ
    without: tuple[LeaveOneOut, ...]  # each host and each volunteer left out
    exploratory: Stratum | None  # data from before the claim: shown, never counted
    next_grade: Grade | None

    @property
    def agreements(self) -> tuple[Agreements, ...]:
        """Of seeds that were computed again, by platforms."""
        return self.evidence.agreements

    def by(self, what: str) -> tuple[Stratum, ...]:
        """The rows of one forest."""
        return tuple(stratum for stratum in self.strata if stratum.by == what)
