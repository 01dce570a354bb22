"""An adversary looks after each value and stops at the first verdict: how often does each e-process say what is not?

By Ville's inequality it is at most 5 % where the process is one.
"""

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import special, stats  # type: ignore[import-untyped]

from axiom.limits import experiments as limits
from axiom.rules.experiments.failure_e_value import failure_log_e
from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.verdict import weigh_values
from axiom_weigh.statistics import quantile_scores, scoring_rules
from axiom_weigh.statistics.estimand_arithmetic import compute_estimand
from axiom_weigh.values import NOT_WAITING
from error_rates.figures import Answer, Bound, Size, interval, scored
from error_rates.laws import LAWS, Draw, Flags, Numbers
from error_rates.processes import BAR, FEWEST, bernoulli, betting, ever, first, ranks, t_mixture
from error_rates.seeds_needed import heading
from error_rates.seeds_needed import row as seeds_of

_LOOKS = 256
_KINDS, _MOST = ("false verdict", "Strong", "absent"), (0.05, 0.01, 0.05)  # of streams, at most
_STRONG_BAR, _STRONG_SEEDS = math.log(1_000.0), 20
_DRAWS = 200  # for each stream, from which the truth is known
_AT, _BESIDE = 0.0, 1e-6  # a number on which values lie is never left out of an interval, which is closed: asked beside
_THEOREM, _OUTSIDE = "theorem", "nothing: outside of the promise"
_ON_IT, _WARNING = "nothing: equal values have no side", "nothing: a warning, not used"
_REFUSED = "nothing: no file may ask so"
_ENDS, _BUDGET = 0.1, 10  # of waits one in ten ends at each step, and runs end after so many steps
_STOPPED = 0.1  # of the runs that wait for more than two steps, which are so stopped at their time limit
_MANY = 0.1  # of values on a number, from which on the card tells how many are on it
_PRICED = {0.25: 800, 0.5: 300, 1.0: 100, 2.0: 40}  # the lengths of streams with an effect of this size


class Drawn(NamedTuple):
    """A law of differences of two arms."""

    draw: Draw
    mean: float
    bounds: tuple[float, float] | None = None
    is_even: bool = False


def _either(chance: float, high: float, low: float, noise: float) -> Drawn:
    """One of two numbers, with noise."""
    return Drawn(
        lambda rng, shape: np.where(rng.random(shape) < chance, high, low) + noise * rng.normal(size=shape),
        chance * high + (1.0 - chance) * low,
        None if noise else (low, high),
    )


DRAWN: Mapping[str, Drawn] = {
    "normal": Drawn(LAWS["normal"].draw, 0.0, is_even=True),
    "t3": Drawn(LAWS["t3"].draw, 0.0, is_even=True),
    "beta(2,2)": Drawn(LAWS["beta(2,2)"].draw, 0.5, (0.0, 1.0), is_even=True),
    "success in 70 % in both arms": Drawn(
        lambda rng, shape: np.subtract(*np.floor(rng.random((2, *shape)) + 0.7)), 0.0, (-1.0, 1.0), is_even=True
    ),
    **{
        f"success in {percent} %{', noise of 0.1' if noise else ''}": _either(
            percent / 100, 1.0 - percent / 100, -percent / 100, noise
        )
        for noise in (0.0, 0.1)
        for percent in (55, 60, 65, 70, 75, 80, 85)
    },
    **{f"collapse in {percent} %": _either(percent / 100, -1.0, 0.0, 0.05) for percent in (5, 10, 20)},
    "exponential": Drawn(LAWS["exponential"].draw, 1.0),
    "lognormal": Drawn(LAWS["lognormal"].draw, math.exp(0.5)),
    "gamma(0.3)": Drawn(lambda rng, shape: rng.gamma(0.3, size=shape), 0.3),
    "Lomax 1.5": Drawn(lambda rng, shape: rng.pareto(1.5, shape), 2.0),
    "beta(0.2, 0.6)": Drawn(lambda rng, shape: rng.beta(0.2, 0.6, shape), 0.25, (0.0, 1.0)),
}


def ville(seed: int, size: Size) -> Answer:
    """Play against signed ranks about three middles of each law, and against all other e-processes of the program."""
    rng = np.random.default_rng(seed)
    shape = (size.streams // 5, min(_LOOKS, size.looks))
    cells, others = list[_Cell](), list[_Cell]()
    for name, law in DRAWN.items():
        pairs, streams = law.draw(rng, (2, size.streams * _DRAWS)), law.draw(rng, shape)
        typical, median = float(np.median(pairs.mean(axis=0))), float(np.median(pairs))
        nulls = (law.mean,) * 3 if law.is_even else (law.mean, median, typical)
        bases = {null: _THEOREM if law.is_even or null == typical else _OUTSIDE for null in nulls}
        played = {null: _ranked(streams - null, _AT if law.is_even else _BESIDE, bases[null]) for null in bases}
        for what, null in zip(("mean is 0", "median is 0", "typical value is 0"), nulls, strict=True):
            cells.append(_Cell("", name, what, bases[null], played[null]))
        if not law.is_even and np.mean(streams == typical) > _MANY:
            cells.append(_Cell("", name, "just that 0 is asked", _ON_IT, _ranked(streams - typical, _AT, _ON_IT)))
        others.append(_cell("signs", name, "the median", _signs(streams, nulls[1])))
        others.append(_cell("t-mixture", name, "the mean", t_mixture(streams - law.mean), _WARNING))
        others += [_cell("betting", name, "the mean", betting(streams, law.mean, law.bounds))] if law.bounds else []
    others = sorted(
        [*others, *_of_events(rng, shape), *_of_waits(np.random.default_rng([seed, 1]), shape)],
        key=lambda cell: cell.process,
    )
    lines = [
        f"{shape[0]:,} streams of each law, looked at after each of {shape[1]} values; shares with Wilson's 95 %",
        "signed ranks, as a card about a difference asks. Strong: e >= 1,000 from 20 values on. absent: it is",
        "said that there is no effect as large as the smallest that matters, and there is one just as large",
        f"  {'law':<32}{'':<25}{''.join(f'{kind:>24}' for kind in _KINDS)}  holds by",
        *map(str, cells),
        "the other e-processes, each about its own number",
        *map(str, others),
        *_price(rng, size),
        *_scorecard(cells, others, shape[0]),
    ]
    groups: dict[tuple[str, str], list[_Cell]] = {}
    for cell in (*cells, *others):
        groups.setdefault((cell.process, cell.basis), []).append(cell)
    promised = [group for (_, basis), group in groups.items() if basis == _THEOREM]
    return Answer(lines=lines, bounds=[figure for group in promised for figure in _worst(group)])


class _Cell(NamedTuple):
    """How often a process said what is not, of a law; without a name it is signed ranks."""

    process: str
    law: str
    about: str
    basis: str
    shares: list[tuple[float, float, float]]  # of streams, of each kind, with Wilson's interval

    def __str__(self) -> str:
        about = f"{self.process}, {self.about}" if self.process else self.about
        columns = "".join(f"{_percentages(share):>24}" for share in self.shares) + " " * 24 * (
            len(_KINDS) - len(self.shares)
        )
        is_missed = self.basis == _THEOREM and not all(bound.holds for bound in _worst([self]))
        return f"  {self.law:<32}{about:<25}{columns}  {self.basis}{'  ABOVE ITS PROMISE' if is_missed else ''}"


def _cell(process: str, law: str, about: str, log_es: Numbers, basis: str = _THEOREM) -> _Cell:
    flags = [ever(log_es), ever(log_es[:, _STRONG_SEEDS - 1 :], _STRONG_BAR)]
    return _Cell(process, law, about, basis, _shares(flags))


def _shares(columns: Sequence[Flags]) -> list[tuple[float, float, float]]:
    return [(float(flags.mean()), *interval(int(flags.sum()), len(flags))) for flags in columns]


def _percentages(share: tuple[float, float, float]) -> str:
    return "{:.1f} % [{:.1f}, {:.1f}]".format(*(100.0 * number for number in share))


def _worst(cells: Sequence[_Cell]) -> Iterator[Bound]:
    """Of each kind the cell in which it is most frequent; beyond chance it must not be more so than promised."""
    for place in range(len(cells[0].shares)):
        worst = max(cells, key=lambda cell: cell.shares[place])
        words = f"{worst.process or 'signed ranks'}, {len(cells)} cells by {worst.basis}: {_KINDS[place]} at worst "
        words += f"{_percentages(worst.shares[place])}, at most {100 * _MOST[place]:.0f} % ({worst.law}, {worst.about})"
        yield Bound(words=words, holds=all(cell.shares[place][1] <= _MOST[place] for cell in cells))


def _scorecard(cells: Sequence[_Cell], others: Sequence[_Cell], n: int) -> Iterator[str]:
    """What the site tells: of each promise the law in which it is broken most often."""
    promised = [cell for cell in cells if cell.basis == _THEOREM]
    for name, kind, rows in (
        ("even", 0, [cell for cell in promised if DRAWN[cell.law].is_even]),
        ("lopsided", 0, [cell for cell in promised if not DRAWN[cell.law].is_even]),
        ("strong", 1, promised),
        ("absent", 2, promised),
        ("bets", 0, [cell for cell in others if cell.basis == _THEOREM]),
        ("lopsided-mean", 0, [cell for cell in cells if cell.basis == _OUTSIDE]),
    ):
        if not rows:
            continue
        share, *ends = max(cell.shares[kind] for cell in rows)
        yield scored(name, share, (ends[0], ends[1]), n, None if name == "lopsided-mean" else _MOST[kind])


def _ranked(streams: Numbers, beside: float, basis: str) -> list[tuple[float, float, float]]:
    """How often there is ever a false verdict and a Strong one; where promised, absence on the side that has more."""
    twice = math.log(2.0)
    bars = ((BAR + twice, 1), (_STRONG_BAR + twice, _STRONG_SEEDS), (BAR + twice, 1))[: 3 if basis == _THEOREM else 2]
    reached = [list[Flags](np.isfinite(ends)) for ends in verdicts(streams, bars, beside)]
    return _shares(
        [*(above | below for above, below in reached[:2]), *(max(directions, key=np.sum) for directions in reached[2:])]
    )


def verdicts(streams: Numbers, bars: Sequence[tuple[float, int]], beside: float = _AT) -> list[Numbers]:
    """After how many values signed ranks first reach each bar, from so many values on: above 0, and below it."""
    played = ranks(streams, beside)[0], ranks(streams, -beside)[1]
    return [np.array([first(log_es >= bar, at_least) for log_es in played]) for bar, at_least in bars]


def _signs(streams: Numbers, median: float) -> Numbers:
    """Signs about the median, where those of values on it are dealt out."""
    n = np.arange(1, streams.shape[1] + 1)
    above, upto = np.cumsum(streams > median, axis=1), np.cumsum(streams >= median, axis=1)
    return bernoulli(np.diff(np.clip(n // 2, above, upto), axis=1, prepend=0.0), 0.5)


def _of_events(rng: np.random.Generator, shape: tuple[int, int]) -> Iterator[_Cell]:
    """What is asked of events, of releases and of forecasters."""
    for chance in (0.05, 0.3, 0.5, 0.85):
        happened = (rng.random(shape) < chance).astype(float)
        yield _cell("Bernoulli", f"happens in {100 * chance:.0f} %", "the share", bernoulli(happened, chance))
    failed = np.cumsum(rng.random(shape) < limits.FAILING_SHARE, axis=1)
    amounts, place = np.unique(failed * 1_000 + np.arange(1, shape[1] + 1), return_inverse=True)
    log_es = np.array([failure_log_e(*divmod(amount, 1_000), most=limits.FAILING_SHARE) for amount in amounts.tolist()])
    yield _cell("breaker", f"fails in {100 * limits.FAILING_SHARE:.0f} %", "the share", log_es[place].reshape(shape))
    chances = (0.9, 0.07, 0.03)
    rivals = scoring_rules._rivals(len(chances))
    gains = np.array([[scoring_rules._gain(rival, chances, index) for rival in rivals] for index in range(3)])
    paths = np.cumsum(gains[rng.choice(len(chances), shape, p=chances)], axis=1)
    likelier = special.logsumexp(paths, axis=2, b=[rival.share for rival in rivals])
    yield _cell("calibration", "says 90, 7 and 3 %", "the chances", likelier)
    most, bets = quantile_scores.MOST, quantile_scores._BETS
    steps = np.clip(LAWS["t3"].draw(rng, shape), -most, most)[..., None] * bets
    grown = special.logsumexp(np.cumsum(np.log1p(np.tanh(steps)), axis=1), axis=2) - math.log(len(bets))
    yield _cell("two forecasters", "scores differ by t3", "the sides", grown)


def _of_waits(rng: np.random.Generator, shape: tuple[int, int]) -> Iterator[_Cell]:
    """Is a wait over by a step, and is it where it had lasted until another? Runs end at a budget; some are stopped.

    What was stopped is missing, also where it was over before; to count it as a wait that goes on is not allowed there.
    """
    waits = rng.geometric(_ENDS, shape)
    stopped = (waits > 2) & (rng.random(shape) < _STOPPED)
    for after, by in ((0, 4), (4, _BUDGET)):
        about = f"ends in {after + 1} to {by}" if after else f"the share by {by}"
        estimand = {
            "kind": "proportion",
            "measure": "waited",
            "across": "",
            "between": (),
            "bounds": None,
            "null": 1.0 - (1.0 - _ENDS) ** (by - after),
            "smallest": 0.1,
            "event": {"by": by, "after": after, "budget": "steps"},
        }
        ended = [None, *range(1, _BUDGET + 1)]  # of a run that ended first the wait is null
        ends = [compute_estimand(estimand, [({"steps": _BUDGET}, {"waited": wait})]) for wait in ended]
        numbers = np.array([np.nan if why == NOT_WAITING else end for end, why in ends])
        number = numbers[np.where(waits > _BUDGET, 0, waits)]
        yield _cell("events", "waits, cut off", about, _weighed_events(estimand, number, ~np.isnan(number)))
        unknown = np.where(stopped, np.nan, number)
        is_asked = stopped | ~np.isnan(number)
        yield _cell("events", "waits, some stopped", about, _weighed_events(estimand, unknown, is_asked))
        if after:
            going_on = _weighed_events(estimand, np.where(stopped, 0.0, number), is_asked)
            yield _cell("events", "waits, stopped are no", about, going_on, _REFUSED)


def _weighed_events(estimand: Mapping[str, object], numbers: Numbers, is_asked: Flags) -> Numbers:
    """The library's own weight after each replicate, of which some are not asked, and some asked have no number."""
    happened, present = np.cumsum(numbers == 1.0, axis=1), np.cumsum(~np.isnan(numbers), axis=1)
    rows = np.stack([happened, present, np.cumsum(is_asked, axis=1)], axis=2).reshape(-1, 3)
    counts, place = np.unique(rows, axis=0, return_inverse=True)
    asks = pose_question(estimand)
    log_es = [
        weigh_values(asks, [1.0] * events + [0.0] * (present - events) + [None] * (whole - present)).log_e
        for events, present, whole in counts.tolist()
    ]
    return np.array(log_es)[place].reshape(numbers.shape)


def _price(rng: np.random.Generator, size: Size) -> Iterator[str]:
    """How many seeds it takes, beside tests that look once, at a number of seeds that was chosen before."""
    yield "seeds until an effect is found in one stream in two / nine in ten; once: for a power of 50 % / 90 %"
    yield heading("normal values, d = mean / deviation", "signed ranks", "t-mixture", "Wilcoxon, once", "t, once")
    for effect, length in _PRICED.items():
        streams = rng.normal(effect, 1.0, (size.streams // 10, length))
        now = verdicts(streams, [(BAR + math.log(2.0), FEWEST)])[0].min(axis=0)

        def by_wilcoxon(n: int, streams: Numbers = streams) -> float:
            return float(np.mean(stats.wilcoxon(streams[:, :n], axis=1).pvalue <= _MOST[0]))

        needed = [
            [5 + bisect.bisect_left(range(5, length), share, key=power) for share in (0.5, 0.9)]
            for power in (by_wilcoxon, partial(_by_t, effect))
        ]
        columns = "".join(f"{f'{half} / {most}':>18}" for half, most in needed)
        yield seeds_of(f"d = {effect}", now, first(t_mixture(streams) >= BAR, FEWEST)) + columns


def _by_t(effect: float, n: int) -> float:
    bar, centre = special.stdtrit(n - 1, 1.0 - _MOST[0] / 2.0), effect * math.sqrt(n)
    return float(1.0 - special.nctdtr(n - 1, centre, bar) + special.nctdtr(n - 1, centre, -bar))
