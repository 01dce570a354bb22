"""What each request must pass before anything of it is done: its form, whom it asks, and who asks for how much.

A body has a length, and an application sees it once the whole of it is here. One in chunks may end in lines that
uvicorn takes for headers, which no proxy has looked at. Behind headers that offer an upgrade uvicorn reads the body as
another request, so such a body is not taken, and no further request either on that connection.
"""

import asyncio
import json
import logging
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from axiom.limits import server as limits
from axiom.rules.accounts.visitors import VisitorShares, visitor_of
from axiom.server.http.bodies import BodyRoom, SenderGone, read_body
from axiom.server.http.fast_lane import Lanes
from axiom.server.http.origins import Headers, PublicAddress, is_asked_here, is_known

log = logging.getLogger("axiom.http")

_PROGRAMS = "/api/"  # whoever asks there reads a problem document beside each refusal, and is no page
_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
_VERSIONS = frozenset({"1.0", "1.1"})
_CLOSE = (b"connection", b"close")
_LATER = (b"retry-after", b"60")
_CLOSED = "handler is closed"  # as uvloop says of a connection that is lost
_HEADER_SIGNS = 4  # bytes of each header line besides its name and its value

_UNREADABLE = HTTPStatus.BAD_REQUEST, "It does not say in one way whom it asks and how long it is"
_NO_LENGTH = HTTPStatus.LENGTH_REQUIRED, "A body needs a content-length; none is taken in chunks"
_UPGRADE = HTTPStatus.BAD_REQUEST, "A request that offers an upgrade may bring no body; ask without the offer"
_LONG_HEADERS = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"Headers may have {limits.HEADER_BYTES:,} bytes"
_STRANGE_NAME = (
    HTTPStatus.MISDIRECTED_REQUEST,
    "This laboratory has another name. If the name is its own, too, put it into the setting names of axiom.toml",
)
_ELSEWHERE = HTTPStatus.FORBIDDEN, "A page of another site asked for this"
_MANY = HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests of this address are under way"

_OTHER_VERSION = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is spoken here"

Refusal = tuple[HTTPStatus, str]


class RequestGuard:
    def __init__(self, app: ASGIApp, lanes: Lanes | None = None, address: PublicAddress | None = None) -> None:
        self._app = app
        self._lanes = lanes or Lanes({})
        self._address = address
        self._old_paths = address.old_paths if address else None
        self._under_way = VisitorShares()
        self._room = BodyRoom()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._old_paths is not None:
            scope = self._old_paths.translate(scope)
        headers = dict(scope["headers"])
        if b"upgrade" in headers:
            send = _last(send)
        visitor = visitor_of(scope["client"][0]) if scope["client"] else ""
        refusal = self._why_not(scope, headers)
        if refusal is None and not self._under_way.take(visitor, limits.REQUESTS_OF_ONE_VISITOR):
            refusal = _MANY
        if refusal is None:
            try:
                refusal = await self._answer(scope, headers, visitor, receive, send)
            except SenderGone:
                return
            except Exception as error:
                if isinstance(error, RuntimeError) and _CLOSED in str(error):
                    return
                log.exception("http.fault path=%.200r", scope["path"])
                raise
            finally:
                self._under_way.give(visitor)
        if refusal is not None:
            self._lanes.counts.refused(refusal[0])
            await _refuse(scope, send, *refusal)

    def _why_not(self, scope: Scope, headers: Headers) -> Refusal | None:
        if scope["http_version"] not in _VERSIONS:
            return _OTHER_VERSION
        if _size(scope) > limits.HEADER_BYTES:
            return _LONG_HEADERS
        if b"transfer-encoding" in headers:
            return _NO_LENGTH
        if b"upgrade" in headers and headers.get(b"content-length", b"0") != b"0":
            return _UPGRADE
        host = headers.get(b"host")
        if _has_two_hosts(scope, headers) or (host is None and scope["http_version"] == "1.1"):
            return _UNREADABLE
        if self._address is None:
            return None
        if host is not None and not is_known(host, self._address.names):
            return _STRANGE_NAME
        is_looking = scope["method"] in _LOOKING and not scope["path"].startswith(_PROGRAMS)
        return None if is_looking or is_asked_here(headers, self._address.origin) else _ELSEWHERE

    async def _answer(
        self, scope: Scope, headers: Headers, visitor: str, receive: Receive, send: Send
    ) -> Refusal | None:
        opener = self._lanes.openers.get(scope["raw_path"]) if scope["method"] == "POST" else None
        if opener is not None:
            return _with_phrase(await self._lanes.answer(scope["path"], opener, headers, visitor, receive, send))
        size = int(headers.get(b"content-length", 0))
        if size > limits.BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request brings at most {limits.BODY_BYTES:,} bytes"
        body = bytearray()

        async def take(piece: bytes) -> int | None:
            body.extend(piece)
            has_room = self._room.take(len(piece), visitor)
            return None if has_room else HTTPStatus.SERVICE_UNAVAILABLE

        try:
            if size:
                if refused := await read_body(receive, take):
                    return _with_phrase(refused)
                receive = _behind(bytes(body), receive)
            await self._app(scope, receive, _in_time(send))
        finally:
            self._room.give(len(body), visitor)
        return None


def _has_two_hosts(scope: Scope, headers: Headers) -> bool:
    return len(headers) < len(scope["headers"]) and sum(name == b"host" for name, _ in scope["headers"]) > 1


def _size(scope: Scope) -> int:
    address = len(scope["raw_path"]) + len(scope["query_string"])
    return address + sum(len(name) + len(value) + _HEADER_SIGNS for name, value in scope["headers"])


def _last(send: Send) -> Send:
    """Send, and have the connection closed behind it."""

    async def send_last(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
        await send(message)

    return send_last


def _in_time(send: Send) -> Send:
    """Send to whoever fetches it: nothing of ours is held for somebody who does not."""

    async def send_in_time(message: Message) -> None:
        try:
            async with asyncio.timeout(limits.ANSWER_SECONDS):
                await send(message)
        except TimeoutError:
            raise SenderGone from None

    return send_in_time


def _behind(body: bytes, receive: Receive) -> Receive:
    """Receive a body that was read already, and then what comes behind it."""
    left = [body]

    async def receive_it() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": False} if left else await receive()

    return receive_it


def _with_phrase(status: int | None) -> Refusal | None:
    return None if status is None else (HTTPStatus(status), HTTPStatus(status).phrase)


async def _refuse(scope: Scope, send: Send, status: HTTPStatus, why: str) -> None:
    text = f"{why}. Nothing was done."
    if scope["path"].startswith(_PROGRAMS):
        kind, body = b"application/problem+json", json.dumps(_problem(status, text)).encode()
    else:
        kind, body = b"text/plain; charset=utf-8", text.encode()
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), _CLOSE]
    headers += [_LATER] if status == HTTPStatus.SERVICE_UNAVAILABLE else []
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _problem(status: HTTPStatus, text: str) -> dict[str, object]:
    return {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": text}
