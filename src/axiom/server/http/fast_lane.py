"""The fast lane: BOINC's messages go from the socket to whoever answers them, past the machinery of the site.

What a lane is asked is answered by a future that another thread resolves, usually the writer's after its commit. All
answers of one group of commits leave with one wake-up of the loop.
"""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from axiom.limits import server as limits
from axiom.server.http.request_counts import RequestCounts
from axiom.server.http.uvicorn_limits import Hardened

log = logging.getLogger("axiom.lane")


_TOO_LARGE = b"413 Content Too Large"
_ENCODED = b"415 Unsupported Media Type"
_UNABLE = b"503 Service Unavailable"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_OK = b"200 OK"
_XML = b"text/xml"
_KEPT = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
_LAST = b"HTTP/1.1 %b\r\ncontent-type: %b\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"


# Of an answer: bytes, or what `bytes` makes bytes of. That is done in the loop's thread, when they are sent.
Promised = Future[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneReply:
    """An answer with a status and a kind of its own; others are BOINC's, whose errors stand in what they say."""

    body: bytes
    status: bytes = _OK
    kind: bytes = b"application/json"

    def __bytes__(self) -> bytes:
        return self.body


class Intake(Protocol):
    """Takes the body of one request as it arrives, in the loop's thread."""

    def take(self, piece: bytes) -> bytes | None:
        """One more piece; what is returned is the status with which the request is refused at once."""

    def finish(self) -> Promised:
        """All of it is here; the answer."""

    def lose(self) -> None:
        """The connection is gone; no more will come and nobody awaits an answer."""


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
        """So many bytes more; false where that is too much."""
        with self._door:
            self.left -= size
            return self.left >= 0

    def give(self, size: int) -> None:
        """So many bytes less."""
        with self._door:
            self.left += size


class WholeRequest:
    """Collects a request that is looked at as a whole."""

    def __init__(self, answer: Answering, limit: int, room: BodyRoom) -> None:
        self._answer = answer
        self._limit = limit
        self._room = room
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> bytes | None:
        """Keep it."""
        self._size += len(piece)
        has_room = self._room.take(len(piece))
        self._pieces.append(piece)
        if self._size > self._limit:
            return _TOO_LARGE
        return None if has_room else _UNABLE

    def finish(self) -> Promised:
        """Ask."""
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
        """Nothing was begun."""
        self._drop()

    def _drop(self) -> None:
        size, self._size = self._size, 0
        self._room.give(size)
        self._pieces.clear()


def whole(answer: Answering, limit: int = limits.REQUEST_BYTES, room: BodyRoom | None = None) -> Opener:
    """A lane whose requests are answered by this function, which must not wait for anything itself."""
    return whole_in(lambda body, _: answer(body), limit, room)


def whole_in(answer: AnsweringIn, limit: int = limits.REQUEST_BYTES, room: BodyRoom | None = None) -> Opener:
    """The same, with answers in a language that the client accepts."""
    shared = room or BodyRoom()

    def open_one(length: int | None, accepted: str = "", _authorization: bytes = b"") -> Intake | bytes:
        if length is not None and length > limit:
            return _TOO_LARGE
        return WholeRequest(lambda body: answer(body, accepted), limit, shared)

    return open_one


class Lanes:
    """Which paths are lanes, and the answers on their way back into the loop. Each path is a class of requests."""

    def __init__(self, openers: Mapping[bytes, Opener], counts: RequestCounts | None = None) -> None:
        self.openers = openers
        self.counts = counts or RequestCounts()
        self._ready: deque[tuple[Exchange, Promised]] = deque()
        self._is_woken = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def protocol(self, *args: Any, **named: Any) -> "Laned":
        """A connection, as uvicorn makes them."""
        made = Laned(*args, **named)
        made.lanes = self
        self._loop = made.loop
        return made

    def send(self, exchange: "Exchange", answered: Promised) -> None:
        """Have an answer sent soon. Called from any thread; only the first of several wakes the loop."""
        self._ready.append((exchange, answered))
        if not self._is_woken and self._loop is not None:
            self._is_woken = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it all connections
                self._loop.call_soon_threadsafe(self._send_all)

    def _send_all(self) -> None:
        self._is_woken = False  # before the first look: whoever adds after the last one wakes us again
        while self._ready:
            exchange, answered = self._ready.popleft()
            exchange.answer_with(answered)


class _WakesNobody:
    """Where uvicorn would wake the task of a request; a lane has none."""

    def set(self) -> None:
        """Nobody waits."""


_NOBODY = _WakesNobody()


class Exchange:
    """One request on a lane and its answer. It stands where uvicorn has its cycle, and has what uvicorn asks of one."""

    message_event = _NOBODY

    def __init__(self, connection: "Laned", intake: Intake, *, path: bytes, keep_alive: bool, expects: bool) -> None:
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = keep_alive
        self._connection = connection
        self._intake = intake
        self._path = path
        self._asked_at = 0.0
        self._expects = expects  # waits for a word before it sends its body
        self._is_whole = False
        self._has_turn = False
        self._is_asked = False

    def begin(self) -> None:
        """All earlier requests of this connection are answered."""
        self._has_turn = True
        if self._expects and not self._is_whole:
            self._connection.transport.write(_CONTINUE)
        if self._is_whole:
            self._ask()

    def take(self, piece: bytes) -> bytes | None:
        """One more piece of the body, and whether that is enough."""
        return self._intake.take(piece)

    def end(self) -> None:
        """The body is whole."""
        self._is_whole = True
        if self._has_turn:
            self._ask()

    def lose(self) -> None:
        """The connection is gone."""
        self.disconnected = True
        if not self._is_asked:  # also of a whole one whose turn will never come
            self._intake.lose()

    def answer_with(self, answered: Promised) -> None:
        """Send the answer, if somebody still awaits it."""
        try:
            found = answered.result()
            body = bytes(found)
        except Exception:
            log.exception("lane.broken")
            self._connection.refuse(_UNABLE)
            return
        if not self.disconnected:
            is_own = isinstance(found, LaneReply)
            self._send(body, found.status if is_own else _OK, found.kind if is_own else _XML)

    def _ask(self) -> None:
        self._is_asked = True
        self._asked_at = self._connection.loop.time()
        answered = self._intake.finish()
        if answered.done():
            self.answer_with(answered)
        else:
            lanes = self._connection.lanes
            answered.add_done_callback(lambda future: lanes.send(self, future))

    def _send(self, body: bytes, status: bytes, kind: bytes) -> None:
        connection = self._connection
        self.response_complete = True
        connection.lanes.counts.answered(
            self._path[1:].decode(), int(status[:3]), connection.loop.time() - self._asked_at
        )
        if not connection.transport.is_closing():
            connection.transport.write((_KEPT if self.keep_alive else _LAST) % (status, kind, len(body)) + body)
            if not self.keep_alive:
                connection.transport.close()
        connection.answered(self)


class Laned(Hardened):
    """A hardened connection some of whose paths are lanes; all others are the site's."""

    lanes: Lanes

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn types it
        """Begin to wait for headers."""
        self._exchange: Exchange | None = None  # whose body is arriving or who awaits its answer: the newest
        self._unanswered: list[Exchange] = []
        self._counted = 0
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever was still sending or waiting is gone."""
        for exchange in self._unanswered:
            exchange.lose()
        self._unanswered.clear()
        super().connection_lost(exc)
        self._exchange = None  # nothing points in a circle, so nothing of it waits to be found by the collector
        self.cycle = None  # type: ignore[assignment]  # as before the first request

    def route(self) -> None:
        """The headers are complete: a lane's request begins, or one of the site's."""
        path = self.url.partition(b"?")[0]
        opener = self.lanes.openers.get(path) if self.parser.get_method() == b"POST" else None
        if opener is None:
            self._exchange = None
            super().route()
            return
        if self.transport.get_write_buffer_size() > limits.UNREAD_BYTES:
            self.transport.close()
            return
        self._counted, length, encoding, accepted, key = 0, None, b"identity", b"", b""
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value)  # the parser has refused what is no number
            elif name == b"content-encoding":
                encoding = value.strip().lower()
            elif name == b"accept-language":
                accepted = value
            elif name == b"authorization":
                key = value
        if encoding != b"identity":
            self.refuse(_ENCODED)
            return
        opened = opener(length, accepted.decode("latin-1"), key)
        if isinstance(opened, bytes):
            self.refuse(opened)
        else:
            self._open(opened, path)

    def refuse(self, status: bytes) -> None:
        """Close the connection with this word, and count it."""
        if not self.transport.is_closing():
            self.lanes.counts.refused(int(status[:3]))
        super().refuse(status)

    def _open(self, intake: Intake, path: bytes) -> None:
        keeps = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        exchange = Exchange(self, intake, path=path, keep_alive=keeps, expects=self.expect_100_continue)
        before: Any = self.cycle  # uvicorn's own, one of ours, or none yet
        self.cycle = exchange  # type: ignore[assignment]  # it has what uvicorn asks of a cycle
        self._exchange = exchange
        self._unanswered.append(exchange)
        if before is None or before.response_complete:
            exchange.begin()
        else:  # it came before the one before it was answered
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))  # type: ignore[arg-type]

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """The next request that waited has its turn."""
        if isinstance(cycle, Exchange):
            cycle.begin()
        else:
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """One more piece of a body."""
        if self._exchange is None:
            super().on_body(body)
        elif not self.transport.is_closing():
            self._body_bytes += len(body)
            refusal = self._exchange.take(body)
            if refusal is not None:
                self.refuse(refusal)

    def on_message_complete(self) -> None:
        """The body is here."""
        exchange = self._exchange
        if exchange is None:
            super().on_message_complete()
            return
        self.quiet()
        if not self.transport.is_closing():
            exchange.end()

    def answered(self, exchange: Exchange) -> None:
        """One request is done with; the next has its turn."""
        self._unanswered.remove(exchange)
        self.on_response_complete()

    def too_slow(self) -> None:
        """A lane's body may take its time as long as it comes."""
        if self._in_body and self._exchange is not None:
            arrived, self._counted = self._body_bytes - self._counted, self._body_bytes
            if arrived >= limits.SLOWEST_BYTES_A_SECOND * limits.BODY_SECONDS:
                self.wait(limits.BODY_SECONDS)
                return
        super().too_slow()
