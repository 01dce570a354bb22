"""How many further replicates does the next grade take? A forecast from the values so far, made anew each time."""

import math
from collections.abc import Sequence

from axiom.decisions.evidence.grade import wanted
from axiom.decisions.evidence.method import Process, Question
from axiom.domain.findings import Grade, Verdict
from axiom.statistics import replicates_needed
from axiom.statistics.replicates_needed import Needed


def more(question: Question, present: Sequence[float], verdict: Verdict, reached: Grade) -> Needed | None:
    """Replicates to the next grade, with one chance in two and with nine in ten; None where more of them do not help.

    Where nothing is decided yet, it may become either: an effect, or its absence. Whichever is nearer is told.
    """
    target = wanted(reached)
    is_beyond_help = question.process is Process.BETTING and question.bounds is None
    if target is None or verdict is Verdict.MIXED or is_beyond_help:
        return None
    seeds, e_value = target
    if verdict is Verdict.ABSENT:
        missing = max(0, seeds - len(present))
        return missing, missing
    effect = _effect(question, present, math.log(e_value), seeds)
    if verdict is not Verdict.UNDECIDED or question.process is Process.BERNOULLI:
        return effect
    by_signs = question.process is not Process.RANKS
    absence = replicates_needed.for_absence(present, question.null, question.smallest, by_signs=by_signs, least=seeds)
    return min(effect, absence, key=_nearness)


def _effect(question: Question, present: Sequence[float], log_e: float, least: int) -> Needed:
    match question.process:
        case Process.BERNOULLI:
            return replicates_needed.for_share(
                sum(one > 0.5 for one in present), len(present), question.null, log_e, least=least
            )
        case Process.SIGN:
            above = sum(one > question.null for one in present)
            return replicates_needed.for_share(above, len(present), 0.5, log_e, least=least)
        case _:
            return replicates_needed.for_effect(present, log_e, null=question.null, least=least)


def _nearness(found: Needed) -> float:
    return math.inf if found[0] is None else found[0]
