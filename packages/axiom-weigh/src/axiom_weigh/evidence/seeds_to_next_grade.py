"""How many further replicates does the next grade take? A forecast from the values so far, made anew each time."""

import math
from collections.abc import Sequence

from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.evidence.grade_thresholds import find_next_requirements
from axiom_weigh.statistics import replicates_needed
from axiom_weigh.statistics.replicates_needed import Needed, Range, fewest_deciding, until_crossed
from axiom_weigh.values import Evidence, Grade, Verdict


def forecast_seeds(
    question: Question,
    present: Sequence[float],
    verdict: Verdict,
    reached: Grade,
    *,
    estimate: float | None = None,
    counted: int = 0,
    unasked: int = 0,
) -> Needed | None:
    """Replicates to the next grade, with one chance in two and with nine in ten; None where more of them do not help.

    Where nothing is decided yet, it may become either: an effect, or its absence. Whichever is nearer is told. Beside
    those that counted some were `unasked`, since the claim does not speak of them: so it will be with further ones.
    """
    needed = _forecast_asked(question, present, verdict, reached, estimate)
    if needed is None or not counted:
        return needed
    few, many = (None if count is None else math.ceil(count * (counted + unasked) / counted) for count in needed)
    return few, many


def _forecast_asked(
    question: Question, present: Sequence[float], verdict: Verdict, reached: Grade, estimate: float | None
) -> Needed | None:
    """As many of which the claim speaks."""
    target = find_next_requirements(reached, verdict)
    is_beyond_help = question.process is Process.BETTING and question.bounds is None
    if target is None or verdict is Verdict.MIXED or is_beyond_help:
        return None
    seeds, log_e = max(target[0], count_fewest_seeds(question)), math.log(target[1])
    if verdict is Verdict.UNDECIDED:
        log_e = max(log_e, -math.log(question.alpha))
    if verdict is Verdict.ABSENT:
        missing = max(0, seeds - len(present))
        return missing, missing
    is_tied = is_null_typical(question, estimate)
    effect = (None, None) if is_tied else _effect(question, present, log_e, seeds)
    if verdict is not Verdict.UNDECIDED or question.process is Process.BERNOULLI:
        return effect
    by_signs = not question.process.compares_arms
    absence = replicates_needed.for_absence(present, question.null, question.smallest, by_signs=by_signs, least=seeds)
    return min(effect, absence, key=_nearness)


def count_fewest_seeds(question: Question) -> int:
    """With fewer nothing is decided, whatever they say; 0 where that has no bound of its own."""
    return fewest_deciding(-math.log(question.alpha_of_an_end)) if question.process is Process.RANKS else 0


def is_null_typical(question: Question, estimate: float | None) -> bool:
    """Are so many values the null itself that no further ones like these make it another typical value?"""
    return question.process is Process.RANKS and estimate == question.null


def forecast_seed_range(question: Question, present: Sequence[float], evidence: Evidence) -> Range | None:
    """A range of further replicates to the next grade, in which four of five lie; None where nothing can be forecast.

    Where nothing is decided yet, it may become an effect or its absence. Whichever is nearer is told. Each is a walk,
    of values or of their sides, towards the bar of the effect, or away from the smallest one that matters.
    """
    target, is_open = find_next_requirements(evidence.grade, evidence.verdict), evidence.verdict is Verdict.UNDECIDED
    is_decided = evidence.verdict in (Verdict.POSITIVE, Verdict.NEGATIVE)
    if target is None or not (is_open or is_decided) or question.process is Process.BETTING:
        return None
    least, log_e = target[0], -math.log(question.alpha) if is_open else math.log(target[1])
    steps = [value - question.null for value in present]
    if question.process is Process.SIGN:
        steps = [float((step > 0) - (step < 0)) for step in steps]
    efficiency = replicates_needed.EFFICIENCY if question.process is Process.RANKS else 1.0
    effect = until_crossed(steps, _log(evidence.e_value), log_e, efficiency=efficiency, least=least)
    effect = None if is_null_typical(question, evidence.estimate) else effect
    if not is_open or not question.process.compares_arms:
        return effect
    if not question.smallest:
        return _in_groups(question, len(present), effect)
    side = math.copysign(1.0, math.fsum(steps))
    room = [question.smallest - side * step for step in steps]
    absence = until_crossed(room, _log(evidence.e_absent), log_e, efficiency=efficiency, least=least)
    nearer = min(effect, absence, key=lambda needed: math.inf if needed is None or needed[1] is None else needed[1])
    return _in_groups(question, len(present), nearer)


def _in_groups(question: Question, n: int, needed: Range | None) -> Range | None:
    """Nothing is decided before a further group is whole, where values come in groups."""
    if needed is None or question.process is not Process.RANKS:
        return needed
    few, likely, many = (None if more is None else replicates_needed.until_whole(n, max(1, more)) for more in needed)
    return few, likely, many


def _log(e_value: float) -> float:
    return math.log(e_value) if e_value > 0 else -math.inf


def _effect(question: Question, present: Sequence[float], log_e: float, least: int) -> Needed:
    match question.process:
        case Process.BERNOULLI:
            return replicates_needed.for_share(
                sum(value > 0.5 for value in present), len(present), question.null, log_e, least=least
            )
        case Process.SIGN:
            above = sum(value > question.null for value in present)
            return replicates_needed.for_share(above, len(present), 0.5, log_e, least=least)
        case _:
            return replicates_needed.for_effect(present, log_e, null=question.null, least=least)


def _nearness(needed: Needed) -> float:
    return math.inf if needed[0] is None else needed[0]
