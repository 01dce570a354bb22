"""Which address shows what: a template for people, the same answer as JSON for programs."""

import difflib
import hashlib
import importlib
import logging
import pkgutil
import re
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, compile_path

from axiom import reads
from axiom.errors import AxiomError, CannotStart, NotFound, WrongUse
from axiom.locale.languages import ENGLISH, speak_language
from axiom.reads import feeds, figures, findings, ledger, results
from axiom.reads.base.breathe import Breathe
from axiom.reads.base.csv_cells import table_csv
from axiom.reads.base.page_addresses import NUMBER, SHOWN, SitePage
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments import experiments
from axiom.reads.rounds import sessions
from axiom.reads.tasks import draw_task
from axiom.signed.manifests import stored_manifest
from axiom.web import maps, papers
from axiom.web.base.slow_files import Exports, Make, SlowFile
from axiom.web.export import archive
from axiom.web.maps import map_data
from axiom.web.maps.pictures import picture_route
from axiom.web.papers import formats
from axiom.web.papers.paper import parse_finding_numbers
from axiom.web.site.templates import static_address, static_bytes


class Number(Convertor[int]):
    """A number that a record can have: Starlette's own has no end, and Python refuses to read a very long one."""

    regex = "[0-9]{1,19}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", Number())


log = logging.getLogger("axiom.web")

Read = Callable[[Request], Any]  # opens a Reading for the length of a `with`
RESULTS = "/results.csv"
_CSV, _ZIP = "text/csv", "application/zip"
_DRAWING = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}  # it carries its own colours
# Nothing is loaded from another origin and no script runs that is not a file of ours.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors"
)
_FRAMED = {"content-security-policy": f"{POLICY} *"}  # of a page on which nothing can be done
_KINDS = {
    "style.css": "text/css",
    "htmx.min.js": "application/javascript",
    "explore.js": "application/javascript",
    "map.js": "application/javascript",
    "leaflet.js": "application/javascript",
    "leaflet.css": "text/css",
    "mark.svg": "image/svg+xml",
    "literata-axiom.woff2": "font/woff2",
    "OFL-Literata.txt": "text/plain",
    "LICENSE-htmx.txt": "text/plain",
    "LICENSE-leaflet.txt": "text/plain",
}


for rooms in (reads, maps, papers):
    for module in pkgutil.walk_packages(rooms.__path__, f"{rooms.__name__}."):
        importlib.import_module(module.name)
PAGES = sorted(SHOWN, key=lambda page: page.path)
# What somebody may have meant who asks for a page that is not there; /live is a part of the first page.
_NEAR = [page.path for page in PAGES if re.fullmatch("/[a-z-]+", page.path) and page.path != "/live"] + ["/account"]
# One expression, without names, which may not come twice in it: it is asked of every request, before the cache is.
_TRANSLATED = re.compile(
    "|".join(re.sub(r"\?P<\w+>", "", compile_path(page.path)[0].pattern) for page in PAGES if page.is_translated)
)


def is_translated(path: str) -> bool:
    """Does the page at this address come in several languages?"""
    return _TRANSLATED.match(path) is not None


def site_routes(templates: Environment, read: Read, choice: Route) -> list[Route]:
    """Every address. The `.json` ones come first, since a name could end like that."""
    shown = [Route(page.path, _guarded(templates, read, page)) for page in PAGES]
    data = [Route(page.json, _guarded(templates, read, page, as_data=True)) for page in PAGES]
    exports = Exports()
    files = [
        Route("/sessions/{name}.md", _file(read, _markdown)),
        Route("/sessions/{name}.txt", _file(read, _text)),
        Route("/experiments/{name}.py", _file(read, _source)),
        *(Route(f"/findings/paper.{kind}", _file(read, partial(_paper, templates, kind))) for kind in formats.KINDS),
        Route("/news.atom", _file(read, _feed)),
        Route(f"/findings/{NUMBER}.zip", exports.endpoint(_slow_file(read, _archive), _ZIP)),
        Route(RESULTS, exports.endpoint(_slow_file(read, _results), _CSV)),
        Route("/figures/{name:path}", _file(read, _picture)),
        picture_route(read),
        Route("/maps/{name}/data", exports.endpoint(_slow_file(read, map_data.rectangle_file), map_data.FORMS["csv"])),
        Route("/static/{name}", _static),
    ]
    return [*files, *data, *shown, choice]


def is_file(path: str) -> bool:
    """Is this the address of a file that is made for whoever takes it away, and kept for nobody else?"""
    return (
        path == RESULTS
        or (path.startswith("/findings/") and path.endswith(".zip"))
        or (path.startswith("/maps/") and path.endswith("/data"))
    )


def missing_page_handler(templates: Environment, read: Read) -> Callable[[Request, Exception], Response]:
    """What is said when nothing is at an address."""

    def answer(request: Request, error: Exception) -> Response:
        text = str(error) if isinstance(error, NotFound) else f"There is no page {request.url.path} here."
        near = difflib.get_close_matches(request.url.path, _NEAR, n=1, cutoff=0.5)
        if request.url.path.endswith(".json"):
            return JSONResponse({"error": {"kind": "NotFound", "message": text}}, status_code=404)
        with read(request) as reading:
            page = {"text": text, "near": near[0] if near else None}
            return HTMLResponse(_render(templates, reading, "missing.html", {"missing": page}), status_code=404)

    return answer


def _guarded(templates: Environment, read: Read, page: SitePage, *, as_data: bool = False) -> Callable[..., Response]:
    """The page, or the sentence that it could not be made. Starlette makes it in a thread of its own."""

    def endpoint(request: Request) -> Response:
        try:
            with read(request) as reading:
                made = page.make(reading, **request.path_params)
                status = 400 if made.get("misread") else 200
                if as_data:
                    return JSONResponse(turn_as_json(made, _with_json), status_code=status)
                shown = _render(
                    templates, reading, page.template, {**made, "json": _as_json(request)}, page.is_translated
                )
                headers = {"content-language": reading.language} if reading.language else {}
                headers |= _FRAMED if page.is_framed else {}
                return HTMLResponse(shown, status_code=status, headers=headers)
        except (NotFound, OverflowError) as error:  # a number too large for the database names nothing either
            return missing_page_handler(templates, read)(request, error)
        except Exception as error:
            number = _numbered(request.url.path, error)
            log.exception("page.broken number=%s path=%.200r", number, request.url.path)
            return _broken(templates, number, error, as_data=as_data, is_first=page.path == "/")

    return endpoint


def respond_to_fault(templates: Environment, path: str, error: Exception) -> Response:
    """What is said where a request failed outside of any page. The log gets one line of it, however long it was.

    A stranger who finds such a request can repeat it, and must not push everything else out of the log.
    """
    number, place = _numbered(path, error), traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
    log.error("page.escaped number=%s path=%.200r at=%s error=%.200r", number, path, where, error)
    return _broken(templates, number, error, as_data=path.endswith(".json"), is_first=path == "/")


def _numbered(path: str, error: Exception) -> str:
    """The number under which visitor and operator speak of the same fault."""
    return "e-" + hashlib.sha256(f"{path} {error!r}".encode(errors="replace")).hexdigest()[:4]


def _broken(templates: Environment, number: str, error: Exception, *, as_data: bool, is_first: bool) -> Response:
    """Tell the visitor that it is our fault; the log has told the operator what it was.

    BOINC's clients read the first page to find the scheduler, and fall silent for a day where it fails three times: it
    still tells them, and its status is good.
    """
    text = f"This page could not be made. The records are safe; the operator sees this under number {number}."
    if as_data:
        kind = type(error).__name__ if isinstance(error, AxiomError) else "Fault"
        return JSONResponse({"error": {"kind": kind, "message": text, "number": number}}, status_code=500)
    page = templates.get_template("broken.html").render(number=number, versioned=static_address)
    return HTMLResponse(page, status_code=200 if is_first else 500)


def _render(
    templates: Environment, reading: Reading, template: str, answer: Answer, is_translated: bool = False
) -> str:
    with speak_language(reading.language if is_translated and reading.language else ENGLISH):
        return templates.get_template(template).render(
            {"json": None, **answer},
            lab=reading.name,
            talk=reading.talk,
            path=reading.path,
            master=reading.master,
            is_signed_in=reading.is_signed_in,
            is_translated=is_translated,
            query=reading.query,
            now=reading.now.isoformat(),
            drawings=lambda name: [Markup(svg) for svg in figures.inline_drawings(reading, name)],  # noqa: S704  drawn by us
            task_drawings=lambda number: [Markup(svg) for svg in draw_task(reading, number)],  # noqa: S704  drawn by us
        )


def _as_json(request: Request) -> str:
    """The address of the same answer for programs."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path if request.url.path != '/' else '/index'}.json{query}"


def turn_as_json(made: Answer, turn: Callable[[str], str]) -> Answer:
    """The answer, whose neighbouring pages are answers for programs, too: `turn` makes their addresses."""
    return {
        name: turn_as_json(value, turn)
        if isinstance(value, dict)
        else turn(value)
        if name.endswith(("next", "previous")) and isinstance(value, str) and value.startswith("/")
        else value
        for name, value in made.items()
    }


def _with_json(address: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.json{mark}{query}"


def _file(read: Read, answer: Callable[..., Response]) -> Callable[[Request], Response]:
    """What is answered from the records and the words of the path, or the sentence why there is no such file."""

    def endpoint(request: Request) -> Response:
        try:
            with read(request) as reading:
                return answer(reading, **request.path_params)
        except (NotFound, WrongUse, OverflowError) as error:
            return PlainTextResponse(f"{error}\n", status_code=_status(error))

    return endpoint


def _slow_file(read: Read, make: Callable[..., SlowFile]) -> Make:
    def made(request: Request, breathe: Breathe) -> SlowFile:
        try:
            with read(request) as reading:
                return make(reading, breathe, **request.path_params)
        except (CannotStart, NotFound, WrongUse, OverflowError) as error:
            return SlowFile(body=f"{error}\n".encode(), kind="text/plain", status=_status(error))

    return made


def _status(error: Exception) -> int:
    return 400 if isinstance(error, WrongUse) else 503 if isinstance(error, CannotStart) else 404


def _markdown(reading: Reading, name: str) -> Response:
    return PlainTextResponse(sessions.session_markdown(reading, name), media_type="text/markdown")


def _text(reading: Reading, name: str) -> Response:
    return PlainTextResponse(sessions.session_text(reading, name))


def _source(reading: Reading, name: str) -> Response:
    """An experiment's file as it is signed; who knows it by another name is told where it lies."""
    text, address = experiments.source_file(reading, name)
    return PlainTextResponse(text) if address == reading.path else RedirectResponse(address, status_code=302)


def _paper(templates: Environment, ending: str, reading: Reading) -> Response:
    numbers = parse_finding_numbers(reading.query.get("of", ""))
    body = formats.paper_file(reading, numbers, ending, templates)
    headers = {"content-disposition": f'attachment; filename="paper-{"-".join(map(str, numbers))}.{ending}"'}
    return Response(body, media_type=formats.KINDS[ending], headers=headers)


def _feed(reading: Reading) -> Response:
    """The news for whoever follows many sites."""
    body = feeds.atom_feed(reading, reading.master or "/")  # never the host that a request names
    return Response(body, media_type="application/atom+xml; charset=utf-8")


def _archive(reading: Reading, _breathe: Breathe, number: int) -> SlowFile:
    return SlowFile(body=archive.finding_archive(reading, number), kind=_ZIP, name=f"finding-{number}.zip")


def _results(reading: Reading, breathe: Breathe) -> SlowFile:
    """All results that an address asks for, as a table to take away."""
    if sentences := results.list_query_faults(reading):
        raise WrongUse("\n".join(sentences))
    return SlowFile(body=results.export_results_csv(reading, breathe), kind=_CSV)


def _picture(reading: Reading, name: str) -> Response:
    drawn, _, kind = name.rpartition(".")
    if kind not in ("csv", "json", "png", "svg"):
        raise NotFound(f"There is no picture {name}.")
    if kind in ("csv", "json"):
        shown = _plate(reading, drawn)
        if kind == "json":
            return JSONResponse({word: shown[word] for word in ("name", "headings", "rows")})
        return PlainTextResponse(table_csv(shown["headings"], shown["rows"]), media_type="text/csv")
    body = figures.figure_file(reading, drawn, kind, static_bytes("figure.css").decode())
    if kind == "png":
        return Response(body, media_type="image/png")
    return Response(body, media_type="image/svg+xml", headers=_DRAWING)


def _plate(reading: Reading, name: str) -> Answer:
    """The table under a picture, as the page of its finding or experiment has it, or the ledger's."""
    if name == "ledger/credit":
        return ledger.credit_figure(reading)
    parts = name.split("/")
    if len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) > 15:
        raise NotFound(f"There is no picture {name}.")
    noun, number, picture = parts[0], int(parts[1]), parts[2]
    made: Answer = {}
    if noun == "finding":
        made = findings.finding_page(reading, number)["finding"]["figures"]
    elif noun == "experiment":
        stored = experiments.require_experiment_number(reading, number)
        made = experiments.plot_pictures(reading, stored, stored_manifest(stored.manifest))
    if picture not in made:
        raise NotFound(f"There is no picture {name}.")
    drawing: Answer = made[picture]
    return drawing | ({"rows": findings.finding_course(reading, number)} if picture == "narrowing" else {})


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _KINDS:
        return PlainTextResponse(f"There is no file {name} here.\n", status_code=404)
    lasting = "public, max-age=31536000, immutable" if "v" in request.query_params else "public, max-age=3600"
    headers = {"cache-control": lasting} | (_DRAWING if name.endswith(".svg") else {})
    return Response(static_bytes(name), media_type=_KINDS[name], headers=headers)
