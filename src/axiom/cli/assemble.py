"""`axiom lab`: which parts there are, in which order they start and stop."""

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from axiom import __version__
from axiom.cli.attendant import Attendant, Occasion
from axiom.cli.callers import laboratory as laboratory_caller
from axiom.cli.callers import operator
from axiom.cli.clock import Clock
from axiom.cli.computing import Computing, computing, demand_writer
from axiom.cli.counter import Counter
from axiom.cli.foresight import Foresight
from axiom.cli.listening import address_of, on_path, on_port
from axiom.cli.opening import log_to, prepare_database
from axiom.cli.options import color_option, data_option, quiet_option, remark
from axiom.cli.simulated import play_fleet
from axiom.cli.taking import workers_of
from axiom.cli.volunteers import Source, Volunteering, project_address, volunteering
from axiom.commands.experiments import PublishExperiment, RetireExperiment
from axiom.commands.gate import Gate
from axiom.domain.callers import Caller
from axiom.domain.dataclass import dataclass
from axiom.engines.local import LocalEngine
from axiom.errors import AxiomError, StoreError, Withdrawn, WrongUse
from axiom.figures.drawing import Draughtsman
from axiom.lab import releasing
from axiom.lab.breaking import breaking, halt
from axiom.lab.draw import Gallery
from axiom.lab.failures import count as count_failures
from axiom.lab.policy import policy_of
from axiom.runner import sandbox
from axiom.server.http import Listener, Stopping
from axiom.server.http import serve as serve_sockets
from axiom.server.janitor import clean
from axiom.server.jobs import Job, Jobs
from axiom.settings import Settings, from_process
from axiom.signed.keys import Keys, make_keys, make_secrets
from axiom.signed.roles import TRUST_FILE
from axiom.store.folder import Folder, holder, lock
from axiom.store.writer import Writer
from axiom.web.app import Site
from axiom.web.control import control
from axiom.web.desk import desk_routes

log = logging.getLogger("axiom.lab")

_port = click.option("--port", type=int, help="The port of the site; 0 picks a free one.")
_host = click.option("--host", help="The address on which the site listens.")
_runners = click.option(
    "--runners", type=click.Path(path_type=Path, file_okay=False), help="Where built runners lie, to offer them."
)


@click.command()
@data_option
@_port
@_host
@_runners
@click.option(
    "--build-with", type=click.Path(path_type=Path, exists=True), help="What builds one there, in the background."
)
@click.option("--workers", type=int, help="How many cores compute: 0 none, -1 all.")
@click.option(
    "--fleet", type=click.IntRange(1, 1_000), help="So many simulated computers beside, labelled, out of all evidence."
)
@click.option("--no-pi", is_flag=True, help="No autopilot: nothing is deployed but what you order.")
@click.option("--accept-clock", is_flag=True, help="Go on although the clock was ahead once; it is audited.")
@quiet_option
@color_option
@click.pass_context
def lab(
    context: click.Context,
    folder: Folder,
    port: int | None,
    host: str | None,
    runners: Path | None,
    build_with: Path | None,
    workers: int | None,
    fleet: int | None,
    no_pi: bool,
    accept_clock: bool,
    quiet: bool,
) -> None:
    """Start the laboratory: server, site, local engine and autopilot in one process tree.

    Ctrl-C stops it; the same command goes on where it stopped.
    """
    settings, _ = from_process(folder.settings, port=port, host=host, workers=workers)
    source = Source(runners=runners, build_with=build_with)
    _hold(context, folder, settings, source, pi=not no_pi, fleet=fleet or 0, accept_clock=accept_clock, quiet=quiet)


@click.command()
@data_option
@_port
@_host
@_runners
@quiet_option
@color_option
@click.pass_context
def serve(
    context: click.Context, folder: Folder, port: int | None, host: str | None, runners: Path | None, quiet: bool
) -> None:
    """Start server and site alone; `axiom work` and `axiom pi` are the other parts."""
    settings, _ = from_process(folder.settings, port=port, host=host, workers=0)
    _hold(context, folder, settings, Source(runners=runners), pi=False, accept_clock=False, quiet=quiet)


def _hold(
    context: click.Context,
    folder: Folder,
    settings: Settings,
    source: Source,
    *,
    pi: bool,
    accept_clock: bool,
    quiet: bool,
    fleet: int = 0,
) -> None:
    if settings.workers < -1:
        raise WrongUse("workers must be -1 (all cores), 0 (none) or a number of cores. Nothing was started.")
    # Asked before the port is taken: of two laboratories in one folder, the folder is the reason to give.
    if folder.path.exists() and holder(folder) is not None:
        lock(folder, "axiom lab").release()
    with on_port(settings.host, settings.port) as listening:
        folder.create()
        with lock(folder, "axiom lab") as held:
            held.note(port=listening.getsockname()[1], url=address_of(listening))
            log_to(folder, settings)
            log.info("lab.started version=%s process=%d address=%s", __version__, os.getpid(), address_of(listening))
            clock = prepare_database(folder, accept=accept_clock)
            by = _run(folder, settings, listening, clock, source, pi=pi, fleet=fleet, quiet=quiet)
            log.info("lab.stopped process=%d", os.getpid())
    remark("Stopped. The same command goes on from here.", quiet=quiet)
    context.exit(130 if by is signal.SIGINT else 0)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What runs beside the site, in the order in which it is started; stopped the other way round."""

    core: Computing
    writer: Writer
    engine: LocalEngine
    jobs: Jobs
    gate: Gate
    counter: Counter
    draughtsman: Draughtsman


def _run(
    folder: Folder,
    settings: Settings,
    listening: socket.socket,
    clock: Clock,
    source: Source,
    *,
    pi: bool,
    fleet: int,
    quiet: bool,
) -> signal.Signals | None:
    first_time = not folder.keys.exists()
    keys, secrets = make_keys(folder.keys, clock.now()), make_secrets(folder.keys)
    stopping = Stopping()
    parts = _build(folder, settings, keys, clock.now, stopping)
    attendant = Attendant(folder) if pi else None
    with contextlib.ExitStack() as stack:
        stack.callback(parts.writer.stop)
        address = address_of(listening)
        master = project_address(settings, address)
        volunteers = stack.enter_context(
            volunteering(folder, settings, secrets, parts.core, master=master, now=clock.now, source=source)
        )
        play_fleet(fleet, parts.core, volunteers, secrets)
        pages = _pages(folder, settings, clock, parts, volunteers, address)
        with on_path(folder.socket) as door:
            stack.callback(folder.socket.unlink, missing_ok=True)
            _start(parts, attendant, stack)
            _greet(folder, address, workers_of(settings), first_time=first_time, quiet=quiet)
            behind = control(parts.gate, pages, operator())
            behind.router.routes.extend(desk_routes(parts.counter))
            front = volunteers.before(pages, parts.gate)
            public = Listener(app=front, socket=listening, protocol=volunteers.lanes.protocol)
            by = serve_sockets([public, Listener(app=behind, socket=door)], stopping)
    demand_writer(parts.writer)
    return by


def _pages(
    folder: Folder, settings: Settings, clock: Clock, parts: _Parts, volunteers: Volunteering, address: str
) -> Site:
    """What the site reads."""
    policy = policy_of(settings)
    occasion = Occasion(folder, policy, clock.now)
    return Site(
        folder=folder,
        name=settings.name,
        now=clock.now,
        live=_live(parts, address, clock.now(), workers_of(settings), occasion, volunteers),
        preview=Foresight(folder, policy, clock.now).now,
        approvals=settings.approvals,
        master=project_address(settings, address),
        scheduler=volunteers.scheduler,
    )


def _build(folder: Folder, settings: Settings, keys: Keys, now: Callable[[], datetime], stopping: Stopping) -> _Parts:
    core = computing(folder, settings, keys, now)
    draughtsman = Draughtsman()
    gallery = Gallery(core.writer, folder, draughtsman)
    for job in _jobs(core.gate, gallery, laboratory_caller(workers_of(settings)), stopping):
        core.jobs.add(job)
    counter = Counter(
        writer=core.writer,
        folder=folder,
        dispatch=core.dispatch,
        now=now,
        reported=core.look_again,
    )
    return _Parts(
        core=core,
        writer=core.writer,
        engine=core.engine,
        jobs=core.jobs,
        gate=core.gate,
        counter=counter,
        draughtsman=draughtsman,
    )


def _jobs(gate: Gate, gallery: Gallery, caller: Caller, stopping: Stopping) -> list[Job]:
    """What the server does again and again beside moving work on. Only the daily ones remember each time."""
    writer, folder, now = gate.writer, gate.laboratory.folder, gate.now
    return [
        Job(name="publish", every=86_400.0, work=lambda: _publish_all(gate, caller, stopping)),
        Job(name="clean", every=86_400.0, work=lambda: writer.run(lambda db: clean(db, folder, now()))),
        Job(name="failures", every=10.0, work=lambda: _look_for_failures(gate, caller), remembered=False),
        Job(name="draw", every=2.0, work=lambda: gallery.draw(now()), remembered=False),
        Job(name="watch", every=1.0, work=lambda: stopping.now() if writer.failed else None, remembered=False),
    ]


def _start(parts: _Parts, attendant: Attendant | None, stack: contextlib.ExitStack) -> None:
    if attendant is not None:
        parts.jobs.add(Job(name="attend", every=2.0, work=attendant.keep, remembered=False))
        stack.callback(attendant.stop)
    stack.callback(parts.draughtsman.rest)
    parts.jobs.start()
    stack.callback(parts.jobs.stop)
    trust = parts.gate.laboratory.folder.keys / TRUST_FILE
    parts.engine.start(trust.read_bytes())
    stack.callback(parts.engine.stop)


def _publish_all(gate: Gate, caller: Caller, stopping: Stopping) -> None:
    """Publish what the catalogue holds, until somebody wants to stop: the next start begins with it.

    A file that cannot be published holds up no other.
    """
    for file in gate.laboratory.experiment_files():
        if stopping.is_asked:
            return
        try:
            gate.submit(PublishExperiment(experiment=file.stem), caller)
        except StoreError:
            raise  # then none can be stored; the job comes back to it
        except Withdrawn as error:
            log.info("publish.withdrawn experiment=%s %s", file.stem, error)
        except AxiomError as error:
            log.error("publish.refused experiment=%s %s", file.stem, error)


def _look_for_failures(gate: Gate, caller: Caller) -> None:
    """Count how tasks ended, and stop what fails more often than anything may, before a session comes to it."""
    gate.writer.run(lambda db: count_failures(db, gate.now()))
    gate.writer.run(lambda db: releasing.settle(db, gate.now()))
    for one in gate.writer.run(breaking):
        gate.writer.run(partial(halt, one=one, now=gate.now()))
        if not one.platform:
            named = f"{one.version.name}@{one.version.version}"  # a newer one may be published meanwhile
            gate.submit(RetireExperiment(experiment=named, reason=one.reason), caller)


def _live(
    parts: _Parts,
    address: str,
    started_at: datetime,
    workers: int,
    occasion: Occasion,
    volunteers: Volunteering,
) -> Callable[[], Mapping[str, Any]]:
    def live() -> Mapping[str, Any]:
        return {
            "state": "running",
            "address": address,
            "started_at": started_at.isoformat(),
            "parts": {"writer": parts.writer.failed is None, "engine": workers > 0},
            "session": {"due": occasion.now()},
            "offer": {"problems": volunteers.problems, "building": volunteers.building},
            "computing": [{"task": task, "progress": share} for task, share in sorted(parts.engine.progress.items())],
        }

    return live


def _greet(folder: Folder, address: str, workers: int, *, first_time: bool, quiet: bool) -> None:
    click.echo(address)
    remark(
        f"Axiom {__version__} · {address} · {workers} cores compute · data in {folder.path}\n"
        "Ctrl-C stops it; the same command goes on from there.",
        quiet=quiet,
    )
    if lack := sandbox.lacking():
        remark(lack, quiet=quiet)
    if first_time:
        remark(
            f"Made this laboratory's keys in {folder.keys} (mode 0600): whoever has them signs in its name.",
            quiet=quiet,
        )
