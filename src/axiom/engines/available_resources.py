import contextlib
import math
import os
from pathlib import Path

from axiom.domain.fleet import Capacity
from axiom.signed.manifests import SHARED_MB

_UNKNOWN_MEMORY_MB = 4_096  # where the system does not say


def own_capacity(workers: int) -> Capacity:
    """As many cores as may compute, and the memory of the whole computer beside what its tasks have together."""
    return Capacity(cores=workers, memory_mb=max(1, _memory_mb() - SHARED_MB))


def lent_capacity(workers: int) -> Capacity:
    """The cores that a scheduler gave us, and their share of the memory: others may compute beside us on this node."""
    share = _memory_mb() * min(1.0, workers / (os.cpu_count() or 1))
    return Capacity(cores=workers, memory_mb=max(1, int(min(share, _allowed_mb()))))


def count_usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _allowed_mb() -> float:
    try:
        group = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
        place = Path("/sys/fs/cgroup") / group[3:].strip().lstrip("/")
    except (OSError, StopIteration):
        return math.inf
    least = math.inf
    for folder in (place, *place.parents):
        if not folder.is_relative_to("/sys/fs/cgroup"):
            break
        with contextlib.suppress(OSError, ValueError):
            least = min(least, int((folder / "memory.max").read_text()) / 2**20)
    return least


def _memory_mb() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (ValueError, OSError, AttributeError):
        return _UNKNOWN_MEMORY_MB
