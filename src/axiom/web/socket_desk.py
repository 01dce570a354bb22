"""The desk behind the laboratory's socket: where an engine in another process of this computer asks and reports."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from axiom.errors import AxiomError

Answer = dict[str, Any]


class Counter(Protocol):
    """What stands behind the desk; the server is, so that the site need not know it."""

    def hello(self, said: Answer) -> Answer:
        """Meet an engine's host; its number and whom it should trust."""

    def ask(self, said: Answer) -> Answer:
        """Orders for a host."""

    def report(self, said: Answer) -> Answer:
        """Take a finished task; the answer comes after the commit."""


def desk_routes(counter: Counter) -> list[Route]:
    """The three things that an engine says."""
    return [
        Route(f"/desk/{name}", _answering(getattr(counter, name)), methods=["POST"])
        for name in ("hello", "ask", "report")
    ]


def _answering(say: Callable[[Answer], Answer]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        said = json.loads(await request.body())
        try:
            return JSONResponse(await run_in_threadpool(say, said))
        except AxiomError as error:
            return JSONResponse({"error": {"kind": type(error).__name__, "message": str(error)}})

    return answer
