"""The commands and the status on the laboratory's own socket, which only its operator can open."""

import json
import logging
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from axiom.commands.catalogue import read_command
from axiom.commands.gate import Gate
from axiom.domain.callers import Caller
from axiom.errors import AxiomError, WrongUse
from axiom.web.app import Site

log = logging.getLogger("axiom.control")


def control(gate: Gate, pages: Site, caller: Caller) -> Starlette:
    """The application behind `D/axiom.sock`. Whoever may open the socket is this caller."""

    async def commands(request: Request) -> Response:
        try:
            asked = _asked(await request.body())
            command = read_command(asked["name"], asked["words"])
            answer = await run_in_threadpool(
                gate.submit, command, caller, dry_run=bool(asked.get("dry_run")), key=asked.get("key")
            )
        except AxiomError as error:
            log.info("command.refused %s: %s", type(error).__name__, error)
            return JSONResponse({"error": {"kind": type(error).__name__, "message": str(error)}})
        return JSONResponse(answer)

    def status_json(request: Request) -> Response:
        del request
        return JSONResponse({"status": pages.status()})

    def healthz(request: Request) -> Response:
        del request
        return JSONResponse({"healthy": True})

    return Starlette(
        routes=[
            Route("/commands", commands, methods=["POST"]),
            Route("/status.json", status_json),
            Route("/healthz", healthz),
        ]
    )


def _asked(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise WrongUse(f"The request is not JSON ({error}). Nothing was done.") from error
    if not isinstance(asked, dict) or not isinstance(asked.get("name"), str):
        raise WrongUse("The request names no command. Nothing was done.")
    if not isinstance(asked.get("words"), dict):
        raise WrongUse("The request has no words for its command. Nothing was done.")
    return asked
