"""The public site: read-only pages, each with its `.json`, behind a layer that keeps what it made."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from axiom.reads.base.fleet_extent import fleet_extent
from axiom.reads.base.request import Reading, SharedParts
from axiom.reads.status import describe_status
from axiom.store.connections import ReaderPool
from axiom.web.probes import PATHS, Probes, probe_routes
from axiom.web.site.chosen_language import CHOICE, language_of, language_route
from axiom.web.site.page_cache import LANGUAGE, SIGNED_IN, PageCache
from axiom.web.site.query_words import drop_unread_words
from axiom.web.site.routes import (
    POLICY,
    is_file,
    is_translated,
    missing_page_handler,
    respond_to_fault,
    site_routes,
)
from axiom.web.site.templates import template_environment

_HEADERS = (
    (b"content-security-policy", f"{POLICY} 'none'".encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
# Only where the operator says so: of a laboratory that not everybody reaches, whoever does could be made to tell its
# records by any page that they visit.
_OPEN = (b"access-control-allow-origin", b"*")


@dataclass(frozen=True, kw_only=True)
class Site(SharedParts):
    now: Callable[[], datetime]
    probes: Probes = field(default_factory=Probes)
    is_open: bool = False  # may pages of other sites read what is here?
    scheduler: str = ""  # the lines by which a client that reads a page finds the scheduler

    @cached_property
    def readers(self) -> ReaderPool:
        """The connections that pages read through; whoever made the site closes them at its end."""
        return ReaderPool(self.folder)

    def status(self) -> dict[str, Any]:
        """The status through a read-only connection."""
        with self.readers.reader() as db:
            fleet = fleet_extent(db, self.memo, self.now())
            return describe_status(db, self.folder, self.now(), {"name": self.name, **self.live()}, fleet)

    @contextmanager
    def read(self, request: Request) -> Iterator[Reading]:
        """One view of the records for one page: what is written meanwhile is not half seen."""
        with self.readers.reader() as db:
            yield Reading(
                **self.shared(),
                db=db,
                now=self.now(),
                path=request.url.path,
                query=dict(request.query_params),
                is_signed_in=request.scope.get(SIGNED_IN, False),
                language=request.scope.get(LANGUAGE, ""),
            )


def make_site(pages: Site) -> PageCache:
    templates = template_environment()
    headers = (*_HEADERS, _OPEN) if pages.is_open else _HEADERS
    templates.globals["scheduler"] = Markup(pages.scheduler)  # noqa: S704  written by us, from an address that was read
    # Plain functions: Starlette runs them in its threads, so a slow disk never holds up the loop.
    inner = Starlette(
        routes=[
            *probe_routes(pages.probes, with_metrics=pages.probes.shows_metrics),
            *site_routes(templates, pages.read, language_route(is_secure=pages.master.startswith("https://"))),
        ],
        middleware=[Middleware(SecurityHeaders, templates=templates, headers=headers)],
        exception_handlers={404: missing_page_handler(templates, pages.read)},
    )
    return PageCache(
        inner,
        clock=time.monotonic,
        normalize_query=drop_unread_words,
        bypass_cache=lambda path: path in PATHS or is_file(path) or path.startswith(CHOICE),
        language_of=lambda scope: language_of(scope) if is_translated(scope["path"]) else "",
    )


class SecurityHeaders:
    """Adds the headers that keep a page to itself, where the page has not set its own, and answers what failed."""

    def __init__(self, app: ASGIApp, templates: Environment, headers: Sequence[tuple[bytes, bytes]] = _HEADERS) -> None:
        self._app = app
        self._templates = templates
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added, and in full where the application could not."""
        has_begun = False

        async def add(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = [(name, _here(value) if name == b"location" else value) for name, value in message["headers"]]
                own = {name for name, _ in headers}
                message["headers"] = [*headers, *(header for header in self._headers if header[0] not in own)]
            await send(message)

        try:
            await self._app(scope, receive, add)
        except Exception as error:
            if has_begun:
                raise  # half an answer cannot be taken back
            await respond_to_fault(self._templates, scope["path"], error)(scope, receive, add)


def _here(location: bytes) -> bytes:
    """An address without its host. Starlette takes that from the request, and a request may name anybody's."""
    parts = urlsplit(location)
    if not parts.scheme and not parts.netloc:
        return location
    query = b"?" + parts.query if parts.query else b""
    return b"/" + parts.path.lstrip(b"/") + query
