"""Are values plainly lopsided? Then their mean is another number than the middle that ranks or signs tell of."""

import math
from collections.abc import Sequence

import numpy as np

FEWEST = 12  # below so many values nothing shows whether they are symmetric
_BEYOND_CHANCE = 1.96
_PLAIN = 0.1  # of the spread: how far the mean is from the median


def long_tail(values: Sequence[float]) -> str:
    """On which side the long tail is, "above" or "below", when there plainly is one.

    The mean then lies away from the median, by more than chance (Miao, Gel and Gastwirth 2006) and by a tenth of the
    spread at least.
    """
    numbers = np.array(values, dtype=np.float64)
    largest = float(np.abs(numbers).max(initial=0.0))
    scaled = numbers / largest if largest else numbers
    away = scaled - np.median(scaled) if len(scaled) else scaled
    spread = math.sqrt(math.pi / 2) * float(np.abs(away).mean()) if len(away) else 0.0
    if not spread:
        return ""
    size = float(away.mean()) / spread
    if abs(size) < max(_PLAIN, _BEYOND_CHANCE * math.sqrt((math.pi / 2 - 1) / len(scaled))):
        return ""
    return "above" if size > 0 else "below"
