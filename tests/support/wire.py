"""A wire between clients and a laboratory that can be cut, held or pulled out, byte by byte."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from patience import PATIENCE

_PIECE = 4_096
_HEAD = 8_192  # of a request that is remembered
_ARRIVES = 0.5  # seconds in which who has taken it from the wire does something with it


@dataclass(kw_only=True)
class Cut:
    """Cuts the connection of the next request for this path, once so many bytes have passed in one direction."""

    path: str
    after: int
    down: bool  # towards the client
    of: tuple[str, ...] = ()  # what stands in the request, too
    holds: bool = False  # nothing more passes, and nobody hears that, until `released` is set
    met: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Line:
    """One connection: the request that is on it now, and what has passed since it began."""

    ends: tuple[socket.socket, socket.socket]
    head: bytearray = field(default_factory=bytearray)
    passed: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})

    @property
    def path(self) -> str:
        words = bytes(self.head[:500]).split(b" ", 2)
        return words[1].decode("latin-1") if len(words) > 2 else ""

    def asks(self, path: str, words: tuple[str, ...]) -> bool:
        """Is it a request for this path in which these words stand?"""
        return self.path.startswith(path) and all(word.encode() in self.head for word in words)

    def close(self) -> None:
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Proxy:
    """Passes on what comes to its address; `target` is where to, and None is a laboratory that is not there."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._lines: list[_Line] = []
        self._heads: list[bytearray] = []
        self._threads: list[threading.Thread] = []
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self.target: int | None = None
        self.cuts: list[Cut] = []
        self._spawn(self._accept)

    def requests(self, path: str) -> list[str]:
        """How each request for such a path began, and with what."""
        heads = [head.decode("latin-1") for head in self._heads]
        return [head for head in heads if head.partition(" ")[2].startswith(path)]

    def cut(self, path: str, after: int, *of: str, down: bool = False, holds: bool = False) -> Cut:
        """Cut the next request for this path, in which all of this stands."""
        made = Cut(path=path, after=after, down=down, holds=holds, of=of)
        self.cuts.append(made)
        return made

    def close(self) -> None:
        for cut in self.cuts:
            cut.released.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._drop()
        for thread in self._threads:
            thread.join(10)

    def _drop(self) -> None:
        """Close every connection: on one that was used before, a client tries again without a word."""
        for line in list(self._lines):
            line.close()

    def _spawn(self, work: object, *words: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=words, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()
        return thread

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listening.accept()
                self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.target is None:
                return
            with socket.create_connection(("127.0.0.1", self.target), timeout=PATIENCE) as server:
                server.settimeout(None)
                line = _Line((client, server))
                self._lines.append(line)
                down = self._spawn(self._pump, line, True)
                self._pump(line, False)
                down.join()

    def _pump(self, line: _Line, down: bool) -> None:
        source, sink = reversed(line.ends) if down else line.ends
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                if not down:
                    self._hear(line, piece)
                line.passed[down] += len(piece)
                sink.sendall(piece)
                if self._is_cut(line, down):
                    break
        line.close()

    def _hear(self, line: _Line, piece: bytes) -> None:
        if piece.startswith((b"GET ", b"POST ")):
            line.head, line.passed = bytearray(piece), {False: 0, True: 0}
            self._heads.append(line.head)
        elif len(line.head) < _HEAD:
            line.head.extend(piece)

    def _is_cut(self, line: _Line, down: bool) -> bool:
        for cut in self.cuts:
            if cut.down is down and line.passed[down] > cut.after and line.asks(cut.path, cut.of):
                self.cuts.remove(cut)
                cut.met.set()
                if cut.holds:
                    cut.released.wait(PATIENCE)
                with contextlib.suppress(OSError):  # nobody is there any more
                    _wait_until_taken(line.ends[0 if down else 1])  # what passed has arrived before the wire breaks
                time.sleep(_ARRIVES)
                self._drop()
                return True
        return False


def _wait_until_taken(end: socket.socket) -> None:
    """Wait until whoever is at the other end of this connection has read all that was sent to it."""
    ours, theirs = (f":{address[1]:04X}" for address in (end.getsockname(), end.getpeername()))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
        waiting = [row[4] for row in rows if row[1].endswith(theirs) and row[2].endswith(ours)]
        if all(int(queues.partition(":")[2], 16) == 0 for queues in waiting):
            return
        time.sleep(0.01)


@contextlib.contextmanager
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    try:
        yield made
    finally:
        made.close()
