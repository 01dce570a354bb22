"""What do sound values say? Estimate, interval, e-values, and the verdict that follows from them."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.decisions.evidence.method import Process, Question
from axiom.decisions.evidence.rounding import around, e_told, end_told
from axiom.domain.findings import Verdict
from axiom.statistics import betting, sequential

ENOUGH = 20.0  # an e-value from which on an effect is claimed: reached by chance once in twenty lifetimes of a finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """What some values say about a claim."""

    estimate: float | None
    low: float | None
    high: float | None
    log_e: float  # against the null
    log_absent: float  # against an effect as large as the smallest that matters
    verdict: Verdict
    reason: str


_NOT_A_MEAN = Conclusion(
    estimate=None,
    low=None,
    high=None,
    log_e=0.0,
    log_absent=0.0,
    verdict=Verdict.UNDECIDED,
    reason=f"{Verdict.UNDECIDED}: the declared bounds do not hold all values, and a mean is weighed within true bounds "
    "alone",
)


def conclude(question: Question, values: Sequence[float | None]) -> Conclusion:
    """Weigh values in the order of issue; None is a value that is missing, and counts as what speaks least."""
    present = [number for number in values if number is not None]
    missing = len(values) - len(present)
    if question.process is Process.BETTING and question.bounds is None:
        return _NOT_A_MEAN
    estimate, low, high = interval(question, values)
    if question.bounds is not None:  # a number that lies within bounds has its median there
        low = question.bounds[0] if low is None else low
        high = question.bounds[1] if high is None else high
    log_e = _log_e(question, values, present, missing)
    verdict, why = _verdict(question, bool(present), low, high, log_e)
    bars = around(question.null, question.smallest)
    return Conclusion(
        estimate=estimate,
        low=low,
        high=high,
        log_e=log_e,
        log_absent=_log_absent(question, values, present, missing),
        verdict=verdict,
        reason=f"{question.process} e-process about {question.null:.4g}: e = {e_told(math.exp(log_e))}; "
        f"interval [{end_told(low, bars)}, {end_told(high, bars)}]; {verdict}: {why}",
    )


def interval(question: Question, values: Sequence[float | None]) -> tuple[float | None, float | None, float | None]:
    """Return the estimate and the ends of the sequence about it, which holds at every look; None is unbounded."""
    present = [number for number in values if number is not None]
    missing = len(values) - len(present)
    if question.process is Process.BERNOULLI:
        successes = sum(one > 0.5 for one in present)
        low, high = sequential.share_sequence(successes, len(present), missing=missing)
        return (successes / len(present) if present else None), low, high
    if question.process is Process.BETTING:
        if question.bounds is None:
            return None, None, None
        low, high = betting.betting_sequence(values, question.bounds)
        return (mean_of(present) if present else None), low, high
    return (_median(present) if present else None), *sequential.median_sequence(present, missing=missing)


def _log_e(question: Question, values: Sequence[float | None], present: Sequence[float], missing: int) -> float:
    match question.process:
        case Process.FLIP:
            return sequential.flip_log_e(values, bounds=question.bounds)
        case Process.SIGN:
            return sign_log_e(question, values)
        case Process.BERNOULLI:
            successes = sum(one > 0.5 for one in present)
            return event_log_e(successes, len(present), missing, question.null)
        case Process.BETTING:
            return _bet(values, question.null, question.bounds)


def sign_log_e(question: Question, values: Sequence[float | None]) -> float:
    """A missing value has no sign that is known, so it takes the one that speaks less."""
    null = question.null
    return sequential.sign_log_e([0 if value is None else (value > null) - (value < null) for value in values])


def event_log_e(successes: int, present: int, missing: int, null: float) -> float:
    """A missing event may have been one or not: whatever speaks least. One of the ways is the one that came true."""
    whole = present + missing
    return min(
        sequential.bernoulli_log_e(possible, whole, null) for possible in range(successes, successes + missing + 1)
    )


def _bet(values: Sequence[float | None], null: float, bounds: tuple[float, float] | None) -> float:
    """Of a mean beyond the bounds the bound is asked, since values alone may speak against a claim."""
    if bounds is None:
        return 0.0
    return betting.betting_log_e(values, min(max(null, bounds[0]), bounds[1]), bounds)


def _log_absent(question: Question, values: Sequence[float | None], present: Sequence[float], missing: int) -> float:
    """Against every number that is at least the smallest effect away from the null: the least of what refutes each.

    From an end of the smallest effect outwards numbers are refuted more and more, if the values lie within it. Where
    they do not, one of these numbers is not refuted at all. What lies beyond the bounds is refuted by them; where that
    is everything, or there is no value yet, no value speaks against anything.
    """
    near, far, whole = question.null - question.smallest, question.null + question.smallest, len(values)
    low, high = question.bounds or (-math.inf, math.inf)
    if not present or (near < low and high < far):
        return 0.0
    if question.process is Process.BETTING:
        mean = mean_of(present)
        return min(
            sequential.MOST if near < low else _bet(values, min(mean, near), question.bounds),
            sequential.MOST if far > high else _bet(values, max(mean, far), question.bounds),
        )
    if question.process is Process.BERNOULLI:
        events = sum(one > 0.5 for one in present)
        return min(_more_than(events, whole, near), _more_than(whole - events - missing, whole, 1.0 - far))
    above, below = sum(one > near for one in present), sum(one < far for one in present)
    return sequential.bernoulli_log_e(max(whole // 2, min(above, below)), whole, 0.5)


def _more_than(successes: int, whole: int, chance: float) -> float:
    """Against all chances up to this one."""
    if chance < 0:
        return sequential.MOST
    return sequential.bernoulli_log_e(successes, whole, min(chance, successes / whole)) if whole else 0.0


def _verdict(
    question: Question, has_values: bool, low: float | None, high: float | None, log_e: float
) -> tuple[Verdict, str]:
    null, smallest = question.null, question.smallest
    if not has_values:
        return Verdict.UNDECIDED, "there is no value yet"
    if low is not None and high is not None and null - smallest < low and high < null + smallest:
        return Verdict.ABSENT, f"the interval lies within {smallest:.4g} of {null:.4g}"
    if log_e < math.log(ENOUGH):
        return Verdict.UNDECIDED, f"e is below {ENOUGH:.0f}"
    if low is not None and low > null:
        return Verdict.POSITIVE, f"the interval lies above {null:.4g}"
    if high is not None and high < null:
        return Verdict.NEGATIVE, f"the interval lies below {null:.4g}"
    return Verdict.UNDECIDED, f"the interval holds {null:.4g}"


def mean_of(present: Sequence[float]) -> float:
    """The mean of numbers of which the sum may be none; it lies among them, whatever is lost in the last digit."""
    mean = 2.0 * math.fsum(one / len(present) / 2.0 for one in present)
    return max(min(present), min(max(present), mean))


def _median(present: Sequence[float]) -> float:
    """The mean of the two in the middle is a number even where their sum is none."""
    middle = statistics.median(present)
    if math.isfinite(middle):
        return middle
    return statistics.median_low(present) / 2.0 + statistics.median_high(present) / 2.0
