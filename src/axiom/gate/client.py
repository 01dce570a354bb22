"""Laboratories in other processes: the operator's, through its socket, and any, through its API and with a token."""

import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axiom import __version__, errors
from axiom.errors import AxiomError, CannotStart, NoAnswer, StoreError, WrongUse
from axiom.gate.command import Answer, Command
from axiom.http_client import exchange_http, parse_http_address
from axiom.limits import server as limits

_GOOD = range(200, 300)


@contextmanager
def short_socket_name(path: Path) -> Iterator[str]:
    """A name for a socket that fits the 107 bytes which the system allows, however deep the folder lies."""
    if len(os.fsencode(path)) <= 100 or not Path("/proc/self/fd").exists():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class SocketClient:
    """Speaks to the server that holds the folder's lock."""

    def __init__(self, path: Path, patience: float = limits.COMMAND_SECONDS) -> None:
        self._path = path
        self._patience = patience  # seconds

    def answers(self) -> bool:
        """Is somebody listening?"""
        try:
            self._ask("GET", "/healthz", None)
        except NoAnswer:
            return False
        return True

    def status(self) -> Answer:
        return self._ask("GET", "/status.json", None)

    def submit(self, command: Command, *, dry_run: bool = False, key: str | None = None) -> Answer:
        """Have a command done by the server, and raise what it raises."""
        return self._ask(
            "POST",
            "/commands",
            {"name": command.name, "words": command.words(), "dry_run": dry_run, "key": key},
        )

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        connection = UnixConnection(self._path, self._patience)
        try:
            reply = _exchange(connection, method, path, None if body is None else json.dumps(body).encode(), {})
        except TimeoutError as error:
            raise NoAnswer(
                f"The laboratory behind {self._path} is there and has not answered for {self._patience:.0f} s. What "
                "was asked of it may still be done: `axiom audit show` says whether it was. If it stays silent, `axiom "
                "doctor` says what holds the folder."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(
                f"The laboratory behind {self._path} does not answer ({error}). If it is starting, try again in a "
                "moment; `axiom doctor` says what holds the folder."
            ) from error
        return reply.answer()


class UnixConnection(http.client.HTTPConnection):
    """HTTP through a socket of this computer."""

    def __init__(self, path: Path, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path
        self._patience = patience

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._patience)
        with short_socket_name(self._path) as name:
            self.sock.connect(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiReply:
    """A status, what was said, and in how many seconds to come again, where that was said."""

    status: int
    body: bytes
    retry_after: float | None

    @property
    def is_worth_another_try(self) -> bool:
        """Would the same request be done a little later?"""
        return self.status in {429, 503} and self.retry_after is not None

    def answer(self) -> dict[str, Any]:
        """What was said, or the error that was said instead."""
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            data = None
        if self.status in _GOOD and isinstance(data, dict):
            return data
        raise _error(self.status, data if isinstance(data, dict) else {})


class ApiClient:
    """Asks once, with the token of a program. Whether to ask again is for whoever calls to say."""

    def __init__(self, address: str, token: str) -> None:
        """`address`: of the site, or of the socket in a data folder, as `unix:/path/programs.sock`."""
        self._connection, self._prefix = _door(address)
        self._token = token

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> ApiReply:
        """What is answered; OSError, HTTPException or ValueError where nothing is."""
        all_headers = {
            "authorization": f"Bearer {self._token}",
            "user-agent": f"axiom/{__version__}",
            **(headers or {}),
        }
        return _exchange(self._connection(), method, self._prefix + path, body, all_headers)

    def __str__(self) -> str:
        return f"{self._connection().host}{self._prefix}"


def _door(address: str) -> tuple[Callable[[], http.client.HTTPConnection], str]:
    """What opens a connection, and what its paths begin with."""
    if address.startswith("unix:"):
        path = Path(address.removeprefix("unix:"))
        return lambda: UnixConnection(path, limits.COMMAND_SECONDS), ""
    try:
        parts, connect = parse_http_address(address, such_as="https://lab.example/ or unix:/path/programs.sock")
    except ValueError as error:
        raise WrongUse(f"{address!r} is no address {error}. Nothing was asked.") from error
    return lambda: connect(limits.COMMAND_SECONDS), parts.path.rstrip("/")


def _exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> ApiReply:
    """One request and what is answered to it, after which the connection is closed."""
    with closing(connection):
        reply, answer = exchange_http(connection, method, path, body, headers)
    return ApiReply(status=reply.status, body=answer, retry_after=_seconds(reply.getheader("retry-after")))


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdecimal() else None


def _error(status: int, problem: Mapping[str, Any]) -> AxiomError:
    """The error as the laboratory raised it; a status that says nothing of Axiom is of what stands between."""
    name = str(problem.get("type", "")).rpartition(":")[2]
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, AxiomError)):
        kind = StoreError if status == 503 else CannotStart
    detail = problem.get("detail") or (
        f"The address answered with status {status}, as no laboratory does. Is it one whose setting `api` is true? "
        "Nothing is known to be done."
    )
    error = kind.__new__(kind)  # some make their sentence themselves; this one is made already
    Exception.__init__(error, detail)
    return error
