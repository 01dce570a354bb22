"""Hands out files for good: the runner's, and bundles and seals by their digests. A name never changes its bytes.

Whatever else the store holds, such as an output that somebody brought, is not handed out under any name.
"""

import asyncio
import logging
import os
import re
from collections import OrderedDict
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from starlette.types import Scope, Send

from axiom.errors import AxiomError, FolderUnusable, StoreDamaged, StoreError
from axiom.limits import server as limits
from axiom.server.http.byte_ranges import Span, read_range
from axiom.signed.bundles import SHARED, read_seal
from axiom.signed.trust import Trust
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments

log = logging.getLogger("axiom.downloads")

PATH = "/download/"
_FILE = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_EVER = datetime.min.replace(tzinfo=UTC)  # a seal is given to those who were told of it before it ran out


class Downloads:
    def __init__(self, folder: Folder, trust: Trust) -> None:
        self._folder = folder
        self._trust = trust
        self._connections = Connections(folder=folder)
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            await _say(send, 405, b"Files are fetched with GET.\n", [(b"allow", b"GET, HEAD")])
            return
        name = scope["path"].removeprefix(PATH)
        try:
            source = await self._find(name)
            opened = None if source is None else await _open(source)
        except (AxiomError, OSError) as error:
            log.warning("download.failed name=%s %s", name, error)
            await _say(send, 503, b"It cannot be read at the moment.\n", [(b"retry-after", b"60")])
            return
        if opened is None:
            await _say(send, 404, b"There is no such file here.\n", [])
            return
        with opened[0]:
            await _answer(scope, send, name, *opened)

    async def _find(self, name: str) -> bytes | Path | None:
        if name in self._bodies:
            self._bodies.move_to_end(name)
            return self._bodies[name]
        source = await asyncio.get_running_loop().run_in_executor(None, self._find_file, name)
        if isinstance(source, bytes) and name not in self._bodies:
            self._bodies[name] = source
            self._size += len(source)
            while self._size > limits.FILES_REMEMBERED_BYTES:
                self._size -= len(self._bodies.popitem(last=False)[1])
        return source

    def _find_file(self, name: str) -> bytes | Path | None:
        """A file that is ours to give; whatever else the name says, it names nothing.

        What only cannot be read for a moment is raised: a client gives up for good what it hears is not here.
        """
        blob = SHARED.fullmatch(name)
        try:
            if blob is not None:
                return self._bundle(blob[1]) if blob[1] else self._seal(blob[2])
            if _FILE.fullmatch(name):
                path = self._folder.runner_files / name
                return path if path.stat().st_size > limits.LARGE_FILE_BYTES else path.read_bytes()
        except (AxiomError, OSError) as error:
            if _passes(error):
                raise
        return None

    def _bundle(self, digest: str) -> bytes | None:
        with self._connections.reader() as db:
            return (
                blobs.read_blob(db, self._folder, digest) if experiments.find_bundle(db, digest) is not None else None
            )

    def _seal(self, digest: str) -> bytes:
        with self._connections.reader() as db:
            body = blobs.read_blob(db, self._folder, digest)
        read_seal(body.decode("ascii", "replace"), trust=self._trust, now=_EVER)
        return body


def _passes(error: Exception) -> bool:
    if isinstance(error, OSError):
        return not isinstance(error, FileNotFoundError | IsADirectoryError)
    return isinstance(error, StoreError | FolderUnusable) and not isinstance(error, StoreDamaged)


async def _answer(scope: Scope, send: Send, name: str, file: BinaryIO, size: int) -> None:
    etag = b'"' + name.encode() + b'"'
    headers = dict(scope["headers"])
    if etag in headers.get(b"if-none-match", b""):
        # No length and no kind: whoever keeps the file would take those for the file's.
        await send({"type": "http.response.start", "status": 304, "headers": _cache_headers(etag)})
        await send({"type": "http.response.body", "body": b""})
        return
    wanted_range = headers.get(b"range") if headers.get(b"if-range", etag) == etag else None
    span = read_range(wanted_range.decode("latin-1") if wanted_range else None, size)
    await send({"type": "http.response.start", "status": span.status, "headers": _headers(span, etag)})
    if scope["method"] == "GET":
        await _give(send, file, span)
    await send({"type": "http.response.body", "body": b""})


async def _open(source: bytes | Path) -> tuple[BinaryIO, int] | None:
    if isinstance(source, bytes):
        return BytesIO(source), len(source)
    try:
        file = await asyncio.get_running_loop().run_in_executor(None, source.open, "rb")
    except FileNotFoundError:
        return None
    return file, os.fstat(file.fileno()).st_size


async def _give(send: Send, file: BinaryIO, span: Span) -> None:
    """The bytes that were asked for, a piece at a time: of a large file no more is in memory than a piece."""
    loop = asyncio.get_running_loop()
    file.seek(span.start)
    left = span.stop - span.start
    while left > 0:
        wanted = min(left, limits.FILE_PIECE_BYTES)
        is_here = isinstance(file, BytesIO)
        piece = file.read(wanted) if is_here else await loop.run_in_executor(None, file.read, wanted)
        left -= len(piece) or left
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def _headers(span: Span, etag: bytes) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"x-content-type-options", b"nosniff"),
        (b"accept-ranges", b"bytes"),
        (b"content-length", b"%d" % (span.stop - span.start)),
        *_cache_headers(etag),
    ]
    return [*headers, (b"content-range", span.content_range.encode())] if span.content_range else headers


def _cache_headers(etag: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"etag", etag), (b"cache-control", b"public, max-age=31536000, immutable")]


async def _say(send: Send, status: int, text: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *plain]})
    await send({"type": "http.response.body", "body": text})
