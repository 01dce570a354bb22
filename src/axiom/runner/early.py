"""Starts the process that computes before anything else is imported: what a person waits for begins with it.

`subprocess` and what it needs take longer to import than this process takes to start, so here stands what it does.
"""

import os
import sys
import time
from _thread import allocate_lock

from axiom.runner.limits import environment
from axiom.runner.spawning import NEARLY_ALWAYS, spawn, words

TYPE_CHECKING = False  # `typing` takes a millisecond
if TYPE_CHECKING:
    import subprocess

_STANDARD = 3  # streams that every process has
_SHORTEST, _LONGEST = 0.000_5, 0.02  # seconds between two looks whether it has ended


class Early:
    """A process of ours with three pipes; it is asked as one of `subprocess`."""

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "wb")
        self.stdout = os.fdopen(stdout, "rb")
        self.stderr = os.fdopen(stderr, "rb")
        self.returncode: int | None = None
        self._asking = allocate_lock()

    def poll(self) -> int | None:
        """Return how it ended; None while it is there."""
        with self._asking:
            if self.returncode is None:
                self.returncode = _ended(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, once it has."""
        until = None if timeout is None else time.monotonic() + timeout
        pause = _SHORTEST
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                import subprocess  # whoever waits expects the error that it has

                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST)
        return status


def start() -> "Early | subprocess.Popen[bytes]":
    """Start it, in a session of its own; it imports what nearly every experiment needs, and waits for a bundle."""
    if sys.platform != "linux":
        return spawn(environment(), NEARLY_ALWAYS)
    pipes = [os.pipe(), os.pipe(), os.pipe()]
    if min(map(min, pipes)) < _STANDARD:  # we were started without all of these streams ourselves
        for end in (end for pipe in pipes for end in pipe):
            os.close(end)
        return spawn(environment(), NEARLY_ALWAYS)
    (hears, asks), (answers, says), (errors, complains) = pipes
    given = ((os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate((hears, says, complains)))
    closed = ((os.POSIX_SPAWN_CLOSE, handle) for handle in _inherited())
    command = words(os.getpid(), NEARLY_ALWAYS)
    pid = os.posix_spawn(command[0], command, environment(), file_actions=[*given, *closed], setsid=True)
    for end in (hears, says, complains):
        os.close(end)
    return Early(pid, asks, answers, errors)


def _inherited() -> list[int]:
    """What we were given open beyond the standard streams, and a process of ours would be given, too."""
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  pathlib is not imported yet
        try:
            if int(name) >= _STANDARD and os.get_inheritable(int(name)):
                found.append(int(name))
        except OSError:
            continue  # that of the list itself
    return found


def _ended(pid: int) -> int | None:
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0  # our parent has the system forget children; how this one ended is not to be known
    return os.waitstatus_to_exitcode(status) if found else None
