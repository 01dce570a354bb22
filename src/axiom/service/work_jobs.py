"""What moves work on that came back: it is judged, paid and copied, again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from axiom.laboratory.credit.pay import CreditPayer
from axiom.server.returns.rechecks import secret_of
from axiom.server.returns.validator import Validator
from axiom.server.upkeep.jobs import Jobs
from axiom.service.jobs import list_work_jobs
from axiom.signed.keys import Keys
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer


@dataclass(frozen=True, kw_only=True)
class LaboratoryJobs:
    writer: Writer
    validator: Validator
    paying: CreditPayer
    jobs: Jobs
    now: Callable[[], datetime]

    def look_again(self) -> None:
        self.jobs.nudge("validate")

    def judge(self) -> None:
        self.writer.run(lambda db: self.validator.judge(db, self.now()))

    def judge_and_pay(self, db: Database, now: datetime) -> None:
        self.validator.judge(db, now)
        self.paying.pay(db, now)


def make_laboratory_jobs(
    writer: Writer, folder: Folder, journal: Path, keys: Keys, lease: timedelta, now: Callable[[], datetime]
) -> LaboratoryJobs:
    validator, paying, jobs = Validator(folder, secret_of(keys.ticket)), CreditPayer(), Jobs(writer, now)
    for job in list_work_jobs(writer, folder, journal, validator, paying, lease, now, jobs.nudge):
        jobs.add(job)
    return LaboratoryJobs(writer=writer, validator=validator, paying=paying, jobs=jobs, now=now)
