"""What a server costs: CPU and memory of a process and of all that it has started."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_CLOCK = 2  # of clock_gettime: the scheduler's count of a whole process, in nanoseconds


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of CPU so far, and megabytes that lie in memory now."""

    cpu: float
    memory_mb: float


def cost(pid: int) -> Cost:
    """What a process and its descendants cost. Of a descendant that has ended nothing is known any more."""
    family = [pid, *descendants(pid)]
    return Cost(cpu=sum(map(cpu, family)), memory_mb=sum(map(memory_mb, family)))


def cpu(pid: int) -> float:
    """Seconds of CPU of one process, user's and system's, all threads; 0 when it has ended."""
    try:
        return time.clock_gettime(~pid << 3 | _CLOCK)
    except OSError:
        return 0.0


def memory_mb(pid: int) -> float:
    """Megabytes of one process that lie in memory; 0 when it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1_000
    except OSError:
        return 0.0
    return 0.0


def descendants(pid: int) -> list[int]:
    """Every process below this one."""
    pids = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it has just ended
            continue
        for child in children:
            pids += [int(child), *descendants(int(child))]
    return pids


def kill(*pids: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to each that is there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, by)
