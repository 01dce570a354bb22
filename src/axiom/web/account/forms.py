"""Forms: what was typed, what is wrong with it, and the proof that it was typed on a page of ours.

A form is taken only when the browser says that it comes from this site, and when it carries a token that follows from
a cookie which no other site can read.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from axiom.errors import AxiomError
from axiom.web.base.cookies import cookie
from axiom.web.base.request import number_of

_MOST_FIELDS = 60
_TOKEN = "form"  # noqa: S105  the name of the field
_SECRET_BYTES = 16  # 128 bits
_SECRET_FIELDS = frozenset({"password", "new_password", "code", "token", _TOKEN})
_SESSION, _VISIT = "axiom", "axiom_visit"


@dataclass(kw_only=True)
class Form:
    """What somebody has typed, and what is wrong with it, by the name of the field."""

    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.typed.get(name, "")

    def ticked(self, name: str) -> bool:
        """Is a box ticked? A browser says nothing of one that is not."""
        return name in self.typed

    def check(self, name: str, read: Callable[[str], str]) -> str:
        """What a field means; what is wrong with it is noted beside the field."""
        try:
            return read(self.text(name))
        except AxiomError as error:
            self.wrong[name] = str(error)
            return ""

    def shown(self) -> dict[str, str]:
        """What is put into the fields again: everything but secrets."""
        return {name: text for name, text in self.typed.items() if name not in _SECRET_FIELDS}


def whole(text: str) -> int | None:
    return number_of(text) or None


def read_form(body: bytes) -> Form:
    """A form as a browser sends it; one that is not written as it should be is empty."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        return Form()
    return Form(typed={name: text.replace("\r\n", "\n") for name, text in pairs if "\0" not in text})


@dataclass(frozen=True, kw_only=True, slots=True)
class Cookies:
    """The two cookies: who is signed in, and for those who are not, what their forms are recognised by."""

    session: str = ""
    visit: str = ""

    @property
    def seed(self) -> str:
        """What the forms of this browser are made from."""
        return self.session or self.visit


def new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> str:
    """What is stored of a session's secret. It has 128 random bits, so a plain hash hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def form_token(seed: str) -> str:
    return hmac.digest(seed.encode(), b"axiom-form-1", hashlib.sha256).hex()


def is_our_form(request: Request, form: Form, seed: str, origins: frozenset[str]) -> bool:
    """Was this form filled in on a page of this site, in this browser?"""
    if not seed or not hmac.compare_digest(form.text(_TOKEN).encode(), form_token(seed).encode()):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin") or _origin(request.headers.get("referer", ""))
    return bool(origin) and is_from_here(request, origin, origins)


def is_from_here(request: Request, origin: str, origins: frozenset[str]) -> bool:
    """Is this origin the site's own: the project's address, or the number of a computer that the request names, too?

    A name that the request names proves nothing: whoever owns it may have led it here.
    """
    if origin in origins:
        return True
    host = urlsplit(f"//{request.headers.get('host', '')}")
    return origin in {f"{scheme}://{host.netloc}" for scheme in ("http", "https")} and _is_number(host.hostname or "")


def _is_number(host: str) -> bool:
    try:
        return host == "localhost" or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def origins_of(master: str) -> frozenset[str]:
    """Where the project's own pages come from, whatever stands between a browser and this process."""
    origin = _origin(master)
    return frozenset({origin}) if origin else frozenset()


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def cookies_of(request: Request, *, secure: bool) -> Cookies:
    return Cookies(
        session=cookie(request.headers.raw, _name(_SESSION, secure=secure)),
        visit=cookie(request.headers.raw, _name(_VISIT, secure=secure)),
    )


def keep_session(response: Response, secret: str, *, secure: bool, seconds: int) -> None:
    """The browser is signed in with this secret; an empty one signs it out."""
    _set(response, _name(_SESSION, secure=secure), secret, secure=secure, seconds=seconds if secret else 0)


def keep_visit(response: Response, secret: str, *, secure: bool) -> None:
    """The browser's forms are recognised by this secret until it is closed."""
    _set(response, _name(_VISIT, secure=secure), secret, secure=secure, seconds=None)


def _set(response: Response, name: str, value: str, *, secure: bool, seconds: int | None) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def _name(name: str, *, secure: bool) -> str:
    """A browser takes a cookie with this prefix from nobody but this very host, over TLS."""
    return f"__Host-{name}" if secure else name
