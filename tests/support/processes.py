"""What the kernel says of a process, for tests that start some.

Read as bytes: a process may call itself anything, and one on the same computer did, in bytes that are no text.
"""

import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from patience import PATIENCE

_SCHEDULED = 2  # of the clocks of a process: what the scheduler counted, to the nanosecond


def fields(pid: int | str) -> list[bytes]:
    """What /proc says of a process from its state on (see proc(5)); ProcessLookupError once it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None


def state(pid: int) -> str:
    """The kernel's letter for what a process does; X when it is gone."""
    try:
        return fields(pid)[0].decode()
    except ProcessLookupError:
        return "X"


def is_gone(pid: int) -> bool:
    """Whether it has ended, be it that nobody has asked for its status yet."""
    return state(pid) in "ZX"


def cpu_seconds(pid: int) -> float:
    """Seconds of a processor that a process has taken with all its threads; 0 once its status was asked for."""
    try:
        return time.clock_gettime(~pid << 3 | _SCHEDULED)
    except OSError:
        return 0.0


def children_of(parent: int) -> set[int]:
    """Every process that this one started and that does something yet."""
    return set(_with(1, parent))


def of_session(leader: int) -> list[int]:
    """Every process of this session that does something yet."""
    return _with(3, leader)


def _with(place: int, number: int) -> list[int]:
    """Every process of which /proc says this number at this place and that does something yet."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = fields(process.name)
        except ProcessLookupError:
            continue
        if int(said[place]) == number and said[0] != b"Z":
            found.append(int(process.name))
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def ran(command: Sequence[object], **options: Any) -> "subprocess.CompletedProcess[str]":
    """What a command has printed, and how it ended."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE, **options)
