"""Is a value like the one before it? Then they are not independent, and count for less than they seem to."""

from collections.abc import Sequence

import numpy as np

_FEWEST = 4
_ROUNDING = 1e-9


def serial_correlation(values: Sequence[float]) -> tuple[float, float]:
    """The rank correlation of each value with the next one, the first following the last, and how unusual it is.

    That is told in standard deviations of what all orders of the same values give (Wald and Wolfowitz 1943).
    """
    n = len(values)
    if n < _FEWEST:
        return 0.0, 0.0
    _, places, times = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[places]
    ranks -= ranks.mean()
    squares, fourths = float((ranks**2).sum()), float((ranks**4).sum())
    if not squares:
        return 0.0, 0.0
    products, mean = float((ranks * np.roll(ranks, -1)).sum()), -squares / (n - 1)
    variance = (squares**2 - fourths) / (n - 1) + (squares**2 - 2 * fourths) / ((n - 1) * (n - 2)) - mean**2
    is_free = variance > _ROUNDING * mean**2  # else all orders give the same, as of values of which one differs
    return products / squares, (products - mean) / variance**0.5 if is_free else 0.0
