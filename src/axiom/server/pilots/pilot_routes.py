"""What pilots say on the wire: fast lanes of the public server and of the operator's socket.

A request brings a cluster's key in a header. On the socket none is needed: whoever may open it computes in the
laboratory's own name. A request is a line of JSON and, behind it, the outputs of which it speaks, one after the other.
An answer is JSON, or the bytes that were asked for. A key that nobody has is turned away before the body is read.
"""

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from functools import partial
from http import HTTPStatus
from typing import Any

from axiom.domain.callers import Answer
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.runners import TICKETS
from axiom.domain.work import Report
from axiom.errors import (
    AxiomError,
    Fault,
    HeldByAnother,
    MalformedRequest,
    NotAllowed,
    NotFound,
    Refused,
    StoreBusy,
    StoreError,
)
from axiom.limits import clusters as limits
from axiom.server.dispatch.cache import DamagedBundle
from axiom.server.http.bodies import BodyRoom
from axiom.server.http.fast_lane import Intake, LaneReply, Opener, RequestHead, WholeRequest
from axiom.server.pilots.pilot_server import PilotHello, PilotIdentity, PilotServer
from axiom.signed import canonical_json
from axiom.signed.canonical_json import Fields
from axiom.signed.outputs import OUTPUT_LIMIT
from axiom.signed.program_tokens import CLUSTER_PREFIX, digest_token
from axiom.signed.trust import TRUST_FILE
from axiom.store.connections import ReaderPool
from axiom.store.engine.database import Database
from axiom.store.hosts import clusters
from axiom.store.writer import Writer

log = logging.getLogger("axiom.pilots")

PATH = b"/pilots/"
_BODY = OUTPUT_LIMIT + 1024 * 1024
_LONGEST_KEY = 200
_BEARER = b"bearer "
_BYTES = b"application/octet-stream"
_HEX = r"[0-9a-f]{64}"
_LINE = r"[^\x00-\x1f\x7f]{1,80}"
_WORD = r"[A-Za-z0-9_.\-]{1,40}"
_MOST_BEFORE = 8
_MESSAGE = 4_000  # characters of a runner's own words
_STATUS: Mapping[type[AxiomError], int] = {
    AxiomError: HTTPStatus.UNPROCESSABLE_ENTITY,
    MalformedRequest: HTTPStatus.BAD_REQUEST,
    NotAllowed: HTTPStatus.UNAUTHORIZED,
    HeldByAnother: HTTPStatus.CONFLICT,
    NotFound: HTTPStatus.NOT_FOUND,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    Fault: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class PilotRoutes:
    def __init__(
        self,
        pilots: PilotServer,
        *,
        writer: Writer,
        connections: ReaderPool,
        threads: Executor,
        reported: Callable[[], None],
    ) -> None:
        self._pilots = pilots
        self._writer = writer
        self._connections = connections
        self._threads = threads
        self._reported = reported
        self._room = BodyRoom()
        self._known: set[str] = set()  # digests of keys that some cluster has or had

    def openers(self, *, is_private: bool = False) -> dict[bytes, Opener]:
        """The lanes by their paths. `is_private`: nobody but the operator can reach them."""
        stored = {"hello": _hello, "ask": _ask, "report": _report, "look": _look, "give-back": _give_back}
        fetched = {"seal": self._seal, "bundle": self._bundle, "trust": self._trust}
        answering: dict[str, Callable[[str | None, bytes], Future[LaneReply]]] = {
            **{name: partial(self._store, read, is_report=name == "report") for name, read in stored.items()},
            **{name: partial(self._fetch, read) for name, read in fetched.items()},
        }
        return {PATH + name.encode(): partial(self._open, answer, is_private) for name, answer in answering.items()}

    def _open(
        self,
        answer: Callable[[str | None, bytes], Future[LaneReply]],
        is_private: bool,
        head: RequestHead,
    ) -> Intake | int | Future[Intake | int]:
        key = None if is_private else _key_of(head.authorization)
        if not is_private and key is None:
            return HTTPStatus.UNAUTHORIZED
        if head.length > _BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE

        def opened() -> Intake | int:
            if key is not None and not self._is_known(key):
                return HTTPStatus.UNAUTHORIZED
            return WholeRequest(partial(answer, key), _BODY, self._room)

        return opened() if key is None or key in self._known else self._threads.submit(opened)

    def _is_known(self, key: str) -> bool:
        """Does or did a cluster have it? Whether it still may compute is looked up when it is answered."""
        if key not in self._known:
            try:
                with self._connections.reader() as db:
                    if clusters.find_cluster_by_key(db, key) is None:
                        return False
            except AxiomError:
                return True  # whoever answers it will find out, and say so
            self._known.add(key)
        return True

    def _store(
        self,
        read: Callable[[PilotServer, str | None, bytes], Callable[[Database], Answer]],
        key: str | None,
        body: bytes,
        *,
        is_report: bool,
    ) -> Future[LaneReply]:
        answer: Future[LaneReply] = Future()

        def finish(done: Future[Answer]) -> None:
            error = done.exception()
            if isinstance(error, DamagedBundle):
                self._pilots.cache.set_aside(error.bundle, self._pilots.now())  # the next question gets nothing of it
                error = StoreBusy("A bundle here is damaged. Nothing was handed out; ask again.")
            answer.set_result(_error_reply(error) if error else _json_reply(done.result()))
            if is_report and error is None:
                self._reported()

        try:
            stored = self._writer.submit(read(self._pilots, key, body))
        except (AxiomError, ValueError, RecursionError, TypeError) as error:
            answer.set_result(_error_reply(error))
        else:
            stored.add_done_callback(finish)
        return answer

    def _fetch(self, read: Callable[[Database, bytes], LaneReply], key: str | None, body: bytes) -> Future[LaneReply]:
        def look() -> LaneReply:
            try:
                with self._connections.reader() as db:
                    self._pilots.demand_key(db, key)
                    return read(db, body)
            except Exception as error:  # noqa: BLE001  every question gets an answer
                return _error_reply(error)

        return self._threads.submit(look)

    def _seal(self, db: Database, body: bytes) -> LaneReply:
        return _json_reply({"seal": self._pilots.seal(db, _digest_in(body))})

    def _bundle(self, db: Database, body: bytes) -> LaneReply:
        return LaneReply(body=self._pilots.bundle(db, _digest_in(body)), kind=_BYTES)

    def _trust(self, _db: Database, _body: bytes) -> LaneReply:
        return LaneReply(body=(self._pilots.folder.keys / TRUST_FILE).read_bytes(), kind=_BYTES)


def _hello(pilots: PilotServer, key: str | None, body: bytes) -> Callable[[Database], Answer]:
    head = _line(body)[0]
    greeted = {"tickets": 1, **head} if isinstance(head, dict) else head  # a pilot of before does not say it
    fields = _fields(greeted, "hello", ("name", "platform", "capacity", "session", "before", "tickets"))
    if fields.whole("tickets") != TICKETS:
        raise Refused(
            "This pilot is of another Axiom than the laboratory, and would refuse its orders. It got nothing; install "
            "the laboratory's version on the cluster."
        )
    platform = _fields(fields.part("platform"), "platform", ("system", "processor", "instructions"))
    capacity = _fields(fields.part("capacity"), "capacity", ("cores", "memory_mb"))
    greeting = PilotHello(
        name=fields.text("name", _LINE).strip() or "unnamed",
        platform=Platform(
            system=platform.text("system", _WORD),
            processor=platform.text("processor", _WORD),
            instructions=platform.text("instructions", _WORD),
        ),
        capacity=Capacity(
            cores=min(4_096, capacity.whole("cores", least=1)),
            memory_mb=min(2**26, capacity.whole("memory_mb", least=1)),
        ),
        session=digest_token(fields.text("session", _HEX)),
        before=frozenset(map(digest_token, fields.array("before", canonical_json.check_text)[:_MOST_BEFORE])),
    )

    def meet(db: Database) -> Answer:
        name = pilots.hello(db, key, greeting)
        return {"host": name.host, "name": name.name, "beat_seconds": name.beat_seconds}

    return meet


def _ask(pilots: PilotServer, key: str | None, body: bytes) -> Callable[[Database], Answer]:
    fields = _fields(_line(body)[0], "ask", ("host", "session", "holding", "wanted"))
    pilot, holding, wanted = _pilot(fields, key), _numbers(fields, "holding"), fields.whole("wanted")

    def ask(db: Database) -> Answer:
        orders = pilots.ask(db, pilot, holding=holding, wanted=wanted)
        return {"orders": [order.argv() for order in orders], "trust": pilots.dispatch.trust}

    return ask


def _report(pilots: PilotServer, key: str | None, body: bytes) -> Callable[[Database], Answer]:
    line, rest = _line(body)
    fields = _fields(line, "report", ("host", "session", "finished"))
    pilot = _pilot(fields, key)
    finished: list[tuple[Report, bytes | None]] = []
    rows, at = fields.array("finished", _finished), 0
    if len(rows) > limits.TASKS_IN_A_REQUEST:
        raise MalformedRequest(
            f"The request speaks of {len(rows)} tasks. Nothing was stored; report {limits.TASKS_IN_A_REQUEST} at most."
        )
    for row in rows:
        size = row.either("output", canonical_json.check_whole)
        output = None if size is None else rest[at : at + size]
        if output is not None and len(output) != size:
            raise MalformedRequest("The request ends amid an output. Nothing was stored.")
        at += size or 0
        report = Report(
            task_id=row.whole("task", least=1),
            host_id=pilot.host_id,
            exit_status=row.whole("exit"),
            output_digest=None,
            cpu_seconds=row.real("cpu_seconds", least=0.0),
            elapsed_seconds=row.real("elapsed_seconds", least=0.0),
            message=row.text("message")[:_MESSAGE],
        )
        finished.append((report, output))
    if at < len(rest):
        raise MalformedRequest("The request is longer than it says. Nothing was stored.")
    return lambda db: {"taken": pilots.report(db, pilot, finished)}


def _look(pilots: PilotServer, key: str | None, body: bytes) -> Callable[[Database], Answer]:
    fields = _fields(_line(body)[0], "look", ("host", "session", "holding"))
    pilot, holding = _pilot(fields, key), _numbers(fields, "holding")

    def look(db: Database) -> Answer:
        tasks = pilots.tasks_of(db, pilot, holding)
        return {
            "at_once": sorted(tasks.at_once),
            "if_not_begun": sorted(tasks.if_not_begun),
            "held": sorted(tasks.in_hand),
        }

    return look


def _give_back(pilots: PilotServer, key: str | None, body: bytes) -> Callable[[Database], Answer]:
    fields = _fields(_line(body)[0], "give-back", ("host", "session", "tasks", "is_over"))
    pilot, tasks, is_over = _pilot(fields, key), _numbers(fields, "tasks"), fields.flag("is_over")
    return lambda db: {"back": pilots.give_back(db, pilot, tasks, is_over=is_over)}


def _key_of(authorization: bytes) -> str | None:
    if len(authorization) > _LONGEST_KEY or not authorization.lower().startswith(_BEARER):
        return None
    key = authorization[len(_BEARER) :].strip().decode("latin-1")
    return digest_token(key) if key.startswith(CLUSTER_PREFIX) else None


def _line(body: bytes) -> tuple[Any, bytes]:
    line, _, rest = body.partition(b"\n")
    return canonical_json.read_json(line), rest


def _fields(data: object, what: str, names: tuple[str, ...]) -> Fields:
    return Fields(data, what, names)


def _finished(item: Any, what: str) -> Fields:
    return Fields(item, what, ("task", "exit", "cpu_seconds", "elapsed_seconds", "message", "output"))


def _pilot(fields: Fields, key: str | None) -> PilotIdentity:
    return PilotIdentity(
        key=key, host_id=fields.whole("host", least=1), session=digest_token(fields.text("session", _HEX))
    )


def _numbers(fields: Fields, name: str) -> tuple[int, ...]:
    numbers = fields.array(name, canonical_json.check_whole)
    if len(numbers) > 64 * limits.TASKS_IN_A_REQUEST:
        raise MalformedRequest(f"{name} has {len(numbers)} tasks, more than any pilot. Nothing was done.")
    return numbers


def _digest_in(body: bytes) -> str:
    return Fields(canonical_json.read_json(body), "the request", ("digest",)).text("digest", _HEX)


def _json_reply(answer: Answer) -> LaneReply:
    return LaneReply(body=json.dumps(answer, separators=(",", ":")).encode())


def _error_reply(error: BaseException) -> LaneReply:
    """An error as a pilot reads it; one that we did not foresee is a fault of ours and says no more than that."""
    if isinstance(error, ValueError):
        error = MalformedRequest(f"The request cannot be read ({error}). Nothing was done.")
    if not isinstance(error, AxiomError):
        log.error("pilots.fault %r", error, exc_info=error)
        error = Fault("A fault of ours. Nothing was stored; the traceback is in the laboratory's log.")
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    problem = {"error": {"kind": type(error).__name__, "message": str(error)}}
    return LaneReply(body=json.dumps(problem).encode(), status=status)
