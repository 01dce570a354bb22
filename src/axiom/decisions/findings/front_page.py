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
    has_own_words: bool  # its file says this answer in words of its own
    size: float  # of the effect, in the smallest effects that matter


def most_telling(answered: Iterable[AnsweredFinding], most: int) -> list[int]:
    """So many of them, none of an experiment of which another is among them already."""
    found: dict[str, int] = {}
    sure = (one for one in answered if one.grade in _SUREST_FIRST)
    for one in sorted(sure, key=_rank):
        found.setdefault(one.experiment, one.number)
    return list(found.values())[:most]


def _rank(one: AnsweredFinding) -> tuple[object, ...]:
    place = _SUREST_FIRST.index(one.grade)
    return place, not one.has_own_words, not one.is_against, -min(abs(one.size), _LARGE), one.number
