"""A preflight: a bundle or a draft is put to gates before it goes to any computer, to nine before volunteers get it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from axiom.domain.work import Outcome

# The set of gates that is asked of a bundle today. Whatever passed another set is tried anew.
GATES = "gates-4"
# What our own hosts demand: the file reads as an experiment, and was asked what it declares by a process that holds
# itself. A bundle that passed all gates needs it no more.
OWN_GATES = "own-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One fault in an experiment's file because of which nothing of it is run."""

    gate: str  # G0 or G1; of a draft also the one that refuses what it declares
    line: int  # in the file, from 1
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedCell:
    config: int  # its place in its sweep
    seed: int  # which of the preflight's seeds, by number
    outcome: Outcome
    digest: str  # SHA-256 of outcome, measures and early fingerprint: two that agree in it agree in every bit
    mark: str  # SHA-256 of early fingerprint and the measures that are concluded from: it must differ between seeds
    cpu_seconds: float
    measures: Mapping[str, float | None] = field(default_factory=dict)  # those that are concluded from
    missing: tuple[str, ...] = ()  # measures that left the real numbers
    error: str = ""  # what the code raised, and where
    learned: bool | None = None  # whether it learned anything, where the file names a measure that says so


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlRun:
    """The cells of one control: a small sweep, at every seed of the preflight."""

    estimand: str
    is_planted: bool  # the effect was put there; otherwise it is the placebo, in which there is none
    tried: tuple[TriedCell, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlDemand:
    """The cells of its controls from which an estimand is concluded."""

    estimand: str
    placebo: Sequence[Mapping[str, object]]
    planted: Sequence[Mapping[str, object]]
    side: str = ""  # of the null on which the effect is planted, if it is another than the claim's

    def configs(self, *, is_planted: bool) -> Sequence[Mapping[str, object]]:
        """Those of the planted effect, or of the placebo."""
        return self.planted if is_planted else self.placebo


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """A bundle's declarations, and what is therefore asked of it."""

    configs: Sequence[Mapping[str, object]]
    seconds: Sequence[float]  # of a processor, that a warm cell of each config is said to take
    allowed_seconds: Sequence[float]  # that a host allows it
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    estimands: Sequence[Mapping[str, Any]] = ()
    controls: Sequence[ControlDemand] = ()
    is_invented: bool = False  # its author is blind so far, so that no control may be what an estimand compares


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """The facts of one preflight. Their meaning is decided where they are stored."""

    bundle: str  # its digest; nothing where none could be made of the file
    gates: str
    platform: str
    seed: int  # number 0
    refusals: tuple[Refusal, ...] = ()
    first: tuple[TriedCell, ...] = ()  # the sweep at seed 0, the cheapest config first, in a fresh process
    again: tuple[TriedCell, ...] = ()  # in another process, the other way round, after the whole sweep at another seed
    others: tuple[TriedCell, ...] = ()  # the sweep at two seeds that share half of their bits with seed 0
    controls: tuple[ControlRun, ...] = ()
    compared: tuple[TriedCell, ...] = ()  # of a draft: what its estimands compare, at the other seeds of its controls
    published: tuple[TriedCell, ...] = ()  # of a mended text: the same cells by the text that it would replace
    fault: str = ""  # what ended it before its end, in a sentence
    seconds: float = 0.0  # that a person waited


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """The stored outcome of a preflight. A pass stays as it is; a failure may be tried again."""

    bundle: str
    gates: str
    passed: bool
    reason: str
    platform: str
    report: str  # the attempt as canonical JSON
    at: datetime
    ours_only: bool = False  # it speaks for the laboratory's own hosts and for nobody else


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """The state of the laboratory in which a preflight is due or not."""

    has_volunteers: bool  # somebody has an account
    has_evidence: bool  # some claim was weighed already
    computes_itself: bool  # a host of its own was heard from lately


class DraftState(StrEnum):
    REFUSED = "refused"  # by reading it, or by what it declares: nothing of it ran
    WRITTEN = "written"
    WAITING = "waiting"  # for a computer of the laboratory to try it
    FAILED = "failed"  # at a later gate
    PASSED = "passed"
    DROPPED = "dropped"  # its author wants it no more


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDraft:
    """One text of a draft with what is known of it. What it says never changes; another text is another draft."""

    number: int
    name: str  # of the experiment
    author: str
    text: str
    digest: str
    refusals: tuple[Refusal, ...]
    created_at: datetime
    ordered_at: datetime | None = None  # when its preflight was asked for
    tried_at: datetime | None = None
    passed: bool | None = None
    reason: str = ""  # with what was measured: its author does not see it
    gates: Sequence[Mapping[str, Any]] = ()  # how it stands at each, without what was measured
    attempt: str = ""  # the whole report, in canonical JSON
    declaration: str = ""  # its manifest, in canonical JSON; nothing where it could not be asked
    question: str = ""  # digest of what it asks, expects and controls
    bundle: str = ""  # digest of what it would be published as
    dropped_at: datetime | None = None
    informed: str | None = None  # what of its kin was run before it; nothing was where that is empty
    costs_of: int | None = None  # the tried draft that it is, but for what it says of its costs
    told_at: datetime | None = None  # when its author was told more of a failure than that there was one

    @property
    def state(self) -> DraftState:
        if self.dropped_at is not None:
            return DraftState.DROPPED
        if self.refusals:
            return DraftState.REFUSED
        if self.passed is not None:
            return DraftState.PASSED if self.passed else DraftState.FAILED
        return DraftState.WRITTEN if self.ordered_at is None else DraftState.WAITING


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """What a text computes, without what its author may call it."""

    parts: frozenset[int]  # a number for each expression, three levels deep
    fields: str = ""  # digest of the names of its factors and measures; nothing where these are few
    is_readable: bool = True  # its parts tell what it computes
    is_shipped: bool = False  # Axiom brings it along


@dataclass(frozen=True, kw_only=True, slots=True)
class Kinship:
    """How nearly two texts are alike, and why they count as kin."""

    share: float  # of the parts of the smaller one
    reason: str
    of_author: bool = False  # they count as kin only where one author wrote both


@dataclass(frozen=True, kw_only=True, slots=True)
class KinRun:
    """A draft that was tried, or an experiment that was computed, and is kin of something."""

    name: str
    draft: int | None = None
    author: str = ""
    state: str = ""
    at: datetime | None = None
    share: float = 1.0
    reason: str = ""

    @property
    def title(self) -> str:
        """What it is called among its kin."""
        return self.name if self.draft is None else f"draft {self.draft} ({self.name})"


def select_draft_runs(runs: Collection[KinRun]) -> list[KinRun]:
    """Those that were tried as drafts."""
    return [run for run in runs if run.draft is not None]
