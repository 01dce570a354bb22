"""Does each design say what all of them say together? A sentence about all designs is true only if each one has it.

A verdict over all designs refutes that none has the effect. Of how many it is true it does not say: three designs can
outweigh a fourth that has none, or the opposite. So each design is also asked by itself, at every look at once. That
takes many seeds; until then its name is told. For a grade above Moderate less is asked, and of one look alone: that
each design lies so far on the verdict's side as one without the effect does once in a hundred looks.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.evidence.grade_thresholds import MODERATE_SEEDS
from axiom_weigh.evidence.strata import Parts
from axiom_weigh.evidence.verdict import weigh_values
from axiom_weigh.statistics import signed_ranks
from axiom_weigh.statistics.student import deviation_of, mean_of
from axiom_weigh.values import DesignVerdict, Verdict

_BEYOND = 2.326  # standard errors, beyond which an estimate lies by chance once in a hundred looks


def weigh_each_design(question: Question, parts: Parts) -> tuple[DesignVerdict, ...]:
    """What each design says by itself, where there are several."""
    if len(parts) < 2:
        return ()
    return tuple(
        DesignVerdict(name, weigh_values(question, [observation.value for observation in observed]).verdict)
        for name, observed in parts.items()
    )


def find_open_designs(question: Question, parts: Parts, verdict: Verdict) -> tuple[str, ...]:
    """The designs that at one look may well lie elsewhere than a verdict over all designs says."""
    if len(parts) < 2:
        return ()
    return tuple(
        name
        for name, observed in parts.items()
        if not _lies_as_said(question, [observation.value for observation in observed], verdict)
    )


def is_every_design_beyond(question: Question, parts: Parts) -> bool:
    """Do all designs lie on one side of the null, each by more than one look leaves to chance?"""
    return any(not find_open_designs(question, parts, side) for side in (Verdict.POSITIVE, Verdict.NEGATIVE))


def _lies_as_said(question: Question, values: Sequence[float | None], verdict: Verdict) -> bool:
    near, far = question.null - question.smallest, question.null + question.smallest
    bars: Mapping[Verdict, Iterable[tuple[float, int]]] = {
        Verdict.POSITIVE: [(question.null, 1)],
        Verdict.NEGATIVE: [(question.null, -1)],
        Verdict.ABSENT: [(near, 1), (far, -1)],
    }
    bar = _BEYOND * math.sqrt(question.clustering)
    return len(values) >= MODERATE_SEEDS and all(
        _standard_errors_beyond(question, values, number, side) >= bar for number, side in bars.get(verdict, ())
    )


def _standard_errors_beyond(question: Question, values: Sequence[float | None], number: float, side: int) -> float:
    """How far the middle of values lies on this side of a number, with each missing value on the other side."""
    n, present = len(values), [value for value in values if value is not None]
    won = sum(side * value > side * number for value in present)
    match question.process:
        case Process.RANKS:
            return signed_ranks.standard_errors_beyond(values, number, side)
        case Process.SIGN:
            return (2.0 * won - n) / math.sqrt(n)
        case Process.BERNOULLI:
            chance = min(max(number, 0.0), 1.0)
            away = sum(side * (value - number) for value in present) - (n - len(present)) * (
                number if side > 0 else 1.0 - number
            )
            return _ratio(away, math.sqrt(n * chance * (1.0 - chance)))
    if question.bounds is None:
        return 0.0
    worst = question.bounds[0 if side > 0 else 1]
    filled = [worst if value is None else value for value in values]
    return _ratio(side * (mean_of(filled) - number) * math.sqrt(n), deviation_of(filled))


def _ratio(away: float, error: float) -> float:
    return away / error if error > 0 else math.copysign(math.inf, away) if away else 0.0
