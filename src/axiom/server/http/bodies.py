"""Bodies of requests: how long they may take to arrive, and how much of them may be in memory."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from axiom.limits import server as limits


class SenderGone(Exception):
    """The connection ended amid a body: its last word may be half of one."""


class BodyRoom:
    """How many bytes of bodies that are not answered yet may be in memory, of all connections together."""

    def __init__(self, left: int = 256 * 1024 * 1024) -> None:
        self.left = left
        self._door = threading.Lock()  # answers come from the writer's thread

    def take(self, size: int) -> bool:
        with self._door:
            self.left -= size
            return self.left >= 0

    def give(self, size: int) -> None:
        with self._door:
            self.left += size


async def read_body(
    receive: Callable[[], Awaitable[Any]], take: Callable[[bytes], Awaitable[int | None]]
) -> int | None:
    """Give `take` each piece; what is returned is the status with which the request is refused at once.

    A body may take its time as long as it comes.
    """
    loop, size = asyncio.get_running_loop(), 0
    until = loop.time() + limits.BODY_SECONDS
    try:
        async with asyncio.timeout_at(until) as patience:
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
                patience.reschedule(until + size / limits.SLOWEST_BYTES_A_SECOND)
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
