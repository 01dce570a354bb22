"""`/mcp` on the site: the same server for programs that come over HTTP with a token."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from axiom.domain.callers import Caller
from axiom.limits import server as limits
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.server import Context, lab_server

PATH = "/mcp"
_CALLER = "axiom.caller"


class McpMiddleware:
    """Answers /mcp, and leaves the rest to the site. `enter` says which program asks, or how it is turned away."""

    def __init__(
        self,
        site: ASGIApp,
        *,
        enter: Callable[[Request], Awaitable[Caller | Response]],
        turn: Callable[[Caller], AbstractAsyncContextManager[None]],
        lab_of: Callable[[Caller], LabAccess],
    ) -> None:
        logging.getLogger("mcp").setLevel(logging.ERROR)  # it writes lines about each request
        self._site = site
        self._enter = enter
        self._sessions = StreamableHTTPSessionManager(
            app=lab_server(lambda ctx: lab_of(_caller(ctx)), turn_of=lambda ctx: turn(_caller(ctx))),
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # looked at before
            max_request_body_size=limits.MCP_REQUEST_BYTES,
            session_idle_timeout=limits.MCP_IDLE_SECONDS,
            max_sessions=limits.MCP_SESSIONS,
        )
        self._opened: dict[str, dict[str, None]] = {}  # sessions of each program, the newest used last
        self._runs: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one without a token that is good is told so."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._site(scope, receive, send)
            return
        caller = await self._enter(Request(scope))
        if isinstance(caller, Response):
            await caller(scope, receive, send)
            return
        if self._runs is None:
            self._runs = asyncio.create_task(self._keep())
        await self._ready.wait()
        # Whoever goes on with a session of the older era must be the program that began it.
        user = AuthenticatedUser(AccessToken(token="", client_id=caller.name, scopes=[]))
        await self._serve({**scope, "user": user, _CALLER: caller}, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it. Of the sessions of one program the one that was unused for longest makes room for an eleventh."""
        opened = self._opened.setdefault(scope[_CALLER].name, {})
        session = Headers(scope=scope).get(MCP_SESSION_ID_HEADER, "")
        if session in opened:
            opened[session] = opened.pop(session)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun = Headers(raw=message["headers"]).get(MCP_SESSION_ID_HEADER)
                if begun and not session:
                    opened[begun] = None
            await send(message)

        await self._sessions.handle_request(scope, receive, watched)
        if scope["method"] == "DELETE":
            opened.pop(session, None)
        while len(opened) > limits.MCP_SESSIONS_OF_PROGRAM:
            oldest = next(iter(opened))
            del opened[oldest]
            await self._end(scope, oldest)

    async def _end(self, scope: Scope, session: str) -> None:
        """End a session as its own client would."""
        headers = [(MCP_SESSION_ID_HEADER.encode(), session.encode())]
        headers += [(name, value) for name, value in scope["headers"] if name == b"host"]
        await self._sessions.handle_request({**scope, "method": "DELETE", "headers": headers}, _nothing, _unheard)

    async def _keep(self) -> None:
        """Sessions of the older era live in here, as long as the site does."""
        async with self._sessions.run():
            self._ready.set()
            await asyncio.Event().wait()


def _caller(ctx: Context) -> Caller:
    caller: Caller = ctx.request.scope[_CALLER]  # type: ignore[union-attr]  # over HTTP there always is one
    return caller


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(_message: Message) -> None:
    pass
