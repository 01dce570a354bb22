"""Do intervals hold what they should when whoever looks chooses the moment? And are forecasters called to account?"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from axiom.statistics.calibration import calibration_looks
from axiom.statistics.pooling import PooledEstimate, median_error, pool
from axiom.statistics.sequential import flip_looks, median_sequence
from simulated.figures import Answer, Held, Size, below
from simulated.laws import Numbers
from simulated.processes import BAR

_BLOCK, _SEEDS = 16, 400
_COVERED, _POOLED = 0.95, 0.93
_FORECASTS = 300
_FAR_APART = 1e-4  # as a finding's designs
_LAWS: Mapping[str, Callable[[np.random.Generator, int], Numbers]] = {
    "normal": lambda rng, n: rng.normal(0.0, 1.0, n),
    "lognormal": lambda rng, n: rng.lognormal(0.0, 1.0, n) - 1.0,
}


def coverage(seed: int, size: Size) -> Answer:
    """Stop when an effect is claimed, or at the worst moment that there is, and see whether the interval holds."""
    rng = np.random.default_rng(seed)
    n = size.streams // 10
    laws: dict[str, tuple[Numbers, float]] = {
        "normal": (rng.normal(0.3, 1.0, (n, _SEEDS)), 0.3),
        "t with 2 degrees": (rng.standard_t(2, (n, _SEEDS)) + 0.3, 0.3),
        "lognormal": (rng.lognormal(0.0, 1.0, (n, _SEEDS)), 1.0),
    }
    lines, held = [f"{'interval of the median, missed':<34}{'at the stop':>14}{'at any block':>14}"], []
    for name, (streams, truth) in laws.items():
        misses = np.array([_missed(stream, truth) for stream in streams.tolist()])
        at_stop, ever = misses.mean(axis=0)
        lines.append(f"{name:<34}{at_stop:14.4f}{ever:14.4f}")
        held.append(below(f"{name}: missed at the stop", at_stop, 1.0 - _COVERED, n))
        held.append(below(f"{name}: missed at any block", ever, 1.0 - _COVERED, n))
    return Answer(lines=lines, held=held)


def pooled(seed: int, size: Size) -> Answer:
    """Pool the medians of places with 2 to 60 seeds each that truly differ, and count the intervals that hold theirs.

    The last column is of places that are all alike: how often they are called different beyond chance.
    """
    rng = np.random.default_rng(seed)
    n = size.streams // 5
    heads = f"{'all in one':>12}{'pooled':>10}{'a further one':>15}{'alike, told apart':>19}"
    lines, held = [f"{'places, spread between / within':<34}{heads}"], []
    for law, (places, spread) in itertools.product(_LAWS, ((4, 0.3), (4, 1.0), (10, 0.3), (10, 1.0), (40, 0.3))):
        found = np.array([_covered(rng, law, places, spread) for _ in range(n)]).mean(axis=0)
        apart = np.mean([_found(_alike(rng, law, places)).q_p < _FAR_APART for _ in range(n)])
        name, (simple, together, further) = f"{places}, {spread}, {law}", found
        lines.append(f"{name:<34}{simple:12.3f}{together:10.3f}{further:15.3f}{apart:19.3f}")
        least = _POOLED - (3.0 * math.sqrt(_POOLED * (1 - _POOLED) / n) if n < 1_000 else 0.0)
        words = f"{places} places, {spread}, {law}: pooled covers {together:.3f}, at least {least:.3f}"
        held.append(Held(words=words, holds=together >= least))
    return Answer(lines=lines, held=held)


def forecasters(seed: int, size: Size) -> Answer:
    """Let forecasters say 90 % where the truth is less, and one who is right."""
    rng = np.random.default_rng(seed)
    lines, held = ["says 90 %; predictions until flagged"], []
    for truth in (0.5, 0.7, 0.8, 0.9):
        found = [_flagged(rng, truth) for _ in range(size.forecasters)]
        middle, share = float(np.median(found)), float(np.isfinite(found).mean())
        lines.append(f"truth {truth:.0%}: median {middle:4.0f}; flagged within {_FORECASTS}: {share:.3f}")
        if truth == 0.7:
            held.append(Held(words=f"truth 70 %: flagged after {middle:.0f}, at most 25", holds=middle <= 25))
        if truth == 0.9:
            held.append(below("honest forecasters flagged", share, 0.05, size.forecasters))
    return Answer(lines=lines, held=held)


def _missed(stream: list[float], truth: float) -> tuple[bool, bool]:
    """Whether the interval misses the truth where the e-value says 20 or the stream ends, and at any block."""
    looks = list(flip_looks(stream))
    misses, stopped = [], False
    at_stop = False
    for n in range(_BLOCK, len(stream) + 1, _BLOCK):
        low, high = median_sequence(stream[:n])
        is_missed = low is not None and high is not None and not low <= truth <= high
        misses.append(is_missed)
        if not stopped:
            at_stop, stopped = is_missed, looks[n - 1] >= BAR
    return at_stop, any(misses)


def _covered(rng: np.random.Generator, law: str, places: int, spread: float) -> tuple[bool, bool, bool]:
    """Whether the median of all values, the pooled interval and the one of a further place hold what they are about."""
    truths = rng.normal(0.0, spread, places)
    values = [one + truth for one, truth in zip(_alike(rng, law, places), truths, strict=True)]
    together = np.concatenate(values)
    simple = abs(float(np.median(together))) <= 1.96 * median_error(together.tolist())
    found = _found(values)
    low, high = found.low or 0.0, found.high or 0.0
    next_low, next_high = found.prediction_low or 0.0, found.prediction_high or 0.0
    return bool(simple), low <= 0.0 <= high, next_low <= rng.normal(0.0, spread) <= next_high


def _alike(rng: np.random.Generator, law: str, places: int) -> list[Numbers]:
    """Values of places that do not differ, with a median of 0."""
    return [_LAWS[law](rng, int(rng.integers(2, 61))) for _ in range(places)]


def _found(values: Sequence[Numbers]) -> PooledEstimate:
    """Pooled as a finding pools its designs."""
    return pool([float(np.median(one)) for one in values], [median_error(one.tolist()) ** 2 for one in values])


def _flagged(rng: np.random.Generator, truth: float) -> float:
    """After how many predictions the e-value against taking the forecaster's chances at their word reaches 20."""
    right = rng.random(_FORECASTS) < truth
    happened = np.where(right, 0, rng.integers(1, 3, _FORECASTS)).tolist()
    looks = calibration_looks([[((0.9, 0.05, 0.05), one)] for one in happened])
    return next((float(n) for n, log_e in enumerate(looks, start=1) if log_e >= BAR), math.inf)
