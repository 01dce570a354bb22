"""When is a cell stopped, and so how much can an order cost at most?"""

import math
from collections.abc import Iterable

# A cell is stopped at five times its predicted cost. Compiling a shape for the first time costs seconds whatever
# the prediction, hence the floor.
COST_MARGIN = 5.0
LEAST_CELL_SECONDS = 60.0
# What is declared is said of a core. A GPU compiles for longer, and a small network takes it longer than a core: to
# begin each step costs more than the step. By how much is not measured, and a cell that is stopped counts against its
# claim, so it has much more time.
GPU_MARGIN = 50.0
LEAST_GPU_SECONDS = 600.0


def allowed_seconds(declared: float, *, is_on_gpu: bool = False) -> float:
    """After how many seconds a cell is stopped that should take so many on a core."""
    if is_on_gpu:
        return max(LEAST_GPU_SECONDS, GPU_MARGIN * declared)
    return max(LEAST_CELL_SECONDS, COST_MARGIN * declared)


def most_seconds(declared: Iterable[float], factor: float = 1.0) -> float:
    """What cells can cost at most, on a reference core, that declare so much and were seen to take a factor of it.

    Whoever writes a file says what its cells declare, so a limit counts this and not that.
    """
    return math.fsum(max(allowed_seconds(seconds), factor * seconds) for seconds in declared)
