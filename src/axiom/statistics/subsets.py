"""The same e-process over many subsets of the values at once: without each host, without each volunteer."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from axiom.statistics.sequential import MOST, dealt_log_e, halved

_SMALL = 1e-140  # the squares of this and of its inverse are numbers of full precision, and so are their sums
Numbers = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]


def flip_log_es(values: Sequence[float | None], masks: Masks, *, bounds: tuple[float, float] | None = None) -> Numbers:
    """The flip e-value of every subset: row i of `masks` says which values, in their order, belong to it.

    None is a value that never came, and counts in a subset as it does in `sequential.flip_log_e`. What a mask leaves
    out was never there.
    """
    if not values:
        return np.zeros(len(masks))
    given = np.array(values, dtype=np.float64)  # None becomes what is no number
    missing = np.isnan(given)
    present = np.ldexp(np.where(missing, 0.0, given), -32)  # leaves room to add, as there
    counted = np.where(masks, present, 0.0)
    total = np.cumsum(counted, axis=1)
    length = _lengths(counted)
    before = np.hstack([np.zeros((len(masks), 1)), total[:, :-1]])
    with np.errstate(invalid="ignore", divide="ignore"):
        factors = _factors(np.where(length > 0, (before / length) * (counted / length), 0.0))
        log_es: Numbers = factors.sum(axis=1)
        if missing.any():
            costs = np.where(missing & masks, _factors(_worst(before, length, bounds)), 0.0)
            log_es = _least(factors, costs, given, masks)
    return np.clip(log_es, -MOST, MOST)


def _factors(bets: Numbers) -> Numbers:
    """The logarithm of 1 + tanh(bet), as in `sequential`, and of no number too large to be told."""
    against = -2.0 * bets
    found: Numbers = math.log(2.0) - np.maximum(against, 0.0) - np.log(1.0 + np.exp(-np.abs(against)))
    return found


def _least(factors: Numbers, costs: Numbers, given: Numbers, masks: Masks) -> Numbers:
    """Whichever missing value of a subset is the first that counts, as in `sequential`."""
    before, lost = np.cumsum(factors, axis=1), np.cumsum(costs, axis=1)
    plus, minus, seen = (np.cumsum(masks & side, axis=1) for side in (given > 0, given < 0, np.ones_like(given, bool)))
    log_es: Numbers = before[:, -1].copy()
    for place in np.flatnonzero(np.isnan(given)):
        flipped = before[:, -1] - before[:, place] + lost[:, -1] - lost[:, place]
        begun = before[:, place] + costs[:, place]
        rows = np.stack([each[:, -1] - each[:, place] for each in (plus, minus, seen)], axis=1).tolist()
        for row, (more, less, later) in enumerate(rows):
            if masks[row, place]:
                bet = dealt_log_e(more, later - more - less, later)
                log_es[row] = min(log_es[row], begun[row] + halved(float(flipped[row]), bet))
    return log_es


def _lengths(counted: Numbers) -> Numbers:
    """The root of the sum of squares so far; through the squares themselves only where all of them are numbers."""
    sizes = np.abs(counted[counted != 0])
    if sizes.size and sizes.min() > _SMALL and sizes.max() < 1.0 / _SMALL:
        roots: Numbers = np.sqrt(np.cumsum(counted * counted, axis=1))
    else:
        roots = np.hypot.accumulate(counted, axis=1)
    return roots


def _worst(before: Numbers, length: Numbers, bounds: tuple[float, float] | None) -> Numbers:
    """The bet lost on a value that never came; as long as all before it together, or as far as the bounds let it."""
    reach = length
    if bounds is not None:
        against = np.where(before > 0, np.ldexp(-bounds[0], -32), np.ldexp(bounds[1], -32))
        reach = np.minimum(length, np.maximum(0.0, against))
    whole = np.hypot(length, reach)
    return np.where(before == 0, 0.0, -(np.abs(before) / whole) * (reach / whole))
