"""What the runner asks of Linux and macOS."""

import contextlib
import fcntl
import mmap
import os
import selectors
import signal
from pathlib import Path
from typing import IO

_CHUNK = 64 * 1024


class Selected:
    """Pipes of which the system says which one has something."""

    def __init__(self, *pipes: IO[bytes]) -> None:
        self._selector = selectors.DefaultSelector()
        for pipe in pipes:
            self._selector.register(pipe, selectors.EVENT_READ, pipe)

    def read(self, seconds: float) -> list[tuple[IO[bytes], bytes]]:
        """Wait so long for what comes out of any of them; of one that has ended nothing comes, once."""
        found = [(key.data, os.read(key.fd, _CHUNK)) for key, _ in self._selector.select(seconds)]
        for pipe, chunk in found:
            if not chunk:
                self._selector.unregister(pipe)
        return found

    def close(self) -> None:
        """Wait for nothing more."""
        self._selector.close()


class Posix:
    """Record locks, a mapped file, and signals to process groups."""

    def lock(self, handle: int) -> bool:
        """Lock an open file for this process alone; False when another one has it."""
        with contextlib.suppress(OSError):
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def hold(self, handle: int) -> None:
        """The same, once the other one has let go; threads of one process exclude each other, too."""
        fcntl.flock(handle, fcntl.LOCK_EX)

    def shared(self, slot: Path, name: str, size: int) -> mmap.mmap:
        """The bytes that boinc-client shares with the task in this folder; here they have no name."""
        del name
        with (slot / "boinc_mmap_file").open("r+b") as file:
            return mmap.mmap(file.fileno(), size)

    def streams(self, *pipes: IO[bytes]) -> Selected:
        """Hear several pipes at once."""
        return Selected(*pipes)

    def is_there(self, pid: int) -> bool:
        """Does this process exist?"""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True  # it runs under another account
        return True

    def halt(self, pid: int) -> None:
        """Stop the process group of this process."""
        os.killpg(pid, signal.SIGSTOP)

    def go_on(self, pid: int) -> None:
        """Let the process group go on."""
        os.killpg(pid, signal.SIGCONT)

    def end(self, pid: int) -> None:
        """Kill the process group."""
        os.killpg(pid, signal.SIGKILL)
