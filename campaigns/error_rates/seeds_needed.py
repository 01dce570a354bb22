"""How many seeds until it is known? Beside others that may look at any time, and beside a test that looks once."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.seeds_to_next_grade import forecast_seed_range
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.values import Observation, Verdict
from error_rates.figures import Answer, Bound, Size, above
from error_rates.laws import CONTRAST, Numbers
from error_rates.processes import BAR, EFFECTS, decided, first, t_mixture

_Draw = Callable[[np.random.Generator, tuple[int, int]], Numbers]

_MANY = 2_000  # streams, whose median is as good as certain
_T_FEWEST = 5
_AS_T, _AS_ONCE = 1.4, 1.5  # times the seeds of each other; what holds for any law costs the first, see ADR 0077
_LENGTHS = {0.25: 800, 0.5: 300, 0.75: 150, 1.0: 100}  # of streams with an effect of this size
_UNTIL = 1_000  # seeds of streams in which an effect may never be found


_SIZES = (16, 24, 32, 48, 64, 96, 128)  # seeds of a table of which it is forecast how many more it takes
_OF_EFFECTS = ((0.1, 0.25, 4_000), (0.25, 0.5, 1_000), (0.5, 4.0, 400))  # from and to, and the length of streams


def _outliers(rng: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    return np.where(rng.random(shape) < 0.02, rng.normal(0.0, 50.0, shape), rng.normal(0.5, 1.0, shape))


def _first_is(value: float) -> _Draw:
    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Numbers:
        streams = rng.normal(1.0, 1.0, shape)
        streams[:, 0] = value
        return streams

    return draw


_HARD: Mapping[str, _Draw] = {
    "normal, d = 0.5, and 2 % are N(0, 50)": _outliers,
    "normal, d = 1, the first is -100": _first_is(-100.0),
    "normal, d = 1, the first is 1e6": _first_is(1e6),
    "Cauchy + 0.74": lambda rng, shape: rng.standard_cauchy(shape) + 0.74,
    "t with 2 degrees of freedom + 0.6": lambda rng, shape: rng.standard_t(2, shape) + 0.6,
}


_FORECAST: Mapping[str, tuple[Mapping[str, Any], _Draw]] = {
    "an effect, normal values": (CONTRAST, lambda rng, shape: rng.normal(size=shape)),
    "an effect, t with 3 degrees of freedom": (CONTRAST, lambda rng, shape: rng.standard_t(3, shape) / math.sqrt(3.0)),
    "an effect or none of 0.3, normal values": (
        {**CONTRAST, "smallest": 0.3},
        lambda rng, shape: rng.normal(size=shape),
    ),
}


def seeds_needed(seed: int, size: Size) -> Answer:
    """Count the seeds to a verdict, looked at after each from the eighth on."""
    rng = np.random.default_rng(seed)
    n = min(_MANY, size.streams // 2)
    lines, bounds, claim = list[str](), list[Bound](), pose_question(CONTRAST)
    lines += [
        "seeds until an effect is found: enough for one stream in two / for nine in ten, looked at after each",
    ]
    lines.append(heading("normal values, d = mean / deviation", "Axiom", "t-mixture"))
    for effect, length in _LENGTHS.items():
        streams = rng.normal(effect, 1.0, (n, length))
        name, now, mixture = f"d = {effect}", decided(streams, claim), by_t_mixture(streams)
        lines.append(row(name, now, mixture))
        bounds.append(no_later(name, now, _AS_T, middle(mixture), "of the t-mixture"))
    lines.append(heading(f"values far out, of {_UNTIL:,} seeds", "Axiom", "t-mixture"))
    for name, draw in _HARD.items():
        streams = draw(rng, (n, _UNTIL))
        now, mixture = decided(streams, claim), by_t_mixture(streams)
        lines.append(row(name, now, mixture))
        bounds.append(no_later(name, now, 1.0, min(middle(mixture), _UNTIL), "of the t-mixture"))
    lines.append("seeds until effects as large as the smallest that matters are refuted; there is none")
    lines.append(heading("normal values, s = smallest / deviation", "Axiom", "one look, 80 %"))
    for smallest in (0.25, 0.5, 1.0):
        streams, once = rng.normal(size=(n, _LENGTHS[smallest])), looked_at_once(smallest)
        absent = pose_question({**CONTRAST, "smallest": smallest})
        name, now = f"s = {smallest}", decided(streams, absent, [Verdict.ABSENT])
        lines.append(f"{row(name, now)}{once:>18}")
        bounds.append(no_later(f"absence, {name}", now, _AS_ONCE, once, "of two one-sided tests at one look"))
    return Answer(lines=lines, bounds=bounds)


def by_t_mixture(streams: Numbers) -> Numbers:
    """After how many values a mixture of t-tests, which assumes normal ones, finds an effect."""
    return first(t_mixture(streams) >= BAR, _T_FEWEST)


def seeds_forecast(seed: int, size: Size) -> Answer:
    """Forecast how many more seeds a table takes that says nothing yet, and compare with what its stream then took."""
    rng = np.random.default_rng(seed)
    lines = [f"{'':<44}{'tables':>8}{'within a factor 2':>19}{'range covers':>14}{'median range':>15}"]
    bounds = list[Bound]()
    for name, (estimand, draw) in _FORECAST.items():
        forecasts = list[tuple[float, float, float, float]]()
        streams = 0
        for low, high, length in _OF_EFFECTS:
            n = max(2, round(size.streams // 20 * (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2)))))
            effects = np.abs(rng.normal(size=40 * n))
            effects = effects[(effects >= low) & (effects < high)][:n]
            forecasts += _forecasts(estimand, draw(rng, (len(effects), length)) + effects[:, None])
            streams += len(effects)
        few, likely, many, took = np.array(forecasts).T
        within = float(np.mean((likely <= 2 * took) & (likely >= took / 2)))
        covered = float(np.mean((took >= few) & (took <= many)))
        ranges = f"{np.median(few):.0f} to {np.median(many):.0f}"
        lines.append(f"{name:<44}{len(forecasts):>8}{within:>19.3f}{covered:>14.3f}{ranges:>15}")
        bounds.append(above(f"{name}: forecasts within a factor 2 of what the stream took", within, 0.5, streams))
        bounds.append(above(f"{name}: ranges that hold what the stream took", covered, 0.8, streams))
    lines.append("Effects are as large as a normal number, a tenth of the spread or more; tables have 16 to 128 seeds.")
    return Answer(lines=lines, bounds=bounds)


def _forecasts(estimand: Mapping[str, Any], streams: Numbers) -> list[tuple[float, float, float, float]]:
    """Three forecasts of each table that says nothing yet, and what it took: as long again, if it never got there."""
    forecasts = []
    ends = decided(streams, pose_question(estimand), (*EFFECTS, Verdict.ABSENT))
    for stream, end in zip(streams.tolist(), ends.tolist(), strict=True):
        for n in (n for n in _SIZES if n < end and n < len(stream)):
            observations = [Observation(replicate=place, value=value) for place, value in enumerate(stream[:n])]
            evidence = weigh_observations(estimand, observations, blocks=1)
            ahead = (
                forecast_seed_range(pose_question(estimand), stream[:n], evidence)
                if evidence.verdict is Verdict.UNDECIDED
                else None
            )
            if ahead is not None:
                few, likely, many = (math.inf if amount is None else max(1.0, amount) for amount in ahead)
                forecasts.append((few, likely, many, (end if math.isfinite(end) else 2 * len(stream)) - n))
    return forecasts


def looked_at_once(smallest: float) -> int:
    """At how many seeds two one-sided t-tests at 5 % have a power of 80 % to refute effects so large, if there is none.

    Both refute if the mean lies nearer to 0 than the smallest effect by t standard errors. Its spread is averaged over.
    """
    chances = (np.arange(2_000) + 0.5) / 2_000
    for n in range(2, 10_000):
        spreads = np.sqrt(special.chdtri(n - 1, 1.0 - chances) / (n - 1))
        room = np.sqrt(n) * smallest - special.stdtrit(n - 1, 0.95) * spreads
        if np.mean(np.maximum(0.0, 2.0 * special.ndtr(room) - 1.0)) >= 0.8:
            return n
    raise ValueError(f"10,000 seeds are too few for {smallest}")


def middle(seeds: Numbers, chance: float = 0.5) -> float:
    """How many seeds so large a share of the streams needs at most; infinite where fewer of them ever get there."""
    return float(np.quantile(seeds, chance, method="higher"))


def shown(seeds: Numbers) -> str:
    """The median, and what is enough for nine in ten."""
    return " / ".join(
        f"{amount:.0f}" if np.isfinite(amount) else "never" for amount in (middle(seeds), middle(seeds, 0.9))
    )


def heading(name: str, *columns: str) -> str:
    """The names above such rows."""
    return f"  {name:<50}" + "".join(f"{column:>18}" for column in columns)


def row(name: str, *columns: Numbers | None) -> str:
    """The seeds that each of several needs; None leaves a column empty."""
    return heading(name, *["" if seeds is None else shown(seeds) for seeds in columns])


def no_later(name: str, seeds: Numbers, times: float, other: float, whose: str) -> Bound:
    """The median must not exceed so many times another; with few streams by more than chance, told by its rank."""
    n, usual = len(seeds), middle(seeds)
    least = middle(seeds, 0.5 - 1.5 / math.sqrt(n)) if n < _MANY else usual
    words = f"{name}: a median of {usual:.0f} seeds, at most {times} x the {other:.0f} {whose}"
    return Bound(words=words, holds=least <= times * other)
