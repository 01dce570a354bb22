"""What computes on this computer's own cores: writer, gate, engine, and the two jobs that move work on.

`axiom lab` builds a site and an autopilot around it; `axiom experiment run --replicates` needs nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.engines.available_resources import own_capacity
from axiom.engines.local_engine import LocalEngine
from axiom.errors import StoreDamaged
from axiom.gate.gate import CommandGate
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.open_gate import open_gate
from axiom.runner.platform.host import platform_here
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.work_request import DispatchSettings
from axiom.server.pilots.local_work_source import LocalWorkSource
from axiom.server.pilots.pilot_server import PilotServer
from axiom.server.returns.outages import extend_deadlines
from axiom.server.upkeep.jobs import Jobs
from axiom.service.jobs import WorkJobs, make_work_jobs
from axiom.service.open_laboratory import journal_of, package_folder, writer_of
from axiom.service.take_folder import workers_of
from axiom.settings import Settings
from axiom.signed.keys import Keys
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts
from axiom.store.writer import Writer

_THIS_COMPUTER = "this computer"


@dataclass(frozen=True, kw_only=True)
class ComputingParts:
    """The parts that every laboratory has, in the order in which they are started; stopped the other way round."""

    writer: Writer  # runs already
    gate: CommandGate
    dispatch: DispatchSettings
    cache: DispatchCache  # for works in the writer's thread alone
    pilots: PilotServer
    engine: LocalEngine
    moving: WorkJobs

    @property
    def jobs(self) -> Jobs:
        return self.moving.jobs


def make_computing_parts(
    folder: Folder,
    settings: Settings,
    keys: Keys,
    now: Callable[[], datetime],
    reported: Callable[[], None] | None = None,
) -> ComputingParts:
    """The parts that compute in this folder, whose lock the caller holds. Only the writer is started.

    `reported` is called when a task came back, in the place of having it judged.
    """
    workers = workers_of(settings)
    writer = writer_of(folder, settings, now)
    writer.start()
    writer.run(lambda db: extend_deadlines(db, now()))
    ourselves, host_id = writer.run(lambda db: _this_host(db, workers, now()))
    dispatch, cache = _dispatch(settings, keys, ourselves), DispatchCache()
    lease = timedelta(seconds=settings.pilot_lease_seconds)
    pilots = PilotServer(folder=folder, trust=keys.trust, dispatch=dispatch, cache=cache, lease=lease, now=now)
    work_jobs = _moving(writer, folder, settings, keys, lease, now)
    engine = LocalEngine(
        LocalWorkSource(writer=writer, pilots=pilots, host_id=host_id),
        home=folder.engine,
        host_id=host_id,
        cores=workers,
        reported=reported or work_jobs.look_again,
        is_modest=settings.priority == "low",
        is_ours=True,
    )
    return ComputingParts(
        writer=writer,
        gate=open_gate(writer, Laboratory(folder=folder, keys=keys, settings=settings, package=package_folder()), now),
        dispatch=dispatch,
        cache=cache,
        pilots=pilots,
        engine=engine,
        moving=work_jobs,
    )


def _moving(
    writer: Writer, folder: Folder, settings: Settings, keys: Keys, lease: timedelta, now: Callable[[], datetime]
) -> WorkJobs:
    made = make_work_jobs(writer, folder, journal_of(folder, settings), keys, lease, now)
    if settings.stamp_authority:
        from axiom.server.upkeep.time_stamps import stamp_job

        made.jobs.add(stamp_job(writer, folder, settings.stamp_authority, folder.path / settings.stamp_roots, now))
    return made


def demand_writer(writer: Writer) -> None:
    """A writer that failed can never write again, so the process has to end."""
    if writer.failed is not None:
        raise StoreDamaged(f"The laboratory stopped because it could not write: {writer.failed}") from writer.failed


def _dispatch(settings: Settings, keys: Keys, ourselves: int) -> DispatchSettings:
    return DispatchSettings(
        lab=keys.trust.lab,
        trust=keys.trust.version,
        key=keys.ticket,
        deadline=timedelta(hours=settings.deadline_hours),
        grace=timedelta(days=settings.ticket_days),
        tasks_per_core=settings.tasks_per_core,
        daily_per_core=settings.daily_per_core,
        ourselves=ourselves,
        task_seconds=settings.task_seconds,
        approvals=settings.approvals,
    )


def _this_host(db: Database, workers: int, now: datetime) -> tuple[int, int]:
    ourselves = accounts.find_laboratory_account(db, now)
    host_id = hosts.upsert_host(
        db,
        volunteer_id=ourselves,
        name=_THIS_COMPUTER,
        platform=platform_here(),
        capacity=own_capacity(workers),
        now=now,
    )
    return ourselves, host_id
