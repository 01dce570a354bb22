"""Through the laboratory's own weighing, where truth is hardest: at the border of what matters, and with gaps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from axiom_weigh.values import Observation, Outcome, Verdict
from error_rates.figures import Answer, Size, below
from error_rates.laws import CONTRAST, LAWS, Flags, Numbers
from error_rates.pipeline import BLOCK, looks, observed
from error_rates.processes import EFFECTS

_SEEDS = 240
_SMALLEST = 0.5  # wide enough that so many seeds can show a smaller effect to be absent
_SPREADS = np.array([0.3, 1.0, 3.0, 1.0])  # of four designs
_LOST = 0.2  # of the values below the median
_CHANCES = (0.6, 0.2, 0.15, 0.05)  # that a block is of each of them

Gaps = Callable[[np.random.Generator, Numbers], Flags]


@dataclass(frozen=True, kw_only=True)
class _Case:
    """How values get lost, and whether designs are alike."""

    gaps: Gaps
    outcome: Outcome = Outcome.FAILED
    is_unequal: bool = False


def _lowest(rng: np.random.Generator, values: Numbers) -> Flags:
    """Many of those that speak for less."""
    return (values < np.median(values)) & (rng.random(values.shape) < _LOST)


def _slowest(rng: np.random.Generator, values: Numbers) -> Flags:
    """The one in twenty whose runtime, which follows the value, is longest."""
    runtimes = np.exp(values + rng.normal(0.0, 0.5, values.shape))
    late: Flags = runtimes > np.quantile(runtimes, 0.95)
    return late


def _none(_: np.random.Generator, values: Numbers) -> Flags:
    return np.zeros(values.shape, dtype=bool)


_CASES: Mapping[str, _Case] = {
    "missing for their sign": _Case(gaps=_lowest),
    "late for their size": _Case(gaps=_slowest, outcome=Outcome.LATE),
    "unequal designs": _Case(gaps=_none, is_unequal=True),
    "unequal designs, late": _Case(gaps=_slowest, outcome=Outcome.LATE, is_unequal=True),
}


def border(seed: int, size: Size) -> Answer:
    """Follow effects that are just as large as the smallest that matters: none of them is absent."""
    rng = np.random.default_rng(seed)
    lines, wrong, n = [f"{'a difference at the border':<36}{'absent':>10}"], 0, size.nulls // 2
    for name in ("normal", "t3", "lognormal"):
        shape = (n // 3, _SEEDS)
        streams = (LAWS[name].draw(rng, shape) - LAWS[name].draw(rng, shape)) / np.sqrt(2.0)
        shifted = streams + _SMALLEST * rng.choice([-1.0, 1.0], (len(streams), 1))
        called = sum(_is_ever_called((Verdict.ABSENT,), observed(rng, stream)) for stream in shifted)
        lines.append(f"{name:<36}{called:>10}")
        wrong += called
    whole = 3 * (n // 3)
    return Answer(lines=lines, bounds=[below(f"called absent, of {whole} that are not", wrong / whole, 0.05, whole)])


def hardships(seed: int, size: Size) -> Answer:
    """Follow streams that lose values because of what they are, or come from designs that differ in all but effect."""
    rng = np.random.default_rng(seed)
    lines, bounds, n = [f"{'':<36}{'called an effect':>18}{'called absent':>15}"], [], size.nulls // 10
    for name, case in _CASES.items():
        nothing = [_stream_with_gaps(rng, case, 0.0) for _ in range(n)]
        shifted = [_stream_with_gaps(rng, case, _SMALLEST * sign) for sign in rng.choice([-1.0, 1.0], n)]
        effects = sum(_is_ever_called(EFFECTS, stream) for stream in nothing) / n
        absent = sum(_is_ever_called((Verdict.ABSENT,), stream) for stream in shifted) / n
        lines.append(f"{name:<36}{effects:18.4f}{absent:15.4f}")
        bounds += [
            below(f"{name}: nothing there, called an effect", effects, 0.05, n),
            below(f"{name}: at the border, called absent", absent, 0.05, n),
        ]
    return Answer(lines=lines, bounds=bounds)


def _stream_with_gaps(rng: np.random.Generator, case: _Case, effect: float) -> list[Observation]:
    noise = rng.normal(size=_SEEDS)
    designs = np.repeat(rng.choice(len(_SPREADS), _SEEDS // BLOCK, p=_CHANCES), BLOCK) if case.is_unequal else None
    values = effect + (noise if designs is None else noise * _SPREADS[designs])
    return observed(rng, values, designs=designs, gone=case.gaps(rng, noise), outcome=case.outcome)


def _is_ever_called(verdicts: tuple[Verdict, ...], stream: list[Observation]) -> bool:
    """Is one of these verdicts given after any closed block?"""
    estimand = {**CONTRAST, "smallest": _SMALLEST}
    return any(evidence.verdict in verdicts for evidence in looks(estimand, stream, verdicts=verdicts))
