"""Do intervals hold what they should when whoever looks chooses the moment? And are forecasters called to account?"""

import math

import numpy as np

from axiom.statistics.calibration import calibration_looks
from axiom.statistics.pooling import pool
from axiom.statistics.sequential import flip_looks, median_sequence
from simulated.figures import Answer, Held, Size, below
from simulated.laws import Numbers
from simulated.processes import BAR

_BLOCK, _SEEDS = 16, 400
_COVERED, _POOLED = 0.95, 0.93
_FORECASTS = 300


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
    """Pool places with 2 to 60 seeds each whose true effects differ, and count the intervals that hold the mean."""
    rng = np.random.default_rng(seed)
    n = size.streams // 5
    lines, held = [f"{'places, spread between / within':<34}{'all in one':>12}{'pooled':>10}{'a further one':>15}"], []
    for places, spread in ((4, 0.3), (4, 1.0), (10, 0.3), (10, 1.0), (40, 0.3)):
        simple, together, further = np.array([_covered(rng, places, spread) for _ in range(n)]).mean(axis=0)
        lines.append(f"{f'{places}, {spread}':<34}{simple:12.3f}{together:10.3f}{further:15.3f}")
        least = _POOLED - (3.0 * math.sqrt(_POOLED * (1 - _POOLED) / n) if n < 1_000 else 0.0)
        words = f"{places} places, {spread}: pooled covers {together:.3f}, at least {least:.3f}"
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


def _covered(rng: np.random.Generator, places: int, spread: float) -> tuple[bool, bool, bool]:
    """Whether the mean of all values, the pooled interval and the one of a further place hold what they are about."""
    truths = rng.normal(0.0, spread, places)
    values = [rng.normal(truth, 1.0, int(rng.integers(2, 61))) for truth in truths]
    together = np.concatenate(values)
    simple = abs(together.mean()) <= 1.96 * together.std(ddof=1) / math.sqrt(len(together))
    found = pool(
        [float(one.mean()) for one in values], [max(1e-9, float(one.var(ddof=1)) / len(one)) for one in values]
    )
    low, high = found.low or 0.0, found.high or 0.0
    next_low, next_high = found.prediction_low or 0.0, found.prediction_high or 0.0
    return bool(simple), low <= 0.0 <= high, next_low <= rng.normal(0.0, spread) <= next_high


def _flagged(rng: np.random.Generator, truth: float) -> float:
    """After how many predictions the e-value against taking the forecaster's chances at their word reaches 20."""
    right = rng.random(_FORECASTS) < truth
    happened = np.where(right, 0, rng.integers(1, 3, _FORECASTS)).tolist()
    looks = calibration_looks([(0.9, 0.05, 0.05)] * _FORECASTS, happened)
    return next((float(n) for n, log_e in enumerate(looks, start=1) if log_e >= BAR), math.inf)
