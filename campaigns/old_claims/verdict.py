"""What became of what the old laboratory claimed? It stands, it does not, it depends, or it is too early to say.

A claim may be asked by several tests, in several settings, and by controls: estimands that say when something else
accounts for what was seen. Fewer seeds than were asked for are no verdict, whatever they say so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from axiom.domain.evidence import verdict_meaning
from axiom.domain.links import AskingEstimand, Bearing, FindingState, LinkKind
from axiom.laboratory.findings.rules.links import choose_bearing
from axiom_weigh.amounts import tell_amount
from axiom_weigh.values import Grade

MANY, FEW = 32, 8  # seeds
_CHEAP_SECONDS = 40.0  # declared; costs are declared to within 30 %, so whatever may cost 30 s or less is among these


class Reckoning(StrEnum):
    """What became of a claim."""

    STANDS = "stands"
    DEPENDS = "depends"
    TOO_SMALL = "too small to matter"
    FALLS = "does not stand"
    UNDECIDED = "undecided"
    NOT_YET = "not yet"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimTest:
    """An estimand that asks a claim, and how its finding stands."""

    asking: AskingEstimand
    wanted: int  # seeds
    seeds: int = 0  # that were weighed, with a value or without
    footing: FindingState | None = None  # None: nothing was weighed yet

    @property
    def is_enough(self) -> bool:
        """May a verdict be told?"""
        return self.footing is not None and self.seeds >= self.wanted

    @property
    def bearing(self) -> Bearing:
        """What it came to: for a test whether the claim holds, for a control whether something else accounts for it.

        A finding that still waits for its grade says nothing: its values are too few, or one seed under many names.
        """
        if self.footing is None or self.footing.grade is Grade.AWAITING:
            return Bearing.SAYS_NOTHING
        verdicts = self.asking.upheld_by or self.asking.overturned_by
        return choose_bearing(self.footing, {verdict_meaning(verdict, self.footing.expects) for verdict in verdicts})


@dataclass(frozen=True, kw_only=True, slots=True)
class Reckoned:
    """What became of a claim, and why."""

    reckoning: Reckoning
    reason: str  # a sentence without its full stop
    is_size_open: bool = False  # it stands, and whether by enough to matter is open


def seeds_wanted(seconds: float | None) -> int:
    """How many seeds are asked for of an experiment whose replicate is declared to cost so much."""
    return FEW if seconds is not None and seconds > _CHEAP_SECONDS else MANY


def reckon(rows: Sequence[ClaimTest]) -> Reckoned:
    """Say what became of a claim that these ask."""
    tests = [row for row in rows if row.asking.kind is LinkKind.TESTS]
    controls = [row for row in rows if row.asking.overturned_by]
    if not tests:
        beside = "; what is asked says on what it may depend" if rows else ""
        return Reckoned(reckoning=Reckoning.NOT_YET, reason=f"no experiment here covers it{beside}")
    if lacking := [row for row in (*tests, *controls) if not row.is_enough]:
        return Reckoned(reckoning=Reckoning.NOT_YET, reason=_lacking(lacking))
    are_absent = all(row.footing.is_absent for row in tests if row.footing is not None)
    reckoned = _outcome([row.bearing for row in tests], [row.bearing for row in controls], are_absent=are_absent)
    amount = sum(row.footing is not None and row.footing.is_size_open for row in tests)
    if reckoned.reckoning is Reckoning.STANDS and amount:
        of = "it" if len(tests) == 1 else f"{amount} of its {len(tests)} tests"
        return replace(
            reckoned,
            reason=f"{reckoned.reason}, and whether what {of} shows is enough to matter is open",
            is_size_open=True,
        )
    return reckoned


def _lacking(lacking: Sequence[ClaimTest]) -> str:
    least = min(lacking, key=lambda test: (test.seeds / test.wanted, test.asking.estimand))
    return f"{least.seeds} of {tell_amount(least.wanted, 'seed')} are weighed"


def _outcome(bearings: Sequence[Bearing], controls: Sequence[Bearing], *, are_absent: bool) -> Reckoned:
    """The same once every test and control has its seeds."""
    whole = len(bearings)
    upheld, fallen = bearings.count(Bearing.SUPPORTS), bearings.count(Bearing.CONTRADICTS)
    if upheld and fallen:
        reason = (
            f"of {tell_amount(whole, 'test')}, {upheld} {_verb(upheld, 'uphold')} it and {fallen} {_does(fallen)} not"
        )
        return Reckoned(reckoning=Reckoning.DEPENDS, reason=reason)
    if upheld + fallen < whole:
        return Reckoned(reckoning=Reckoning.UNDECIDED, reason=_silent(bearings, "test"))
    if fallen:
        reason = "what its tests show is smaller than what matters" if are_absent else f"{_all(whole)} against it"
        return Reckoned(reckoning=Reckoning.TOO_SMALL if are_absent else Reckoning.FALLS, reason=reason)
    if Bearing.SUPPORTS in controls:
        reason = "asked as it was then it holds, and a control says that something else accounts for it"
        return Reckoned(reckoning=Reckoning.DEPENDS, reason=reason)
    if Bearing.SAYS_NOTHING in controls:  # who says nothing clears nobody
        return Reckoned(reckoning=Reckoning.UNDECIDED, reason=_silent(controls, "control"))
    return Reckoned(reckoning=Reckoning.STANDS, reason=f"{_all(whole)} for it")


def _silent(bearings: Sequence[Bearing], what: str) -> str:
    silent, whole = bearings.count(Bearing.SAYS_NOTHING), len(bearings)
    which = f"its one {what}" if whole == 1 else f"of {tell_amount(whole, what)}, {silent}"
    return f"{which} {_verb(silent, 'say')} nothing, with all seeds asked for"


def _all(whole: int) -> str:
    return {1: "its one test speaks", 2: "both of its tests speak"}.get(whole, f"all of its {whole} tests speak")


def _verb(amount: int, verb: str) -> str:
    return f"{verb}s" if amount == 1 else verb


def _does(amount: int) -> str:
    return "does" if amount == 1 else "do"
