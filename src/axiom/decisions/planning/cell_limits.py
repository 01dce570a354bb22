"""When is a cell stopped, and so how much can an order cost at most?"""

import math
from collections.abc import Iterable

# A cell is stopped at five times its predicted cost. Compiling a shape for the first time costs seconds whatever
# the prediction, hence the floor.
COST_MARGIN = 5.0
LEAST_CELL_SECONDS = 60.0


def allowed_seconds(declared: float) -> float:
    """After how many seconds a cell is stopped that should take so many."""
    return max(LEAST_CELL_SECONDS, COST_MARGIN * declared)


def most_seconds(declared: Iterable[float], factor: float = 1.0) -> float:
    """What cells can cost at most, on a reference core, that declare so much and were seen to take a factor of it.

    Whoever writes a file says what its cells declare, so a limit counts this and not that.
    """
    return math.fsum(max(allowed_seconds(seconds), factor * seconds) for seconds in declared)
