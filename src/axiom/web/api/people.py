"""Who a token is, and what the person at a program's client says about a proposal."""

import json
import re
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from axiom.domain.callers import Caller
from axiom.errors import WrongUse
from axiom.gate.words import read_words
from axiom.laboratory.proposals.commands.confirmations import Confirmations
from axiom.reads.brief_for_programs import describe_own_work
from axiom.web.api.commands import read_command_request
from axiom.web.site.app import Site

CALLER = "/api/caller"
YOURS = "/api/yours"
_ABOUT = re.compile(r"/api/proposals/([0-9]{1,18})/(question|answer)")


@dataclass(frozen=True, kw_only=True)
class PersonAnswer:
    """What a person said in the form that their client showed."""

    seal: str = field(metadata={"max_length": 2_000})
    action: str = field(metadata={"max_length": 20})
    ticked: bool | None = None


def caller_response(caller: Caller) -> Response:
    rights = sorted(caller.capabilities)
    answer = {"name": caller.name, "may": rights, "may_approve": caller.may_approve}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def own_work_response(pages: Site, caller: Caller, request: Request) -> Response:
    """What a program is told of itself. It is kept nowhere, since the next caller is another one."""
    with pages.read(request) as reading:
        answer = describe_own_work(reading, caller.name)
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def is_about_people(path: str) -> bool:
    """Is this where a person is asked?"""
    return _ABOUT.fullmatch(path) is not None


async def answer_about_person(people: Confirmations, caller: Caller, request: Request) -> Response:
    """Ask, or take an answer."""
    match = _ABOUT.fullmatch(request.url.path)
    assert match  # noqa: S101  whoever calls has looked
    number, what = int(match[1]), match[2]
    if what == "question":
        return JSONResponse(await run_in_threadpool(people.question, caller, number))
    answer_request = await read_command_request(request, what)
    try:
        words = json.loads(answer_request.body)
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, dict):
        raise WrongUse("An answer is a JSON object. Nothing was approved.")
    reply = read_words(PersonAnswer, what, words)
    return JSONResponse(await run_in_threadpool(people.answer, caller, number, reply.seal, reply.action, reply.ticked))
