"""The autopilot's process beside a laboratory, and what tells it that a session is due."""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rounds import why_round_due
from axiom.limits import rounds as limits
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.rounds import rounds

_Newest = tuple[int, datetime | None] | None  # session, and when it ended

_REST = 20.0  # times as long as a core was busy with it, however many ask: with many hosts it looks less often
_STOP_SECONDS = 5.0
_FIRST_PAUSE = timedelta(seconds=2)

log = logging.getLogger("axiom.autopilot")


class AutopilotProcess:
    """Keeps one autopilot in a process of its own. It ends with us, however we end: its standard input is ours."""

    def __init__(self, folder: Folder, now: Callable[[], datetime]) -> None:
        self._command = [sys.executable, "-m", "axiom", "pi", "--quiet", "--attached", "--data", str(folder.path)]
        self._log = folder.logs / "pi.log"
        self._now = now
        self._process: subprocess.Popen[bytes] | None = None
        self._began: datetime | None = None
        self._pause = _FIRST_PAUSE
        self._ended = 0  # times that it ended by itself
        self._stopped = False
        self.again_at: datetime | None = None  # when it is started again, while there is none

    @property
    def shown(self) -> dict[str, Any]:
        return {"ended": self._ended, "again_at": self.again_at.isoformat() if self.again_at else None}

    def keep(self) -> None:
        """Start it where there is none; one that ended at once after a pause, which doubles each time."""
        if self._stopped:
            return
        self._bound_log()
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return
            self._close_input(self._process)
            self._process = None
            self._rest(status)
        if self.again_at is None or self._now() >= self.again_at:
            self._start()

    def _rest(self, status: int) -> None:
        now, longest = self._now(), timedelta(seconds=limits.AUTOPILOT_PAUSE_SECONDS)
        if self._began is not None and now - self._began >= longest:
            self._pause = _FIRST_PAUSE
        self._ended, self.again_at = self._ended + 1, now + self._pause
        log.error("autopilot.ended status=%d again_at=%s; %s says why", status, self.again_at.isoformat(), self._log)
        self._pause = min(longest, 2 * self._pause)

    def _start(self) -> None:
        self._log.parent.mkdir(exist_ok=True)
        with self._log.open("a") as file:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,
            )
        self._began, self.again_at = self._now(), None

    def _bound_log(self) -> None:
        """What it wrote before is kept once. It writes at the end of the same file, however short that became."""
        with contextlib.suppress(OSError):
            if self._log.stat().st_size > limits.AUTOPILOT_LOG_BYTES:
                with contextlib.suppress(OSError):  # where there is no room for both, the older lines go
                    shutil.copyfile(self._log, self._log.with_suffix(".log.1"))
                os.truncate(self._log, 0)

    def stop(self) -> None:
        self._stopped = True
        if self._process is None:
            return
        self._close_input(self._process)
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _close_input(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()


class SessionReason:
    """Why a session should be held now, looked up for a twentieth of a core at most, however many ask.

    Not for a twentieth of the time: where tasks have all cores, a look takes as long again, and a round would wait.

    What a session has answered is no reason for another one, however fresh it is: then it is looked up once more.
    """

    def __init__(self, folder: Folder, policy: Policy, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._policy = policy
        self._now = now
        self._lock = threading.Lock()
        self._until = -1.0
        self._reason = ""
        self._last: _Newest = None  # when the reason was looked up

    def now(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._look()
            elif self._reason and (newest := self._newest()) != self._last:
                if newest is not None and newest[1] is None:
                    return ""  # it is being held
                self._look()
            return self._reason

    def _look(self) -> None:
        began = time.thread_time()
        with Connections(folder=self._folder).reader() as db:
            self._last = _newest(db)
            self._reason = why_round_due(db, self._policy, self._now())
        self._until = time.monotonic() + _REST * (time.thread_time() - began)

    def _newest(self) -> _Newest:
        with Connections(folder=self._folder).reader() as db:
            return _newest(db)


def _newest(db: Database) -> _Newest:
    last = rounds.find_last_round(db)
    return (last.id, last.ended_at) if last else None
