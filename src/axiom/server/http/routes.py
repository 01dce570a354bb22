"""The front door: what BOINC clients, account managers and credit sites ask for, and behind it the site.

These addresses are the project's contract with programs that are not ours. None of them passes through what keeps
rendered pages: some carry a password's hash in their query, which is nowhere kept or logged.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from axiom.boinc.accounts import AccountError, Problem, error_reply
from axiom.errors import AxiomError
from axiom.limits import server as limits
from axiom.server.http import downloads
from axiom.server.http.downloads import Downloads
from axiom.server.http.old_addresses import page_in_place_of
from axiom.server.http.origins import is_asked_by_program

log = logging.getLogger("axiom.front")

_LOOKING = frozenset({"GET", "HEAD"})
_MOST_FIELDS = 100
_XML = "text/xml; charset=utf-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpQuery:
    fields: Mapping[str, str]
    address: str  # of whoever asks
    accepted: str = ""  # the languages that they accept, as the header says


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpAnswer:
    body: bytes
    kind: str = _XML
    status: int = 200
    location: str = ""


Endpoint = Callable[[HttpQuery], HttpAnswer]

_BUSY = HttpAnswer(
    body=error_reply(
        Problem(error=AccountError.PROJECT_DOWN, text="The laboratory cannot answer now. Please try again in a minute.")
    )
)
_TOO_LONG = HttpAnswer(
    body=error_reply(Problem(error=AccountError.BAD_NAME, text="This is too long for any form. Nothing was changed."))
)


class Front:
    def __init__(
        self,
        site: ASGIApp,
        endpoints: Mapping[str, Endpoint],
        files: Downloads,
        threads: Executor,
        *,
        changing: Collection[str] = (),
        origin: str = "",
    ) -> None:
        self._site = site
        self._endpoints = endpoints
        self._changing = changing
        self._origin = origin
        self._files = files
        self._threads = threads
        self._asking = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path in self._endpoints:
            await self._ask(self._endpoints[path], scope, receive, send)
        elif scope["type"] == "http" and path.startswith(downloads.PATH):
            await self._files(scope, send)
        elif scope["type"] == "http" and scope["method"] in _LOOKING and (page := page_in_place_of(scope)):
            await _say(send, HttpAnswer(body=b"", status=301, location=page), is_head=True)
        else:
            await self._site(scope, receive, send)

    async def _ask(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            await _say(send, HttpAnswer(body=b"", status=405), is_head=False)
            return
        headers = dict(scope["headers"])
        if scope["path"] in self._changing and not is_asked_by_program(headers, scope["method"], self._origin):
            await _say(send, HttpAnswer(body=b"", status=403), is_head=False)
            return
        fields = _fields(scope["query_string"])
        if scope["method"] == "POST":
            form = await Request(scope, receive).body()
            if len(form) > limits.CLIENT_FORM_BYTES:
                await _say(send, _TOO_LONG, is_head=False)
                return
            fields |= _fields(form)
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        address = scope["client"][0] if scope.get("client") else ""
        query = HttpQuery(fields=fields, address=address, accepted=accepted)
        answer = _BUSY
        if self._asking < limits.QUESTIONS_WAITING:
            self._asking += 1
            try:
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, endpoint, query)
            except AxiomError as error:
                log.warning("front.failed path=%s %s", scope["path"], error)
            except Exception:
                log.exception("front.fault path=%s", scope["path"])
            finally:
                self._asking -= 1
        await _say(send, answer, is_head=scope["method"] == "HEAD")


def _fields(query: bytes) -> dict[str, str]:
    """The fields of a query or a form; one that is not written as it should be has none.

    BOINC's window takes the name of who opens an account from Windows, asks nobody about it, and until of late wrote it
    in the letters of that Windows. Which these are it does not say: they are read as those of western Europe, so that a
    name in others is odd, which can be changed, and no reason to refuse the account.
    """
    for encoding, errors in (("utf-8", "strict"), ("cp1252", "replace")):
        with contextlib.suppress(ValueError):
            return dict(
                parse_qsl(
                    query.decode("ascii"),
                    keep_blank_values=True,
                    max_num_fields=_MOST_FIELDS,
                    encoding=encoding,
                    errors=errors,
                )
            )
    return {}


async def _say(send: Send, answer: HttpAnswer, *, is_head: bool) -> None:
    headers = [
        (b"content-type", answer.kind.encode()),
        (b"content-length", b"%d" % len(answer.body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if answer.location:
        headers.append((b"location", answer.location.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body})
