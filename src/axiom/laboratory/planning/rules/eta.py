"""When will so many more cells be back? From how fast they come at the moment."""

import math
from dataclasses import dataclass
from datetime import datetime

from axiom.limits import planning as limits

_SIZES = ((60.0, 1.0, "s"), (60.0, 60.0, "min"), (24.0, 3_600.0, "h"), (math.inf, 86_400.0, "days"))  # up to so many


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast the cells of a version come back."""

    per_second: float
    reason: str = ""  # why it is not known; then the number is 0


def measure_pace(cells: int, first: datetime | None, last: datetime | None, now: datetime) -> Pace:
    """The pace of the newest cells, of which the first and the last came then; unknown where nothing flows."""
    if cells < 2 or first is None or last is None:
        return Pace(per_second=0.0, reason="too few results have come")
    if now - last > limits.NOTHING_FLOWS_AFTER:
        return Pace(per_second=0.0, reason="no result came in the last hour")
    span = max((last - first).total_seconds(), 1e-6)
    return Pace(per_second=(cells - 1) / span)


def time_until_cells(pace: Pace, cells: float | None) -> str:
    """In how long so many more cells should be here, in words."""
    if cells is None:
        return "unknown, since more replicates do not help"
    if pace.per_second <= 0:
        return f"unknown, since {pace.reason}"
    seconds = cells / pace.per_second
    if seconds > limits.FARTHEST.total_seconds():
        return "not in ten years at this pace"
    # As it is told: 59.96 s are a minute, and never 60.0 s.
    size, name = next((unit for unit in _SIZES if round(seconds / unit[1], 1) < unit[0]), _SIZES[-1])[1:]
    return f"in about {seconds / size:.1f} {name}" if seconds >= 1 else "within a second"
