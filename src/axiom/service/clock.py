"""The laboratory's clock: it never goes back, and it refuses to begin before what is already written down.

When a computer once had a wrong clock that stood in the future, what was written then would lie in the future for
long. Whoever operates the laboratory may accept that: from then on its clock goes on from what was written, at half
the pace of the computer's, until both agree. So no order, report or audit ever goes back in time.
"""

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from axiom.errors import ClockSetBack
from axiom.limits import server as limits
from axiom.signed.canonical_json import canonical_bytes
from axiom.store.engine.database import Database
from axiom.store.upkeep import audit, jobs
from axiom.store.upkeep.audit import AuditEntry
from axiom_weigh.terminal import wall_clock

_APART = timedelta(microseconds=1)  # what the database tells apart
_COMMAND = "clock.accept"
_SLOWER = 2


@dataclass(frozen=True, kw_only=True)
class AcceptedClock:
    wall: datetime
    written: datetime

    def time(self, wall: datetime) -> datetime:
        return self.written + max(wall - self.wall, timedelta(0)) / _SLOWER

    @classmethod
    def read(cls, db: Database) -> Self | None:
        row = audit.find_latest_done_command(db, _COMMAND)
        if row is None:
            return None
        arguments = json.loads(row["arguments"])
        return cls(wall=datetime.fromisoformat(arguments["wall"]), written=datetime.fromisoformat(arguments["written"]))

    def write(self, db: Database, caller: str) -> None:
        times = {"wall": self.wall.isoformat(), "written": self.written.isoformat()}
        entry = AuditEntry(
            caller=caller,
            command=_COMMAND,
            arguments=canonical_bytes(times).decode(),
            dry_run=False,
            key=None,
            outcome="done",
            answer="{}",
        )
        with db.transaction():
            audit.append_audit_entry(db, entry, self.written)


class Clock:
    """The time for one process. When the computer's clock is set back, it stands still until that has caught up."""

    def __init__(self, newest_written: datetime, accepted: AcceptedClock | None = None) -> None:
        self._accepted = accepted
        self._newest = max(self._accepted_time(), newest_written)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self._newest = max(self._newest, self._accepted_time())
            return self._newest

    def apart(self) -> datetime:
        """A moment that nothing else has: after all that was said before, and before all that is said from now on.

        Evidence says what was known when it was written. Were it written while the clock stands still, what came after
        it would seem to have been known.
        """
        with self._lock:
            moment = max(self._newest + _APART, self._accepted_time())
            self._newest = moment + _APART
            return moment

    def _accepted_time(self) -> datetime:
        wall = wall_clock()
        return wall if self._accepted is None else max(wall, self._accepted.time(wall))


def open_clock(db: Database, *, accept: bool, caller: str) -> Clock:
    """The clock of a laboratory whose database is this; refused when it would begin before what is written there.

    `accept`: the computer's clock is right, whatever is written. That is audited, and holds from then on.
    """
    wall, accepted = wall_clock(), AcceptedClock.read(db)
    newest, what = jobs.find_last_write(db) or (wall, "")
    expected = wall if accepted is None else max(wall, accepted.time(wall))
    if expected >= newest - limits.CLOCK_TOLERATED:
        return Clock(newest, accepted)
    if not accept:
        raise ClockSetBack(
            f"The clock says {wall:%Y-%m-%d %H:%M} UTC, and this laboratory wrote something down at "
            f"{newest:%Y-%m-%d %H:%M} UTC ({what}). Deadlines and the audit would lie; nothing was started. "
            "Set the clock right and start again; if it is right now and was wrong then, `axiom lab --accept-clock` "
            "goes on from that moment, at half pace until both agree."
        )
    accepted = AcceptedClock(wall=wall, written=newest)
    accepted.write(db, caller)
    return Clock(newest, accepted)
