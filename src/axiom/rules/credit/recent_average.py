"""How much credit a day of late? The average by which volunteers compare themselves, computed as BOINC does."""

import math
from datetime import datetime, timedelta

from axiom.domain.value import value_class
from axiom.limits import credit as limits

_DAY = timedelta(days=1)
_FADE = math.log(2) * (_DAY / limits.RECENT_HALF_LIFE)  # a day
# BOINC divides the first amount by the time it took. Ten seconds of work would then promise hundreds of credits a day.
_SHORTEST_FIRST = _DAY


@value_class
class RecentAverage:
    """Credit a day, averaged over the past with a half-life of a week, as it was at `at`."""

    value: float
    at: datetime


def add_to_average(recent: RecentAverage | None, amount: float, *, began: datetime, now: datetime) -> RecentAverage:
    """Add what was earned since the last time, as if evenly over that time; the first time, evenly since `began`.

    Awards of one moment belong together in one call: what comes after them counts as earned in no time at all.
    """
    if recent is None:
        return RecentAverage(value=amount / (max(now - began, _SHORTEST_FIRST) / _DAY), at=now)
    days = max((now - recent.at) / _DAY, 0.0)
    faded = math.exp(-days * _FADE)
    share = -math.expm1(-days * _FADE) / days if days > 0 else _FADE
    return RecentAverage(value=recent.value * faded + amount * share, at=max(now, recent.at))


def fade_average(recent: RecentAverage, now: datetime) -> float:
    """Return the average as it stands now, when nothing was earned since."""
    return recent.value * math.exp(-max((now - recent.at) / _DAY, 0.0) * _FADE)
