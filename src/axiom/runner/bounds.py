"""What a computing process may take of a host besides time and memory in use: disk, threads, memory in reserve."""

import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

from axiom.runner.rooms import held_mb

if sys.platform != "win32":
    import resource

_DISK_MB = 500.0  # that one process may add to its bundle's folder
_MOST_THREADS = 256  # JAX starts about twenty
_EVERY = 0.5  # seconds between two looks
_RESERVED, _RESERVED_BYTES = 2, 1_000_000_000
_PROC = Path("/proc")


class Bounds:
    """The folder of one computing process, within its bundle's, and what is seen of its disk and its threads."""

    def __init__(self, pid: int, room: Path) -> None:
        """Make the folder."""
        self._pid = pid
        self._room = room
        self.scratch = Path(tempfile.mkdtemp(prefix=".scratch-", dir=room))
        self._before_mb, self._looked_at = held_mb(room), time.monotonic()

    def excess(self) -> str:
        """Return what the process has taken too much of, or nothing; ask often, it looks twice a second."""
        if time.monotonic() - self._looked_at < _EVERY:
            return ""
        self._looked_at = time.monotonic()
        added, count = held_mb(self._room) - self._before_mb, threads(self._pid)
        if added > _DISK_MB:
            return f"it wrote {added:.0f} MB to the disk, and {_DISK_MB:.0f} are allowed; it was stopped"
        if count > _MOST_THREADS:
            return f"it started {count} threads, and {_MOST_THREADS} are allowed; it was stopped"
        return ""

    def clear(self) -> None:
        """Remove the process's own folder; what it compiled stays in its bundle's."""
        shutil.rmtree(self.scratch, ignore_errors=True)


def threads(pid: int) -> int:
    """Return how many threads a process has; 0 once it is gone, and where the system does not tell."""
    try:
        return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[17])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def hold_data(pid: int, memory_mb: float) -> None:
    """Have the system refuse a process what goes far beyond its memory at one stroke; the rest is seen by looking.

    Memory that is reserved and not used counts here, so there is room above. The address space cannot be bounded in
    its stead: what compiles reserves gigabytes of it that it never touches.
    """
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError):
            hard = resource.prlimit(pid, resource.RLIMIT_DATA)[1]
            most = int(_RESERVED * memory_mb * 1e6) + _RESERVED_BYTES
            resource.prlimit(pid, resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))
