"""What do sound values say? Estimate, interval, e-values, and the verdict that follows from them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.evidence.rounding import e_told, end_told
from axiom_weigh.evidence.size_that_matters import is_size_open, list_bars
from axiom_weigh.statistics import betting, fixed_bets, signed_ranks
from axiom_weigh.statistics.shares_and_medians import (
    MOST,
    bernoulli_log_e,
    dealt_log_e,
    log_e_above,
    median_of,
    median_sequence,
    share_sequence,
)
from axiom_weigh.statistics.student import mean_of
from axiom_weigh.values import Verdict, centre_of

ENOUGH = 20.0  # an e-value from which on an effect is claimed: reached by chance once in twenty lifetimes of a finding

_Interval = tuple[float | None, float | None, float | None]  # estimate, low, high


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """What some values say about a claim."""

    estimate: float | None
    low: float | None
    high: float | None
    log_e: float  # against the null; of values that wait for their group what is open counts as lost
    log_absent: float  # against an effect as large as the smallest that matters
    verdict: Verdict
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    """How strongly the values speak, and for what. The verdict follows from these three."""

    log_e: float = 0.0  # against the null
    side: int = 0  # on which side of the null the values lie: 1 above, -1 below
    log_absent: float = 0.0  # against an effect as large as the smallest that matters, either way
    waiting: "Weight | None" = None  # the same after the last values too, while they are no whole group

    enough: float = math.log(ENOUGH)  # from which on something is so sure that it may be said

    @property
    def verdict(self) -> Verdict:
        """What may be said."""
        if self.log_absent >= self.enough:
            return Verdict.ABSENT
        if self.log_e < self.enough or not self.side:
            return Verdict.UNDECIDED
        return Verdict.POSITIVE if self.side > 0 else Verdict.NEGATIVE


def prepare_ranks(
    question: Question, values: Sequence[float | None], designs: Sequence[str] = ()
) -> signed_ranks.Stream | None:
    """What can be known of values whatever is asked of them; it takes longest where there are many."""
    return signed_ranks.make_stream(values, designs) if question.process is Process.RANKS else None


def reach_conclusion(
    question: Question, values: Sequence[float | None], *, stream: signed_ranks.Stream | None = None
) -> Conclusion:
    """Weigh values in the order of issue; None is a value that is missing, and counts as what speaks least."""
    stream = stream or prepare_ranks(question, values)
    strength = weigh_values(question, values, stream=stream)
    latest = strength.waiting or strength
    estimate, low, high = estimate_interval(question, values, stream=stream)
    if question.bounds is not None:  # a number that lies within bounds has its median there
        low = question.bounds[0] if low is None else low
        high = question.bounds[1] if high is None else high
    bars = list_bars(question.null, question.smallest)
    return Conclusion(
        estimate=estimate,
        low=low,
        high=high,
        log_e=latest.log_e,
        log_absent=latest.log_absent,
        verdict=strength.verdict,
        reason=f"{question.process} about {question.null:.4g}: {e_told(math.exp(strength.log_e))} to 1 against it; "
        f"{_interval_told(low, high, bars)}; {strength.verdict}: {_why(question, strength, values)}"
        f"{_of_size(question, strength.verdict, low, high)}{_of_waiting(strength, stream, len(values))}",
    )


def weigh_values(
    question: Question, values: Sequence[float | None], *, stream: signed_ranks.Stream | None = None
) -> Weight:
    """How strongly values speak. `stream` is what a caller has read of the values already.

    Of values that cluster so many tell as much as one: what was won is taken to that root.
    """
    present = [number for number in values if number is not None]
    if not present:
        return Weight()
    match question.process:
        case Process.RANKS:
            strength = _by_ranks(question, stream or signed_ranks.make_stream(values))
        case Process.SIGN:
            strength = _clustered(question, _by_signs(question, values, present))
        case Process.EVENTS:
            strength = _by_events(question, values)
        case Process.BERNOULLI:
            strength = _clustered(question, _by_share(question, present, len(values)))
        case _:
            strength = _clustered(question, _by_bets(question, values, present))
    return replace(strength, enough=-math.log(question.alpha))


def estimate_interval(
    question: Question, values: Sequence[float | None], *, stream: signed_ranks.Stream | None = None
) -> _Interval:
    """Return the estimate and the ends of the interval about it, which holds at every look; None is unbounded."""
    present = [number for number in values if number is not None]
    missing, alpha = len(values) - len(present), question.alpha_of_an_end
    if not present:
        return None, None, None
    match question.process:
        case Process.RANKS:
            stream = stream or signed_ranks.make_stream(values)
            return stream.middle, *signed_ranks.find_interval(stream, alpha=alpha)
        case Process.SIGN:
            return median_of(present), *median_sequence(present, missing=missing, alpha=alpha)
        case Process.EVENTS:
            low, high = fixed_bets.find_interval(fixed_bets.count_values(values, _bounds_of(question)), alpha=alpha)
            return mean_of(present), _from_share(question, low), _from_share(question, high)
        case Process.BERNOULLI:
            events = sum(value > 0.5 for value in present)
            return events / len(present), *share_sequence(events, len(present), missing=missing, alpha=alpha)
        case _:
            if question.bounds is None:
                return None, None, None
            return mean_of(present), *betting.betting_sequence(values, question.bounds, alpha=alpha)


def estimate_middle(question: Question, present: Sequence[float]) -> float | None:
    """The estimate alone, of one value or more."""
    if question.process is not Process.RANKS:
        return estimate_interval(question, present)[0]
    return signed_ranks.pseudo_median(present)


def _clustered(question: Question, strength: Weight) -> Weight:
    return replace(
        strength, log_e=strength.log_e / question.clustering, log_absent=strength.log_absent / question.clustering
    )


def _by_ranks(question: Question, stream: signed_ranks.Stream) -> Weight:
    """Of whole groups, whatever is open: what they have shown once holds while others wait (Ville)."""
    whole = _of_ranks(question, stream, with_last=False)
    return replace(whole, waiting=_of_ranks(question, stream, with_last=True)) if len(stream.last) else whole


def _of_ranks(question: Question, stream: signed_ranks.Stream, *, with_last: bool) -> Weight:
    return _of_sides(question, lambda null, side: signed_ranks.log_e(stream, null, side, with_last=with_last))


def _by_events(question: Question, values: Sequence[float | None]) -> Weight:
    low, high = bounds = _bounds_of(question)
    amounts = fixed_bets.count_values(values, bounds)
    return _of_sides(question, lambda null, side: fixed_bets.log_e(amounts, (null - low) / (high - low), side))


def _of_sides(question: Question, log_e: Callable[[float, int], float]) -> Weight:
    """Each side is taken to the root by itself: what both have together is halved after it."""

    def tell(null: float, side: int) -> float:
        return log_e(null, side) / question.clustering

    above, below = tell(question.null, 1), tell(question.null, -1)
    absent = 0.0
    if question.smallest:  # each side at half of the level, as the interval has it
        near, far = question.null - question.smallest, question.null + question.smallest
        absent = min(tell(near, 1), tell(far, -1)) - math.log(2.0)
    return Weight(log_e=signed_ranks.combine_sides(above, below), side=_sign(above - below), log_absent=absent)


def _bounds_of(question: Question) -> tuple[float, float]:
    if question.bounds is None:
        raise ValueError(f"{question.process} lie within bounds, and none are known")
    return question.bounds


def _from_share(question: Question, share: float) -> float:
    low, high = _bounds_of(question)
    return low + share * (high - low)


def _by_signs(question: Question, values: Sequence[float | None], present: Sequence[float]) -> Weight:
    """A value whose sign is unknown, missing or on the null, takes the one that speaks less."""
    above, below = (sum(value > question.null for value in present), sum(value < question.null for value in present))
    whole = len(values)
    near, far = question.null - question.smallest, question.null + question.smallest
    inside = min(sum(value > near for value in present), sum(value < far for value in present))
    return Weight(
        log_e=dealt_log_e(above, whole - above - below, whole),
        side=_sign(above - below),
        log_absent=_absent(question, bernoulli_log_e(max(whole // 2, inside), whole, 0.5)),
    )


def _by_share(question: Question, present: Sequence[float], whole: int) -> Weight:
    """A missing event may have been one or not, whichever speaks less."""
    events, missing = sum(value > 0.5 for value in present), whole - len(present)
    near, far = question.null - question.smallest, question.null + question.smallest
    inside = min(log_e_above(events, whole, near), log_e_above(whole - events - missing, whole, 1.0 - far))
    return Weight(
        log_e=min(bernoulli_log_e(possible, whole, question.null) for possible in range(events, events + missing + 1)),
        side=_sign(events / whole - question.null),
        log_absent=_absent(question, inside),
    )


def _by_bets(question: Question, values: Sequence[float | None], present: Sequence[float]) -> Weight:
    """A mean beyond the bounds is asked at the bound, since values alone may speak against a claim."""
    if question.bounds is None:
        return Weight()
    low, high = question.bounds
    mean, null = mean_of(present), min(max(question.null, low), high)
    near, far = question.null - question.smallest, question.null + question.smallest
    inside = min(
        MOST if near < low else betting.betting_log_e(values, min(mean, near), question.bounds),
        MOST if far > high else betting.betting_log_e(values, max(mean, far), question.bounds),
    )
    return Weight(
        log_e=betting.betting_log_e(values, null, question.bounds),
        side=_sign(mean - question.null),
        log_absent=_absent(question, inside),
    )


def _absent(question: Question, inside: float) -> float:
    """Where no value could lie outside the smallest effect, values alone say nothing about it."""
    low, high = question.bounds or (-math.inf, math.inf)
    is_empty = question.null - question.smallest < low and high < question.null + question.smallest
    return 0.0 if is_empty else inside


def _interval_told(low: float | None, high: float | None, bars: Sequence[float]) -> str:
    if low is None and high is None:
        return "no interval yet"
    return f"interval [{end_told(low, bars)}, {end_told(high, bars)}]"


def _why(question: Question, strength: Weight, values: Sequence[float | None]) -> str:
    null, smallest = question.null, question.smallest
    if question.process is Process.BETTING and question.bounds is None:
        return "a value lies outside the declared bounds, and a mean is weighed within true bounds alone"
    if all(number is None for number in values):
        return "there is no value yet"
    match strength.verdict:
        case Verdict.ABSENT:
            return (
                f"{e_told(math.exp(strength.log_absent))} to 1 against an effect of {smallest:.4g} or more, either way"
            )
        case Verdict.UNDECIDED:
            if strength.log_e >= strength.enough:
                return f"as many lie on either side of {null:.4g}"
            return f"a verdict takes {math.exp(strength.enough):.4g} to 1"
        case Verdict.POSITIVE:
            return f"the {centre_of(question.process)} lies above {null:.4g}"
        case _:
            return f"the {centre_of(question.process)} lies below {null:.4g}"


def _of_size(question: Question, verdict: Verdict, low: float | None, high: float | None) -> str:
    """Whether an effect matters, as long as that is open."""
    is_open = is_size_open(verdict, low, high, list_bars(question.null, question.smallest))
    return f"; whether it is as large as {question.smallest:.4g} is open" if is_open and question.smallest else ""


def _of_waiting(strength: Weight, stream: signed_ranks.Stream | None, values: int) -> str:
    """Of how many values all is said, and what is told while the others wait for their group."""
    if strength.waiting is None or stream is None:
        return ""
    whole, latest = (
        e_told(math.exp(weight.log_absent if strength.verdict is Verdict.ABSENT else weight.log_e))
        for weight in (strength, strength.waiting)
    )
    return (
        f"; said without {sum(map(len, stream.last))} of {values} values, which wait for a whole group of "
        f"{signed_ranks.GROUP}: until then {latest} to 1 is told instead of {whole}"
    )


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)
