"""What this computer can give: the facts that the local engine tells about its host."""

import os

from axiom.domain.fleet import Capacity
from axiom.signed.manifests import SHARED_MB

_UNKNOWN_MEMORY_MB = 4_096  # where the system does not say


def this_capacity(workers: int) -> Capacity:
    """As many cores as may compute, and the memory of the whole computer beside what its tasks have together."""
    return Capacity(cores=workers, memory_mb=max(1, _memory_mb() - SHARED_MB))


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_mb() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (ValueError, OSError, AttributeError):
        return _UNKNOWN_MEMORY_MB
