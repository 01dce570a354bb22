"""Which middle is a claim about, and what is assumed? Where values are lopsided, their mean is another number."""

import math
from collections.abc import Sequence

from axiom_weigh.evidence.method import Process, Question
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.evidence.verdict import Conclusion
from axiom_weigh.statistics import betting
from axiom_weigh.statistics.asymmetry import FEWEST, long_tail
from axiom_weigh.statistics.student import deviation_of, mean_of
from axiom_weigh.values import Alarm, Force, Verdict

_ONE_LOOK = 2.0  # standard errors, within which a mean may well be the null
_MOST = 4096  # values: about the mean of more nothing is foreseen, and bets on more are not made in a clause beside
_MIDDLES = {
    Process.RANKS.value: "this is about the typical value (Hodges and Lehmann: as many means of two seeds lie "
    "above as below it; of symmetric values it is the mean): bets that rank values assume symmetry, bets on pairs none",
    Process.SIGN.value: "this is about the median (as many seeds lie above as below it): no shape is assumed",
    Process.BERNOULLI.value: "this is about the share (how often it happens): no shape is assumed",
    Process.BETTING.value: "this is about the mean: no shape is assumed, but that no value ever leaves the bounds",
}


def middle_named(e_kind: str) -> str:
    """The middle, and what is assumed, in one clause; empty for a way of weighing that is no longer there."""
    return _MIDDLES.get(e_kind, "")


def of_mean(question: Question, values: Sequence[float | None]) -> str:
    """What holds of the mean of a contrast within known bounds, whatever the law; or how many seeds would tell.

    Bets need nothing of a law but its bounds; where these are wide beside the spread they need many more seeds.
    """
    bounds = question.bounds or question.within
    present = [value for value in values if value is not None]
    if question.process is not Process.RANKS or bounds is None or not 0 < len(values) <= _MOST:
        return ""
    low, high = bounds
    is_inside = present and low <= min(present) and max(present) <= high and low < question.null < high
    if not is_inside or not math.isfinite(high - low) or not 0.0 < (question.null - low) / (high - low) < 1.0:
        return ""  # the last: one bound is so far away that the null is rounded to the other
    mean, bar = mean_of(present), -math.log(question.alpha) * question.clustering
    log_e = betting.betting_log_e(values, question.null, bounds)
    odds = e_told(math.exp(log_e / question.clustering))
    opening = f"of the mean, within {low:.4g} to {high:.4g} and whatever the law"
    if log_e >= bar:
        ends = betting.betting_sequence(values, bounds, alpha=question.alpha_of_an_end)
        side = "above" if mean > question.null else "below"
        return f"{opening}: it lies {side} {question.null:.4g} ({ends[0]:.4g} to {ends[1]:.4g}; {odds} to 1)"
    needed = betting.seeds_needed(values, question.null, bounds, bar, most=_MOST)
    amount = f"about {needed:,}" if needed else f"more than {_MOST:,}"
    return f"{opening}: nothing yet ({odds} to 1); {amount} seeds like these would tell"


def lopsided(question: Question, concluded: Conclusion, present: Sequence[float]) -> list[Alarm]:
    """That the mean is another number; where it may well be no effect, the grade is held back."""
    if question.process is not Process.RANKS or len(present) < FEWEST or not (tail := long_tail(present)):
        return []
    mean, error = mean_of(present), deviation_of(present) / math.sqrt(len(present))
    side = {Verdict.POSITIVE: 1.0, Verdict.NEGATIVE: -1.0}.get(concluded.verdict, 0.0)
    is_open = side != 0.0 and not side * (mean - question.null) > _ONE_LOOK * error
    return [
        Alarm(
            kind="lopsided",
            force=Force.HOLDS_BACK if is_open else Force.TELLS,
            text=f"the values are lopsided, with a long tail {tail}: their typical value is {concluded.estimate:.4g}, "
            f"their mean {mean:.4g}, and of the mean nothing is claimed",
        )
    ]
