"""Hands out files for good: the runner's, and bundles and seals by their digests. A name never changes its bytes."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from pathlib import Path
from typing import Any

from axiom.boinc.transfers import Span, read_range
from axiom.errors import AxiomError
from axiom.store import blobs
from axiom.store.connections import Connections
from axiom.store.folder import Folder

PATH = "/download/"
_BLOB = re.compile(r"(?:bundle-([0-9a-f]{64})\.zip|seal-([0-9a-f]{64})\.seal)")
_FILE = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_REMEMBERED = 64 * 1024 * 1024  # bytes of files in memory; the fleet fetches the same few at the same time
_LARGE = 4 * 1024 * 1024  # bytes, above which a file is never in memory as a whole
_PIECE = 256 * 1024

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Downloads:
    """The files that hosts may fetch."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._connections = Connections(folder=folder)
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer a request for one of them."""
        if scope["method"] not in {"GET", "HEAD"}:
            await _say(send, 405, b"Files are fetched with GET.\n", [(b"allow", b"GET, HEAD")])
            return
        name = scope["path"].removeprefix(PATH)
        found = await self._find(name)
        if found is None:
            await _say(send, 404, b"There is no such file here.\n", [])
            return
        etag = b'"' + name.encode() + b'"'
        headers = dict(scope["headers"])
        if etag in headers.get(b"if-none-match", b""):
            await _say(send, 304, b"", _kept(etag))
            return
        asked = headers.get(b"range") if headers.get(b"if-range", etag) == etag else None
        size = len(found) if isinstance(found, bytes) else found.stat().st_size
        span = read_range(asked.decode("latin-1") if asked else None, size)
        await send({"type": "http.response.start", "status": span.status, "headers": _headers(span, etag)})
        if scope["method"] == "GET":
            await _give(send, found, span)
        await send({"type": "http.response.body", "body": b""})

    async def _find(self, name: str) -> bytes | Path | None:
        """The bytes of a file, or where a large one lies."""
        if name in self._bodies:
            self._bodies.move_to_end(name)
            return self._bodies[name]
        found = await asyncio.get_running_loop().run_in_executor(None, self._look, name)
        if isinstance(found, bytes) and name not in self._bodies:
            self._bodies[name] = found
            self._size += len(found)
            while self._size > _REMEMBERED:
                self._size -= len(self._bodies.popitem(last=False)[1])
        return found

    def _look(self, name: str) -> bytes | Path | None:
        """A file that is ours to give; whatever else the name says, it names nothing."""
        blob = _BLOB.fullmatch(name)
        try:
            if blob is not None:
                with self._connections.reader() as db:
                    return blobs.get(db, self._folder, blob[1] or blob[2])
            if _FILE.fullmatch(name):
                path = self._folder.runners / "files" / name
                return path if path.stat().st_size > _LARGE else path.read_bytes()
        except (AxiomError, OSError):
            return None
        return None


async def _give(send: Send, found: bytes | Path, span: Span) -> None:
    """The bytes that were asked for, a piece at a time: of a large file no more is in memory than a piece."""
    loop = asyncio.get_running_loop()
    file = BytesIO(found) if isinstance(found, bytes) else await loop.run_in_executor(None, found.open, "rb")
    with file:
        file.seek(span.start)
        left = span.stop - span.start
        while left > 0:
            wanted = min(left, _PIECE)
            is_here = isinstance(found, bytes)
            piece = file.read(wanted) if is_here else await loop.run_in_executor(None, file.read, wanted)
            left -= len(piece) or left
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def _headers(span: Span, etag: bytes) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"x-content-type-options", b"nosniff"),
        (b"accept-ranges", b"bytes"),
        (b"content-length", b"%d" % (span.stop - span.start)),
        *_kept(etag),
    ]
    return [*headers, (b"content-range", span.content_range.encode())] if span.content_range else headers


def _kept(etag: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"etag", etag), (b"cache-control", b"public, max-age=31536000, immutable")]


async def _say(send: Send, status: int, text: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *plain]})
    await send({"type": "http.response.body", "body": text})
