"""The account pages: forms that work without scripts, for whoever is signed in and nobody else.

Nothing here is ever kept by anybody: these pages stand beside the layer that keeps the public ones.
"""

import asyncio
import functools
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from axiom.domain.operators import SiteOperator
from axiom.errors import AxiomError, NotFound, StoreError
from axiom.limits import server as limits
from axiom.locale.languages import ENGLISH, mark, speak_language
from axiom.reads.tasks import draw_task
from axiom.rules.accounts.visitors import VisitorShares, visitor_of
from axiom.store.accounts import accounts as stored
from axiom.store.accounts import operators
from axiom.store.engine.database import Database
from axiom.web.account import operator, pages
from axiom.web.account.pages import AccountPage
from axiom.web.account.session_cookie import digest_secret, keep_session, session_of
from axiom.web.account.typed_form import Form, read_form
from axiom.web.account.visit import SESSION_SECONDS, AccountServices, Outcome, Redirect, Redisplay, Visit
from axiom.web.site.app import SecurityHeaders
from axiom.web.site.chosen_language import language_of
from axiom.web.site.page_cache import SIGNED_IN
from axiom.web.site.routes import missing_page_handler
from axiom.web.site.templates import static_address, template_environment

log = logging.getLogger("axiom.accounts")

# A browser that sends no address of origin with a form could not be told from another site, so it may send this one.
_HEADERS = {"cache-control": "no-store", "referrer-policy": "same-origin"}
_BUSY = "Too many forms are waiting here at this moment. Nothing was changed; please send yours again in a minute.\n"
_SIGN_IN = "/account/sign-in"
_IDEAS = "/ideas"  # the one public page that whoever is signed in sees with a form
_PROPOSAL = re.compile(r"/proposals/[0-9]{1,19}")
PAGES = pages.PAGES | operator.PAGES
ACTS = pages.ACTS | operator.ACTS


class _PasswordQueue:
    """Proving a password costs a core some time, so few are proven at once and only so many wait for it."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._waiting = 0
        self._shares = VisitorShares()

    async def do(self, address: str, made: Callable[[], Response]) -> Response:
        visitor = visitor_of(address)
        is_full = self._waiting >= limits.FORMS_WAITING
        if is_full or not self._shares.take(visitor, limits.FORMS_OF_ONE_VISITOR):
            return PlainTextResponse(_BUSY, status_code=503, headers=_HEADERS | {"retry-after": "60"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, made)
        finally:
            self._waiting -= 1
            self._shares.give(visitor)


class SiteWithAccounts:
    """The account pages, those of operators and, for every other address, the site."""

    def __init__(self, site: ASGIApp, accounts: ASGIApp, services: AccountServices) -> None:
        self._site = site
        self._accounts = accounts
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the one or the other; the site is told whether somebody is signed in, and never who."""
        path = scope.get("path", "")
        is_account = path in {"/account", "/account.json", "/operator"} or path.startswith(("/account/", "/operator/"))
        if is_account:
            await self._accounts(scope, receive, send)
            return
        if scope["type"] == "http" and "." not in path:  # a file, or an answer for programs, is the same for everybody
            session = session_of(Request(scope), secure=self._services.is_secure)
            look = functools.partial(self._who_is_there, session, is_proposal=bool(_PROPOSAL.fullmatch(path)))
            is_signed_in, is_operating = await run_in_threadpool(look) if session else (False, False)
            if is_operating or (is_signed_in and path == _IDEAS):  # with a form, which is theirs alone
                await self._accounts(scope, receive, send)
                return
            scope = {**scope, SIGNED_IN: is_signed_in}
        await self._site(scope, receive, send)

    def _who_is_there(self, session: str, *, is_proposal: bool) -> tuple[bool, bool]:
        """Is somebody signed in, and do they look at a proposal as an operator, who may answer it?"""
        try:
            with self._services.reader() as db:
                number = stored.find_signed_in_volunteer(db, digest_secret(session), self._services.pages.now())
                if number is None or not is_proposal:
                    return number is not None, False
                return True, _role(self._services, db, number, session)[1]
        except AxiomError:
            return False, False  # the page is shown all the same


def account_app(services: AccountServices) -> Starlette:
    templates = template_environment()
    templates.globals["scheduler"] = ""
    data = Route("/account.json", _as_data(services))
    slow = _PasswordQueue(services.threads)
    forms = [
        Route(path, _endpoint(services, templates, path, slow), methods=["GET", "POST"]) for path in {**PAGES, **ACTS}
    ]
    nothing = missing_page_handler(templates, services.pages.read)
    careful = Middleware(SecurityHeaders, templates=templates)
    return Starlette(routes=[data, *forms], middleware=[careful], exception_handlers={404: nothing})


def _endpoint(
    services: AccountServices, templates: Environment, path: str, slow: _PasswordQueue
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        if len(body) > limits.FORM_BYTES:
            return PlainTextResponse("This form is too long. Nothing was changed.\n", status_code=413)
        made = functools.partial(_answer, services, templates, path, request, body)
        if request.method == "POST":
            return await slow.do(request.client.host if request.client else "", made)
        return await run_in_threadpool(made)

    return endpoint


def _answer(services: AccountServices, templates: Environment, path: str, request: Request, body: bytes) -> Response:
    """The page, what became of its form, or the sentence that it could not be made."""
    try:
        return _made(services, templates, path, request, body)
    except NotFound as error:
        response = missing_page_handler(templates, services.pages.read)(request, error)
        response.headers.update(_HEADERS)
        return response
    except Exception as error:
        number = "e-" + hashlib.sha256(f"{path} {type(error).__name__}".encode()).hexdigest()[:4]
        log.exception("account.broken number=%s path=%r", number, path)
        page = templates.get_template("broken.html").render(number=number, versioned=static_address)
        return HTMLResponse(page, status_code=500, headers=_HEADERS)


def _made(services: AccountServices, templates: Environment, path: str, request: Request, body: bytes) -> Response:
    visit = _visit(services, request, read_form(body), session_of(request, secure=services.is_secure))
    outcome = _act(visit, path, request)
    if isinstance(outcome, Redirect):
        response: Response = RedirectResponse(outcome.to, status_code=303)
        if outcome.session is not None:
            keep_session(response, outcome.session, secure=services.is_secure, seconds=SESSION_SECONDS)
    else:
        page = PAGES[outcome.page or (ACTS[path].page if path in ACTS else path)]
        response = _render(visit, templates, page, request, outcome)
    response.headers.update(_HEADERS)
    return response


def _visit(services: AccountServices, request: Request, form: Form, session: str) -> Visit:
    """Who is it? A secret that nobody has is nobody's."""
    peer = request.client.host if request.client else ""
    link = request.query_params.get("token", "")
    visit = Visit(services=services, form=form, session=session, peer=peer, link=link)
    if not session:
        return visit
    with services.pages.read(request) as reading:
        number = stored.find_signed_in_volunteer(reading.db, digest_secret(session), reading.now)
        owner = stored.find_account(reading.db, number) if number is not None else None
        if number is None or owner is None:
            return visit
        role, is_operating = _role(services, reading.db, number, session)
    return replace(visit, volunteer=owner[0], account=owner[1], operator=role, is_operating=is_operating)


def _role(services: AccountServices, db: Database, volunteer_id: int, session: str) -> tuple[SiteOperator | None, bool]:
    """The role that this volunteer has now, and whether this sign-in may act with it."""
    role = operators.find_acting_operator(db, volunteer_id)
    if role is None:
        return None, False
    return role, services.operators.goes_on(digest_secret(session), role.serial, services.pages.now())


def _act(visit: Visit, path: str, request: Request) -> Outcome:
    """Do what a form asks for, or say which page to show."""
    page = PAGES[ACTS[path].page if path in ACTS else path]
    if not page.is_by_link and page.is_private != (visit.volunteer is not None):
        return Redirect(to=_SIGN_IN if page.is_private else "/account")
    if page.is_for_operators and visit.operator is None:
        raise NotFound(f"There is no page {request.url.path} here.")
    if page.is_for_operators and visit.is_operating == (page.path == operator.SIGN_IN):
        return Redirect(to=operator.OVERVIEW if visit.is_operating else operator.SIGN_IN)
    if request.method != "POST":
        return Redirect(to=_address(ACTS[path].page)) if path not in PAGES else Redisplay(form=Form(), status=200)
    if path not in ACTS:
        return Redirect(to=request.url.path)
    try:
        return ACTS[path].act(visit)
    except StoreError as error:
        return Redisplay(form=Form(typed=visit.form.typed, wrong={"": str(error)}), status=503)
    except AxiomError as error:
        return Redisplay(form=Form(typed=visit.form.typed, wrong={"": str(error)}))


def _address(page: str) -> str:
    """Where the page is; one of many is reached from what waits."""
    return operator.OVERVIEW if "{" in page else page


def _render(
    visit: Visit, templates: Environment, page: AccountPage, request: Request, outcome: Redisplay
) -> HTMLResponse:
    form = {
        "of": request.url.path if request.method == "POST" else "",
        "typed": outcome.form.shown(),
        "wrong": outcome.form.wrong,
    }
    with visit.services.pages.read(request) as reading:
        answer: Mapping[str, Any] = page.make(reading, visit) | dict(outcome.shown)
        language = language_of(request.scope) if page.path.startswith("/account") else ""  # the others are English
        with speak_language(language or ENGLISH):
            text = templates.get_template(page.template).render(
                answer,
                is_translated=bool(language),
                form=form,
                tabs=(*pages.TABS, (operator.OVERVIEW, mark("Operator"))) if visit.operator else pages.TABS,
                operator=visit.operator.name if visit.operator else "",
                operator_tabs=operator.TABS,
                is_signed_in=visit.volunteer is not None,
                master=visit.services.master,
                done=pages.DONE.get(reading.query.get("done", ""), ""),
                lab=reading.name,
                talk=reading.talk,
                path=page.path,
                now=reading.now.isoformat(),
                task_drawings=lambda number: [Markup(svg) for svg in draw_task(reading, number)],  # noqa: S704  drawn by us
                json=page.json,
            )
    headers = {"content-language": language} if language else None
    return HTMLResponse(text, status_code=outcome.status, headers=headers)


def _as_data(services: AccountServices) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        visit = _visit(services, request, Form(), session_of(request, secure=services.is_secure))
        if visit.volunteer is None:
            message = f"Nobody is signed in. Sign in at {_SIGN_IN}."
            error = {"kind": "NotAllowed", "message": message}
            return JSONResponse({"error": error}, status_code=401, headers=_HEADERS)
        with services.pages.read(request) as reading:
            return JSONResponse(pages.account_page(reading, visit), headers=_HEADERS)

    return endpoint
