"""The language of a page: what a browser asks for, and the address where one is chosen."""

import re
from collections.abc import MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from axiom.locale import languages
from axiom.web.base.cookies import read_cookie

CHOICE = "/language/"
_COOKIE = "lang"
_COOKIE_SECONDS = 365 * 86_400
# An address of ours: a second slash, or what browsers read as one, would begin the name of another host.
_OWN = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def language_of(scope: MutableMapping[str, Any]) -> str:
    """The language that the choice of a visitor says, else their browser."""
    accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    return languages.choose_language(read_cookie(scope["headers"], _COOKIE), accepted)


def language_route(*, is_secure: bool) -> Route:
    """The address that a link in the foot of a page leads to: it remembers a language and goes back to the page."""

    def endpoint(request: Request) -> Response:
        language, back = request.path_params["language"], request.query_params.get("back", "/join")
        if language not in languages.list_languages():
            names = ", ".join(languages.list_languages())
            return PlainTextResponse(f"These pages come in no such language. They come in: {names}.\n", status_code=404)
        if not _OWN.fullmatch(back):
            text = "This link leads to another site, so it was not followed. Go back and choose the language there.\n"
            return PlainTextResponse(text, status_code=400)
        response = RedirectResponse(back, status_code=303, headers={"cache-control": "no-store"})
        response.set_cookie(_COOKIE, language, max_age=_COOKIE_SECONDS, secure=is_secure, httponly=True, samesite="lax")
        return response

    return Route(f"{CHOICE}{{language}}", endpoint)
