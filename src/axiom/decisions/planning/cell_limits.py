"""When is a cell stopped, and so how much can an order cost at most?"""

import math
from collections.abc import Iterable

from axiom.limits import tasks as limits


def allowed_seconds(declared: float, *, is_on_gpu: bool = False) -> float:
    """After how many seconds a cell is stopped that should take so many on a core."""
    if is_on_gpu:
        return max(limits.LEAST_CELL_SECONDS_ON_GPU, limits.TIMES_DECLARED_COST_ON_GPU * declared)
    return max(limits.LEAST_CELL_SECONDS, limits.TIMES_DECLARED_COST * declared)


def most_seconds(declared: Iterable[float], factor: float = 1.0) -> float:
    """What cells can cost at most, on a reference core, that declare so much and were seen to take a factor of it.

    Whoever writes a file says what its cells declare, so a limit counts this and not that.
    """
    return math.fsum(max(allowed_seconds(seconds), factor * seconds) for seconds in declared)
