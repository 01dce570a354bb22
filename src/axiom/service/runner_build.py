"""A process beside the laboratory that builds a runner where there is none, at a low priority that gets a share."""

import contextlib
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from axiom.store.engine.folder import Folder
from axiom_weigh.amounts import tell_amount

_STOP_SECONDS = 5.0
_LONGEST_SECONDS = 60.0  # that it leaves the cores to the first findings before it begins
_TAIL = 2_000  # characters of its log
_LINE = re.compile(r"[\d:]{8} (step \d of \d, \w+)(?:: (\d+)%, about (\d+) s left)?")  # of `scripts/build-runner`
_BEFORE = "the runner's build begins after the first findings, or in a minute"
# One core at nice 5: a third of what a program of normal priority gets there, so that it progresses beside any number
# of them. A desktop's kernel shares the cores by sessions first; there its session gets such a share.
# The second process reads what never comes: when we are gone, however we ended, that ends, and so does the whole group.
_TOGETHER = """
exec 3<&0 </dev/null
(cat <&3 >/dev/null; trap '' TERM; kill -TERM 0; sleep 2; kill -KILL 0) &
exec 3<&- 4>&2 2>/dev/null
echo 5 >/proc/$$/autogroup
exec 2>&4 4>&-
export NPROC=1 UV_CONCURRENT_INSTALLS=1
own=$(nice)
exec nice -n $((own < 5 ? 5 - own : 0)) "$@"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildProgress:
    step: str
    percent: int | None = None
    minutes_left: int | None = None

    @property
    def in_words(self) -> str:
        if self.percent is None or self.minutes_left is None:
            return self.step
        return f"{self.percent} %, about {tell_amount(self.minutes_left, 'minute')}"


class Builder:
    def __init__(
        self,
        folder: Folder,
        program: Path,
        runners: Path,
        *,
        patience: float,
        may_begin: Callable[[], bool] = lambda: True,
    ) -> None:
        """It begins after so many seconds: nothing should be slower to start because of it.

        It also leaves the cores to those who say that it may not begin yet, though not for ever. It packs quickly, for
        others wait for it: a sixth of the work makes a seventh more to download.
        """
        words = ["--if-missing", "--quick", "--out", str(runners)]
        self._command = ["sh", "-c", _TOGETHER, "sh", str(program), *words]
        self._log, self._log_from = folder.logs / "runner.log", 0
        self._from = time.monotonic() + patience
        self._at_last = self._from + _LONGEST_SECONDS
        self._may_begin = may_begin
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    @property
    def progress(self) -> BuildProgress | None:
        if self._process is None:
            return None if self._is_stopped else BuildProgress(step=_BEFORE)
        return self._reached() if self._process.poll() is None else None

    def _reached(self) -> BuildProgress:
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(self._log_from, self._log.stat().st_size - _TAIL))
            for line in reversed(log.read().decode(errors="replace").splitlines()):
                if match := _LINE.fullmatch(line):
                    step, percent, seconds = match.groups()
                    return BuildProgress(
                        step=f"the runner's build, {step}",
                        percent=int(percent) if percent else None,
                        minutes_left=max(1, math.ceil(int(seconds) / 60)) if seconds else None,
                    )
        return BuildProgress(step="the runner's build begins")

    @property
    def failure(self) -> str:
        status = self._process.poll() if self._process is not None else None
        return f"the runner could not be built (exit status {status}); {self._log} says why" if status else ""

    def check(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._hang_up()
        if self._process is not None or self._is_stopped or time.monotonic() < self._from:
            return
        if time.monotonic() < self._at_last and not self._may_begin():
            return
        self._log.parent.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            self._log_from = log.tell()
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
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
