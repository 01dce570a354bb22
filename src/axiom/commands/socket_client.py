"""The same commands from another process, through the laboratory's socket."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axiom import errors
from axiom.commands.base import Answer, Command
from axiom.errors import AxiomError, CannotStart, Fault, HeldByAnother

_TIMEOUT = 60.0  # seconds; publishing an experiment takes a few


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name for a socket that fits the 107 bytes which the system allows, however deep the folder lies."""
    if len(os.fsencode(path)) <= 100 or not Path("/proc/self/fd").exists():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class Remote:
    """Speaks to the server that holds the folder's lock."""

    def __init__(self, path: Path, patience: float = _TIMEOUT) -> None:
        self._path = path
        self._patience = patience  # seconds

    def answers(self) -> bool:
        """Is somebody listening?"""
        try:
            self._ask("GET", "/healthz", None)
        except CannotStart:
            return False
        return True

    def status(self) -> Answer:
        """The server's own status."""
        return self._ask("GET", "/status.json", None)

    def submit(self, command: Command, *, dry_run: bool = False, key: str | None = None) -> Answer:
        """Have a command done by the server, and raise what it raises."""
        return self._ask(
            "POST",
            "/commands",
            {"name": command.name, "words": command.words(), "dry_run": dry_run, "key": key},
        )

    def say(self, path: str, said: dict[str, Any]) -> Answer:
        """Say something at the desk."""
        return self._ask("POST", path, said)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        connection = UnixConnection(self._path, self._patience)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body).encode())
            answered = json.loads(connection.getresponse().read())
        except TimeoutError as error:
            raise CannotStart(
                f"The laboratory behind {self._path} is there and has not answered for {self._patience:.0f} s. What "
                "was asked of it may still be done: `axiom audit show` says whether it was. If it stays silent, `axiom "
                "doctor` says what holds the folder."
            ) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CannotStart(
                f"The laboratory behind {self._path} does not answer ({error}). If it is starting, try again in a "
                "moment; `axiom doctor` says what holds the folder."
            ) from error
        finally:
            connection.close()
        if "error" in answered:
            raise _raised(answered["error"])
        return dict(answered)


class UnixConnection(http.client.HTTPConnection):
    """HTTP through a socket of this computer."""

    def __init__(self, path: Path, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path
        self._patience = patience

    def connect(self) -> None:
        """Knock at the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._patience)
        with short_name(self._path) as name:
            self.sock.connect(name)


def _raised(said: dict[str, Any]) -> AxiomError:
    """The error as the server raised it, so that exit codes are the same on both sides of the socket.

    Of its kinds only that is told apart on which somebody acts: most would say of this process what holds of the other.
    """
    kind = getattr(errors, str(said.get("kind", "")), AxiomError)
    message = said.get("message", "the laboratory refused without a reason")
    error = HeldByAnother(message) if kind is HeldByAnother else AxiomError(message)
    error.exit_code = kind.exit_code if isinstance(kind, type) and issubclass(kind, AxiomError) else Fault.exit_code
    return error
