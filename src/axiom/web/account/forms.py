"""Forms: what was typed, what is wrong with it, and which browser is signed in.

That a form comes from a page of this site the server has seen (`axiom.server.http.refused_requests`), and a browser
sends the cookie of who is signed in with no request that another site's page began.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from axiom.errors import AxiomError
from axiom.gate.command import Command
from axiom.gate.words import form_of, is_required_word
from axiom.reads.base.request import parse_number
from axiom.web.base.cookies import read_cookie

_MOST_FIELDS = 60
_SECRET_BYTES = 16  # 128 bits
_SECRET_FIELDS = frozenset({"password", "new_password", "code", "token"})
_SESSION = "axiom"
_FIELDS = {"called": "name"}  # words of commands that fields of other names say


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

    def check(self, name: str, read: Callable[[str], Any]) -> Any:
        """What a field means; what is wrong with it is noted beside the field."""
        try:
            return read(self.text(name))
        except AxiomError as error:
            self.wrong[name] = str(error)
            return ""

    def words_of(self, kind: type[Command], readers: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
        """The words of a command as the fields of their names say them; `readers` tell what of a text is wrong.

        A field that a form does not have says nothing, where the command need not be told.
        """
        words: dict[str, Any] = {}
        for word, must in form_of(kind).items():
            name = _FIELDS.get(word, word)
            if must.type in (bool, bool | None):
                words[word] = self.ticked(name)
            elif word in readers:
                words[word] = self.check(name, readers[word])
            elif word != "volunteer" and (name in self.typed or is_required_word(must)):  # whose it is the sign-in says
                words[word] = (
                    parse_number(self.text(name)) or None if must.type in (int, int | None) else self.text(name)
                )
        return words

    def shown(self) -> dict[str, str]:
        """What is put into the fields again: everything but secrets."""
        return {name: text for name, text in self.typed.items() if name not in _SECRET_FIELDS}


def read_form(body: bytes) -> Form:
    """A form as a browser sends it; one that is not written as it should be is empty."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        return Form()
    return Form(typed={name: text.replace("\r\n", "\n") for name, text in pairs if "\0" not in text})


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
