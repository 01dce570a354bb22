"""A clock that a test turns."""

import asyncio
import sys
import time

import pytest


class Clock:
    """The clock of the loops that begin from now on: it goes as clocks go, and a test turns it forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        return time.monotonic() + self._ahead

    def turn(self, seconds: float) -> None:
        """What is due is done at the loop's next turn."""
        self._ahead += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setitem(sys.modules, "uvloop", None)  # whose clock cannot be turned
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda _: made.time())
    return made
