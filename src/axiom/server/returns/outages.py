"""Moves deadlines after an outage of the laboratory: for as long as it was away, no host could report."""

import logging
from datetime import datetime

from axiom.rules.tasks.outages import measure_outage
from axiom.server.returns.transitioner import sweep_late
from axiom.store.engine.database import Database
from axiom.store.tasks import tasks
from axiom.store.upkeep import jobs

log = logging.getLogger("axiom.transitioner")

START = "start"  # the job under whose name it is kept since when hosts are listened to


def extend_deadlines(db: Database, now: datetime) -> int:
    """At a start, before anything else is written: deadlines move by as long as nobody could report.

    Returns the number of tasks that were out and got more time.
    """
    written = jobs.find_last_write(db)
    moved = _postpone(db, written[0] if written else None, now)
    jobs.record_job_start(db, START, 0.0, now)
    return moved


def sweep_awake(db: Database, looked_at: datetime | None, now: datetime) -> int:
    """Look for late tasks after a pause since `looked_at`. For as long as nobody can look, nobody can report.

    The computer slept, its disk was full, or its clock was set forward.
    """
    if _postpone(db, looked_at, now):
        jobs.record_job_start(db, START, 0.0, now)  # nobody was silent before
    return sweep_late(db, now)


def _postpone(db: Database, last_sign: datetime | None, now: datetime) -> int:
    away = measure_outage(last_sign, now)
    moved = tasks.postpone_deadlines(db, away.by) if away.by else 0
    if moved:
        log.warning("outage.over tasks=%d %s", moved, away.reason)
    return moved
