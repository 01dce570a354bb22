"""How many requests there were of each class, how they were answered, and how long it took.

A class comes from a short list, never from what a stranger wrote, so nobody can make the counts grow.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)  # seconds; one more bucket has what took longer
REFUSED = "refused"  # the class of connections that were closed with a word instead of an answer
_LEFT = 499  # the status of a request whose sender was gone before the answer


class RequestCounts:
    """Counts in the loop's thread alone; any thread may read a copy."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, int]] = Counter()
        self._took: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def answered(self, kind: str, status: int, seconds: float) -> None:
        self._answers[kind, status] += 1
        self._took.setdefault(kind, [0] * (len(BOUNDS) + 1))[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[kind] = self._seconds.get(kind, 0.0) + seconds

    def refused(self, status: int) -> None:
        self._answers[REFUSED, status] += 1

    def answers(self) -> dict[tuple[str, int], int]:
        return dict(self._answers)

    def durations(self) -> dict[str, tuple[list[int], float]]:
        return {kind: (list(took), self._seconds.get(kind, 0.0)) for kind, took in dict(self._took).items()}


class CountedApp:
    def __init__(self, app: ASGIApp, counts: RequestCounts, class_of: Callable[[str], str]) -> None:
        self._app = app
        self._counts = counts
        self._class_of = class_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), _LEFT

        async def look(message: Message) -> Any:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, look)
        except Exception:
            status = 500
            raise
        finally:
            self._counts.answered(self._class_of(scope["path"]), status, time.monotonic() - began)
