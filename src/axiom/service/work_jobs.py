"""What moves work on that came back: it is judged, paid and copied, again and again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from axiom.laboratory.credit.booking import SLICE as PAID_AT_ONCE
from axiom.laboratory.credit.pay import Paying
from axiom.server.returns import take_back
from axiom.server.returns.rechecks import give_up, secret_of
from axiom.server.returns.transitioner import sweep_awake, sweep_unattended
from axiom.server.returns.validator import SLICE as JUDGED_AT_ONCE
from axiom.server.returns.validator import Validator
from axiom.server.upkeep.jobs import Job, Jobs
from axiom.signed.keys import Keys
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer

ALIVE = "alive"  # the job that writes down that the laboratory is up
_LOOKS = 20  # for silent pilots, in the time after which one is
_ROUNDS = 20  # of a job in one turn: whoever looks whether it is stuck sees it begin again
_GATHERING = 0.1  # seconds between two looks at what came back: a batch costs less for each task than a few at a time


@dataclass(frozen=True, kw_only=True)
class LaboratoryJobs:
    writer: Writer
    validator: Validator
    paying: Paying
    jobs: Jobs
    now: Callable[[], datetime]

    def look_again(self) -> None:
        self.jobs.nudge("validate")

    def judge(self) -> None:
        self.writer.run(lambda db: self.validator.judge(db, self.now()))

    def judge_and_pay(self, db: Database, now: datetime) -> None:
        self.validator.judge(db, now)
        self.paying.pay(db, now)


def moving(
    writer: Writer, folder: Folder, journal: Path, keys: Keys, lease: timedelta, now: Callable[[], datetime]
) -> LaboratoryJobs:
    validator, paying = Validator(folder, secret_of(keys.ticket)), Paying()
    jobs = _jobs(writer, validator, paying, now)
    every = lease.total_seconds() / _LOOKS
    jobs.add(Job(name="leases", every=every, work=lambda: _end_leases(writer, lease, now), remembered=False))
    jobs.add(Job(name="copy", every=3_600.0, work=lambda: _copy(folder, journal, now()), remembered=False))
    return LaboratoryJobs(writer=writer, validator=validator, paying=paying, jobs=jobs, now=now)


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


def _end_leases(writer: Writer, lease: timedelta, now: Callable[[], datetime]) -> None:
    writer.run(lambda db: take_back.sweep(db, lease, now()))


def _copy(folder: Folder, journal: Path, now: datetime) -> None:
    from axiom.laboratory.backups.automatic_backups import (
        keep_copy,  # of hours: whoever waits for a first result does not wait for it
    )

    keep_copy(folder, journal, now)


def _jobs(writer: Writer, validator: Validator, paying: Paying, now: Callable[[], datetime]) -> Jobs:
    """What moves work on. Only that the laboratory is up is remembered each time: an outage is told by it."""
    jobs = Jobs(writer, now)

    def judge() -> None:
        for _ in range(_ROUNDS):
            judged = writer.run(lambda db: validator.judge(db, now()))
            if not judged:
                return
            jobs.nudge("credit")
            if judged < JUDGED_AT_ONCE:
                time.sleep(_GATHERING)
        jobs.nudge("validate")

    def pay() -> None:
        for _ in range(_ROUNDS):
            if writer.run(lambda db: paying.pay(db, now())) < PAID_AT_ONCE:
                return
        jobs.nudge("credit")

    def doing(work: Callable[[Database, datetime], object]) -> Callable[[], object]:
        return lambda: writer.run(lambda db: work(db, now()))

    jobs.add(Job(name="transition", every=2.0, work=_LateTaskJob(writer, now), remembered=False))
    jobs.add(Job(name="unattended", every=60.0, work=doing(sweep_unattended), remembered=False))
    jobs.add(Job(name="validate", every=2.0, work=judge, remembered=False))
    jobs.add(Job(name="credit", every=1.0, work=pay, remembered=False))
    jobs.add(Job(name="checks", every=600.0, work=doing(give_up), remembered=False))
    jobs.add(Job(name=ALIVE, every=300.0, work=lambda: None))
    return jobs
