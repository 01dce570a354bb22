"""A site with lanes on a raw socket, and connections that are spoken to in bytes."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from patience import PATIENCE

from axiom.server.http.bodies import BodyRoom
from axiom.server.http.fast_lane import Lanes, whole, whole_in
from axiom.server.http.serving import ServedSocket, StopSignal, serve_sockets

LIMIT = 100_000
HUGE = 20_000_000  # more than a system keeps for a connection


class Page:
    async def __call__(self, scope: Mapping[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        body = b"page %s %d" % (scope["raw_path"], size)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Answers:
    """Answers from a thread of its own, as the writer does; `/later` only when it is told to."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.held: list[tuple[bytes, Future[bytes]]] = []
        self.room = BodyRoom()
        self._thread = ThreadPoolExecutor(1)

    def _answered(self, body: bytes, result: Any) -> Future[bytes]:
        self.asked.append(body)
        answer: Future[bytes] = Future()
        answer.set_result(result)
        return answer

    def at_once(self, body: bytes) -> Future[bytes]:
        return self._answered(body, b"now %d" % len(body))

    def accepted(self, body: bytes, accepted: str) -> Future[bytes]:
        return self._answered(body, accepted.encode())

    def unwritable(self, body: bytes) -> Future[bytes]:
        return self._answered(body, "no bytes can be made of this")

    def large(self, body: bytes) -> Future[bytes]:
        return self._answered(body, b"y" * 100_000)

    def soon(self, body: bytes) -> Future[bytes]:
        self.asked.append(body)
        return self._thread.submit(lambda: b"soon %d" % len(body))

    def huge(self, body: bytes) -> Future[bytes]:
        self.asked.append(body)
        return self._thread.submit(lambda: b"y" * HUGE)

    def broken(self, body: bytes) -> Future[bytes]:
        self.asked.append(body)
        answer: Future[bytes] = Future()
        answer.set_exception(RuntimeError("a fault"))
        return answer

    def later(self, body: bytes) -> Future[bytes]:
        self.asked.append(body)
        answer: Future[bytes] = Future()
        self.held.append((body, answer))
        return answer

    def let_go(self) -> None:
        for body, answer in self.held:
            answer.set_result(b"later %d" % len(body))
        self.held.clear()

    def lanes(self) -> Lanes:
        plain = (self.large, self.huge, self.soon, self.broken, self.unwritable)
        openers = {f"/{answer.__name__}".encode(): whole(answer, LIMIT) for answer in plain}
        openers |= {b"/now": whole(self.at_once, LIMIT), b"/accepted": whole_in(self.accepted, LIMIT)}
        return Lanes({**openers, b"/later": whole(self.later, LIMIT, self.room)})


class Line:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self._heard = b""

    def say(self, *pieces: bytes, pause: float = 0.0) -> None:
        for piece in pieces:
            try:
                self.socket.sendall(piece)
            except OSError:
                return  # refused while we were still speaking
            time.sleep(pause)

    def answer(self) -> tuple[bytes, bytes]:
        """Status and body of the next answer; both empty when there is none any more."""
        while b"\r\n\r\n" not in self._heard:
            if not self._hear():
                return b"", b""
        head, _, rest = self._heard.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 100"):
            self._heard = rest
            return head, b""
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        while len(rest) < length:
            if not self._hear():
                return head.split(b"\r\n")[0], rest
            rest = self._heard.partition(b"\r\n\r\n")[2]
        self._heard = rest[length:]
        return head.split(b"\r\n")[0], rest[:length]

    def is_closed(self) -> bool:
        return not self._hear()

    def _hear(self) -> bool:
        try:
            piece = self.socket.recv(65_536)
        except ConnectionError:
            return False
        self._heard += piece
        return bool(piece)


class ManualStop(StopSignal):
    """Stops when the test says so, and leaves signals alone: they belong to the main thread."""

    def __init__(self) -> None:
        super().__init__()
        self.serves, self.over = threading.Event(), threading.Event()

    async def wait(self) -> None:
        self.serves.set()
        while not self.over.is_set():
            await asyncio.sleep(0.01)


@contextmanager
def served(answers: Answers) -> Iterator[tuple[str, int]]:
    """The address of a site with lanes; stopping is asked for at the end."""
    listening, stop = socket.create_server(("127.0.0.1", 0)), ManualStop()
    address = listening.getsockname()
    listener = ServedSocket(app=Page(), socket=listening, lanes=answers.lanes())
    thread = threading.Thread(target=serve_sockets, args=([listener], stop))
    thread.start()
    assert stop.serves.wait(PATIENCE)
    try:
        yield address
    finally:
        stop.over.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def post(path: bytes, body: bytes, *headers: bytes, version: bytes = b"1.1") -> bytes:
    lines = [b"POST %s HTTP/%s" % (path, version), b"host: lab", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


OK = b"HTTP/1.1 200 OK"
