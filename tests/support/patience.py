"""How long a test waits for what must come."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 400.0
"""Seconds until a test says that something hangs. A slow or a busy computer is no failure: how long things take is
measured by `scripts/bench`, beside an alternative in the same minute, and never by a wait."""


def until(reached: Callable[[], Any]) -> Any:
    """What `reached` gives once it gives something."""
    end = time.monotonic() + PATIENCE
    while not (answer := reached()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.002)
    return answer
