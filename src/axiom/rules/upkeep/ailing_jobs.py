"""Is a part of the laboratory well? It should have begun within the time that it takes from one turn to the next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.limits import server as limits


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodicJob:
    name: str
    every: timedelta
    last_start: datetime | None
    last_error: str
    last_end: datetime | None = None  # known of this process's own jobs alone


def why_job_ailing(part: PeriodicJob, now: datetime, *, up_since: datetime | None) -> str:
    """What is wrong with it; nothing where it is well, or had no time to show it since the laboratory started."""
    if part.last_error:
        return f"it failed: {part.last_error}"
    began = max((moment for moment in (part.last_start, up_since) if moment is not None), default=None)
    if began is None:
        return "it has never begun"
    silent = now - began
    if silent > max(limits.JOB_LATE_AFTER, (1 + limits.JOB_TURNS_MISSED) * part.every):
        return f"it was last seen {silent / timedelta(minutes=1):.0f} min ago, and its turn comes every {part.every}"
    return ""


def is_job_stuck(job: PeriodicJob, now: datetime, up_since: datetime) -> bool:
    """Should it have begun again by now? One that fails is tried again, and is not stuck."""
    began = max(job.last_start or up_since, up_since)
    return now - began > job.every + limits.JOB_TAKES
