"""Rendered pages, kept for two seconds: a page that a hundred people look at is made once.

Stands before all routing. Whoever already has the page is told so (304); whoever takes gzip gets what was compressed
once.
"""

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from axiom.limits import server as limits
from axiom.web.base.accepted_encodings import takes_gzip

Headers = list[tuple[bytes, bytes]]
# How often all was forgotten, path, query, whether somebody is signed in, and the page's language.
_Key = tuple[int, str, bytes, bool, str]

SIGNED_IN = "axiom.signed_in"  # in a request's scope: somebody is; a page then shows the way to their account
LANGUAGE = "axiom.language"  # in a request's scope: the language of a page that comes in several
_SMALL = 256  # bytes below which compressing only adds
_PACKED = (b"text/", b"application/json", b"application/javascript", b"image/svg")
_KEPT_STATUS = {200, 400, 404}


@dataclass(frozen=True, kw_only=True, slots=True)
class CachedPage:
    """An answer as it leaves: in full, compressed, and as the word that nothing has changed."""

    status: int
    etag: bytes
    headers: Headers
    packed_headers: Headers
    unchanged_headers: Headers
    body: bytes
    packed: bytes | None
    until: float


class PageCache:
    """An application whose answers are kept. `clock` counts seconds and never goes back."""

    def __init__(
        self,
        app: ASGIApp,
        clock: Callable[[], float],
        fresh: float = limits.PAGE_FRESH_SECONDS,
        *,
        normalize_query: Callable[[str, bytes], bytes] = lambda _path, query: query,
        bypass_cache: Callable[[str], bool] = lambda _path: False,
        language_of: Callable[[Scope], str] = lambda _scope: "",
    ) -> None:
        """Queries that `normalize_query` makes equal share one page; paths that `bypass_cache` names have none.

        A page that comes in several languages is kept in each that `language_of` finds.
        """
        self._app = app
        self._normalize_query = normalize_query
        self._bypass_cache = bypass_cache
        self._language_of = language_of
        self._clock = clock
        self._fresh = fresh
        self._kept: dict[_Key, CachedPage] = {}
        self._under_way: dict[_Key, asyncio.Task[CachedPage]] = {}
        self._generation = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or make the page and remember it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] not in {"GET", "HEAD"}:
            await _refuse(send)
            return
        if self._bypass_cache(scope["path"]):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        query = self._normalize_query(path, scope["query_string"])
        key = self._generation, path, query, scope.get(SIGNED_IN, False), self._language_of(scope)
        page = self._kept.get(key)
        if page is None or page.until <= self._clock():
            page = await self._make(key, scope)
        await _answer(page, scope, send)

    def forget(self) -> None:
        """What is kept or being made may be out of date: make every page anew."""
        self._generation += 1
        self._kept.clear()

    async def _make(self, key: _Key, scope: Scope) -> CachedPage:
        """Make a page once, however many ask for it meanwhile, and whoever of them leaves."""
        making = self._under_way.get(key)
        if making is None:
            making = asyncio.create_task(self._render(key, scope))
            making.add_done_callback(lambda done: self._take(key, done))
            self._under_way[key] = making
        return await asyncio.shield(making)

    def _take(self, key: _Key, done: asyncio.Task[CachedPage]) -> None:
        """Remember what was made, unless all was forgotten meanwhile."""
        del self._under_way[key]
        if done.cancelled() or done.exception() is not None or key[0] != self._generation:
            return
        page = done.result()
        if page.status in _KEPT_STATUS and len(page.body) <= limits.PAGE_REMEMBERED_BYTES:
            self._remember(key, page)

    async def _render(self, key: _Key, scope: Scope) -> CachedPage:
        _, _, query, _, language = key
        status, headers, body = 500, Headers(), bytearray()

        async def take(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", ()))
            else:
                body.extend(message.get("body", b""))

        scope = {**scope, "method": "GET", "query_string": query, LANGUAGE: language}
        await self._app(scope, _stay, take)
        return _cached_page(status, headers, bytes(body), self._clock() + self._fresh)

    def _remember(self, key: _Key, page: CachedPage) -> None:
        """What is old is forgotten first, and nothing is kept that is shown no more."""
        now = self._clock()
        kept = {other: older for other, older in self._kept.items() if other != key and older.until > now}
        kept[key] = page
        size = sum(map(_size, kept.values()))
        while len(kept) > limits.PAGES_REMEMBERED or size > limits.PAGES_REMEMBERED_BYTES:
            size -= _size(kept.pop(next(iter(kept))))
        self._kept = kept


async def _stay() -> Message:
    """What is made for many does not end because the first of them hung up."""
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await never


def _cached_page(status: int, headers: Headers, body: bytes, until: float) -> CachedPage:
    etag = b'W/"' + hashlib.sha256(body).hexdigest()[:20].encode() + b'"'
    lengthless = [(name, value) for name, value in headers if name != b"content-length"]
    kinds = dict(headers).get(b"content-type", b"")
    packs = len(body) >= _SMALL and kinds.startswith(_PACKED)
    vary = b"accept-encoding, cookie" if kinds.startswith(b"text/html") else b"accept-encoding"
    if b"content-language" in dict(headers):
        vary += b", accept-language"
    common = [*lengthless, (b"vary", vary), *([(b"etag", etag)] if status == 200 else [])]
    if b"cache-control" not in dict(headers):
        common.append((b"cache-control", b"no-cache"))
    packed = gzip.compress(body, 5, mtime=0) if packs else None  # 6 takes a third longer for 2 % fewer bytes
    length = str(len(packed)).encode() if packed is not None else b""
    return CachedPage(
        status=status,
        etag=etag,
        headers=[*common, (b"content-length", str(len(body)).encode())],
        packed_headers=[*common, (b"content-encoding", b"gzip"), (b"content-length", length)],
        unchanged_headers=[header for header in common if header[0] != b"content-type"],
        body=body,
        packed=packed,
        until=until,
    )


def _size(page: CachedPage) -> int:
    return len(page.body) + len(page.packed or b"")


async def _answer(page: CachedPage, scope: Scope, send: Send) -> None:
    etags = accepted = b""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            etags = value
        elif name == b"accept-encoding":
            accepted = value
    if page.status == 200 and page.etag in etags:
        await _send(send, 304, page.unchanged_headers, b"")
    elif page.packed is not None and takes_gzip(accepted.decode("latin-1")):
        await _send(send, page.status, page.packed_headers, b"" if scope["method"] == "HEAD" else page.packed)
    else:
        await _send(send, page.status, page.headers, b"" if scope["method"] == "HEAD" else page.body)


async def _refuse(send: Send) -> None:
    text = b"These pages only read. Nothing was changed; ask with GET.\n"
    headers = [(b"allow", b"GET, HEAD"), (b"content-type", b"text/plain; charset=utf-8")]
    await _send(send, 405, [*headers, (b"content-length", str(len(text)).encode())], text)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
