"""uvicorn, hardened: limits on headers and bodies and on the time for them, which it has not.

Nor does it say how many connections one sender may have, how many requests may wait on one of them, and for how long
an answer may lie there that nobody fetches; so this does.
"""

import asyncio
import contextlib
import functools
import gc
import ipaddress
import json
import logging
import resource
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from axiom.limits import server as limits

_PROGRAMS = b"/api/"  # whoever asks there reads a problem document beside each refusal
_HEADER_SIGNS = 4  # bytes of each header line besides its name and its value
_VERSIONS = frozenset({"1.0", "1.1"})
_OTHER_FILES = 200  # that the laboratory itself may have open


class Hardened(HttpToolsProtocol):
    """Closes a connection whose headers or body are too large or too slow, or whose answers nobody fetches."""

    senders: ClassVar[Counter[str]] = Counter()  # how many connections each has now

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn types it
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._header_bytes = 0
        self._body_bytes = 0
        self._beside = 0  # bytes behind the headers, of which the newest pieces brought nothing of a body
        self._piece = 0  # bytes that came together, the newest
        self._at_most = 0  # bytes that the headers can have, as they may share pieces with what is before them
        self._in_headers = True
        self._in_body = False
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = 0.0
        self._unsent = 0  # bytes of answers that lay here at the last look, …
        self._unsent_since = 0.0  # … since when none of them has left, …
        self._has_drained = False  # … unless the rest was so small in between that more was added
        self._answering: RequestResponseCycle | None = None  # the request of the site that has its turn, or had it last
        self._sender = sender(self.client[0] if self.client else "", str(self.config.forwarded_allow_ips))
        self.senders[self._sender] += 1
        self.wait(limits.HEADER_SECONDS)
        is_one_too_many = bool(self._sender) and self.senders[self._sender] > limits.CONNECTIONS_OF_ONE_SENDER
        if is_one_too_many or len(self.connections) > most_connections():
            self.refuse(b"503 Service Unavailable")

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
        self.senders[self._sender] -= 1
        if self.senders[self._sender] <= 0:
            del self.senders[self._sender]
        if self._answering is not None:  # uvicorn tells only the newest, which may wait behind this one
            self._answering.disconnected = True
            self._answering.message_event.set()
            self._answering = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what arrives before it is looked at."""
        self._piece = len(data)
        if self._in_headers:
            self._header_bytes += len(data)
            self._at_most += len(data)
            if self._header_bytes > limits.HEADER_BYTES + limits.BODY_BYTES:
                self.refuse(b"431 Request Header Fields Too Large")
                return
        body = self._body_bytes
        super().data_received(data)
        self._beside = self._beside + len(data) if self._in_body and self._body_bytes == body else 0
        if (self._in_headers and self._header_bytes > limits.HEADER_BYTES) or self._beside > limits.HEADER_BYTES:
            self.refuse(b"431 Request Header Fields Too Large")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; those behind a body say nothing here."""
        if not self._in_body:
            super().on_header(name, value)

    def on_message_begin(self) -> None:
        """The headers of one more request on this connection."""
        self._in_headers = True
        self._body_bytes = 0
        self._at_most = self._piece
        self.wait(limits.HEADER_SECONDS)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The headers are here, perhaps all of them in one piece that nobody has counted yet."""
        self._in_headers = False
        self._header_bytes = 0
        self._beside = -self._piece  # what came together with the headers is not beside the body
        self.wait(limits.BODY_SECONDS)
        if self._at_most > limits.HEADER_BYTES and self._header_size() > limits.HEADER_BYTES:
            self.refuse(b"431 Request Header Fields Too Large")
        if fault := _head_fault(self.parser.get_http_version(), self.headers):
            self.refuse(fault)
        if len(self.pipeline) >= limits.REQUESTS_WAITING:
            self.transport.close()  # without a word, which would stand among the answers that are still to come
        if not self.transport.is_closing():  # what follows a refused request in the same piece is not looked at
            self.route()
        self._in_body = True

    def route(self) -> None:
        """Have the request begun; its body is still to come, unless it says that it is too long."""
        for name, value in self.headers:
            if name == b"content-length" and int(value) > limits.BODY_BYTES:  # the parser has refused what is no number
                self.refuse(b"413 Content Too Large")
                return
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """This request has its turn."""
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        """The body is here; a request that was refused has nothing to complete."""
        self.quiet()
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Count the body."""
        if self.transport.is_closing():
            return
        self._body_bytes += len(body)
        if self._body_bytes > limits.BODY_BYTES:
            self.refuse(b"413 Content Too Large")
            return
        super().on_body(body)

    def _header_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + _HEADER_SIGNS for name, value in self.headers)

    def wait(self, seconds: float) -> None:
        """Somebody has so long to go on. A look at the clock that is due anyway before then is soon enough."""
        self._due = self.loop.time() + seconds
        if self._timer is None or self._looks_at > self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._look_later(seconds)

    def _look_later(self, seconds: float) -> None:
        self._looks_at = self.loop.time() + seconds
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        left = self._due - self.loop.time()
        if self._is_stuck():
            self.transport.abort()
        elif left > 0:
            self._look_later(left)
        else:
            self._timer = None
            self.too_slow()
            if self._timer is None:
                self._look_later(limits.ANSWER_SECONDS)

    def resume_writing(self) -> None:
        """Most of what was to be sent is fetched."""
        self._has_drained = True
        super().resume_writing()

    def _is_stuck(self) -> bool:
        """Has nothing of an answer been fetched for too long? A connection that is being closed waits for that too."""
        unsent, before, now = self.transport.get_write_buffer_size(), self._unsent, self.loop.time()
        if not before or unsent < before or self._has_drained:
            self._unsent_since = now
        self._unsent, self._has_drained = unsent, False
        return unsent > 0 and now - self._unsent_since >= limits.ANSWER_SECONDS

    def quiet(self) -> None:
        """The body is whole: from here on, it is they who wait."""
        self._in_body = False

    def too_slow(self) -> None:
        """The time is over."""
        newest: Any = self.cycle  # uvicorn's own, a lane's, or none yet
        if self._in_headers or self._in_body:
            self.refuse(b"408 Request Timeout")
        elif self.timeout_keep_alive_task is None and newest is not None and newest.response_complete:
            self.transport.close()  # an empty line ended uvicorn's wait for the next request, and none came behind it

    def refuse(self, status: bytes) -> None:
        """Close the connection with this word, unless it is closed already, or an answer has begun."""
        if not self.transport.is_closing():
            if not self._is_answered():
                body = _problem(status) if getattr(self, "url", b"").startswith(_PROGRAMS) else b""
                kind = b"content-type: application/problem+json\r\n" if body else b""
                self.transport.write(
                    b"HTTP/1.1 %b\r\nconnection: close\r\n%bcontent-length: %d\r\n\r\n%b"
                    % (status, kind, len(body), body)
                )
            self.transport.close()

    def _is_answered(self) -> bool:
        """Would one more status line stand behind, or within, an answer that was given already?"""
        newest: Any = self.cycle  # uvicorn's own, a lane's, or none yet
        answers = self._answering
        is_under_way = answers is not None and answers.response_started and not answers.response_complete
        has_begun = newest is not None and getattr(newest, "response_started", newest.response_complete)
        return is_under_way or (self._in_body and has_begun)


def _head_fault(version: str, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The status of a request that does not say in one way whom it asks and how long it is; empty for all others."""
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding" and (value.strip().lower() != b"chunked" or version == "1.0"):
            return b"501 Not Implemented"
    if version not in _VERSIONS:
        return b"505 HTTP Version Not Supported"
    return b"400 Bad Request" if hosts > 1 or (not hosts and version == "1.1") else b""


def _problem(status: bytes) -> bytes:
    """A status as programs read it (RFC 9457)."""
    number, _, title = status.decode().partition(" ")
    said = {"type": "about:blank", "title": title, "status": int(number), "detail": f"{title}. Nothing was done."}
    return json.dumps(said).encode()


@functools.cache
def most_connections() -> int:
    """How many connections there may be at once. On each a file may be brought or fetched, which is open, too.

    Many a service may have 1,024 files open until it asks for more, which it may: half a fleet that fetches a new
    runner would leave none for the records.
    """
    wanted = 2 * limits.CONNECTIONS + _OTHER_FILES
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _lacks(allowed, wanted):
        allowed = wanted if not _lacks(most, wanted) else most
        with contextlib.suppress(OSError, ValueError):  # a system may let it have fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limits.CONNECTIONS if not _lacks(allowed, wanted) else max(1, (allowed - _OTHER_FILES) // 2)


def _lacks(files: int, wanted: int) -> bool:
    return files != resource.RLIM_INFINITY and files < wanted


@functools.lru_cache(maxsize=4096)
def sender(address: str, proxies: str) -> str:
    """Who shares one allowance of connections with this address; empty for a reverse proxy, which has no limit.

    A household has one address of the older kind, or a whole network of the newer.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""  # a socket of this computer
    found = getattr(found, "ipv4_mapped", None) or found
    named = {each.strip() for each in proxies.strip("[]").replace("'", "").split(",")}
    if "*" in named or any(_is_in(found, each) for each in {"127.0.0.1", "::1", *named}):
        return ""
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found), 64), strict=False))


def _is_in(address: ipaddress.IPv4Address | ipaddress.IPv6Address, named: str) -> bool:
    try:
        return address in ipaddress.ip_network(named, strict=False)
    except ValueError:
        return False  # no address


@dataclass(frozen=True, kw_only=True)
class ServedSocket:
    """An application, the socket on which it is served, and how its connections are made."""

    app: Any
    socket: socket.socket
    protocol: Callable[..., asyncio.Protocol] = Hardened


class _Server(uvicorn.Server):
    """Leaves signals to the one place that stops everything in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class StopSignal:
    """How the site is asked to stop: by a signal, or by a part of the laboratory that cannot go on."""

    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self._asked = threading.Event()
        self._wake: Callable[[], object] | None = None

    @property
    def is_asked(self) -> bool:
        """Has somebody asked? What goes through many things looks at it between two of them."""
        return self._asked.is_set()

    def now(self, by: signal.Signals | None = None) -> None:
        """Stop soon; may be called from any thread."""
        self.by = self.by or by
        self._asked.set()
        if self._wake is not None:
            self._wake()

    async def wait(self) -> None:
        """Wait until somebody asks."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(woken.set)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.now, number)
        if not self._asked.is_set():
            await woken.wait()


def serve(listeners: Sequence[ServedSocket], stopping: StopSignal) -> signal.Signals | None:
    """Serve all listeners in one loop until something asks to stop; the signal that did, if one did."""
    spare_the_collector()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(listeners, stopping))
    return stopping.by


def spare_the_collector() -> None:
    """What is there by now stays, and of what comes next to nothing points in a circle: it is seldom looked for.

    Otherwise a twentieth of the time goes into that, now and then a tenth of a second at once.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def _serve(listeners: Sequence[ServedSocket], stopping: StopSignal) -> None:
    servers = [
        _Server(
            uvicorn.Config(
                listener.app,
                http=listener.protocol,  # type: ignore[arg-type]  # whatever makes one will do
                lifespan="off",
                access_log=False,
                log_config=None,
                # A line for each request that is none would let strangers push everything else out of the log.
                log_level=max(logging.ERROR, logging.root.level),
                server_header=False,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=3,
            )
        )
        for listener in listeners
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener.socket]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    await stopping.wait()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows has none; the standard loop serves it
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
