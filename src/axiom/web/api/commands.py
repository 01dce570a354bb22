"""Commands of programs: read from JSON, given at the gate, and audited also where the words are none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from axiom.domain.callers import Caller
from axiom.domain.programs import MOST
from axiom.errors import AxiomError, NotAllowed, NotFound, WrongUse
from axiom.gate.command import Command
from axiom.gate.gate import CommandGate
from axiom.gate.registry import COMMANDS, read_command
from axiom.limits import programs as limits
from axiom.signed.canonical_json import read_json
from axiom.web.api.problems import RequestRefused

KEY = "[!-~]{1,200}"  # what an idempotency key is
_DRY = {"": False, "0": False, "false": False, "1": True, "true": True}

OFFERED: Mapping[str, type[Command]] = {name: kind for name, kind in COMMANDS.items() if kind.capability in MOST}


@dataclass(frozen=True, kw_only=True)
class CommandRequest:
    name: str
    body: bytes
    dry_run: bool
    key: str | None


async def read_command_request(request: Request, name: str) -> CommandRequest:
    """What is asked for, as far as HTTP says it; its words are not read yet."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    is_encoded = request.headers.get("content-encoding", "identity") != "identity"
    if kind.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"} or is_encoded:
        raise RequestRefused(415, WrongUse("A command is sent as application/json in UTF-8. Nothing was done."))
    return CommandRequest(name=name, body=await _body(request), dry_run=_is_dry(request), key=_key(request))


async def submit_request(gate: CommandGate, caller: Caller, request: CommandRequest) -> Response:
    """Have it done, and answer what the gate answers."""
    try:
        command = _read(request, caller)
    except (AxiomError, RequestRefused) as error:
        body = request.body.decode(errors="replace")
        refusal = error.error if isinstance(error, RequestRefused) else error
        await run_in_threadpool(gate.refuse, request.name, body, caller, refusal)
        raise
    answer = await run_in_threadpool(gate.submit, command, caller, dry_run=request.dry_run, key=request.key)
    return JSONResponse(answer, headers={"cache-control": "no-store", "x-content-type-options": "nosniff"})


def _read(request: CommandRequest, caller: Caller) -> Command:
    if request.name not in COMMANDS:
        raise NotFound(f"There is no command {request.name}. Nothing was done; GET /api/openapi.json lists them all.")
    if request.name not in OFFERED:
        raise NotAllowed(f"No program may give {request.name}. Nothing was done; the operator can, at a terminal.")
    try:
        words = read_json(request.body)
    except ValueError as error:
        raise RequestRefused(400, WrongUse(f"The request cannot be read: {error}. Nothing was done.")) from None
    if not isinstance(words, dict):
        raise RequestRefused(400, WrongUse("The words of a command are a JSON object. Nothing was done."))
    return read_command(request.name, words, caller)


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > limits.COMMAND_BYTES:
        raise RequestRefused(
            413, WrongUse(f"A command has at most {limits.COMMAND_BYTES:,} bytes, and this has more. Nothing was done.")
        )
    return body


def _is_dry(request: Request) -> bool:
    """Is it a dry run? A query that says something else is refused: mistyped, it would be done in earnest."""
    words = request.query_params.multi_items()
    dry = _DRY.get(words[0][1] if words else "")
    if dry is None or [name for name, _ in words] not in ([], ["dry_run"]):
        raise RequestRefused(400, WrongUse("The query of a command is nothing or dry_run=1. Nothing was done."))
    return dry


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not re.fullmatch(KEY, key):
        raise RequestRefused(
            400, WrongUse("An Idempotency-Key is 1 to 200 letters, digits or signs of ASCII. Nothing was done.")
        )
    return key
