"""The application at /api/ and behind D/programs.sock: who asks, then a command, a page's answer or the description."""

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from axiom.domain.callers import Caller, Capability
from axiom.errors import AxiomError, NotAllowed, NotFound, WrongUse
from axiom.gate.gate import CommandGate
from axiom.laboratory.proposals.commands.confirmations import Confirmations
from axiom.web.api.admission import ProgramAdmission
from axiom.web.api.commands import read_command_request, submit_request
from axiom.web.api.openapi import openapi_document
from axiom.web.api.people import CALLER, YOURS, answer_about_person, caller_response, is_about_people, own_work_response
from axiom.web.api.problems import RequestRefused, problem_response
from axiom.web.api.reads import PREFIX, make_read_api
from axiom.web.site.app import Site

_COMMANDS = f"{PREFIX}/commands/"
_DESCRIPTION = f"{PREFIX}/openapi.json"

log = logging.getLogger("axiom.api")


@dataclass(frozen=True, kw_only=True)
class ApiServices:
    """What the API needs: the gate, what pages read, and who may enter."""

    gate: CommandGate
    pages: Site
    admission: ProgramAdmission
    people: Confirmations


class Api:
    """Answers programs. Every request brings its token, and every error is a problem document."""

    def __init__(self, services: ApiServices) -> None:
        self._gate = services.gate
        self._people = services.people
        self._pages = services.pages
        self._admission = services.admission
        self._reads = make_read_api(services.pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        async with AsyncExitStack() as turn:
            try:
                caller = await self._admission.caller(request)
                await turn.enter_async_context(self._admission.turn(caller))
                answer: ASGIApp = await self._answer(request, caller)
            except ClientDisconnect:
                return
            except (AxiomError, RequestRefused) as error:  # no line of log: strangers could push all else out of it
                answer = problem_response(error)
            except Exception as error:
                log.exception("api.fault path=%.200r", request.url.path)
                answer = problem_response(error)
            await answer(scope, receive, send)

    async def _answer(self, request: Request, caller: Caller) -> ASGIApp:
        path = request.url.path
        if path.startswith(_COMMANDS):
            _demand_method(request, "POST")
            return await self._command(request, caller)
        if is_about_people(path):
            _demand_method(request, "POST")
            return await answer_about_person(self._people, caller, request)
        if path == CALLER:
            _demand_method(request, "GET", "HEAD")
            return caller_response(caller)
        if not path.startswith(f"{PREFIX}/"):
            raise NotFound(f"There is nothing at {path}. GET {_DESCRIPTION} lists what there is.")
        _demand_method(request, "GET", "HEAD")
        if Capability.READ not in caller.capabilities:
            raise NotAllowed(f"{caller.name} may not read.")
        if path == YOURS:
            return await run_in_threadpool(own_work_response, self._pages, caller, request)
        return Response(openapi_document(), media_type="application/json") if path == _DESCRIPTION else self._reads

    async def _command(self, request: Request, caller: Caller) -> Response:
        command = await read_command_request(request, request.url.path.removeprefix(_COMMANDS))
        try:
            return await submit_request(self._gate, caller, command)
        finally:
            self._reads.forget()  # who changed something and then reads sees it


class ApiMiddleware:
    """Answers what is under /api/, and leaves the rest to the site."""

    def __init__(self, site: ASGIApp, api: Api) -> None:
        self._site = site
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_api = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (self._api if is_api else self._site)(scope, receive, send)


def _demand_method(request: Request, *methods: str) -> None:
    if request.method not in methods:
        sentence = f"{request.url.path} is asked with {' or '.join(methods)}. Nothing was done."
        raise RequestRefused(405, WrongUse(sentence), {"allow": ", ".join(methods)})
