import contextlib
import fcntl
import mmap
import os
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

_CHUNK = 64 * 1024
_AGAIN = 0.5  # seconds between two looks whether the parent is there
_PROC = Path("/proc")
_BLOCK = 512  # bytes, wherever files are counted in blocks


class SelectedPipes:
    def __init__(self, *pipes: IO[bytes]) -> None:
        self._selector = selectors.DefaultSelector()
        for pipe in pipes:
            self._selector.register(pipe, selectors.EVENT_READ, pipe)

    def read(self, seconds: float) -> list[tuple[IO[bytes], bytes]]:
        chunks = [(key.data, os.read(key.fd, _CHUNK)) for key, _ in self._selector.select(seconds)]
        for pipe, chunk in chunks:
            if not chunk:
                self._selector.unregister(pipe)
        return chunks

    def close(self) -> None:
        self._selector.close()


class Posix:
    def lock(self, handle: int) -> bool:
        with contextlib.suppress(OSError):
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def hold(self, handle: int) -> None:
        """Lock an open file, once the other one has let go; threads of one process exclude each other, too."""
        fcntl.flock(handle, fcntl.LOCK_EX)

    def take(self, handle: int) -> bool:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def shared(self, slot: Path, name: str, size: int) -> mmap.mmap:
        with (slot / "boinc_mmap_file").open("r+b") as file:
            return mmap.mmap(file.fileno(), size)

    def streams(self, *pipes: IO[bytes]) -> SelectedPipes:
        return SelectedPipes(*pipes)

    def is_there(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True  # it runs under another account
        return True

    def halt(self, pid: int) -> None:
        os.killpg(pid, signal.SIGSTOP)

    def go_on(self, pid: int) -> None:
        os.killpg(pid, signal.SIGCONT)

    def end(self, pid: int) -> None:
        os.killpg(pid, signal.SIGKILL)

    def outlast(self, parent: int) -> None:
        """Return once the process that started this one is gone: then another one has taken this one in."""
        while os.getppid() == parent:
            time.sleep(_AGAIN)

    def usage(self, pid: int) -> tuple[float, float]:
        if not _has_proc():
            return parse_ps(_ps_line(pid))
        fields = _stat(pid)
        if not fields:
            return 0.0, 0.0
        ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
        return ticks / os.sysconf("SC_CLK_TCK"), (pages * os.sysconf("SC_PAGE_SIZE") + _tables(pid)) / 1e6

    def threads(self, pid: int) -> int:
        fields = _stat(pid) if _has_proc() else []
        return int(fields[17]) if fields else 0

    def taken(self, status: os.stat_result) -> int:
        """How many bytes of the disk a file takes; holes take none."""
        return status.st_blocks * _BLOCK


def _has_proc() -> bool:
    return (_PROC / "self" / "stat").exists()


def _stat(pid: int) -> list[bytes]:
    """What /proc tells of a process, from its third field on; nothing once it is gone.

    Its name, in brackets before that, is its own to choose, in any bytes: the fields are counted from its end.
    """
    try:
        return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _tables(pid: int) -> int:
    """How many bytes the system takes to say where a process's memory lies; 0 where it does not tell.

    Whoever looks at memory without ever writing it holds none, and fills a computer with these.
    """
    with contextlib.suppress(OSError):
        _, mark, rest = (_PROC / str(pid) / "status").read_bytes().partition(b"\nVmPTE:")
        return int(rest.split()[0]) * 1_024 if mark else 0
    return 0


def _ps_line(pid: int) -> str:
    words = ["/bin/ps", "-o", "time=,rss=", "-p", str(pid)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def parse_ps(line: str) -> tuple[float, float]:
    """Read `ps -o time=,rss=`: CPU time as [[days-]hours:]minutes:seconds, and memory in kB."""
    words = line.split()
    if len(words) != 2:
        return 0.0, 0.0
    days, _, clock = words[0].rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0), int(words[1]) * 1_024 / 1e6
