"""The processor's time that something takes, so that a test can tell a linear function from a quadratic one.

Sizes lie far apart on purpose: on a computer that is shared, the same work may take twice the time a moment later.
"""

import time
from collections.abc import Callable

APART = 16  # times the smaller size: a quadratic function takes 256 times as long
MOST = 4 * APART  # times as long that a linear one may take


def seconds(work: Callable[[], object], times: int = 5) -> float:
    least = float("inf")
    for _ in range(times):
        began = time.thread_time()
        work()
        least = min(least, time.thread_time() - began)
    return least
