"""HTTP/1.1 on one connection: bounds on headers and bodies and on the time for them, then a lane or the site.

Requests of one connection are answered in their order. The site is an ASGI application; a lane is answered by a future
that another thread resolves, past all that an application needs.
"""

import asyncio
import email.utils
import http
import json
import logging
import re
import urllib.parse
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import httptools

from axiom.limits import server as limits
from axiom.server.http import senders
from axiom.server.http.fast_lane import Intake, LaneReply, Lanes, Promised

log = logging.getLogger("axiom.http")

App = Callable[[Any, Any, Any], Any]  # of ASGI

_READ_AHEAD = 64 * 1024  # bytes of a body that wait for the site to read them
_HEADER_SIGNS = 4  # bytes of each header line besides its name and its value
_PROGRAMS = b"/api/"  # whoever asks there reads a problem document beside each refusal
_VERSIONS = frozenset({"1.0", "1.1"})
_BODYLESS = frozenset({204, 304})

_BAD = b"400 Bad Request"
_TIMEOUT = b"408 Request Timeout"
_TOO_LARGE = b"413 Content Too Large"
_ENCODED = b"415 Unsupported Media Type"
_LONG_HEADERS = b"431 Request Header Fields Too Large"
_UNABLE = b"503 Service Unavailable"
_LATER = b"retry-after: 60\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_OK, _XML = b"200 OK", b"text/xml"
_KEPT = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
_LAST = b"HTTP/1.1 %b\r\ncontent-type: %b\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
_STATUS = {status.value: b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in http.HTTPStatus}
_NO_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Site:
    def __init__(self, app: App, lanes: Lanes | None, loop: asyncio.AbstractEventLoop, proxies: str) -> None:
        self.app = app
        self.lanes = lanes
        self.loop = loop
        self.proxies = proxies  # addresses of reverse proxies, whose word on who asks is believed
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._date: tuple[int, bytes] = (-1, b"")

    def date(self) -> bytes:
        second = int(self.loop.time())
        if self._date[0] != second:
            self._date = second, b"date: %b\r\n" % email.utils.formatdate(usegmt=True).encode()
        return self._date[1]


class LaneExchange:
    def __init__(self, connection: "Connection", intake: Intake, lanes: Lanes, path: bytes) -> None:
        self.keep_alive = connection.keeps_alive
        self.has_begun = False  # is something of the answer sent?
        self._connection = connection
        self._intake = intake
        self._lanes = lanes
        self._path = path
        self._asked_at = 0.0
        self._expects = connection.expects_continue
        self._is_whole = False
        self._has_turn = False
        self._is_lost = False

    def begin(self) -> None:
        """All earlier requests of this connection are answered."""
        self._has_turn = True
        if self._is_whole:
            self._ask()
        elif self._expects:
            self._connection.transport.write(_CONTINUE)

    def take(self, piece: bytes) -> bytes | None:
        return self._intake.take(piece)

    def end(self) -> None:
        self._is_whole = True
        if self._has_turn:
            self._ask()

    def lose(self) -> None:
        self._is_lost = True
        if not (self._has_turn and self._is_whole):  # also of a whole one whose turn will never come
            self._intake.lose()

    def _ask(self) -> None:
        loop = self._connection.site.loop
        self._asked_at = loop.time()
        answer = self._intake.finish()
        if answer.done():
            self._answer_with(answer)
        else:
            answer.add_done_callback(lambda future: self._lanes.send(loop, self._answer_with, future))

    def _answer_with(self, answer: Promised) -> None:
        try:
            reply = answer.result()
            body = bytes(reply)
        except Exception:
            log.exception("lane.broken")
            self._connection.refuse(_UNABLE)
            return
        if self._is_lost:
            return
        status, kind = (reply.status, reply.kind) if isinstance(reply, LaneReply) else (_OK, _XML)
        connection = self._connection
        self.has_begun = True
        seconds = connection.site.loop.time() - self._asked_at
        self._lanes.counts.answered(self._path[1:].decode(), int(status[:3]), seconds)
        if not connection.transport.is_closing():
            connection.transport.write((_KEPT if self.keep_alive else _LAST) % (status, kind, len(body)) + body)
        connection.answered(self)


class SiteExchange:
    def __init__(self, connection: "Connection", scope: dict[str, Any]) -> None:
        self.keep_alive = connection.keeps_alive
        self.has_begun = False
        self._connection = connection
        self._scope = scope
        self._expects = connection.expects_continue
        self._body = bytearray()
        self._is_whole = False
        self._is_lost = False
        self._is_answered = False
        self._left: int | None = None  # bytes of the answer that are to come; None while they are sent in chunks
        self._changed = asyncio.Event()

    def begin(self) -> None:
        site = self._connection.site
        task = site.loop.create_task(self._run())
        site.tasks.add(task)
        task.add_done_callback(site.tasks.discard)

    def take(self, piece: bytes) -> bytes | None:
        if not self._is_answered:
            self._body += piece
            if len(self._body) > _READ_AHEAD:
                self._connection.pause_reading()
            self._changed.set()
        return None

    def end(self) -> None:
        self._is_whole = True
        self._changed.set()

    def lose(self) -> None:
        self._is_lost = True
        self._changed.set()

    async def _run(self) -> None:
        try:
            await self._connection.site.app(self._scope, self._receive, self._send)
            if self._is_answered or self._is_lost:
                return
            log.error("site.unanswered path=%s", self._scope["path"])
        except Exception:
            log.exception("site.broken path=%s", self._scope["path"])
        if not self._is_answered and not self._is_lost:
            self._connection.close_with(b"500 Internal Server Error", b"A fault of ours.")

    async def _receive(self) -> dict[str, Any]:
        if self._expects:
            self._expects = False
            if not self._connection.transport.is_closing():
                self._connection.transport.write(_CONTINUE)
        if not self._is_lost and not self._is_answered:
            self._connection.resume_reading()
            await self._changed.wait()
            self._changed.clear()
        if self._is_lost or self._is_answered:
            return {"type": "http.disconnect"}
        body, self._body = bytes(self._body), bytearray()
        return {"type": "http.request", "body": body, "more_body": not self._is_whole}

    async def _send(self, message: dict[str, Any]) -> None:
        if not self._is_lost:
            await self._connection.drained()
        if self._is_lost:
            return
        match message["type"], self.has_begun:
            case "http.response.start", False:
                self._send_head(message["status"], message.get("headers", ()))
            case "http.response.body", True if not self._is_answered:
                self._send_body(message.get("body", b""), has_more=message.get("more_body", False))
            case kind, _:
                raise RuntimeError(f"The application sent {kind!r} out of its turn.")

    def _send_head(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        has_length, lines = False, [_STATUS[status], self._connection.site.date()]
        for name, value in headers:
            if _NO_HEADER.search(name) or _NO_HEADER.search(value):
                raise RuntimeError(f"The header {name!r} of an answer has signs that end it.")
            lower = name.lower()
            if lower == b"content-length":
                has_length, self._left = True, int(value)
            elif lower == b"connection":
                self.keep_alive = self.keep_alive and value.lower() != b"close"
                continue
            lines += (lower, b": ", value, b"\r\n")
        if self._scope["method"] == "HEAD" or status in _BODYLESS:
            self._left = 0
        elif not has_length:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        self.has_begun, self._expects = True, False
        self._connection.transport.write(b"".join(lines))

    def _send_body(self, body: bytes, *, has_more: bool) -> None:
        transport = self._connection.transport
        if self._scope["method"] == "HEAD":
            body = b""
        if self._left is None:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            transport.write(chunk if has_more else chunk + b"0\r\n\r\n")
        else:
            self._left -= len(body)
            if self._left < 0 or (self._left and not has_more):
                raise RuntimeError("The answer is not as long as it says.")
            transport.write(body)
        if not has_more:
            self._is_answered = True
            self._changed.set()
            self._connection.answered(self)


Exchange = LaneExchange | SiteExchange


class Connection(asyncio.Protocol):
    """Is closed where its headers or body are too large or too slow, or where nobody fetches the answers."""

    by_sender: ClassVar[Counter[str]] = Counter()  # how many connections each has now
    transport: asyncio.Transport

    def __init__(self, site: Site) -> None:
        self.site = site
        self.keeps_alive = False  # as the newest headers say
        self.expects_continue = False  # does the sender wait for a word before the body?
        self._parser = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # else what is refused has no answer
        self._unanswered: deque[Exchange] = deque()  # the first has its turn
        self._newest: Exchange | None = None  # whose body is arriving, or arrived last
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._header_bytes = 0
        self._body_bytes = 0
        self._counted = 0  # bytes of the body that had come at the last look at the clock
        self._barren = 0  # bytes in the newest pieces, which ended no headers and brought nothing of a body
        self._in_headers = True
        self._in_body = False
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._looks_at = 0.0
        self._unsent = 0  # bytes of answers that lay here at the last look, …
        self._unsent_since = 0.0  # … since when none of them has left, …
        self._has_drained = False  # … unless the rest was so small in between that more was added
        self._is_paused = False
        self._writable: asyncio.Event | None = None  # while too much lies here

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's transport, by what it can do
        self.site.connections.add(self)
        self._client = _address(transport.get_extra_info("peername"))
        self._server = _address(transport.get_extra_info("sockname"))
        self._sender = senders.sender(self._client[0] if self._client else "", self.site.proxies)
        self.by_sender[self._sender] += 1
        self._wait(limits.HEADER_SECONDS)
        is_one_too_many = bool(self._sender) and self.by_sender[self._sender] > limits.CONNECTIONS_OF_ONE_SENDER
        if is_one_too_many or len(self.site.connections) > senders.most_connections():
            self.refuse(_UNABLE)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._timer is not None:
            self._timer.cancel()
        self.by_sender[self._sender] -= 1
        if self.by_sender[self._sender] <= 0:
            del self.by_sender[self._sender]
        self.site.connections.discard(self)
        for exchange in self._unanswered:
            exchange.lose()
        self.resume_writing()
        self._unanswered.clear()  # nothing points in a circle, so nothing of it waits to be found by the collector
        self._newest = None
        del self._parser

    def data_received(self, data: bytes) -> None:
        self._barren += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # which is answered as any other request
            pass
        except httptools.HttpParserError as error:
            fault = error.__context__  # of ours, unless it is about an address
            if fault is not None and not isinstance(fault, (httptools.HttpParserError, UnicodeDecodeError)):
                log.error("connection.broken", exc_info=fault)
            self.refuse(_BAD)
        if self._barren > limits.HEADER_BYTES:
            self.refuse(_LONG_HEADERS)

    def on_message_begin(self) -> None:
        self._url, self._headers, self.expects_continue = b"", [], False
        self._in_headers = True
        self._header_bytes = self._body_bytes = self._counted = 0
        self._wait(limits.HEADER_SECONDS)

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._header_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; those behind a body say nothing here."""
        if not self._in_body:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expects_continue = True
            self._headers.append((name, value))
            self._header_bytes += len(name) + len(value) + _HEADER_SIGNS

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._barren = 0
        self._newest = None
        self._wait(limits.BODY_SECONDS)
        version = self._parser.get_http_version()
        if self._header_bytes > limits.HEADER_BYTES:
            self.refuse(_LONG_HEADERS)
        if fault := _head_fault(version, self._headers):
            self.refuse(fault)
        if len(self._unanswered) > limits.REQUESTS_WAITING:
            self.transport.close()  # without a word, which would stand among the answers that are still to come
        if not self.transport.is_closing():  # what follows a refused request in the same piece is not looked at
            self.keeps_alive = version != "1.0" and self._parser.should_keep_alive()
            self._route(version)
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        self._barren = 0
        if self.transport.is_closing() or self._newest is None:
            return
        self._body_bytes += len(body)
        if isinstance(self._newest, SiteExchange) and self._body_bytes > limits.BODY_BYTES:
            self.refuse(_TOO_LARGE)
        elif refusal := self._newest.take(body):
            self.refuse(refusal)

    def on_message_complete(self) -> None:
        """The body is here, and from now on it is they who wait; a request that was refused has nothing to complete."""
        self._in_body = False
        if self._newest is not None and not self.transport.is_closing():
            self._newest.end()

    def _route(self, version: str) -> None:
        path, lanes, method = self._url.partition(b"?")[0], self.site.lanes, self._parser.get_method()
        opener = lanes.openers.get(path) if lanes is not None and method == b"POST" else None
        if lanes is None or opener is None:
            if any(name == b"content-length" and int(value) > limits.BODY_BYTES for name, value in self._headers):
                self.refuse(_TOO_LARGE)  # the parser has refused a length that is no number
            else:
                self._open(SiteExchange(self, self._scope(version, method)))
            return
        if self.transport.get_write_buffer_size() > limits.UNREAD_BYTES:
            self.transport.close()
            return
        length, encoding, accepted, key = None, b"identity", b"", b""
        for name, value in self._headers:
            if name == b"content-length":
                length = int(value)
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
            self._open(LaneExchange(self, opened, lanes, path))

    def _open(self, exchange: Exchange) -> None:
        self._newest = exchange
        self._unanswered.append(exchange)
        if len(self._unanswered) == 1:
            exchange.begin()
        else:  # it came before the one before it was answered
            self.pause_reading()

    def _scope(self, version: str, method: bytes) -> dict[str, Any]:
        url = httptools.parse_url(self._url)
        raw_path = url.path or b"/"  # an address in absolute form may have none
        path = raw_path.decode("ascii")
        scheme, client = "http", self._client
        if senders.is_proxy(client[0] if client else "", self.site.proxies):
            scheme, client = senders.forwarded(self._headers, client, self.site.proxies)
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "method": method.decode("ascii"),
            "scheme": scheme,
            "path": urllib.parse.unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": url.query or b"",
            "root_path": "",
            "headers": self._headers,
            "client": client,
            "server": self._server,
            "state": {},
        }

    def answered(self, exchange: Exchange) -> None:
        self._unanswered.popleft()
        if not exchange.keep_alive:
            self.transport.close()
        if self.transport.is_closing():
            return
        self.resume_reading()
        if self._unanswered:
            self._unanswered[0].begin()
        elif not self._in_body:
            self._wait(limits.IDLE_SECONDS)

    def finish(self) -> None:
        if self._unanswered:
            self._unanswered[-1].keep_alive = False
        else:
            self.transport.close()

    def refuse(self, status: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.site.lanes is not None:
            self.site.lanes.counts.refused(int(status[:3]))
        self.close_with(status)

    def close_with(self, status: bytes, text: bytes = b"") -> None:
        first, newest = (self._unanswered[0] if self._unanswered else None), self._newest
        is_under_way = first is not None and first.has_begun
        if not is_under_way and not (self._in_body and newest is not None and newest.has_begun):
            is_problem = self._url.startswith(_PROGRAMS)
            body = _problem(status) if is_problem else text
            headers = b"content-type: application/problem+json\r\n" if is_problem else b""
            headers += _LATER if status == _UNABLE else b""
            self.transport.write(
                b"HTTP/1.1 %b\r\nconnection: close\r\n%bcontent-length: %d\r\n\r\n%b"
                % (status, headers, len(body), body)
            )
        self.transport.close()

    def pause_reading(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        self._writable = self._writable or asyncio.Event()

    def resume_writing(self) -> None:
        self._has_drained = True
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    async def drained(self) -> None:
        if self._writable is not None:
            await self._writable.wait()

    def _wait(self, seconds: float) -> None:
        """Somebody has so long to go on. A look at the clock that is due anyway before then is soon enough."""
        self._due = self.site.loop.time() + seconds
        if self._timer is None or self._looks_at > self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._look_later(seconds)

    def _look_later(self, seconds: float) -> None:
        self._looks_at = self.site.loop.time() + seconds
        self._timer = self.site.loop.call_later(seconds, self._check_time)

    def _check_time(self) -> None:
        left = self._due - self.site.loop.time()
        if self._is_stuck():
            self.transport.abort()
        elif left > 0:
            self._look_later(left)
        else:
            self._timer = None
            self._too_slow()
            if self._timer is None:
                self._look_later(limits.ANSWER_SECONDS)

    def _is_stuck(self) -> bool:
        """Has nothing of an answer been fetched for too long? A connection that is being closed waits for that too."""
        unsent, before, now = self.transport.get_write_buffer_size(), self._unsent, self.site.loop.time()
        if not before or unsent < before or self._has_drained:
            self._unsent_since = now
        self._unsent, self._has_drained = unsent, False
        return unsent > 0 and now - self._unsent_since >= limits.ANSWER_SECONDS

    def _too_slow(self) -> None:
        """The time is over; but a lane's body may take its time as long as it comes."""
        arrived, self._counted = self._body_bytes - self._counted, self._body_bytes
        comes = arrived >= limits.SLOWEST_BYTES_A_SECOND * limits.BODY_SECONDS
        if comes and self._in_body and isinstance(self._newest, LaneExchange):
            self._wait(limits.BODY_SECONDS)
        elif self._in_headers or self._in_body:
            self.refuse(_TIMEOUT)
        elif not self._unanswered:
            self.transport.close()


def _address(name: object) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None


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
    return _BAD if hosts > 1 or (not hosts and version == "1.1") else b""


def _problem(status: bytes) -> bytes:
    number, _, title = status.decode().partition(" ")
    why = f"A request brings at most {limits.BODY_BYTES:,} bytes" if status == _TOO_LARGE else title
    problem = {"type": "about:blank", "title": title, "status": int(number), "detail": f"{why}. Nothing was done."}
    return json.dumps(problem).encode()
