"""Is a laboratory ready to work? If not, why, in words that tell a stranger nothing but that."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.limits import server as limits
from axiom.rules.upkeep.ailing_jobs import PeriodicJob, is_job_stuck

_MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class VitalSigns:
    writer_failed: bool  # it will never write again
    found_no_room: bool  # the last change that needed room on the disk was refused
    oldest_wait: timedelta  # of the change that has waited longest for the writer
    free: int  # bytes on the fullest of its disks, …
    needed: int  # … below which outputs have to wait
    jobs: tuple[PeriodicJob, ...]
    up_since: datetime


def list_unready_reasons(signs: VitalSigns, now: datetime) -> dict[str, str]:
    """Why it is not ready, by what ails. A job that fails is tried again, so only one that is stuck counts."""
    reasons = {}
    if signs.writer_failed:
        reasons["writer"] = "the writer failed and stores nothing more"
    elif signs.oldest_wait > limits.WRITER_WAITS:
        waited = signs.oldest_wait / timedelta(seconds=1)
        reasons["writer"] = f"the writer is stuck: a change has waited for {waited:.0f} s"
    if signs.found_no_room:
        reasons["disk"] = "the disk is full: the last change found no room"
    elif signs.free < signs.needed:
        free, needed = signs.free // _MEGABYTE, signs.needed // _MEGABYTE
        reasons["disk"] = f"the disk is nearly full: {free:,} MB are free, and outputs wait below {needed:,} MB"
    stuck = (job.name for job in signs.jobs if is_job_stuck(job, now, signs.up_since))
    return reasons | {f"job {name}": f"the job {name} is stuck" for name in stuck}
