"""In which order findings are listed, and which of them were decided lately."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from axiom_weigh.grouping import group_pairs
from axiom_weigh.statistics.scoring_rules import log_score
from axiom_weigh.values import Grade, Verdict

_CLASSES = (Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT)
_GRADES = list(Grade)


class FindingOrder(StrEnum):
    """What stands first."""

    NEWEST = "newest"
    SUREST = "surest"
    SURPRISING = "surprising"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedFinding:
    number: int
    verdict: Verdict
    grade: Grade
    size: float  # of the effect, in the smallest effects that matter
    predicted: Mapping[str, float]  # the chances of positive, negative and absent, as its file said them beforehand


def sort_findings(weighed: Iterable[ListedFinding], order: FindingOrder) -> list[int]:
    """Their numbers: the highest grade and then the largest effect first, or the answer that was expected least.

    What is not decided comes last. `newest` leaves them as they come.
    """
    findings = list(weighed)
    match order:
        case FindingOrder.SUREST:
            findings.sort(
                key=lambda finding: (finding.verdict not in _CLASSES, -_GRADES.index(finding.grade), -abs(finding.size))
            )
        case FindingOrder.SURPRISING:
            findings.sort(key=lambda finding: -surprise_bits(finding))
        case _:
            pass
    return [finding.number for finding in findings]


def choose_daily_findings(dated: Iterable[tuple[date, ListedFinding]], most: int) -> list[int]:
    """Of the findings of each day so many, the greatest surprises first: more than a few are no news."""
    days = group_pairs(dated)
    return [number for day in days.values() for number in sort_findings(day, FindingOrder.SURPRISING)[:most]]


def surprise_bits(finding: ListedFinding) -> float:
    """How many bits the answer was worth to whoever believed the file's prediction; below 0 while there is none."""
    if finding.verdict not in _CLASSES:
        return -1.0
    chances = tuple(finding.predicted.get(name, 0.0) for name in ("positive", "negative", "absent"))
    return log_score(chances, _CLASSES.index(finding.verdict))
