"""What computes on this computer's own cores: writer, gate, desk, engine, and the two jobs that move work on.

`axiom lab` builds a site and an autopilot around it; `axiom experiment run --replicates` needs nothing else.
"""

import functools
import logging
import logging.handlers
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.cli.opening import journal_of, package, writer_of
from axiom.commands.gate import Gate
from axiom.commands.laboratory import Laboratory
from axiom.engines.here import cores, this_capacity
from axiom.engines.local import LocalEngine
from axiom.engines.runners import describe
from axiom.errors import StoreDamaged, UnknownName
from axiom.lab.copies import keep_copy
from axiom.lab.credit import SLICE as PAID_AT_ONCE
from axiom.lab.credit import Paying
from axiom.runner.here import describe_tree
from axiom.runner.host import platform_here
from axiom.server.checking import give_up, secret_of
from axiom.server.desk import LocalDesk
from axiom.server.jobs import Job, Jobs
from axiom.server.known import Known
from axiom.server.ordering import Dispatch
from axiom.server.transitioner import resume, sweep_late, sweep_unattended
from axiom.server.validator import SLICE as JUDGED_AT_ONCE
from axiom.server.validator import Validator
from axiom.settings import Settings
from axiom.signed.keys import Keys
from axiom.store import accounts, fleet
from axiom.store.database import Database
from axiom.store.folder import Folder
from axiom.store.writer import Writer

_THIS_COMPUTER = "this computer"
_GATHERING = 0.1  # seconds between two looks at what came back: a batch costs less for each task than a few at a time


@dataclass(frozen=True, kw_only=True)
class Computing:
    """The parts that every laboratory has, in the order in which they are started; stopped the other way round."""

    writer: Writer  # runs already
    gate: Gate
    dispatch: Dispatch
    known: Known  # for works in the writer's thread alone
    jobs: Jobs
    engine: LocalEngine
    settle: Callable[[Database, datetime], None]  # judge and pay now, in the writer's thread

    def look_again(self) -> None:
        """A task came back: judge its proof now."""
        self.jobs.nudge("validate")


def computing(
    folder: Folder,
    settings: Settings,
    keys: Keys,
    now: Callable[[], datetime],
    ahead: subprocess.Popen[str] | None = None,
) -> Computing:
    """The parts that compute in this folder, whose lock the caller holds. Only the writer is started.

    `ahead` is a runner that was started before: it describes what is published, and then computes on the first core.
    """
    workers, journal = workers_of(settings), journal_of(folder, settings)
    writer = writer_of(folder, settings, now)
    writer.start()
    writer.run(lambda db: resume(db, now()))
    ourselves, host_id = writer.run(lambda db: _this_host(db, workers, now()))
    dispatch, known = _dispatch(settings, keys, ourselves), Known()
    desk = LocalDesk(writer=writer, folder=folder, dispatch=dispatch, host_id=host_id, now=now, known=known)
    validator, paying = Validator(folder, secret_of(keys.ticket)), Paying()
    jobs = _jobs(writer, validator, paying, now)
    jobs.add(Job(name="copy", every=3_600.0, work=lambda: keep_copy(folder, journal, now()), remembered=False))
    engine = LocalEngine(
        desk, home=folder.engine, host_id=host_id, cores=workers, reported=lambda: jobs.nudge("validate"), ahead=ahead
    )
    return Computing(
        writer=writer,
        gate=Gate(writer=writer, laboratory=_laboratory(folder, settings, keys, ahead), now=now),
        dispatch=dispatch,
        known=known,
        jobs=jobs,
        engine=engine,
        settle=lambda db, at: _settle(db, validator, paying, at),
    )


def _laboratory(folder: Folder, settings: Settings, keys: Keys, ahead: subprocess.Popen[str] | None) -> Laboratory:
    describer = describe_tree if ahead is None else functools.partial(describe, ahead)
    return Laboratory(folder=folder, keys=keys, settings=settings, package=package(), describe=describer)


def _settle(db: Database, validator: Validator, paying: Paying, now: datetime) -> None:
    validator.judge(db, now)
    paying.pay(db, now)


def demand_writer(writer: Writer) -> None:
    """A writer that failed can never write again, so the process has to end."""
    if writer.failed is not None:
        raise StoreDamaged(f"The laboratory stopped because it could not write: {writer.failed}") from writer.failed


def workers_of(settings: Settings) -> int:
    """How many cores compute."""
    return cores() if settings.workers == -1 else settings.workers


def log_to(folder: Folder, settings: Settings) -> None:
    """From here on everything is logged in the folder, and errors are said at the terminal, too."""
    levels = ("debug", "info", "warning", "error")
    if settings.log not in levels:
        raise UnknownName("level of the setting log", settings.log, levels)
    logs = folder.path / "logs"
    logs.mkdir(exist_ok=True)
    file = logging.handlers.RotatingFileHandler(logs / "axiom.log", maxBytes=10_000_000, backupCount=3)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.ERROR)
    terminal.setFormatter(logging.Formatter("axiom: %(message)s"))
    logging.raiseExceptions = False  # a disk that is full has better things to say than that its log is full, too
    logging.basicConfig(level=settings.log.upper(), handlers=[file, terminal], force=True)


def _jobs(writer: Writer, validator: Validator, paying: Paying, now: Callable[[], datetime]) -> Jobs:
    """What moves work on. Only that the laboratory is up is remembered each time: an outage is told by it."""
    jobs = Jobs(writer, now)

    def judge() -> None:
        while judged := writer.run(lambda db: validator.judge(db, now())):
            jobs.nudge("credit")
            if judged < JUDGED_AT_ONCE:
                time.sleep(_GATHERING)

    def pay() -> None:
        while writer.run(lambda db: paying.pay(db, now())) == PAID_AT_ONCE:
            continue

    def doing(work: Callable[[Database, datetime], object]) -> Callable[[], object]:
        return lambda: writer.run(lambda db: work(db, now()))

    jobs.add(Job(name="transition", every=2.0, work=doing(sweep_late), remembered=False))
    jobs.add(Job(name="unattended", every=60.0, work=doing(sweep_unattended), remembered=False))
    jobs.add(Job(name="validate", every=2.0, work=judge, remembered=False))
    jobs.add(Job(name="credit", every=1.0, work=pay, remembered=False))
    jobs.add(Job(name="checks", every=600.0, work=doing(give_up), remembered=False))
    jobs.add(Job(name="alive", every=300.0, work=lambda: None))
    return jobs


def _dispatch(settings: Settings, keys: Keys, ourselves: int) -> Dispatch:
    return Dispatch(
        lab=keys.trust.lab,
        trust=keys.trust.version,
        key=keys.ticket,
        deadline=timedelta(hours=settings.deadline_hours),
        grace=timedelta(days=settings.ticket_days),
        tasks_per_core=settings.tasks_per_core,
        daily_per_core=settings.daily_per_core,
        ourselves=ourselves,
    )


def _this_host(db: Database, workers: int, now: datetime) -> tuple[int, int]:
    """The volunteer in whose name this computer computes, and its host."""
    ourselves = accounts.ourselves(db, now)
    host_id = fleet.meet(
        db,
        volunteer_id=ourselves,
        name=_THIS_COMPUTER,
        platform=platform_here(),
        capacity=this_capacity(workers),
        now=now,
    )
    return ourselves, host_id
