"""The e-processes of `axiom.statistics` over thousands of streams at once, and what a naive reader does instead.

Written again for whole arrays; `compared` holds each to the library's own, stream by stream.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from axiom.statistics.betting import betting_log_e
from axiom.statistics.mixture import t_log_e
from axiom.statistics.sequential import bernoulli_log_e, flip_log_e, sign_log_e
from simulated.laws import Flags, Numbers

BAR = math.log(20.0)


def flip(streams: Numbers) -> Numbers:
    """The logarithm of the flip e-value after each value, of streams in rows."""
    upto = np.cumsum(streams**2, axis=1)
    before = np.cumsum(streams, axis=1) - streams
    bets = np.divide(before * streams, upto, out=np.zeros_like(upto), where=upto > 0)
    return np.cumsum(np.log1p(np.tanh(bets)), axis=1)


def bernoulli(happened: Numbers, null: float) -> Numbers:
    """The same for events against a chance."""
    n = np.arange(1, happened.shape[1] + 1)
    successes = np.cumsum(happened, axis=1)
    table = special.gammaln(np.arange(happened.shape[1] + 1) + 0.5)
    mixture = table[successes.astype(int)] + table[(n - successes).astype(int)]
    known = special.gammaln(n + 1.0) + math.log(math.pi)
    log_es: Numbers = mixture - known - successes * math.log(null) - (n - successes) * math.log1p(-null)
    return log_es


def signs(streams: Numbers, median: float) -> Numbers:
    """The same for signs about a median on which no value lies."""
    return bernoulli((streams > median).astype(float), 0.5)


def t_mixture(streams: Numbers) -> Numbers:
    """The same for the t-mixture with c = 1."""
    n = np.arange(1, streams.shape[1] + 1)
    ratio, nu, m = _t(streams) ** 2, np.maximum(n - 1, 1), 1.0 + n
    log_es: Numbers = -0.5 * np.log(m) + 0.5 * n * (np.log1p(ratio / nu) - np.log1p(ratio / (nu * m)))
    log_es[:, 0] = 0.0
    return log_es


def betting(streams: Numbers, null: float, bounds: tuple[float, float]) -> Numbers:
    """The same for bets on a mean within bounds."""
    low, high = bounds
    shares, mean = (streams - low) / (high - low), (null - low) / (high - low)
    i = np.arange(1, shares.shape[1] + 1)
    deviations = np.cumsum((shares - (0.5 + np.cumsum(shares, axis=1)) / (i + 1)) ** 2, axis=1)
    variance = np.full_like(shares, 0.25)
    variance[:, 1:] = (0.25 + deviations[:, :-1]) / (i[:-1] + 1)
    bets = np.sqrt(2.0 * math.log(40.0) / (variance * i * np.log1p(i)))
    above = np.cumsum(np.log1p(np.minimum(bets, 0.9 / mean) * (shares - mean)), axis=1)
    below = np.cumsum(np.log1p(np.minimum(bets, 0.9 / (1 - mean)) * (mean - shares)), axis=1)
    log_es: Numbers = np.logaddexp(above, below) - math.log(2.0)
    return log_es


def naive(streams: Numbers) -> Numbers:
    """What peeking does: t over its five per cent bar after each value from the fifth on, so 1 is a discovery."""
    n = np.arange(1, streams.shape[1] + 1)
    ratios: Numbers = np.abs(_t(streams)) * (n >= 5) / special.stdtrit(np.maximum(n - 1, 1), 0.975)
    return ratios


def ever(log_es: Numbers, bar: float = BAR) -> Flags:
    """In which streams the bar is reached at any look."""
    reached: Flags = log_es.max(axis=1) >= bar
    return reached


def first(log_es: Numbers, bar: float = BAR) -> Numbers:
    """After how many values the bar is reached first; infinite where never."""
    above = log_es >= bar
    return np.where(above.any(axis=1), above.argmax(axis=1) + 1.0, np.inf)


def compared(streams: Numbers) -> float:
    """How far these processes and the library's lie apart at most, at the last look of the streams."""
    low, high = float(streams.min()), float(streams.max())
    bounds, null = (low, high), (low + high) / 2
    pairs: tuple[tuple[Numbers, Callable[[list[float]], float]], ...] = (
        (flip(streams), flip_log_e),
        (t_mixture(streams), t_log_e),
        (signs(streams, null), lambda values: sign_log_e([1 if one > null else -1 for one in values])),
        (betting(streams, null, bounds), lambda values: betting_log_e(values, null, bounds)),
        (
            bernoulli((streams > null).astype(float), 0.3),
            lambda values: bernoulli_log_e(sum(one > null for one in values), len(values), 0.3),
        ),
    )
    return max(
        abs(float(here[row, -1]) - theirs(streams[row].tolist()))
        for here, theirs in pairs
        for row in range(len(streams))
    )


def _t(streams: Numbers) -> Numbers:
    n = np.arange(1, streams.shape[1] + 1)
    total, squares = np.cumsum(streams, axis=1), np.cumsum(streams**2, axis=1)
    variance = np.maximum(squares - total**2 / n, 0.0) / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t: Numbers = np.nan_to_num(total / np.sqrt(n * variance), nan=0.0, posinf=1e150, neginf=-1e150)
    t[:, 0] = 0.0
    return t
