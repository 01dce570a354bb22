"""The public site: for now the front page and the status, each with its `.json`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from axiom.store.database import connect_reader
from axiom.store.folder import Folder
from axiom.web.status import status

# Nothing is loaded from another origin and no script runs that is not a file of ours.
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the pages read."""

    folder: Folder
    name: str
    now: Callable[[], datetime]
    live: Callable[[], Mapping[str, Any]]

    def status(self) -> dict[str, Any]:
        """The status through a read-only connection."""
        db = connect_reader(self.folder.database)
        try:
            return status(db, self.folder, self.now(), {"name": self.name, **self.live()})
        finally:
            db.close()


def site(pages: Site) -> Starlette:
    """The application with all its pages."""
    templates = Environment(
        loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )

    # Plain functions: Starlette runs them in its threads, so a slow disk never holds up the loop.
    def home(request: Request) -> Response:
        del request
        return HTMLResponse(templates.get_template("home.html").render(status=pages.status()), headers=_HEADERS)

    def status_json(request: Request) -> Response:
        del request
        return JSONResponse({"status": pages.status()}, headers=_HEADERS)

    def healthz(request: Request) -> Response:
        del request
        return JSONResponse({"healthy": True})

    def style(request: Request) -> Response:
        del request
        return PlainTextResponse(_static("plain.css"), media_type="text/css", headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/status", home),
            Route("/status.json", status_json),
            Route("/healthz", healthz),
            Route("/static/plain.css", style),
        ],
        exception_handlers={404: _missing},
    )


async def _missing(request: Request, error: Exception) -> Response:
    del error
    text = f"There is no page {request.url.path} here. The front page / lists what there is.\n"
    return PlainTextResponse(text, status_code=404, headers=_HEADERS)


def _template(name: str) -> str:
    return (resources.files("axiom.web") / "templates" / name).read_text()


def _static(name: str) -> str:
    return (resources.files("axiom.web") / "static" / name).read_text()
