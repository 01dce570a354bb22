"""Work from a laboratory in another process: over HTTPS on another computer, or through a socket on this one.

Nothing that goes wrong on the way ends it: it asks again, ever more slowly, until somebody answers. A key that is not
good, or another pilot of the same name, does.
"""

import http.client
import json
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

from axiom import __version__, errors
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.runners import TICKETS
from axiom.domain.work import Report
from axiom.errors import AxiomError, CannotStart, HeldByAnother, NotAllowed, WrongUse
from axiom.http_client import Connect, exchange_http, parse_http_address
from axiom.limits import clusters as limits
from axiom.signed.tickets import Order

log = logging.getLogger("axiom.wire")

_TOGETHER = 8 * 1024 * 1024  # bytes of outputs in one request, unless a single one has more
_MOST_REPORTS = 256  # in one request
_GOOD, _NO_KEY = 200, 401
# Whatever stands between says these, or 500 and above, where the laboratory itself is not there, or too busy.
_PASSES = frozenset({408, 425, 429})
_TROUBLE_THERE = 500
_OURSELVES = frozenset({"localhost", "::1"})

Head = Mapping[str, Any]


class HttpWorkSource:
    def __init__(self, server: str, key: str = "", *, connect: Connect | None = None) -> None:
        """`server`: the address of the laboratory's site, to which `connect` leads in another way than usual."""
        connect_there, self._host, self._prefix = _address(server)
        self._connect = connect or connect_there
        self._key = key
        self._who: dict[str, Any] = {}
        self._idle: list[http.client.HTTPConnection] = []
        self._busy: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._trust = 0  # the version that was placed
        self.host_id = 0
        self.name = ""
        self.beat_seconds = 30.0
        self.refused: AxiomError | None = None  # why nothing more will ever be answered
        self.renew: Callable[[bytes], None] = lambda _trust: None  # called where the laboratory's keys changed

    def hello(self, name: str, platform: Platform, capacity: Capacity, *, session: str, before: Sequence[str]) -> None:
        message = {
            "name": name,
            "platform": asdict(platform),
            "capacity": {"cores": capacity.cores, "memory_mb": capacity.memory_mb},
            "session": session,
            "before": list(before),
            "tickets": TICKETS,
        }
        answer = self._say("hello", message)
        self.host_id, self.name = int(answer["host"]), str(answer["name"])
        self.beat_seconds = float(answer["beat_seconds"])
        self._who = {"host": self.host_id, "session": session}

    def trust(self) -> bytes:
        return self._ask("trust", {})

    def held_tasks(self) -> frozenset[int]:
        return frozenset(self._say("look", {**self._who, "holding": []})["held"])

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        answer = self._say("ask", {**self._who, "holding": sorted(holding), "wanted": wanted})
        if self._trust and answer["trust"] != self._trust:
            self.renew(self.trust())
        self._trust = answer["trust"]
        return [Order.parse(argv) for argv in answer["orders"]]

    def report(self, finished: Sequence[tuple[Report, bytes | None]]) -> None:
        for part in _parts(finished):
            rows = [
                {
                    "task": report.task_id,
                    "exit": report.exit_status,
                    "cpu_seconds": report.cpu_seconds,
                    "elapsed_seconds": report.elapsed_seconds,
                    "message": report.message,
                    "output": None if output is None else len(output),
                }
                for report, output in part
            ]
            outputs = b"".join(output for _, output in part if output is not None)
            self._say("report", {**self._who, "finished": rows}, outputs)

    def to_drop(self, holding: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
        answer = self._say("look", {**self._who, "holding": sorted(holding)})
        return frozenset(answer["at_once"]), frozenset(answer["if_not_begun"])

    def give_back(self, tasks: Collection[int], *, is_over: bool = False) -> None:
        self._say("give-back", {**self._who, "tasks": sorted(tasks), "is_over": is_over})

    def seal(self, digest: str) -> str:
        return str(self._say("seal", {"digest": digest})["seal"])

    def bundle(self, digest: str) -> bytes:
        return self._ask("bundle", {"digest": digest})

    def hurry(self) -> None:
        """We have to end: wait for nobody any more. Each question is asked once, and shortly."""
        self._ending.set()
        with self._lock:
            busy = list(self._busy)
        for connection in busy:
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _say(self, what: str, head: Head, rest: bytes = b"") -> dict[str, Any]:
        answer = json.loads(self._ask(what, head, rest))
        return dict(answer)

    def _ask(self, what: str, head: Head, rest: bytes = b"") -> bytes:
        if self.refused is not None:
            raise self.refused
        body = json.dumps(head, separators=(",", ":")).encode() + b"\n" + rest
        pause = 0.0  # the first time: a connection that was kept may have been closed at the other end
        while True:
            try:
                status, answer = self._once(what, body)
                trouble = f"status {status}"
            except (OSError, http.client.HTTPException) as error:
                status, answer, trouble = 503, b"", str(error) or type(error).__name__
            if status == _GOOD:
                return answer
            if status not in _PASSES and status < _TROUBLE_THERE:
                raise self._refusal(status, answer)
            if self._ending.is_set() and pause:
                raise CannotStart(f"The laboratory at {self._host} did not answer ({trouble}).")
            if pause:
                log.warning("wire.waiting %s %s, asked again in %.0f s", what, trouble, pause)
                self._ending.wait(pause * (500 + secrets.randbelow(501)) / 1_000)  # so that not all come at once
            pause = min(limits.LONGEST_PAUSE_SECONDS, max(limits.FIRST_PAUSE_SECONDS, 2 * pause))

    def _once(self, what: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._key}", "User-Agent": f"axiom/{__version__}"}
        with self._connection() as connection:
            reply, answer = exchange_http(connection, "POST", f"{self._prefix}/pilots/{what}", body, headers)
        return reply.status, answer

    @contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        timeout = limits.LAST_ANSWER_SECONDS if self._ending.is_set() else limits.ANSWER_SECONDS
        with self._lock:
            connection = self._idle.pop() if self._idle else self._connect(timeout)
            self._busy.add(connection)
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        try:
            yield connection
        except BaseException:
            connection.close()
            self.close()  # the others lead to the same place
            raise
        finally:
            with self._lock:
                self._busy.discard(connection)
        with self._lock:
            self._idle.append(connection)

    def _refusal(self, status: int, answer: bytes) -> AxiomError:
        try:
            problem = json.loads(answer)["error"]
            message, name = str(problem["message"]), str(problem["kind"])
        except (ValueError, KeyError, TypeError):
            message, name = "", ""
        if status == _NO_KEY:
            message = (
                message or "The laboratory does not know this key. `axiom cluster list` there shows whose is good."
            )
            self.refused = NotAllowed(message)
            return self.refused
        if name == HeldByAnother.__name__:
            self.refused = HeldByAnother(message)
            return self.refused
        if not name:
            return CannotStart(
                f"{self._host} answered with status {status}, as no laboratory does. Is it the address of the site?"
            )
        kind = getattr(errors, name, AxiomError)
        error = AxiomError(message)
        if isinstance(kind, type) and issubclass(kind, AxiomError):
            error.exit_code = kind.exit_code
        return error


def _parts(finished: Sequence[tuple[Report, bytes | None]]) -> Iterator[Sequence[tuple[Report, bytes | None]]]:
    part: list[tuple[Report, bytes | None]] = []
    size = 0
    for pair in finished:
        length = len(pair[1] or b"")
        if part and (size + length > _TOGETHER or len(part) >= _MOST_REPORTS):
            yield part
            part, size = [], 0
        part.append(pair)
        size += length
    if part:
        yield part


def _address(server: str) -> tuple[Connect, str, str]:
    """What opens a connection to this address, its host, and how its paths begin. A key goes over HTTPS alone."""
    try:
        parts, connect = parse_http_address(server)
    except ValueError as error:
        raise WrongUse(f"{server!r} is no address {error}. Nothing was started.") from error
    host = str(parts.hostname)
    if parts.scheme == "http" and not (host in _OURSELVES or host.startswith("127.")):
        raise WrongUse(
            f"{server} is not https, and the key would go to it for everybody on the way to read. Nothing was started; "
            "http is for this computer alone, 127.0.0.1."
        )
    return connect, host, parts.path.rstrip("/")
