"""How much memory, disk and how many threads the process that computes may have."""

import contextlib
import math
import sys
import time
from pathlib import Path

from axiom.limits import runner as limits
from axiom.runner.files.bundle_folders import Scratch, folder_size_mb
from axiom.runner.platform.system import system

if sys.platform != "win32":
    import resource

_RESERVED, _RESERVED_BYTES = 2, 1_000_000_000


class Bounds:
    def __init__(self, pid: int, room: Path) -> None:
        self._pid = pid
        self._room = room
        self.threads = limits.THREADS
        self._own = Scratch(room)
        self._before_mb, self._looked_at = folder_size_mb(room), time.monotonic()
        # A folder that nobody empties, as a person's for what they try out, may hold more to begin with.
        self._most_mb = limits.BUNDLE_MB if self._before_mb <= limits.BUNDLE_MB else self._before_mb + limits.DISK_MB

    @property
    def scratch(self) -> Path:
        return self._own.path

    def excess(self) -> str:
        if time.monotonic() - self._looked_at < limits.LOOK_EVERY_SECONDS:
            return ""
        own, left = folder_size_mb(self.scratch), folder_size_mb(self._room)
        added, count = own + max(0.0, left - self._before_mb), system.threads(self._pid)
        self._looked_at = time.monotonic()
        if math.isinf(own + left):
            return "it wrote to the disk where it cannot be seen how much; it was stopped"
        if added > limits.DISK_MB:
            return f"it wrote {added:.0f} MB to the disk, and {limits.DISK_MB:.0f} are allowed; it was stopped"
        if left > self._most_mb:
            return f"its bundle left {left:.0f} MB on the disk, and {self._most_mb:.0f} are allowed; it was stopped"
        if count > self.threads:
            return f"it started {count} threads, and {self.threads} are allowed; it was stopped"
        return ""

    def clear(self) -> None:
        """Remove the process's own folder; what it compiled stays in its bundle's."""
        self._own.clear()


def limit_data(pid: int, memory_mb: float) -> None:
    """Have the system refuse a process what goes far beyond its memory at one stroke; the rest is seen by looking.

    Memory that is reserved and not used counts here, so there is room above. The address space cannot be bounded in
    its stead: what compiles reserves gigabytes of it that it never touches.
    """
    if sys.platform == "linux":
        # A process that root had step down in a sandbox is held there already, and may be out of root's reach.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            hard = resource.prlimit(pid, resource.RLIMIT_DATA)[1]
            most = int(_RESERVED * memory_mb * 1e6) + _RESERVED_BYTES
            resource.prlimit(pid, resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))
