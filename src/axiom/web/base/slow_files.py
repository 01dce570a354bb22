"""Files that take long to make: one at a time, with air between the pieces, so that nobody else waits for them.

Python runs one thread at a time: eight that make such files would have every host and every page wait for eight turns.
"""

import asyncio
import functools
import gzip
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from axiom.limits import server as limits
from axiom.reads.base.breathe import Breathe
from axiom.rules.accounts.visitors import visitor_of
from axiom.web.base.accepted_encodings import takes_gzip

_PIECE = 64 * 1024  # bytes
_LIGHT = 1  # of gzip: these are taken away once
_BUSY = "Others take files away at the moment, which are made one after the other. Please ask again in {:.0f} s.\n"


@dataclass(frozen=True, kw_only=True)
class SlowFile:
    """A file to take away, or the sentence why there is none."""

    body: bytes
    kind: str
    status: int = 200
    name: str = ""  # under which it is kept by whoever takes it away


Make = Callable[[Request, Breathe], SlowFile]


class Exports:
    """Makes files one after the other, each in a thread. Called from the loop alone."""

    def __init__(self, patience: float = limits.FILE_SECONDS) -> None:
        self._patience = patience
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._fetched = Counter[str]()  # by visitor

    def endpoint(self, make: Make, kind: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if request.method == "HEAD":  # the headers cost nothing, but for the length, which they do not say
                bare = Response(media_type=kind)
                del bare.headers["content-length"]
                return bare
            return await self._answer(request, make, kind)

        return answer

    async def _answer(self, request: Request, make: Make, kind: str) -> Response:
        visitor = visitor_of(request.client.host) if request.client else ""
        has_share = not visitor or self._fetched[visitor] < limits.FILES_OF_ONE_VISITOR
        if not has_share or self._fetched.total() >= limits.FILES_FETCHED or not await self._has_turn():
            return self._busy()
        try:
            if await request.is_disconnected():
                return Response(status_code=204)  # whoever asked has gone while others were served
            packs = kind.startswith("text/") and takes_gzip(request.headers.get("accept-encoding", ""))
            made = await run_in_threadpool(_make, make, request, packs=packs)
        finally:
            self._turn.release()
        return _FileStream(made, functools.partial(self._count, visitor), packs=packs)

    async def _has_turn(self) -> bool:
        """Wait for those who came before; false where that takes too long."""
        if self._waiting >= limits.FILES_WAITING:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    def _count(self, visitor: str, more: int) -> None:
        self._fetched[visitor] += more
        if not self._fetched[visitor]:
            del self._fetched[visitor]

    def _busy(self) -> Response:
        headers = {"retry-after": f"{self._patience:.0f}", "cache-control": "no-store"}
        return PlainTextResponse(_BUSY.format(self._patience), status_code=503, headers=headers)


class _FileStream(Response):
    """A file on its way, in pieces: the next leaves when the one before has been taken."""

    def __init__(self, made: SlowFile, count: Callable[[int], None], *, packs: bool) -> None:
        packing = {"content-encoding": "gzip"} if packs else {}
        naming = {"content-disposition": f'attachment; filename="{made.name}"'} if made.name else {}
        headers = {"vary": "accept-encoding", "cache-control": "no-cache"} | packing | naming
        super().__init__(made.body, status_code=made.status, media_type=made.kind, headers=headers)
        self._file = made.body
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self._count(1)
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, len(self._file), _PIECE):
                piece = self._file[start : start + _PIECE]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._count(-1)


class _Pause:
    """Rests for as long as was worked since the last time, and so leaves half of the time to others."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def __call__(self) -> None:
        time.sleep(time.monotonic() - self._since)
        self._since = time.monotonic()


def _make(make: Make, request: Request, *, packs: bool) -> SlowFile:
    made = make(request, _Pause())
    return replace(made, body=gzip.compress(made.body, _LIGHT, mtime=0)) if packs else made
