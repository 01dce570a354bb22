"""Which findings tell a newcomer most? The surest answers of different experiments, surprises first."""

from collections.abc import Iterable
from dataclasses import dataclass

from axiom_weigh.values import Grade

_SUREST_FIRST = (Grade.DEFINITIVE, Grade.STRONG, Grade.MODERATE)
_LARGE = 10.0  # smallest effects that matter, beyond which an effect is as telling as any


@dataclass(frozen=True, kw_only=True, slots=True)
class AnsweredFinding:
    """A finding with a verdict."""

    number: int
    experiment: str
    grade: Grade
    is_against: bool  # its claim: the opposite was found
    has_words: bool  # its file has words for what it speaks of
    size: float  # of the effect, in the smallest effects that matter


def choose_front_page(answered: Iterable[AnsweredFinding], most: int) -> list[int]:
    """So many of them, none of an experiment of which another is among them already."""
    numbers: dict[str, int] = {}
    sure = (finding for finding in answered if finding.grade in _SUREST_FIRST)
    for finding in sorted(sure, key=_rank):
        numbers.setdefault(finding.experiment, finding.number)
    return list(numbers.values())[:most]


def _rank(finding: AnsweredFinding) -> tuple[object, ...]:
    place = _SUREST_FIRST.index(finding.grade)
    return place, not finding.has_words, not finding.is_against, -min(abs(finding.size), _LARGE), finding.number
