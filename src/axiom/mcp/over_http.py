"""`/mcp` on the site: the same server for programs that come over HTTP with a token, their Host and Origin checked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from axiom.domain.callers import Caller
from axiom.mcp.desk import LabDesk
from axiom.mcp.server import Context, lab_server

PATH = "/mcp"
_MOST_BYTES = 1_000_000  # of a request
_MOST_SESSIONS = 200  # of clients of the older era
_IDLE_SECONDS = 900.0
_CALLER = "axiom.caller"


class WithMcp:
    """Answers /mcp, and leaves the rest to the site. `admit` says which program asks, or how it is turned away."""

    def __init__(
        self,
        site: ASGIApp,
        admit: Callable[[Request], Awaitable[Caller | Response]],
        desk: Callable[[Caller], LabDesk],
        addresses: Sequence[str],
    ) -> None:
        logging.getLogger("mcp").setLevel(logging.ERROR)  # it writes lines about each request
        self._site = site
        self._admit = admit
        self._sessions = StreamableHTTPSessionManager(
            app=lab_server(lambda ctx: desk(_caller(ctx))),
            security_settings=_security(addresses),
            max_request_body_size=_MOST_BYTES,
            session_idle_timeout=_IDLE_SECONDS,
            max_sessions=_MOST_SESSIONS,
        )
        self._runs: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one without a token that is good is told so."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._site(scope, receive, send)
            return
        caller = await self._admit(Request(scope))
        if isinstance(caller, Response):
            await caller(scope, receive, send)
            return
        if self._runs is None:
            self._runs = asyncio.create_task(self._keep())
        await self._ready.wait()
        # Whoever goes on with a session of the older era must be the program that began it.
        user = AuthenticatedUser(AccessToken(token="", client_id=caller.name, scopes=[]))
        await self._sessions.handle_request({**scope, "user": user, _CALLER: caller}, receive, send)

    async def _keep(self) -> None:
        """Sessions of the older era live in here, as long as the site does."""
        async with self._sessions.run():
            self._ready.set()
            await asyncio.Event().wait()


def _caller(ctx: Context) -> Caller:
    caller: Caller = ctx.request.scope[_CALLER]  # type: ignore[union-attr]  # over HTTP there always is one
    return caller


def _security(addresses: Sequence[str]) -> TransportSecuritySettings:
    """Requests name one of the site's own addresses, and no page of another site sends them."""
    parts = [urlsplit(address) for address in addresses if address]
    hosts, origins = [part.netloc for part in parts], [f"{part.scheme}://{part.netloc}" for part in parts]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
