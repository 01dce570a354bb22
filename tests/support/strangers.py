"""Requests of people who mean no good, spoken in bytes to a site that runs: in six classes, each drawn by a die."""

import contextlib
import random
import socket
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import md5
from urllib.parse import urlencode

from axiom.limits import server as limits

FOREIGN = "evil.example"
OWNER, NOBODY, PASSWORD = "owner@lab.example", "nobody@lab.example", "a password of theirs"
_PAGES = (
    "/",
    "/hosts/",
    "/findings/?page=1",
    "/results/",
    "/news.atom",
    "/join",
    "/volunteers/1/",
    "/static/",
    "/a//b",
)
_SECONDS = 20.0  # that an answer may take beside other tests


@dataclass(frozen=True, kw_only=True)
class Request:
    """One attempt: what is sent, and what is wrong with the answer."""

    kind: str
    sent: Sequence[bytes]
    problem: Callable[[bytes], str]
    twin: Sequence[bytes] = ()  # what must be answered in the very same way
    patience: float = _SECONDS  # for the answer to something that may be no whole request


@dataclass(frozen=True, kw_only=True)
class Site:
    host: str
    port: int

    def answer(self, sent: Sequence[bytes], patience: float = _SECONDS) -> bytes:
        """All that it says until it closes the connection, which a site may do before it has heard everything."""
        heard = b""
        with socket.create_connection((self.host, self.port), timeout=patience) as line:
            with contextlib.suppress(ConnectionError):
                for piece in sent:
                    line.sendall(piece)
            with contextlib.suppress(ConnectionError, TimeoutError):
                while piece := line.recv(65_536):
                    heard += piece
        return heard

    def open_account(self) -> bool:
        """Open the account at whose address others guess, as a client does."""
        digest = md5(f"{PASSWORD}{OWNER}".encode()).hexdigest()  # noqa: S324  the client's own form of a password
        query = urlencode({"email_addr": OWNER, "passwd_hash": digest, "user_name": "owner"})
        return b"authenticator" in self.answer([_head("GET", f"/create_account.php?{query}")])


def foreign_host(dice: random.Random) -> Request:
    """Somebody's link names another host than ours: nobody is led there."""
    path, name = dice.choice(_PAGES), f"{dice.choice(string.ascii_lowercase)}.{FOREIGN}"
    named = dice.choice(("Host", "X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "X-Host", "X-Original-URL"))
    value = f"host={name}" if named == "Forwarded" else f"http://{name}/" if named == "X-Original-URL" else name
    target = f"http://{name}{path}" if dice.random() < 0.3 else path
    host = "" if named == "Host" else "Host: localhost\r\n"
    text = f"GET {target} HTTP/1.1\r\n{host}{named}: {value}\r\nConnection: close\r\n\r\n"
    return Request(
        kind="a foreign host",
        sent=[text.encode()],
        problem=lambda said: "it names the foreign host" if FOREIGN.encode() in said else _answered(said),
    )


def large_form(dice: random.Random) -> Request:
    """More than a form may have, or in chunks, is refused in one sentence, and not asked for."""
    size = limits.BODY_BYTES + dice.randrange(1, 2 * limits.BODY_BYTES)
    path = dice.choice(("/account/register", "/account/sign-in", "/account/profile"))
    asks = ["Expect: 100-continue"] if dice.random() < 0.5 else []
    if dice.random() < 0.5:
        pieces, status = [b"10000\r\n" + b"x" * 65_536 + b"\r\n"] * (size // 65_536 + 1), b"411"
        head = _head("POST", path, "Transfer-Encoding: chunked", *asks)
    else:
        pieces, status = [b"x" * 65_536] * (size // 65_536), b"413"
        head = _head("POST", path, *asks, content_length=size)
    return Request(
        kind="a form of megabytes",
        sent=[head, *pieces],
        problem=lambda said: _refused(said, status),
    )


def many_headers(dice: random.Random) -> Request:
    """Headers are bounded in sum, however short each of them is."""
    length = dice.choice((1, 10, 1_000, 20_000))
    lines = [f"x{number}: {'a' * length}" for number in range(2 * limits.HEADER_BYTES // (length + 5) + 1)]
    return Request(
        kind="headers without end",
        sent=[_head("GET", "/", *lines)],
        problem=lambda said: _refused(said, b"431"),
    )


def guessed_account(dice: random.Random) -> Request:
    """Whether an e-mail address has an account is told to nobody who lacks its password."""

    def guess(email: str) -> bytes:
        digest = md5(f"{dice.random()}{email}".encode()).hexdigest()  # noqa: S324  the client's own form of a password
        return _head("GET", f"/lookup_account.php?{urlencode({'email_addr': email, 'passwd_hash': digest})}")

    return Request(
        kind="a guess at an account",
        sent=[guess(OWNER)],
        twin=[guess(NOBODY)],
        problem=lambda said: "it gives a key away" if b"authenticator" in said else _answered(said),
    )


def broken_bytes(dice: random.Random) -> Request:
    """A request in which some bytes are others, are missing or came twice."""
    text = bytearray(_head(dice.choice(("GET", "POST", "HEAD")), dice.choice(_PAGES), "Accept-Encoding: gzip"))
    for _ in range(dice.randrange(1, 6)):
        place = dice.randrange(len(text))
        match dice.randrange(3):
            case 0:
                text[place] = dice.randrange(256)
            case 1:
                del text[place : place + dice.randrange(1, 8)]
            case _:
                text[place:place] = bytes(dice.choices(range(256), k=dice.randrange(1, 8)))
    return Request(kind="broken bytes", sent=[bytes(text)], problem=_answered, patience=0.5)


def other_page(dice: random.Random) -> Request:
    """A page that nobody has asked for yet, by somebody whom nobody has seen: what is remembered is bounded."""
    word = "".join(dice.choices(string.ascii_lowercase, k=dice.choice((8, 80, 800, 8_000))))
    path = dice.choice((f"/{word}", f"/findings?q={word}", f"/results?experiment={word}", f"/teams.json?q={word}"))
    said = f"X-Forwarded-For: 2001:db8:{dice.randrange(65_536):x}:{dice.randrange(65_536):x}::1"
    language = f"Accept-Language: {dice.choice(('de', 'fr', 'ja'))},{word[:4]}"
    return Request(kind="a page of their own", sent=[_head("GET", path, said, language)], problem=_answered)


def play(site: Site, request: Request) -> str:
    answer = site.answer(request.sent, request.patience)
    if request.twin:
        own, other = _body(answer), _body(site.answer(request.twin))
        # How long each has to wait depends on its own guesses, of which both had as many, at other moments.
        is_told_to_wait = b"Please wait" in own + other
        if own != other and not is_told_to_wait:
            return f"it tells who has an account: {own[-200:]!r}, and of nobody {other[-200:]!r}"
    return request.problem(answer)


CLASSES = (foreign_host, large_form, many_headers, guessed_account, broken_bytes, other_page)


def _head(method: str, path: str, *lines: str, content_length: int = 0) -> bytes:
    length = [f"Content-Length: {content_length}"] if content_length else []
    said = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *length, *lines]
    kind = ["Content-Type: application/x-www-form-urlencoded"] if method == "POST" else []
    return "\r\n".join([*said, *kind, "", ""]).encode()


def _body(said: bytes) -> bytes:
    return said.partition(b"\r\n\r\n")[2]


def _answered(said: bytes) -> str:
    """A site may close the connection without a word; it never says that it is at fault."""
    if said and not said.startswith(b"HTTP/1.1 "):
        return f"it answers {said[:60]!r}"
    is_refusal = said[9:12] in (b"501", b"505")  # a method or a version that it does not know
    return f"it is at fault: {said[:60]!r}" if said[9:10] == b"5" and not is_refusal else ""


def _refused(said: bytes, status: bytes) -> str:
    """One status line, and this one; a connection that is closed amid what is sent may lose it."""
    lines = said.count(b"HTTP/1.1 ")
    return "" if not said or (lines == 1 and said[9:12] == status) else f"{lines} status lines: {said[:60]!r}"
