"""How this computer compares with the reference core, in whose seconds experiments declare their costs, at a moment."""

import math
import time

# What `time_reference_work` takes a core on which the median experiment of the catalogue takes what it declares
# (`scripts/bench needs` prints it).
SAME_WORK_SECONDS = 0.002
_FRESH_SECONDS = 0.5


def time_reference_work() -> float:
    """CPU seconds of this thread for some milliseconds of arithmetic that is always the same."""
    import numpy as np  # here, since whoever only reads what a command takes should not wait for it

    began = time.thread_time()
    values = np.full((64, 64), 0.5)
    for _ in range(100):
        values = np.tanh(values @ values / 64)
    return time.thread_time() - began


def measure_slowness() -> float:
    """How many seconds a second of the reference core takes here and now: neighbours on the same chip count, too."""
    return min(time_reference_work() for _ in range(3)) / SAME_WORK_SECONDS


class RecentSlowness:
    """The slowness of this computer, measured again where half a second has gone since; any thread may ask."""

    def __init__(self) -> None:
        self._at, self._value = -math.inf, 0.0

    def __call__(self) -> float:
        """How many seconds a second of the reference core takes at about this moment."""
        if time.monotonic() - self._at >= _FRESH_SECONDS:
            self._value = measure_slowness()
            self._at = time.monotonic()
        return self._value
