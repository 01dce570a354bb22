"""The laboratory's clock: it never goes back, and it refuses to begin before what is already written down."""

import threading
from datetime import datetime, timedelta

from axiom.cli.options import wall_clock
from axiom.errors import ClockSetBack

_TOLERATED = timedelta(minutes=1)  # what time servers correct in passing


class Clock:
    """The time for one process. When the computer's clock is set back, it stands still until that has caught up."""

    def __init__(self, newest_written: datetime) -> None:
        wall = wall_clock()
        if wall < newest_written - _TOLERATED:
            raise ClockSetBack(
                f"The clock says {wall:%Y-%m-%d %H:%M} UTC, and this laboratory wrote something down at "
                f"{newest_written:%Y-%m-%d %H:%M} UTC. Deadlines and the audit would lie; nothing was started. "
                "Set the clock right and start again."
            )
        self._newest = max(wall, newest_written)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time, never earlier than what was said before."""
        with self._lock:
            self._newest = max(self._newest, wall_clock())
            return self._newest
