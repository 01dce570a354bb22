"""`/mcp` in front of the site, where the setting says so. Only then is the package `mcp` imported."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from axiom.domain.callers import Caller
from axiom.errors import CannotStart
from axiom.laboratory.proposals.commands.confirmations import Confirmations
from axiom.service.mcp_local_access import LocalLabAccess
from axiom.web.api.admission import ProgramAdmission
from axiom.web.api.problems import RequestRefused, problem_response
from axiom.web.site.app import Site


def mount_mcp(
    front: ASGIApp,
    pages: Site,
    people: Confirmations,
    admission: ProgramAdmission,
) -> ASGIApp:
    try:
        from axiom.mcp.over_http import McpMiddleware
    except ImportError as error:
        raise CannotStart(
            f"The setting mcp is on, and the package mcp is not there ({error}). Nothing was started; install "
            "axiom-lab[mcp], or turn the setting off."
        ) from error

    async def enter(request: Request) -> Caller | Response:
        try:
            return await admission.caller(request)
        except RequestRefused as error:
            return problem_response(error)

    @asynccontextmanager
    async def turn(caller: Caller) -> AsyncIterator[None]:
        try:
            async with admission.turn(caller):
                yield
        except RequestRefused as error:
            raise error.error from None

    def lab_of(caller: Caller) -> LocalLabAccess:
        return LocalLabAccess(pages=pages, gate=people.gate, people=people, program=caller)

    return McpMiddleware(front, enter=enter, turn=turn, lab_of=lab_of)
