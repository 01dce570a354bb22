"""The autopilot's process beside a laboratory, and what tells it that a session is due."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime

from axiom.lab.policy import Policy
from axiom.lab.rounds import due
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.sessions import sessions

_Newest = tuple[int, datetime | None] | None  # session, and when it ended

_FRESH_SECONDS = 1.0  # many may ask; the laboratory looks once a second
_REST = 20.0  # times as long as it took: with many hosts it looks less often
_STOP_SECONDS = 5.0


class Attendant:
    """Keeps one autopilot in a process of its own. It ends with us, however we end: its standard input is ours."""

    def __init__(self, folder: Folder) -> None:
        self._command = [sys.executable, "-m", "axiom", "pi", "--quiet", "--attached", "--data", str(folder.path)]
        self._log = folder.path / "logs" / "pi.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def keep(self) -> None:
        if not self._stopped and (self._process is None or self._process.poll() is not None):
            self._log.parent.mkdir(exist_ok=True)
            with self._log.open("a") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )

    def stop(self) -> None:
        self._stopped = True
        if self._process is None:
            return
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Occasion:
    """Why a session should be held now, looked up at most once a second, and for a twentieth of the time at most.

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
        began = time.monotonic()
        with Connections(folder=self._folder).reader() as db:
            self._last = _newest(db)
            self._reason = due(db, self._policy, self._now())
        ended_at = time.monotonic()
        self._until = ended_at + max(_FRESH_SECONDS, _REST * (ended_at - began))

    def _newest(self) -> _Newest:
        with Connections(folder=self._folder).reader() as db:
            return _newest(db)


def _newest(db: Database) -> _Newest:
    last = sessions.last(db)
    return (last.id, last.ended_at) if last else None
