"""What a card promises beside its verdict: an e-value at every stop, no loss that is Strong, seeds that suffice."""

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.statistics.signed_ranks import combine_sides, log_es, make_stream
from axiom_weigh.values import Evidence, Grade, Verdict
from error_rates.figures import Answer, Bound, Size, below, interval
from error_rates.laws import CONTRAST, Numbers
from error_rates.pipeline import HOMES, granted, observed

_STOPS = {2: 9, 3: 6}  # values of a law with so many different ones, up to which every stream is tried
_ROUNDING = 1e-9
_LOSS, _NOISE, _SMALLEST, _COLLAPSES = 1.0, 0.005, 0.02, 0.05
_SEEDS = (24, 40, 60, 120, 240)
_ZEROS = {"40 better, 160 equal": (0.2, 0.0), "25 % better, 5 % worse, 70 % equal": (0.25, 0.05)}
_ZERO_SEEDS = 200


def stopped(seed: int, size: Size) -> Answer:
    """Find the best moment to stop, for who sees every value, half pairs too, by trying all streams of small laws."""
    rng, laws = np.random.default_rng(seed), max(10, size.streams // 200)
    worths = [_best_stop(_small_law(rng, 2 + number % 2)) for number in range(laws)]
    worst = max(worths)
    words = (
        f"{laws} laws of two or three values with a typical value of 0: told on average at the best stop {worst:.6f}"
    )
    return Answer(lines=[], bounds=[Bound(words=f"{words}, at most 1", holds=worst <= 1.0 + _ROUNDING)])


def _small_law(rng: np.random.Generator, different: int) -> Mapping[float, float]:
    """Chances of a few values, moved so that the median of the means of two is 0, to the last bit."""
    values, chances = np.sort(rng.integers(-99, 99, different) / 16.0), rng.dirichlet(np.ones(different))
    if rng.random() < 0.5:  # the upper values together as often as they may be, before the typical value jumps to them
        chances = np.array([1.0 - math.sqrt(0.5), *(math.sqrt(0.5) * rng.dirichlet(np.ones(different - 1)))])
        values[0] -= 9.0
    means = sorted(
        ((value + other) / 2.0, first * second)
        for (value, first), (other, second) in itertools.product(zip(values, chances, strict=True), repeat=2)
    )
    reached = np.cumsum([chance for _, chance in means])
    typical = means[int(np.searchsorted(reached, 0.5 - _ROUNDING))][0]
    return dict(zip((values - typical).tolist(), chances.tolist(), strict=True))


def _best_stop(law: Mapping[float, float]) -> float:
    most = _STOPS[len(law)]

    @cache
    def worth(values: tuple[float, ...]) -> float:
        now = math.exp(combine_sides(*log_es(make_stream(values), 0.0, with_last=True)))
        if len(values) == most:
            return now
        return max(now, math.fsum(chance * worth((*values, value)) for value, chance in law.items()))

    return worth(())


def collapses(seed: int, size: Size) -> Answer:
    """Weigh differences that are nothing in 95 % of seeds and a loss in the others: their mean matters."""
    rng, n = np.random.default_rng(seed), size.nulls // 5
    estimand = {**CONTRAST, "smallest": _SMALLEST}
    lines, bounds = (
        [f"{'seeds':>6}{'absent':>10}{'Strong':>10}{'named, of those where one collapsed':>38}"],
        list[Bound](),
    )
    for seeds in _SEEDS:
        drawn = rng.normal(0.0, _NOISE, (n, seeds))
        lost = rng.random((n, seeds)) < _COLLAPSES
        cards = [_weighed(rng, estimand, values) for values in drawn - _LOSS * lost]
        absent = [card.verdict is Verdict.ABSENT for card in cards]
        strong = [
            is_so and card.grade in (Grade.STRONG, Grade.DEFINITIVE) for is_so, card in zip(absent, cards, strict=True)
        ]
        named = [
            any(alarm.kind == "lopsided" for alarm in card.alarms)
            for card, row in zip(cards, lost, strict=True)
            if row.any()
        ]
        lines.append(f"{seeds:>6}{np.mean(absent):>10.3f}{np.mean(strong):>10.3f}{np.mean(named):>38.3f}")
        bounds.append(below(f"{seeds} seeds: absent is Strong", float(np.mean(strong)), 0.05, n))
    return Answer(lines=lines, bounds=bounds)


def _weighed(rng: np.random.Generator, estimand: Mapping[str, object], values: Numbers) -> Evidence:
    rows = observed(rng, values, designs=np.zeros(len(values), dtype=np.int64))
    return weigh_observations(estimand, rows, blocks=len(values) // 8, homes=HOMES, surroundings=granted(len(values)))


def zeros(seed: int, size: Size) -> Answer:
    """Weigh differences most of which are 0: no seeds are promised that decide nothing, and a question is answered."""
    rng, n = np.random.default_rng(seed), size.nulls // 10
    lines, bounds = list[str](), list[Bound]()
    for name, (better, worse) in _ZEROS.items():
        drawn = rng.random((n, _ZERO_SEEDS))
        sizes = 0.01 + 0.05 * rng.random((n, _ZERO_SEEDS))
        streams = np.where(drawn < better, sizes, np.where(drawn > 1.0 - worse, -sizes, 0.0))
        cards = [_weighed(rng, CONTRAST, values) for values in streams]
        answered = np.mean([any("as a question of its own" in reason for reason in card.reasons) for card in cards])
        promised = sum(card.verdict is Verdict.UNDECIDED and _promises(card.more) for card in cards)
        low, high = interval(promised, n)
        lines.append(f"{name:<38} answered beside in {answered:.3f}; seeds promised in {promised} of {n}")
        words = f"{name}: seeds are promised in {100 * promised / n:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        bounds.append(Bound(words=f"{words}, at most 5 %", holds=low <= 0.05))
        bounds.append(Bound(words=f"{name}: answered beside in {answered:.3f}, always", holds=bool(answered == 1.0)))
    return Answer(lines=lines, bounds=bounds)


def _promises(more: Sequence[int | None] | None) -> bool:
    return more is not None and more[0] is not None
