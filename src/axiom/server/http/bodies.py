"""Bodies of requests: how long they may take to arrive, and how much of them may be in memory."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from axiom.limits import server as limits


class SenderGone(Exception):
    """The connection ended amid a body, whose last word may be half of one, or whoever asked fetches no answer."""


class BodyRoom:
    """How many bytes of bodies that are not answered yet may be in memory, of all connections and of each visitor."""

    def __init__(self, left: int = limits.BODIES_BYTES, share: int = limits.BODIES_BYTES_OF_ONE_VISITOR) -> None:
        self.left = left
        self._share = share
        self._taken = Counter[str]()
        self._lock = threading.Lock()  # answers come from the writer's thread

    def take(self, size: int, visitor: str = "") -> bool:
        """Whether there is room for so many more; given back they must be in any case. Nobody has no share."""
        with self._lock:
            self.left -= size
            self._taken[visitor] += size
            return self.left >= 0 and (not visitor or self._taken[visitor] <= self._share)

    def give(self, size: int, visitor: str = "") -> None:
        with self._lock:
            self.left += size
            self._taken[visitor] -= size
            if not self._taken[visitor]:
                del self._taken[visitor]


async def read_body(
    receive: Callable[[], Awaitable[Any]], take: Callable[[bytes], Awaitable[int | None]]
) -> int | None:
    """Give `take` each piece; what is returned is the status with which the request is refused at once.

    A body may take its time as long as it comes: in each stretch of time, so much of it.
    """
    loop, size = asyncio.get_running_loop(), 0
    enough = limits.SLOWEST_BYTES_A_SECOND * limits.BODY_SECONDS
    try:
        async with asyncio.timeout(limits.BODY_SECONDS) as patience:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise SenderGone
                piece = message.get("body", b"")
                if piece and (refused := await take(piece)):
                    return refused
                if not message.get("more_body", False):
                    return None
                size += len(piece)
                if size >= enough:
                    size = 0
                    patience.reschedule(loop.time() + limits.BODY_SECONDS)
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
