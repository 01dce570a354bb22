"""By how much do deadlines move after an outage of the laboratory, in which no host could report?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.limits import tasks as limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """By how much deadlines move, and why."""

    by: timedelta
    reason: str


def measure_outage(last_sign: datetime | None, now: datetime) -> Outage:
    """Decide from the last moment that was written down before this start: since then hosts could report nothing."""
    if last_sign is None:
        return Outage(by=timedelta(0), reason="this laboratory has never been up before")
    gap = now - last_sign
    if gap <= limits.AWAY_IS_AN_OUTAGE:
        return Outage(by=timedelta(0), reason=f"it was away for {max(0.0, gap.total_seconds()):.0f} s at most")
    return Outage(by=gap, reason=f"it was away for {gap / timedelta(hours=1):.1f} h, and nobody could report")
