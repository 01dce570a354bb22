"""What programs read: the answers of the site's pages, under /api, kept for two seconds as pages are."""

import logging
import time
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from axiom.errors import AxiomError, NotFound, WrongUse
from axiom.reads.base.breathe import Breathe
from axiom.reads.base.page_addresses import SitePage
from axiom.web.api import paged_results
from axiom.web.api.problems import KIND, RequestRefused, problem_response
from axiom.web.base.slow_files import Exports, Make, SlowFile
from axiom.web.maps import map_data
from axiom.web.site.app import Site
from axiom.web.site.page_cache import PageCache
from axiom.web.site.query_words import drop_unread_words
from axiom.web.site.routes import PAGES, turn_as_json

PREFIX = "/api"
TABLE = SitePage(path="/experiments/{name}/table", make=paged_results.read_result_rows)
# As JSON, CSV or Parquet: what is answered is a file.
RECTANGLE = SitePage(path="/maps/{name}/data", make=map_data.rectangle_data)
# What each address answers; the first that fits counts.
READS: dict[str, SitePage] = {
    PREFIX + TABLE.path: TABLE,
    PREFIX + RECTANGLE.path: RECTANGLE,
    **{PREFIX + page.json.removesuffix(".json"): page for page in PAGES},
}

log = logging.getLogger("axiom.api")


def make_read_api(pages: Site) -> PageCache:
    files = Exports().endpoint(_rectangle(pages), map_data.FORMS["json"])
    inner = Starlette(
        routes=[Route(path, files if page is RECTANGLE else _endpoint(pages, page)) for path, page in READS.items()],
        exception_handlers={404: lambda request, _: _missing(request)},
    )
    inner.router.redirect_slashes = False
    return PageCache(
        inner,
        clock=time.monotonic,
        normalize_query=lambda path, query: drop_unread_words(path.removeprefix(PREFIX), query),
        bypass_cache=lambda path: path.endswith(("/table", "/data")),
    )


def _endpoint(pages: Site, page: SitePage) -> Callable[[Request], Response]:
    """Plain functions: Starlette runs them in its threads."""

    def endpoint(request: Request) -> Response:
        try:
            with pages.read(request) as reading:
                made = page.make(reading, **request.path_params)
        except OverflowError:  # a number too large for the database names nothing
            return _missing(request)
        except Exception as error:
            if not isinstance(error, AxiomError):
                log.exception("api.broken path=%.200r", request.url.path)
            return problem_response(error)
        if sentences := made.get("misread"):
            return problem_response(RequestRefused(400, WrongUse(" ".join(sentences))))
        following = made.get("next")
        headers = {"x-content-type-options": "nosniff"}
        if isinstance(following, str) and following.startswith("/"):
            headers["link"] = f'<{_here(following)}>; rel="next"'
        return JSONResponse(turn_as_json(made, _here), headers=headers)

    return endpoint


def _rectangle(pages: Site) -> Make:
    """A rectangle of a map, or the problem because of which there is none."""

    def make(request: Request, breathe: Breathe) -> SlowFile:
        try:
            with pages.read(request) as reading:
                return map_data.rectangle_file(reading, breathe, request.path_params["name"])
        except (AxiomError, OverflowError) as error:
            answer = problem_response(error) if isinstance(error, AxiomError) else _missing(request)
            return SlowFile(body=bytes(answer.body), kind=KIND, status=answer.status_code)

    return make


def _here(address: str) -> str:
    return PREFIX + address


def _missing(request: Request) -> Response:
    return problem_response(
        NotFound(f"There is nothing at {request.url.path}. GET {PREFIX}/openapi.json lists what there is.")
    )
