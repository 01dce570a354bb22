"""The e-processes of `axiom_weigh.statistics` over thousands of streams at once, and what others would do instead.

Written again for whole arrays; `compared` holds each to the library's own, stream by stream.
"""

import math
from collections.abc import Callable, Collection

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from axiom_weigh.evidence.choice_of_statistic import Question
from axiom_weigh.evidence.verdict import ENOUGH, weigh_values
from axiom_weigh.statistics import signed_ranks
from axiom_weigh.statistics.betting import betting_log_e
from axiom_weigh.statistics.shares_and_medians import bernoulli_log_e, dealt_log_e, signs_needed
from axiom_weigh.statistics.signed_ranks import _GROWN, _WAYS, GROUP, SHARES
from axiom_weigh.values import Verdict
from error_rates.laws import Flags, Numbers

BAR = math.log(ENOUGH)
FEWEST = 8  # values, below which a finding has no grade
EFFECTS = (Verdict.POSITIVE, Verdict.NEGATIVE)


def ranks(streams: Numbers, null: float = 0.0) -> tuple[Numbers, Numbers]:
    """The logarithm of the e-value of signed ranks after each value of a row: for lying above the null, and below it.

    It is that of whole groups, by which verdicts are given: a group that is not whole changes nothing.
    """
    whole = streams.shape[1] // GROUP * GROUP
    means = (streams[:, :whole].reshape(len(streams), -1, GROUP)[:, :, _WAYS] / 2.0).sum(axis=4)
    above, below = (_grown(means > null), _grown(means < null))
    return above[:, : streams.shape[1]], below[:, : streams.shape[1]]


def _grown(pairs: Flags) -> Numbers:
    """Of pairs that win, by streams, groups and ways to pair them; held from one whole group to the next."""
    won = np.count_nonzero(pairs, axis=3)
    kinds = 4 * np.count_nonzero(won == 2, axis=2) + np.count_nonzero(won == 1, axis=2)
    after = special.logsumexp(np.cumsum(_GROWN[kinds], axis=1) + SHARES, axis=2)
    return np.pad(np.repeat(after, GROUP, axis=1), ((0, 0), (GROUP - 1, 0)))


def either(above: Numbers, below: Numbers) -> Numbers:
    """One logarithm for both sides."""
    larger = np.maximum(above, below) - math.log(2.0)
    return np.where(larger > 0, larger, np.minimum(0.0, np.logaddexp(above, below) - math.log(2.0)))


def absent(streams: Numbers, smallest: float) -> Numbers:
    """The logarithm of the e-value against effects of the smallest size that matters, on either side."""
    return np.minimum(ranks(streams, -smallest)[0], ranks(streams, smallest)[1]) - math.log(2.0)


def may_be_decided(streams: Numbers, claim: Question) -> Flags:
    """After which values a verdict is possible: what is missing can only keep the program from it."""
    is_effect: Flags = either(*ranks(streams, claim.null)) >= BAR
    return is_effect | (absent(streams - claim.null, claim.smallest) >= BAR) if claim.smallest else is_effect


def decided(
    streams: Numbers,
    claim: Question,
    verdicts: Collection[Verdict] = EFFECTS,
    *,
    gone: Flags | None = None,
    every: int = 1,
) -> Numbers:
    """After how many values, `gone` ones included, the program first says one of these; infinite where never."""
    ends, may, cells = np.full(len(streams), np.inf), may_be_decided(streams, claim), streams.astype(object)
    if gone is not None:
        cells[gone] = None
    for row, values in enumerate(cells.tolist()):
        looks = [int(look) for look in np.flatnonzero(may[row]) + 1 if look >= FEWEST and look % every == 0]
        ends[row] = next((look for look in looks if weigh_values(claim, values[:look]).verdict in verdicts), np.inf)
    return ends


def signs_agree(streams: Numbers, median: float) -> Flags:
    """After which values the interval of the median, by signs, leaves this out."""
    needed = [signs_needed(n, 0.05) for n in range(1, streams.shape[1] + 1)]
    above, below = (np.cumsum(side * (streams - median) > 0, axis=1) for side in (1, -1))
    return np.maximum(above, below) >= needed


def bernoulli(happened: Numbers, null: float) -> Numbers:
    """The same for events against a chance."""
    n = np.arange(1, happened.shape[1] + 1)
    successes = np.cumsum(happened, axis=1)
    table = special.gammaln(np.arange(happened.shape[1] + 1) + 0.5)
    mixture = table[successes.astype(int)] + table[(n - successes).astype(int)]
    constant = special.gammaln(n + 1.0) + math.log(math.pi)
    log_es: Numbers = mixture - constant - successes * math.log(null) - (n - successes) * math.log1p(-null)
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
    """Peeking: t over its five per cent bar after each value from the fifth on, so 1 is a discovery."""
    n = np.arange(1, streams.shape[1] + 1)
    ratios: Numbers = np.abs(_t(streams)) * (n >= 5) / special.stdtrit(np.maximum(n - 1, 1), 0.975)
    return ratios


def ever(log_es: Numbers, bar: float = BAR) -> Flags:
    """In which streams the bar is reached at any look."""
    reached: Flags = log_es.max(axis=1) >= bar
    return reached


def first(is_so: Flags, at_least: int = 1) -> Numbers:
    """After how many values, of at least so many, it is so first; infinite where never."""
    looked = is_so[:, at_least - 1 :]
    return np.where(looked.any(axis=1), looked.argmax(axis=1) + float(at_least), np.inf)


def compared(streams: Numbers) -> float:
    """How far these processes and the library's lie apart at most, at the last look of the streams."""
    low, high = float(streams.min()), float(streams.max())
    bounds, null = (low, high), 0.6 * low + 0.4 * high  # in the middle the two farthest values would tie
    above, below = ranks(streams, null)
    pairs: tuple[tuple[Numbers, Callable[[list[float]], float]], ...] = (
        (above, lambda values: _sides(values, null)[0]),
        (below, lambda values: _sides(values, null)[1]),
        (either(above, below), lambda values: signed_ranks.combine_sides(*_sides(values, null))),
        (signs(streams, null), lambda values: dealt_log_e(sum(value > null for value in values), 0, len(values))),
        (betting(streams, null, bounds), lambda values: betting_log_e(values, null, bounds)),
        (
            bernoulli((streams > null).astype(float), 0.3),
            lambda values: bernoulli_log_e(sum(value > null for value in values), len(values), 0.3),
        ),
    )
    return max(
        abs(float(here[row, -1]) - theirs(streams[row].tolist()))
        for here, theirs in pairs
        for row in range(len(streams))
    )


def _sides(values: list[float], null: float) -> tuple[float, float]:
    return signed_ranks.log_es(signed_ranks.make_stream(values), null)


def _t(streams: Numbers) -> Numbers:
    n = np.arange(1, streams.shape[1] + 1)
    total, squares = np.cumsum(streams, axis=1), np.cumsum(streams**2, axis=1)
    variance = np.maximum(squares - total**2 / n, 0.0) / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t: Numbers = np.nan_to_num(total / np.sqrt(n * variance), nan=0.0, posinf=1e150, neginf=-1e150)
    t[:, 0] = 0.0
    return t
