"""The jobs that move work on: what is late, what came back, and leases that ran out."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from axiom.server.returns import take_back
from axiom.server.returns.outages import sweep_awake
from axiom.server.returns.rechecks import give_up
from axiom.server.returns.transitioner import sweep_unattended
from axiom.server.returns.validator import SLICE, Validator
from axiom.server.upkeep.jobs import TURNS, Job, write_each_time
from axiom.store.engine.database import Database
from axiom.store.writer import Writer

_LOOKS = 20  # for silent pilots, in the time after which one is
_GATHERING = 0.1  # seconds between two looks at what came back: a batch costs less for each task than a few at a time


def list_return_jobs(
    writer: Writer, validator: Validator, lease: timedelta, now: Callable[[], datetime], nudge: Callable[[str], None]
) -> list[Job]:
    def judge() -> None:
        for _ in range(TURNS):
            judged = writer.run(lambda db: validator.judge(db, now()))
            if not judged:
                return
            nudge("credit")
            if judged < SLICE:
                time.sleep(_GATHERING)
        nudge("validate")

    def end_leases(db: Database, moment: datetime) -> object:
        return take_back.end_silent_leases(db, lease, moment)

    return [
        Job(name="transition", every=2.0, work=_LateTaskJob(writer, now), remembered=False),
        Job(name="unattended", every=60.0, work=write_each_time(writer, sweep_unattended, now), remembered=False),
        Job(name="validate", every=2.0, work=judge, remembered=False),
        Job(name="checks", every=600.0, work=write_each_time(writer, give_up, now), remembered=False),
        Job(
            name="leases",
            every=lease.total_seconds() / _LOOKS,
            work=write_each_time(writer, end_leases, now),
            remembered=False,
        ),
    ]


class _LateTaskJob:
    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._writer = writer
        self._now = now
        self._looked_at: datetime | None = None

    def __call__(self) -> None:
        self._looked_at = self._writer.run(self._look)  # by then it is on the disk

    def _look(self, db: Database) -> datetime:
        now = self._now()
        sweep_awake(db, self._looked_at, now)
        return now
