"""How many further replicates are likely to be needed: so many with a chance of one half, so many with nine in ten.

The values so far say how large the effect is, drawn towards none by as much as one further value at none would; what
is left open is averaged over. A deterministic forecast, not a promise: it is made anew after each block. `least` is how
many replicates are wanted in all, whatever the numbers say.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from statistics import NormalDist, fmean, median

from axiom_weigh.statistics.mixture import compute_reach
from axiom_weigh.statistics.shares_and_medians import MOST as LARGEST_LOG
from axiom_weigh.statistics.shares_and_medians import bernoulli_log_e, signs_needed

Needed = tuple[int | None, int | None]  # further replicates, for one half and for nine in ten; None: beyond MOST
Range = tuple[int | None, int | None, int | None]  # further replicates: seldom fewer, likely, seldom more
MOST = 1_000_000
_CHANCES = (0.5, 0.9)
_NORMAL = NormalDist()
# Four in five lie within this range, and half within a factor of 2 of what is likely (`scripts/campaign evidence`).
# Whoever is still undecided was unlucky, so what is likely comes sooner than in one case of two.
_RANGE = 0.07, 0.37, 0.82
_EFFECTS = tuple(_NORMAL.inv_cdf((place + 0.5) / 15) for place in range(15))  # as likely as each other, in errors
_LARGEST_EFFECT = 10.0
_AT_ONCE = 0.05  # how near the bar a walk begins that has not crossed it
EFFICIENCY = 0.76  # of signed ranks beside the t-mixture, where the law is normal; by simulation


def for_effect(values: Sequence[float], log_e: float, *, null: float = 0.0, least: int = 0) -> Needed:
    """Replicates until the e-value of signed ranks reaches `log_e`, by the t-mixture's, which grows as fast."""
    if len(values) < 2:
        return None, None
    n, effect, _ = _standardised(values, null)

    def chance(whole: int) -> float:
        mean, deviation = _forecast(n, whole, effect)
        return _chance_beyond(_bar(whole, log_e), mean, deviation)

    return _further(n, chance, least)


def _bar(whole: int, log_e: float, efficiency: float = EFFICIENCY) -> float:
    """How far from the null, in units of the spread, the mean of so many values must lie."""
    if whole < fewest_deciding(log_e):
        return math.inf
    telling = round(efficiency * whole)
    return compute_reach(telling, alpha=math.exp(-log_e)) / math.sqrt(telling)


@lru_cache(maxsize=256)
def fewest_deciding(log_e: float) -> int:
    """How many values, all of them on one side, let the e-value of signed ranks reach `log_e`."""
    from axiom_weigh.statistics.signed_ranks import GROUP, combine_sides, log_es, make_stream  # which needs NumPy

    n, bar = 0, min(log_e, LARGEST_LOG - 1.0)
    while combine_sides(*log_es(make_stream([1.0] * n), 0.0)) < bar:
        n += GROUP
    return n


def until_whole(n: int, more: int) -> int:
    """How many more than n values there are when so many more have come and their group is whole."""
    from axiom_weigh.statistics.signed_ranks import GROUP

    return -(-(n + more) // GROUP) * GROUP - n


def if_effect(values: Sequence[float], smallest: float, log_e: float) -> Needed:
    """Replicates until the e-value of signed ranks reaches `log_e`, for an effect of this size and the spread seen."""
    if len(values) < 2:
        return None, None
    n, _, scale = _standardised(values, median(values))
    if not scale:
        return 0, 0

    def chance(whole: int) -> float:
        return _chance_beyond(_bar(whole, log_e), smallest / scale, 1.0 / math.sqrt(whole))

    return _further(n, chance, 0)


def of_size(effect: float, log_e: float, *, least: int) -> Needed:
    """Replicates until the e-value of signed ranks has once reached `log_e`, for an effect of so many spreads.

    Sums of values are a walk with a drift, and the bar is nearly a line about each place: a walk has crossed a line by
    then with a chance that is known (Siegmund 1985, section III.3).
    """

    def chance(whole: int) -> float:
        span = 1 + whole // 20
        if whole - span < 2 or math.isinf(_bar(whole - span, log_e)):
            return 0.0
        low, middle, high = (_bar(n, log_e) * n for n in (whole - span, whole, whole + span))
        rise = (high - low) / (2 * span)
        return _chance_crossed(middle - whole * rise, rise - effect, whole)

    return _further(0, chance, least)


def until_crossed(
    values: Sequence[float],
    log_now: float,
    log_e: float,
    *,
    null: float = 0.0,
    efficiency: float = EFFICIENCY,
    least: int = 0,
) -> Range | None:
    """A range of further replicates until an e-value that is `log_now` has once reached `log_e`; None of one value.

    Values go on as a walk, from as near to the bar as the e-value says, with a drift of which is known what they say.
    """
    if len(values) < 2:
        return None
    n, effect, _ = _standardised(values, null)
    effect = max(-_LARGEST_EFFECT, min(_LARGEST_EFFECT, effect))
    expected = effect * n / (n + 1.0)
    error = math.sqrt((1.0 + effect * effect / 2.0) / (n + 1.0))
    is_begun = log_now > 1e-9 - 0.5 * math.log1p(round(efficiency * n))  # an e-value is never less, of the t-mixture
    begins = _bar(n, log_now, efficiency) * n if is_begun else 0.0
    begins = math.copysign(begins if math.isfinite(begins) else 0.0, effect)

    @cache
    def chance(whole: int) -> float:
        if whole == n:
            return 0.0
        before, after = max(n, whole - 1 - whole // 20), whole + 1 + whole // 20
        low, middle, high = (_bar(place, log_e, efficiency) * place for place in (before, whole, after))
        if math.isinf(low):
            return 0.0
        rise = (high - low) / (after - before)
        line = middle - (whole - n) * rise
        return fmean(
            min(1.0, _passed(line - begins, rise - drift, whole - n) + _passed(line + begins, rise + drift, whole - n))
            for drift in (expected + error * deviate for deviate in _EFFECTS)
        )

    few, likely, many = (_least(n, chance, wanted) for wanted in _RANGE)
    floor = max(0, least - n)
    few, likely, many = (None if more is None else max(floor, more) for more in (few, likely, many))
    return few, likely, many


def _passed(start: float, drift: float, steps: int) -> float:
    return _chance_crossed(max(start, _AT_ONCE), drift, steps)


def _chance_crossed(start: float, drift: float, steps: int) -> float:
    """The chance that a walk has crossed a line by then, of which it is so far away and goes away by so much a step."""
    root = math.sqrt(steps)
    beyond = _chance_below(-(start + drift * steps) / root, 0.0, 1.0)
    returned = math.exp(min(700.0, -2.0 * start * drift)) * _chance_below((drift * steps - start) / root, 0.0, 1.0)
    return beyond + returned


def if_share(n: int, likely: float, null: float, log_e: float) -> Needed:
    """Replicates until the Bernoulli e-value against a chance of `null` reaches `log_e`, if it were so likely."""

    def chance(whole: int) -> float:
        fewest, most = _telling(whole, null, log_e)
        mean, deviation = whole * likely, math.sqrt(whole * likely * (1.0 - likely))
        return _chance_below(fewest + 0.5, mean, deviation) + 1.0 - _chance_below(most - 0.5, mean, deviation)

    return _further(n, chance, 0)


def for_share(successes: int, n: int, null: float, log_e: float, *, least: int = 0) -> Needed:
    """Replicates until the Bernoulli e-value against a chance of `null` reaches `log_e`.

    The signs about a median are such a share too, with a null of one half.
    """
    if n < 1:
        return None, None
    expected = (successes + 0.5) / (n + 1.0)

    def chance(whole: int) -> float:
        more = whole - n
        mean = successes + more * expected
        deviation = math.sqrt(more * expected * (1.0 - expected) * (1.0 + more / (n + 2.0)))
        fewest, most = _telling(whole, null, log_e)
        return _chance_below(fewest + 0.5, mean, deviation) + 1.0 - _chance_below(most - 0.5, mean, deviation)

    return _further(n, chance, least)


def for_absence(
    values: Sequence[float], null: float, smallest: float, *, by_signs: bool, alpha: float = 0.05, least: int = 0
) -> Needed:
    """Replicates until effects of `smallest` are refuted on either side: by signs, or by signed ranks.

    Signs bound a median, which varies more than a mean by the root of half of pi where the law is normal.
    """
    if len(values) < 2 or smallest <= 0:
        return None, None
    n, effect, scale = _standardised(values, null)
    room = smallest / scale if scale else math.inf

    def chance(whole: int) -> float:
        mean, deviation = _forecast(n, whole, effect)
        if by_signs:
            agreeing = signs_needed(whole, alpha)
            left = room - _NORMAL.inv_cdf(agreeing / whole) if agreeing < whole else 0.0
            deviation *= math.sqrt(math.pi / 2)
        else:  # each side is asked at half of the level, as the interval has it
            left = room - _bar(whole, -math.log(alpha))
        return max(0.0, 1.0 - _chance_beyond(left, mean, deviation)) if left > 0 else 0.0

    return _further(n, chance, least)


def _standardised(values: Sequence[float], null: float) -> tuple[int, float, float]:
    """How many there are, their mean in units of their spread, and the spread.

    Far ones are drawn in to three units, and the ratio by what few values overstate it (Hedges).
    """
    import numpy as np  # whoever imports this for its other forecasts goes without

    numbers = np.array(values)
    shift = math.frexp(max(float(np.abs(numbers).max()), abs(null)))[1]  # so that sums of the largest stay numbers
    scaled, null = np.ldexp(numbers, -shift), math.ldexp(null, -shift)
    centre = float(np.median(scaled))
    unit = 1.4826 * float(np.median(np.abs(scaled - centre)))
    if unit > 0:
        scaled = np.clip(scaled, centre - 3 * unit, centre + 3 * unit)
    mean, n = fmean(scaled.data), len(scaled)
    away, scale = mean - null, math.sqrt(math.fsum(((scaled - mean) ** 2).data) / (n - 1))
    if scale == 0 or abs(away) > 1e6 * scale:
        return n, math.copysign(1e6, away) if away else 0.0, _unscaled(scale, shift)
    return n, away / scale * (1.0 - 3.0 / (4.0 * n - 5.0)), _unscaled(scale, shift)


def _unscaled(number: float, shift: int) -> float:
    try:
        return math.ldexp(number, shift)
    except OverflowError:
        return math.inf


def _forecast(n: int, whole: int, effect: float) -> tuple[float, float]:
    """Where the standardised mean of all will lie, and how surely: an effect within about one unit was expected.

    Its uncertainty is that of the mean and of the spread in units of which it is told.
    """
    more = whole - n
    mean = (n * effect + more * effect * n / (n + 1.0)) / whole
    doubt = 1.0 / (n + 1.0) + effect * effect / (2.0 * (n - 1))
    return mean, math.sqrt(more * (more * doubt + 1.0)) / whole


def _chance_beyond(bar: float, mean: float, deviation: float) -> float:
    """The chance to lie further from 0 than the bar, on either side."""
    return _chance_below(-bar, mean, deviation) + 1.0 - _chance_below(bar, mean, deviation)


def _chance_below(bar: float, mean: float, deviation: float) -> float:
    if deviation == 0:
        return float(mean <= bar)
    return 0.5 * math.erfc((mean - bar) / (deviation * math.sqrt(2.0)))


@lru_cache(maxsize=4096)
def _telling(n: int, null: float, log_e: float) -> tuple[int, int]:
    """At most so many, or at least so many successes of n reach the e-value; -1 and n + 1 where none do."""
    peak = min(n, max(0, round(n * null)))
    low, high = -1, peak
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bernoulli_log_e(middle, n, null) >= log_e else (low, middle)
    fewest, (low, high) = low, (peak, n + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bernoulli_log_e(middle, n, null) >= log_e else (middle, high)
    return fewest, high


def _further(n: int, chance: Callable[[int], float], least: int) -> Needed:
    """Also as many as are missing to `least` in all."""
    half, most = (_least(n, chance, wanted) for wanted in _CHANCES)
    floor = max(0, least - n)
    return None if half is None else max(floor, half), None if most is None else max(floor, most)


def _least(n: int, chance: Callable[[int], float], wanted: float) -> int | None:
    """Doubling, then halving: the chance grows with the number of replicates, but for ripples."""
    if chance(n) >= wanted:
        return 0
    step = 1
    while chance(n + step) < wanted:
        step *= 2
        if step > MOST:
            return None
    low, high = step // 2, step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if chance(n + middle) >= wanted else (middle, high)
    return high
