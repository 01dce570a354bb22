"""Has a registration reached its end, as its stopping rule says? Then nothing more of it is ordered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.estimands import Direction
from axiom.domain.evidence import is_against
from axiom.domain.registrations import Rule, StoppingRule
from axiom.limits import registrations as limits
from axiom_weigh.values import Grade, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """How one finding stands."""

    verdict: Verdict
    grade: Grade
    estimate: float | None
    low: float | None
    high: float | None
    smallest: float
    seeds: int
    expects: Direction = Direction.MORE  # what the claim says
    more: tuple[int | None, int | None] | None = None  # replicates to the next grade: one chance in two, nine in ten
    weight: float = 1.0  # by which it counts among all findings


def why_stopped(stopping: StoppingRule, aims: Sequence[Aim], *, replicates: int, block: int) -> str:
    """Why it has ended with so many replicates; nothing while it has not.

    For what is ordered, count the replicates that were issued; for what is concluded, those that were weighed.
    """
    if replicates >= stopping.replicates and not replicates % block:
        return f"{replicates} replicates are ordered, and {stopping.replicates} are as far as one design goes"
    if not aims or stopping.rule is Rule.FIXED:
        return ""
    if stopping.rule is Rule.UNTIL_GRADE:
        has_grades = all(_has_last_grade(aim) for aim in aims)
        return "all its findings are Definitive, or at least Strong against their claims" if has_grades else ""
    if all(is_settled(aim) for aim in aims):
        return f"all its findings are settled: decided and narrow enough after {min(a.seeds for a in aims)} seeds"
    return ""


def is_settled(aim: Aim) -> bool:
    """Is it decided, and is its interval narrow enough?"""
    is_decided = aim.verdict not in (Verdict.UNDECIDED, Verdict.MIXED)
    return is_decided and aim.seeds >= limits.SETTLED_AFTER and half_width(aim) < narrow_half_width(aim)


def half_width(aim: Aim) -> float:
    """The longer of the interval's two sides."""
    if aim.estimate is None or aim.low is None or aim.high is None:
        return math.inf
    return max(aim.estimate - aim.low, aim.high - aim.estimate)


def narrow_half_width(aim: Aim) -> float:
    """The half-width below which an interval says all that matters."""
    return max(aim.smallest, abs(aim.estimate or 0.0) / 4)


def _has_last_grade(aim: Aim) -> bool:
    if aim.grade is Grade.DEFINITIVE:
        return True
    return aim.grade is Grade.STRONG and is_against(aim.verdict, aim.expects)
