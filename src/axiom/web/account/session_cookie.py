"""By which secret a browser is signed in, in its cookie and in what is stored.

That a form comes from a page of this site the server has seen (`axiom.server.http.refused_requests`), and a browser
sends the cookie of who is signed in with no request that another site's page began.
"""

import hashlib
import secrets

from starlette.requests import Request
from starlette.responses import Response

from axiom.web.base.cookies import read_cookie

_SECRET_BYTES = 16  # 128 bits
_SESSION = "axiom"


def new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest_secret(secret: str) -> str:
    """What is stored of a session's secret. It has 128 random bits, so a plain hash hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def session_of(request: Request, *, secure: bool) -> str:
    """By which secret a browser is signed in; empty where it is not."""
    return read_cookie(request.headers.raw, _name(secure=secure))


def keep_session(response: Response, secret: str, *, secure: bool, seconds: int) -> None:
    """The browser is signed in with this secret; an empty one signs it out."""
    response.set_cookie(
        _name(secure=secure),
        secret,
        max_age=seconds if secret else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def _name(*, secure: bool) -> str:
    """A browser takes a cookie with this prefix from nobody but this very host, over TLS."""
    return f"__Host-{_SESSION}" if secure else _SESSION
