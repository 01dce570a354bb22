"""May the computing go on? Whoever conducts a runner turns the gate; the process that computes stops before it."""

import math
import threading
import time

_STEP_LIMIT = 1.0


class RunEnded(BaseException): ...


class PauseGate:
    """Open, shut for a while, or closed for good. Any thread may turn it; only the computing one waits before it."""

    def __init__(self, behind: "PauseGate | None" = None, seconds: float = math.inf) -> None:
        """`behind` another gate, which holds up whoever comes here as well; after so many `seconds` it is over."""
        self._open = threading.Event()
        self._open.set()
        self._is_over = False
        self._behind, self._until = behind, time.monotonic() + seconds

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self._until

    @property
    def is_shut(self) -> bool:
        return not self._open.is_set() or (self._behind is not None and self._behind.is_shut)

    def shut(self) -> None:
        if not self._is_over:
            self._open.clear()

    def open(self) -> None:
        self._open.set()

    def end(self) -> None:
        self._is_over = True
        self._open.set()

    def wait(self) -> None:
        if self._behind is not None:
            self._behind.wait()
        self._open.wait()
        if self._is_over or self.is_late:
            raise RunEnded


class AwakeClock:
    """Seconds that passed since the beginning, without the hours that the host slept."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._moment = time.monotonic()

    def seconds(self) -> float:
        """Return how long it was; ask several times a second, for a longer step counts as one second."""
        moment = time.monotonic()
        self._seconds += min(moment - self._moment, _STEP_LIMIT)
        self._moment = moment
        return self._seconds
