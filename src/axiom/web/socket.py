"""The laboratory's own socket, which only its operator can open: commands, the status, its probes."""

import logging
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from axiom.domain.callers import Caller
from axiom.errors import AxiomError, Fault, WrongUse
from axiom.gate.gate import CommandGate
from axiom.gate.registry import read_command
from axiom.gate.words import read_words
from axiom.signed.canonical_json import read_json
from axiom.web.api.problems import problem_response
from axiom.web.probes import probe_routes
from axiom.web.site.app import Site

log = logging.getLogger("axiom.control")


def control_app(gate: CommandGate, pages: Site, caller: Caller) -> Starlette:
    """The application behind `D/axiom.sock`. Whoever may open the socket is this caller."""

    async def commands(request: Request) -> Response:
        envelope = _read_envelope(await request.body())
        command = read_command(envelope.name, envelope.words)
        answer = await run_in_threadpool(gate.submit, command, caller, dry_run=envelope.dry_run, key=envelope.key)
        return JSONResponse(answer)

    def status_json(_request: Request) -> Response:
        return JSONResponse({"status": pages.status()})

    return Starlette(
        routes=[
            Route("/commands", commands, methods=["POST"]),
            Route("/status.json", status_json),
            *probe_routes(pages.probes, with_metrics=True),
        ],
        exception_handlers={AxiomError: _refused, Exception: _failed},
    )


def _refused(request: Request, error: Exception) -> Response:
    log.info("command.refused path=%s %s: %s", request.url.path, type(error).__name__, error)
    return problem_response(error)


def _failed(request: Request, error: Exception) -> Response:
    """Starlette raises the error once more after this answer, so its traceback is in the log."""
    log.error("command.failed path=%s %s", request.url.path, type(error).__name__)
    return problem_response(
        Fault(
            f"A fault of ours: {type(error).__name__} in the laboratory's process. Nothing of the command was stored; "
            "the traceback is in logs/axiom.log in the data folder, please report it."
        )
    )


@dataclass(frozen=True, kw_only=True)
class Envelope:
    name: str
    words: dict[str, Any]
    dry_run: bool = False
    key: str | None = field(default=None, metadata={"min_length": 1, "max_length": 200})


def _read_envelope(body: bytes) -> Envelope:
    try:
        envelope = read_json(body)
    except ValueError as error:
        raise WrongUse(f"The request cannot be read: {error}. Nothing was done.") from None
    if not isinstance(envelope, dict):
        raise WrongUse("The request is not an object. Nothing was done.")
    return read_words(Envelope, "request", envelope)
