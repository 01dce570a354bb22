"""Keeps the process that draws, and asks it: the only door through which the rest of Axiom gets a picture."""

import base64
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.figures import limits
from axiom_weigh.figures.requests import Request, to_data

_COMMAND = (sys.executable, "-I", "-m", "axiom_weigh.figures.worker")
_KEPT = ("PATH", "LANG", "HOME", "TMPDIR", "SYSTEMROOT")
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "TOKIO_WORKER_THREADS")
_TAIL = 2_000  # characters of what a lost process said last
_STARTS = 2  # a process that is lost is replaced once for each picture


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture: the SVG for a page, at both widths, and a PNG. `palette.standalone(svg)` makes the file to keep."""

    svg: str
    png: bytes
    pdf: bytes = b""  # where it was asked for


class Draughtsman:
    """Draws pictures in a process of its own, which is started when the first is wanted and replaced when it is lost.

    Threads may share one; they wait for each other.
    """

    def __init__(self, *, limit: float = limits.PICTURE_SECONDS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._worker: _Worker | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process, while there is one."""
        return self._worker.pid if self._worker and self._worker.alive else None

    def draw(self, request: Request, *, pdf: bool = False) -> Picture:
        """Return the picture; FigureNotDrawn says why there is none."""
        try:
            data = {**to_data(request), "pdf": pdf}
            line = json.dumps(data, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        except ValueError as fault:
            raise _not_drawn(request.name, f"a number in it is none ({fault})") from fault
        with self._lock:
            reply = self._ask(request.name, line)
        if "error" in reply:
            raise _not_drawn(request.name, reply["error"])
        return Picture(svg=reply["svg"], png=base64.b64decode(reply["png"]), pdf=base64.b64decode(reply.get("pdf", "")))

    def rest(self) -> None:
        """End the process and give its memory back; the next picture starts another."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest()

    def _ask(self, name: str, line: bytes) -> dict[str, Any]:
        why = ""
        for _ in range(_STARTS):
            if self._worker is None or not self._worker.alive:
                self._drop()
                self._worker = _Worker()
            try:
                return self._worker.ask(line, self._limit)
            except _Lost as lost:
                why = str(lost)
                self._drop()
        raise _not_drawn(name, f"the process that draws was lost {_STARTS} times, at last because {why}")

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None


class _Lost(Exception):
    """The process ended, or said nothing in time."""


class _Worker:
    """Our end of the pipe to one process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [*_COMMAND, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # a Ctrl-C is ours to handle, and the whole group can be ended
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr  # noqa: S101, PT018
        self._stdin, self._stdout, self._stderr = self._process.stdin, self._process.stdout, self._process.stderr
        self._said = b""
        self._selector = selectors.DefaultSelector()
        for stream in (self._stdout, self._stderr):
            self._selector.register(stream, selectors.EVENT_READ)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, line: bytes, limit: float) -> dict[str, Any]:
        """Return the answer to one line, within so many seconds."""
        until = time.monotonic() + limit
        try:
            self._stdin.write(line)
            self._stdin.flush()
        except BrokenPipeError:
            raise _Lost(self._ending()) from None
        heard = bytearray()
        while not heard.endswith(b"\n"):
            ready = self._selector.select(max(0.0, until - time.monotonic()))
            if not ready:
                raise _Lost(f"it said nothing for {limit:.0f} seconds")
            for key, _ in ready:
                heard += self._read(key.fileobj)
        reply: dict[str, Any] = json.loads(heard)
        return reply

    def stop(self) -> None:
        """End the process and whatever it started."""
        if self.alive:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        for stream in (self._stdin, self._stdout, self._stderr):
            try:
                stream.close()
            except BrokenPipeError:  # a question that never left; the process is gone
                continue

    def _read(self, stream: Any) -> bytes:
        """Return what was answered; what was said besides is kept for the day the process is lost."""
        chunk = os.read(stream.fileno(), 65_536)
        if stream is self._stderr:
            self._said = (self._said + chunk)[-_TAIL:]
            if not chunk:
                self._selector.unregister(stream)
            return b""
        if not chunk:
            raise _Lost(self._ending())
        return chunk

    def _ending(self) -> str:
        try:
            status = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        last = self._said.decode(errors="replace").strip().rpartition("\n")[2]
        ended = f"it was ended by {signal.Signals(-status).name}" if status < 0 else f"it ended with status {status}"
        return f"{ended}, and said last: {last}" if last else ended


def _not_drawn(name: str, why: str) -> FigureNotDrawn:
    return FigureNotDrawn(
        f"The figure {name} was not drawn: {why}. Its numbers are safe and its table shows them. It is tried again "
        "when they change; where no figure is drawn at all, install altair and vl-convert-python anew."
    )


def _environment() -> dict[str, str]:
    """One thread, and no secret of ours (AXIOM_*)."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {"PATH": os.defpath, **kept, **dict.fromkeys(_THREADS, "1")}
