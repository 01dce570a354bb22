"""Fast lanes: messages of BOINC's clients and of pilots go from the socket to whoever answers them, past the site.

What a lane is asked is answered by a future that another thread resolves, usually the writer's after its commit. All
answers of one group of commits leave with one wake-up of the loop.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from axiom.limits import server as limits
from axiom.server.http.request_counts import RequestCounts

_TOO_LARGE = b"413 Content Too Large"
_UNABLE = b"503 Service Unavailable"

# Of an answer: bytes, or what `bytes` makes bytes of. That is done in the loop's thread, when they are sent.
Promised = Future[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneReply:
    """An answer with a status and a kind of its own; others are BOINC's, whose errors stand in what they say."""

    body: bytes
    status: bytes = b"200 OK"
    kind: bytes = b"application/json"

    def __bytes__(self) -> bytes:
        return self.body


class Intake(Protocol):
    """Takes the body of one request as it arrives, in the loop's thread."""

    def take(self, piece: bytes) -> bytes | None:
        """One more piece; what is returned is the status with which the request is refused at once."""

    def finish(self) -> Promised: ...

    def lose(self) -> None: ...


Answering = Callable[[bytes], Promised]
AnsweringIn = Callable[[bytes, str], Promised]  # with the languages that the client accepts, as its header says

# Of what the headers say: the length, the languages that the client accepts, and `Authorization`. What is no intake is
# the status with which the request is refused.
Opener = Callable[[int | None, str, bytes], Intake | bytes]


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


class WholeRequest:
    def __init__(self, answer: Answering, limit: int, room: BodyRoom) -> None:
        self._answer = answer
        self._limit = limit
        self._room = room
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> bytes | None:
        self._size += len(piece)
        has_room = self._room.take(len(piece))
        self._pieces.append(piece)
        if self._size > self._limit:
            return _TOO_LARGE
        return None if has_room else _UNABLE

    def finish(self) -> Promised:
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        try:
            answered = self._answer(body)
        except BaseException:
            self._drop()
            raise
        answered.add_done_callback(lambda _: self._drop())
        return answered

    def lose(self) -> None:
        self._drop()

    def _drop(self) -> None:
        size, self._size = self._size, 0
        self._room.give(size)
        self._pieces.clear()


def whole(answer: Answering, limit: int = limits.REQUEST_BYTES, room: BodyRoom | None = None) -> Opener:
    return whole_in(lambda body, _: answer(body), limit, room)


def whole_in(answer: AnsweringIn, limit: int = limits.REQUEST_BYTES, room: BodyRoom | None = None) -> Opener:
    """A lane whose answers are in a language that the client accepts."""
    shared = room or BodyRoom()

    def open_one(length: int | None, accepted: str = "", _authorization: bytes = b"") -> Intake | bytes:
        if length is not None and length > limit:
            return _TOO_LARGE
        return WholeRequest(lambda body: answer(body, accepted), limit, shared)

    return open_one


class Lanes:
    def __init__(self, openers: Mapping[bytes, Opener], counts: RequestCounts | None = None) -> None:
        self.openers = openers
        self.counts = counts or RequestCounts()
        self._ready: deque[tuple[Callable[[Promised], None], Promised]] = deque()
        self._is_woken = False

    def send(self, loop: asyncio.AbstractEventLoop, answer_with: Callable[[Promised], None], answer: Promised) -> None:
        """Have an answer sent soon. Called from any thread; only the first of several wakes the loop."""
        self._ready.append((answer_with, answer))
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it all connections
                loop.call_soon_threadsafe(self._send_all)

    def _send_all(self) -> None:
        self._is_woken = False  # before the first look: whoever adds after the last one wakes us again
        while self._ready:
            answer_with, answer = self._ready.popleft()
            answer_with(answer)
