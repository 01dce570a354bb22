"""Which of a session's new lines of evidence deserves to be read first, in stars and a word, and why."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.findings import Evidence, Grade, Verdict
from axiom.statistics.interest import EstimateOnScale, Interest

WORDS = ("routine", "notable", "high", "outstanding")
_TELLING = 0.05  # an interest from which on a finding tells what was not known
_OF_MEDIANS = 1.2533  # a median varies by so much more than a mean
_GRADES = tuple(Grade)


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingNews:
    """What a session has added to the history of one finding."""

    number: int
    now: Evidence
    before: Evidence | None
    interest: Interest | None = None  # None where it could not be measured yet

    @property
    def changes(self) -> bool:
        """Does it say something else than before?"""
        return bool(_changes(self))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """One place of the ranking, from the most interesting on."""

    told: FindingNews
    stars: str
    word: str
    reason: str


def rank(told: Sequence[FindingNews]) -> list[Ranked]:
    """Surprising ones first, then those that say something else than before, then those with most seeds."""
    ordered = sorted(told, key=lambda one: (-_points(one), -_value(one), -one.now.seeds, one.number))
    return [_ranked(one) for one in ordered]


def measured(said: Evidence, values: Sequence[float], *, null: float, smallest: float) -> EstimateOnScale | None:
    """What a finding came to, in the words in which interest is asked for; None while there is no estimate."""
    if said.estimate is None or len(values) < 2 or smallest <= 0:
        return None
    ends = [math.inf if end is None else abs(end - said.estimate) for end in (said.low, said.high)]
    return EstimateOnScale(
        estimate=said.estimate,
        error=_OF_MEDIANS * statistics.stdev(values) / math.sqrt(len(values)),
        half_width=max(ends),
        null=null,
        smallest=smallest,
    )


def _ranked(one: FindingNews) -> Ranked:
    points = _points(one)
    surprise = one.interest.surprise if one.interest else None
    said = "its surprise is not known yet" if surprise is None else f"its surprise is {surprise:.2f} of 1"
    reasons = [*_changes(one), said]
    return Ranked(told=one, stars="★" * max(1, points), word=WORDS[points], reason="; ".join(reasons))


def _points(one: FindingNews) -> int:
    return min(len(WORDS) - 1, len(_changes(one)) + (_value(one) >= _TELLING))


def _value(one: FindingNews) -> float:
    return one.interest.value if one.interest else 0.0


def _changes(one: FindingNews) -> list[str]:
    before = one.before.verdict if one.before else Verdict.UNDECIDED
    grade = one.before.grade if one.before else Grade.AWAITING
    changes = []
    if one.now.verdict is not before:
        changes.append(f"its verdict went from {before} to {one.now.verdict}")
    if one.now.grade is not grade:
        risen = _GRADES.index(one.now.grade) > _GRADES.index(grade)
        changes.append(f"its grade {'rose' if risen else 'fell'} from {grade} to {one.now.grade}")
    return changes
