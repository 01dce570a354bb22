"""Do intervals hold what they should when the reader chooses the moment? And are forecasters called to account?"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from axiom_weigh.statistics.pooling import PooledEstimate, median_error, pool_estimates
from axiom_weigh.statistics.scoring_rules import calibration_looks
from axiom_weigh.statistics.signed_ranks import find_interval, make_stream
from error_rates.figures import Answer, Bound, Size, below
from error_rates.laws import Draw, Flags, Numbers
from error_rates.processes import BAR, FEWEST, ranks, signs_agree

_SEEDS = 400
_DRAWS = 200  # for each stream, from which the truth is known
_ALPHA, _POOLED = 0.05, 0.93
_FORECASTS = 300
_FAR_APART = 1e-4  # as a finding's designs
_SHAPES: Mapping[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "t with 2 degrees of freedom": lambda rng, shape: rng.standard_t(2, shape),
    "Cauchy": lambda rng, shape: rng.standard_cauchy(shape),
    "normal, and 2 % are N(0, 50)": lambda rng, shape: rng.normal(0.0, np.where(rng.random(shape) < 0.02, 50.0, 1.0)),
    "exponential": lambda rng, shape: rng.exponential(size=shape),
    "lognormal, sigma 1": lambda rng, shape: rng.lognormal(0.0, 1.0, shape),
    "lognormal, sigma 2": lambda rng, shape: rng.lognormal(0.0, 2.0, shape),
    "Pareto, exponent 1": lambda rng, shape: rng.pareto(1.0, shape),
    "beta(0.2, 0.5)": lambda rng, shape: rng.beta(0.2, 0.5, shape),
    "one of -1, 0, 1 and 4": lambda rng, shape: rng.choice([-1.0, 0.0, 1.0, 4.0], shape, p=[0.3, 0.3, 0.3, 0.1]),
}
_LAWS: Mapping[str, Callable[[np.random.Generator, int], Numbers]] = {
    "normal": lambda rng, n: rng.normal(0.0, 1.0, n),
    "lognormal": lambda rng, n: rng.lognormal(0.0, 1.0, n) - 1.0,
}


def coverage(seed: int, size: Size) -> Answer:
    """Look at intervals again and again, and count the streams in which one ever misses what it is about."""
    rng = np.random.default_rng(seed)
    n = size.streams // 10
    heads = f"{'of a contrast, about the':>26}{'of a level, about':>20}"
    lines = [f"{'':<30}{heads}", f"{'an interval misses at any look':<30}{'pseudo-median':>26}{'the median':>20}"]
    bounds = []
    for name, draw in _SHAPES.items():
        streams, pairs = draw(rng, (n, _SEEDS)), draw(rng, (2, size.streams * _DRAWS))
        centre, median = float(np.median(pairs.mean(axis=0))), float(np.median(pairs))
        contrast = float(np.mean(_misses(streams, centre, size.every)))
        level = float(_looks(signs_agree(streams, median), size.every).any(axis=1).mean())
        lines.append(f"{name:<30}{contrast:26.4f}{level:20.4f}")
        bounds.append(below(f"{name}: interval of a contrast misses at any look", contrast, _ALPHA, n))
        bounds.append(below(f"{name}: interval of a level misses at any look", level, _ALPHA, n))
    return Answer(lines=lines, bounds=bounds)


def pooled(seed: int, size: Size) -> Answer:
    """Pool the medians of places with 2 to 60 seeds each that truly differ, and count the intervals that hold theirs.

    The last column is of places that are all alike: how often they are called different beyond chance.
    """
    rng = np.random.default_rng(seed)
    n = size.streams // 5
    heads = f"{'all in one':>12}{'pooled':>10}{'a further one':>15}{'alike, told apart':>19}"
    lines, bounds = [f"{'places, spread between / within':<34}{heads}"], []
    for law, (places, spread) in itertools.product(_LAWS, ((4, 0.3), (4, 1.0), (10, 0.3), (10, 1.0), (40, 0.3))):
        shares = np.array([_hits(rng, law, places, spread) for _ in range(n)]).mean(axis=0)
        apart = np.mean([_pooled_estimate(_similar_places(rng, law, places)).q_p < _FAR_APART for _ in range(n)])
        name, (simple, together, further) = f"{places}, {spread}, {law}", shares
        lines.append(f"{name:<34}{simple:12.3f}{together:10.3f}{further:15.3f}{apart:19.3f}")
        least = _POOLED - (3.0 * math.sqrt(_POOLED * (1 - _POOLED) / n) if n < 1_000 else 0.0)
        words = f"{places} places, {spread}, {law}: pooled covers {together:.3f}, at least {least:.3f}"
        bounds.append(Bound(words=words, holds=together >= least))
    return Answer(lines=lines, bounds=bounds)


def forecasters(seed: int, size: Size) -> Answer:
    """Let forecasters say 90 % where the truth is less, and one who is right."""
    rng = np.random.default_rng(seed)
    lines, bounds = ["forecasters say 90 %; so many predictions until they are flagged"], []
    for truth in (0.5, 0.7, 0.8, 0.9):
        waits = [_flagged(rng, truth) for _ in range(size.forecasters)]
        middle, share = float(np.median(waits)), float(np.isfinite(waits).mean())
        lines.append(f"truth {truth:.0%}: median {middle:4.0f}; flagged within {_FORECASTS}: {share:.3f}")
        if truth == 0.7:
            bounds.append(Bound(words=f"truth 70 %: flagged after {middle:.0f}, at most 25", holds=middle <= 25))
        if truth == 0.9:
            bounds.append(below("honest forecasters flagged", share, 0.05, size.forecasters))
    return Answer(lines=lines, bounds=bounds)


def _looks(after_each: Flags, every: int) -> Flags:
    return after_each[:, FEWEST - 1 :: every]


def _misses(streams: Numbers, truth: float, every: int) -> list[bool]:
    """In which streams the program's interval ever leaves the truth out; it can only where signed ranks refute that."""
    may = _looks(np.maximum(*ranks(streams, truth)) >= math.log(2.0 / _ALPHA), every)
    return [
        any(_leaves_out(values[: FEWEST + every * int(look)], truth) for look in np.flatnonzero(row))
        for values, row in zip(streams.tolist(), may, strict=True)
    ]


def _leaves_out(values: Sequence[float], truth: float) -> bool:
    low, high = find_interval(make_stream(values), alpha=_ALPHA)
    return (low is not None and truth < low) or (high is not None and high < truth)


def _hits(rng: np.random.Generator, law: str, places: int, spread: float) -> tuple[bool, bool, bool]:
    """Whether the median of all values, the pooled interval and the one of a further place hold what they are about."""
    truths = rng.normal(0.0, spread, places)
    values = [sample + truth for sample, truth in zip(_similar_places(rng, law, places), truths, strict=True)]
    together = np.concatenate(values)
    simple = abs(float(np.median(together))) <= 1.96 * median_error(together.tolist())
    estimate = _pooled_estimate(values)
    low, high = estimate.low or 0.0, estimate.high or 0.0
    next_low, next_high = estimate.prediction_low or 0.0, estimate.prediction_high or 0.0
    return bool(simple), low <= 0.0 <= high, next_low <= rng.normal(0.0, spread) <= next_high


def _similar_places(rng: np.random.Generator, law: str, places: int) -> list[Numbers]:
    """Values of places that do not differ, with a median of 0."""
    return [_LAWS[law](rng, int(rng.integers(2, 61))) for _ in range(places)]


def _pooled_estimate(values: Sequence[Numbers]) -> PooledEstimate:
    """Pooled as a finding pools its designs."""
    return pool_estimates(
        [float(np.median(sample)) for sample in values], [median_error(sample.tolist()) ** 2 for sample in values]
    )


def _flagged(rng: np.random.Generator, truth: float) -> float:
    """After how many predictions the e-value against taking the forecaster's chances at their word reaches 20."""
    right = rng.random(_FORECASTS) < truth
    happened = np.where(right, 0, rng.integers(1, 3, _FORECASTS)).tolist()
    looks = calibration_looks([[((0.9, 0.05, 0.05), outcome)] for outcome in happened])
    return next((float(n) for n, log_e in enumerate(looks, start=1) if log_e >= BAR), math.inf)
