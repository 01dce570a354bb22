"""Which middle is a claim about, and what is assumed? Where values are lopsided, their mean is another number."""

import math
from collections.abc import Sequence

from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.evidence.verdict import Conclusion
from axiom_weigh.statistics import betting, shares_and_medians
from axiom_weigh.statistics.asymmetry import FEWEST, long_tail
from axiom_weigh.statistics.student import deviation_of, mean_of
from axiom_weigh.values import Alarm, Force, Verdict

_ONE_LOOK = 2.0  # standard errors, within which a mean may well be the null
_MOST = 4096  # values: about the mean of more nothing is foreseen, and bets on more are not made in a clause beside
_MIDDLES = {
    Process.RANKS.value: "this is about the typical value (Hodges and Lehmann: as many means of two seeds lie "
    "above as below it; of symmetric values it is the mean)",
    Process.SIGN.value: "this is about the median (as many seeds lie above as below it)",
    Process.BERNOULLI.value: "this is about the share (how often it happens)",
    Process.EVENTS.value: "this is about the mean difference (how much more often it happens in one arm)",
    Process.BETTING.value: "this is about the mean, and no value ever leaves the bounds",
}
_ASSUMED = "it holds of seeds that are independent and of one law, whatever its shape"
_MANY_TIES = 0.1  # a larger share of values that are the null itself is told


def middle_named(e_kind: str) -> str:
    """The middle, and what is assumed, in one clause; empty for a way of weighing that is no longer there."""
    return f"{_MIDDLES[e_kind]}: {_ASSUMED}" if e_kind in _MIDDLES else ""


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


def of_ties(question: Question, values: Sequence[float | None], estimate: float | None) -> str:
    """Which question can be decided where many values are the null itself: is more of them above it, or below?

    Of the others each is a coin, fair if it falls on either side as often. A missing value may be on either.
    """
    sides = [(value > question.null) - (value < question.null) for value in values if value is not None]
    above, below, equal = (sides.count(side) for side in (1, -1, 0))
    if question.process is not Process.RANKS or equal <= _MANY_TIES * len(values):
        return ""
    gone, null = len(values) - len(sides), f"{question.null:.4g}"
    odds = e_told(math.exp(shares_and_medians.dealt_log_e(above, gone, above + below + gone)))
    stays = f"; with so many equal the typical value is {null} itself, however many seeds like these follow"
    return (
        f"{equal} values are {null} itself. Asked beside, as a question of its own: are more above or below? "
        f"{above} and {below}, {odds} to 1 that they are not as frequent{stays if estimate == question.null else ''}"
    )


def check_lopsidedness(question: Question, concluded: Conclusion, present: Sequence[float]) -> list[Alarm]:
    """That the mean is another number; where it may well say otherwise than the verdict, the grade is held back."""
    if question.process is not Process.RANKS or len(present) < FEWEST:
        return []
    tail, away = long_tail(present), mean_of(present) - question.null
    reach = _ONE_LOOK * deviation_of(present) / math.sqrt(len(present))
    is_absent = concluded.verdict is Verdict.ABSENT
    side = {Verdict.POSITIVE: 1.0, Verdict.NEGATIVE: -1.0}.get(concluded.verdict, 0.0)
    is_open = abs(away) + reach >= question.smallest if is_absent else side != 0.0 and side * away <= reach
    if not tail and not (is_absent and is_open):
        return []
    shape = f"the values are lopsided, with a long tail {tail}" if tail else "the values scatter widely"
    beyond = f"; it may lie {question.smallest:.4g} or more from {question.null:.4g}" if is_absent else ""
    return [
        Alarm(
            kind="lopsided",
            force=Force.HOLDS_BACK if is_open else Force.TELLS,
            text=f"{shape}: their typical value is {concluded.estimate:.4g}, their mean {question.null + away:.4g}, "
            f"and of the mean nothing is claimed{beyond if is_open else ''}",
        )
    ]
