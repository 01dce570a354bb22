"""Fast lanes: messages of BOINC's clients and of pilots go from the socket to whoever answers them, past the site.

What a lane is asked is answered by a future that another thread resolves, usually the writer's after its commit. All
answers of one group of commits leave with one wake-up of the loop.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from axiom.domain.value import value_class
from axiom.limits import server as limits
from axiom.server.http.bodies import BodyRoom, read_body
from axiom.server.http.request_counts import RequestCounts

log = logging.getLogger("axiom.lanes")

_IDENTITY, _XML = b"identity", b"text/xml"

# Of an answer: bytes, or what `bytes` makes bytes of. That is done in the loop's thread, when they are sent.
Promised = Future[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneReply:
    """An answer with a status and a kind of its own; others are BOINC's, whose errors stand in what they say."""

    body: bytes
    status: int = HTTPStatus.OK
    kind: bytes = b"application/json"

    def __bytes__(self) -> bytes:
        return self.body


class Intake(Protocol):
    """Takes the body of one request as it arrives, in the loop's thread, or in another while it waits for the disk."""

    @property
    def waits_for_disk(self) -> bool: ...

    def take(self, piece: bytes) -> int | None:
        """One more piece; what is returned is the status with which the request is refused at once."""

    def finish(self) -> Promised: ...

    def lose(self) -> None: ...


@value_class
class RequestHead:
    """What the headers of a request say, and who sent it; nobody where no share is counted."""

    length: int
    accepted: str = ""  # the languages
    authorization: bytes = b""
    visitor: str = ""


Answering = Callable[[bytes], Promised]
AnsweringIn = Callable[[bytes, str], Promised]  # with the languages that the client accepts, as its header says

# What is no intake is the status with which the request is refused. Whoever must look into records for it promises it.
Opener = Callable[[RequestHead], Intake | int | Promised]


class WholeRequest:
    waits_for_disk = False

    def __init__(self, answer: Answering, limit: int, room: BodyRoom, visitor: str = "") -> None:
        self._answer = answer
        self._visitor = visitor
        self._limit = limit
        self._room = room
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> int | None:
        self._size += len(piece)
        has_room = self._room.take(len(piece), self._visitor)
        self._pieces.append(piece)
        if self._size > self._limit:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return None if has_room else HTTPStatus.SERVICE_UNAVAILABLE

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
        self._room.give(size, self._visitor)
        self._pieces.clear()


def whole(answer: Answering, limit: int = limits.REQUEST_BYTES, room: BodyRoom | None = None) -> Opener:
    return whole_in(lambda body, _: answer(body), limit, room)


def whole_in(answer: AnsweringIn, limit: int = limits.REQUEST_BYTES, room: BodyRoom | None = None) -> Opener:
    """A lane whose answers are in a language that the client accepts."""
    shared = room or BodyRoom()

    def open_one(head: RequestHead) -> Intake | int:
        if head.length > limit:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return WholeRequest(lambda body: answer(body, head.accepted), limit, shared, head.visitor)

    return open_one


class Lanes:
    def __init__(self, openers: Mapping[bytes, Opener], counts: RequestCounts | None = None) -> None:
        self.openers = openers
        self.counts = counts or RequestCounts()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="axiom-uploads")  # one, so that files change hands safely
        self._ready: deque[asyncio.Future[None]] = deque()
        self._is_woken = False

    async def answer(
        self,
        path: str,
        opener: Opener,
        headers: Mapping[bytes, bytes],
        visitor: str,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> int | None:
        """Answer one request; what is returned is the status with which it is refused instead."""
        if headers.get(b"content-encoding", _IDENTITY).strip().lower() != _IDENTITY:
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        head = RequestHead(
            length=int(headers.get(b"content-length", 0)),
            accepted=headers.get(b"accept-language", b"").decode("latin-1"),
            authorization=headers.get(b"authorization", b""),
            visitor=visitor,
        )
        intake = opener(head)
        loop = asyncio.get_running_loop()
        if isinstance(intake, Future):
            intake = await self._wait(loop, intake)
        if isinstance(intake, int):
            return intake
        is_whole = False

        async def do(work: Callable[..., Any], *arguments: bytes) -> Any:
            if intake.waits_for_disk:
                return await loop.run_in_executor(self._disk, work, *arguments)
            return work(*arguments)

        try:
            if refused := await read_body(receive, lambda piece: do(intake.take, piece)):
                return refused
            is_whole = True
        finally:
            if not is_whole:
                self._disk.submit(intake.lose)
        asked_at = loop.time()
        try:
            reply = await self._wait(loop, await do(intake.finish))
            body = bytes(reply)
        except Exception:
            log.exception("lane.broken")
            return HTTPStatus.SERVICE_UNAVAILABLE
        status, kind = (reply.status, reply.kind) if isinstance(reply, LaneReply) else (HTTPStatus.OK, _XML)
        self.counts.answered(path[1:], status, loop.time() - asked_at)
        reply_headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": reply_headers})
        await send({"type": "http.response.body", "body": body})
        return None

    async def _wait(self, loop: asyncio.AbstractEventLoop, answer: Promised) -> Any:
        if not answer.done():
            arrived = loop.create_future()
            answer.add_done_callback(lambda _: self._wake(loop, arrived))
            await arrived
        return answer.result()

    def _wake(self, loop: asyncio.AbstractEventLoop, arrived: "asyncio.Future[None]") -> None:
        """Called from any thread; only the first of several answers wakes the loop."""
        self._ready.append(arrived)
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it all connections
                loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        self._is_woken = False  # before the first look: whoever adds after the last one wakes us again
        while self._ready:
            arrived = self._ready.popleft()
            if not arrived.done():
                arrived.set_result(None)
