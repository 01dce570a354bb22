"""What computes on this computer's own cores: writer, gate, desk, engine, and the two jobs that move work on.

`axiom lab` builds a site and an autopilot around it; `axiom experiment run --replicates` needs nothing else.
"""

import logging
import logging.handlers
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.cli.opening import package
from axiom.commands.gate import Gate
from axiom.commands.laboratory import Laboratory
from axiom.engines.here import cores, this_capacity
from axiom.engines.local import LocalEngine
from axiom.errors import StoreDamaged, UnknownName
from axiom.runner.host import platform_here
from axiom.server.desk import LocalDesk
from axiom.server.jobs import Job, Jobs
from axiom.server.ordering import Dispatch
from axiom.server.transitioner import sweep
from axiom.server.validator import validate_returned
from axiom.settings import Settings
from axiom.signed.keys import Keys
from axiom.store import fleet
from axiom.store.database import Database, connect_writer
from axiom.store.folder import Folder
from axiom.store.writer import Writer

OURSELVES = "the laboratory itself"
_THIS_COMPUTER = "this computer"


@dataclass(frozen=True, kw_only=True)
class Computing:
    """The parts that every laboratory has, in the order in which they are started; stopped the other way round."""

    writer: Writer  # runs already
    gate: Gate
    dispatch: Dispatch
    jobs: Jobs
    engine: LocalEngine

    def look_again(self) -> None:
        """A task came back: judge its proof now."""
        self.jobs.nudge("validate")


def computing(folder: Folder, settings: Settings, keys: Keys, now: Callable[[], datetime]) -> Computing:
    """The parts that compute in this folder, whose lock the caller holds. Only the writer is started."""
    workers = workers_of(settings)
    writer = Writer(lambda: connect_writer(folder.database))
    writer.start()
    host_id = writer.run(lambda db: _this_host(db, workers, now()))
    dispatch = Dispatch(
        lab=keys.trust.lab,
        key=keys.ticket,
        deadline=timedelta(hours=settings.deadline_hours),
        grace=timedelta(days=settings.ticket_days),
    )
    desk = LocalDesk(writer=writer, folder=folder, dispatch=dispatch, host_id=host_id, now=now)
    laboratory = Laboratory(folder=folder, keys=keys, settings=settings, package=package())
    jobs = Jobs(writer, now)

    def judge() -> None:
        writer.run(lambda db: validate_returned(db, folder, keys.trust, now()))

    jobs.add(Job(name="transition", every=2.0, work=lambda: writer.run(lambda db: sweep(db, now())), remembered=False))
    jobs.add(Job(name="validate", every=2.0, work=judge, remembered=False))
    engine = LocalEngine(
        desk, home=folder.engine, host_id=host_id, cores=workers, reported=lambda: jobs.nudge("validate")
    )
    gate = Gate(writer=writer, laboratory=laboratory, now=now)
    return Computing(writer=writer, gate=gate, dispatch=dispatch, jobs=jobs, engine=engine)


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


def _this_host(db: Database, workers: int, now: datetime) -> int:
    us = fleet.volunteer(db, OURSELVES, now)
    return fleet.meet(
        db,
        volunteer_id=us.id,
        name=_THIS_COMPUTER,
        platform=platform_here(),
        capacity=this_capacity(workers),
        now=now,
    )
