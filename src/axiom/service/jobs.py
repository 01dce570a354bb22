"""Every job of a laboratory: each is declared beside its work, and gathered here.

Jobs of parts that the settings ask for, mail and what serves volunteers' clients, are listed by these parts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from axiom.domain.callers import Caller
from axiom.gate.gate import CommandGate
from axiom.laboratory.backups.jobs import archive_job, copy_job
from axiom.laboratory.credit.jobs import list_credit_jobs
from axiom.laboratory.credit.pay import CreditPayer
from axiom.server.returns.jobs import list_return_jobs
from axiom.server.returns.rechecks import secret_of
from axiom.server.returns.validator import Validator
from axiom.server.upkeep.janitor import clean_job
from axiom.server.upkeep.jobs import Job, Jobs, alive_job
from axiom.signed.keys import Keys
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer


@dataclass(frozen=True, kw_only=True)
class WorkJobs:
    """What moves work on that came back, wherever tasks are computed."""

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


def make_work_jobs(
    writer: Writer, folder: Folder, journal: Path, keys: Keys, lease: timedelta, now: Callable[[], datetime]
) -> WorkJobs:
    validator, paying, jobs = Validator(folder, secret_of(keys.ticket)), CreditPayer(), Jobs(writer, now)
    for job in (
        *list_return_jobs(writer, validator, lease, now, jobs.nudge),
        *list_credit_jobs(writer, paying, now, jobs.nudge),
        alive_job(),
        copy_job(folder, journal, now),
    ):
        jobs.add(job)
    return WorkJobs(writer=writer, validator=validator, paying=paying, jobs=jobs, now=now)


def list_server_jobs(
    gate: CommandGate, caller: Caller, take_visits: Callable[[], list[tuple[int, int]]], is_stopping: Callable[[], bool]
) -> list[Job]:
    """Where a server runs, beside these."""
    # Whoever computes a sweep alone does not wait for these imports.
    from axiom.laboratory.experiments.commands.jobs import list_experiment_jobs
    from axiom.laboratory.figures.redraw_figures import draw_job
    from axiom.laboratory.findings.reveal_seeds import reveal_job
    from axiom.laboratory.planning.jobs import visits_job

    writer, folder, settings, now = gate.writer, gate.laboratory.folder, gate.laboratory.settings, gate.now
    jobs = [
        *list_experiment_jobs(gate, caller, is_stopping),
        clean_job(writer, folder, now),
        draw_job(writer, folder, settings.name, now),
        visits_job(writer, take_visits),
        reveal_job(writer, folder, now),
    ]
    if settings.archive_days:
        jobs.append(archive_job(writer, folder, settings.archive_days, now, is_stopping))
    return jobs
