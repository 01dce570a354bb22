"""A process beside the laboratory that builds a runner where there is none, whenever nobody else needs the cores."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from axiom.store.engine.folder import Folder

_STOP_SECONDS = 5.0
_LONGEST_SECONDS = 900.0  # that it leaves the cores to others before it begins
_TAIL = 500  # characters of its log
# The second process reads what never comes: when we are gone, however we ended, that ends, and so does the whole group.
_TOGETHER = """
exec 3<&0 </dev/null
(cat <&3 >/dev/null; trap '' TERM; kill -TERM 0; sleep 2; kill -KILL 0) &
exec 3<&- 4>&2 2>/dev/null
echo 19 >/proc/$$/autogroup  # the kernel of a desktop shares the cores by sessions first
if chrt --idle 0 true; then set -- chrt --idle 0 "$@"; fi
exec 2>&4 4>&-
exec nice -n 19 "$@"
"""


class Builder:
    """Builds once; what it says goes to a log in the laboratory's folder."""

    def __init__(
        self, folder: Folder, program: Path, *, patience: float, may_begin: Callable[[], bool] = lambda: True
    ) -> None:
        """It begins after so many seconds: nothing should be slower to start because of it.

        It also leaves the cores to those who say that it may not begin yet, though not for ever.
        """
        self._command = ["sh", "-c", _TOGETHER, "sh", str(program), "--if-missing"]
        self._log = folder.logs / "runner.log"
        self._from = time.monotonic() + patience
        self._at_last = self._from + _LONGEST_SECONDS
        self._may_begin = may_begin
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    @property
    def says(self) -> str:
        """How it stands, in half a sentence; nothing where all is well."""
        if self._process is None:
            return ""
        status = self._process.poll()
        if status is None:
            return f"a runner is being built in the background: {self._reached()} ({self._log})"
        return f"the runner could not be built (exit status {status}); {self._log} says why" if status else ""

    def _reached(self) -> str:
        """The last line that the build has written."""
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - _TAIL))
            lines = log.read().decode(errors="replace").strip().splitlines()
            return lines[-1][:_TAIL] if lines else "it begins"
        return "it begins"

    @property
    def has_failed(self) -> bool:
        """Has it ended without a runner?"""
        return self._process is not None and bool(self._process.poll())

    def look(self) -> None:
        """Begin, if it is time and it never did; at the end, clear away what watched."""
        if self._process is not None and self._process.poll() is not None:
            self._hang_up()
        if self._process is not None or self._is_stopped or time.monotonic() < self._from:
            return
        if time.monotonic() < self._at_last and not self._may_begin():
            return
        self._log.parent.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """End it with all that it has started."""
        self._is_stopped = True
        process = self._process
        if process is None:
            return
        self._hang_up()
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _hang_up(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
