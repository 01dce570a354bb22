"""What the runner asks of Windows. Run by Wine (`scripts/campaign platforms`), and on no Windows.

Windows knows neither process groups nor a signal that halts: processes are suspended and ended one by one, and the
one that computes may start none.
"""

import contextlib
import importlib
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import psutil

_CLUSTER = 4_096  # bytes: files take whole ones of the disk, where nobody chose otherwise
_AGAIN = 0.05
_CHUNK = 64 * 1024
_MOST_CHUNKS = 16  # that wait to be read; then the process waits
_PREFIX = "shm_"


class ThreadedPipes:
    """Pipes with a thread each, for Windows does not say which of them has something."""

    def __init__(self, *pipes: IO[bytes]) -> None:
        self._chunks: queue.Queue[tuple[IO[bytes], bytes]] = queue.Queue(_MOST_CHUNKS)
        for pipe in pipes:
            threading.Thread(target=self._listen, args=(pipe,), daemon=True).start()

    def read(self, seconds: float) -> list[tuple[IO[bytes], bytes]]:
        chunks = []
        with contextlib.suppress(queue.Empty):
            chunks.append(self._chunks.get(timeout=seconds))
            while True:
                chunks.append(self._chunks.get_nowait())
        return chunks

    def close(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._chunks.get_nowait()

    def _listen(self, pipe: IO[bytes]) -> None:
        chunk = b"any"
        while chunk:
            try:
                chunk = os.read(pipe.fileno(), _CHUNK)
            except (OSError, ValueError):  # it was closed on our side
                chunk = b""
            self._chunks.put((pipe, chunk))


class Windows:
    def __init__(self, *, console: Any, mapping: Callable[..., Any]) -> None:
        """`console` is msvcrt, `mapping` makes a mapping with a tag."""
        self._console = console
        self._mapping = mapping

    def lock(self, handle: int) -> bool:
        with contextlib.suppress(OSError):
            self._console.locking(handle, self._console.LK_NBLCK, 1)
            return True
        return False

    def hold(self, handle: int) -> None:
        while not self.lock(handle):
            time.sleep(_AGAIN)

    def take(self, handle: int) -> bool:
        return self.lock(handle)

    def shared(self, slot: Path, name: str, size: int) -> Any:
        if not name:
            raise ValueError("init_data.xml has no usable comm_obj_name")
        return self._mapping(-1, size, tagname=_PREFIX + name)

    def streams(self, *pipes: IO[bytes]) -> ThreadedPipes:
        return ThreadedPipes(*pipes)

    def is_there(self, pid: int) -> bool:
        """Does this process exist? One that belongs to another account does."""
        return psutil.pid_exists(pid)

    def halt(self, pid: int) -> None:
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).suspend()

    def go_on(self, pid: int) -> None:
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).resume()

    def end(self, pid: int) -> None:
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).kill()

    def outlast(self, parent: int) -> None:
        with contextlib.suppress(psutil.Error):
            psutil.Process(parent).wait()

    def usage(self, pid: int) -> tuple[float, float]:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            times = process.cpu_times()
            return times.user + times.system, process.memory_info().rss / 1e6
        return 0.0, 0.0

    def threads(self, pid: int) -> int:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(pid).num_threads()
        return 0

    def taken(self, status: os.stat_result) -> int:
        return -(-status.st_size // _CLUSTER) * _CLUSTER


def windows_here() -> Windows:
    mapping: Callable[..., Any] = importlib.import_module("mmap").mmap
    return Windows(console=importlib.import_module("msvcrt"), mapping=mapping)
