"""`axiom lab`: which parts there are, in which order they start and stop."""

import contextlib
import ctypes
import functools
import logging
import os
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from axiom import __version__
from axiom.domain.callers import Caller
from axiom.domain.planning import Preview
from axiom.errors import NotAllowed
from axiom.gate.gate import CommandGate
from axiom.laboratory.planning.preview import preview_plan
from axiom.laboratory.policy import Policy, policy_from_settings
from axiom.laboratory.proposals.commands.confirmations import Confirmations
from axiom.reads.accounts.join import is_local_address
from axiom.runner.confine import bubblewrap
from axiom.server.http.request_counts import CountedApp, RequestCounts
from axiom.server.http.serving import ServedSocket, StopSignal, serve_sockets
from axiom.server.mail.due_alerts import Complaint, DueAlerts
from axiom.server.upkeep.jobs import ALIVE, Job, Jobs
from axiom.service.autopilot import AutopilotProcess, SessionReason
from axiom.service.clock import Clock
from axiom.service.computing_parts import ComputingParts, demand_writer, make_computing_parts
from axiom.service.doctor_checks import examine_running
from axiom.service.jobs import list_server_jobs
from axiom.service.logs import set_up_logging
from axiom.service.mail import Mailing, mail_server, make_letters, make_mailing, silence_counts_from
from axiom.service.mcp_on_site import mount_mcp
from axiom.service.open_laboratory import demand_keys, journal_of, prepare_database
from axiom.service.readiness import Readiness
from axiom.service.sockets import listen_on_path, socket_address
from axiom.service.standard_callers import laboratory_caller as laboratory_caller
from axiom.service.standard_callers import operator_caller, program_caller
from axiom.service.take_folder import workers_of
from axiom.service.volunteer_project import (
    Source,
    VolunteerParts,
    open_volunteer_project,
    project_address,
    public_address,
)
from axiom.settings import Settings
from axiom.signed.keys import Keys, make_keys, make_secrets
from axiom.signed.trust import TRUST_FILE
from axiom.store.connections import Connections
from axiom.store.engine.folder import SERVER, Folder, lock_folder
from axiom.store.writer import Writer
from axiom.web.api.admission import ProgramAdmission
from axiom.web.api.app import Api, ApiMiddleware, ApiServices
from axiom.web.maps.view_counts import TileViews
from axiom.web.probes import Probes
from axiom.web.site.app import Site
from axiom.web.site.request_class import class_of
from axiom.web.socket import control_app
from axiom_weigh.terminal import print_remark

_FRESH_SECONDS = 2.0
_REST = 20.0  # times as long as it took: however large the fleet is, looking takes a twentieth of a core at most
log = logging.getLogger("axiom.lab")
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # of glibc's mallopt
_LARGE = 128 * 1024  # bytes
_PROGRAMS_MODE = 0o660  # of the socket for programs: the operator's group may knock, and nobody enters without a token


class CachedPreview:
    def __init__(self, folder: Folder, policy: Policy, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._policy = policy
        self._now = now
        self._lock = threading.Lock()
        self._until = -1.0
        self._preview: Preview | None = None

    def now(self) -> Preview:
        with self._lock:
            began = time.monotonic()
            if self._preview is None or began >= self._until:
                with Connections(folder=self._folder).reader() as db:
                    self._preview = preview_plan(db, self._policy, self._now())
                ended_at = time.monotonic()
                self._until = ended_at + max(_FRESH_SECONDS, _REST * (ended_at - began))
            return self._preview


def run_laboratory(
    folder: Folder,
    settings: Settings,
    listening: socket.socket,
    *,
    source: Source,
    pi: bool,
    accept_clock: bool,
    quiet: bool,
) -> signal.Signals | None:
    _share_heap()  # before any thread has one of its own
    with lock_folder(folder, SERVER) as folder_lock:
        folder_lock.note(port=listening.getsockname()[1], url=socket_address(listening))
        set_up_logging(folder, settings)
        log.info("lab.started version=%s process=%d address=%s", __version__, os.getpid(), socket_address(listening))
        clock = prepare_database(folder, accept=accept_clock)
        by = _run(folder, settings, listening, clock, source, pi=pi, quiet=quiet)
        if by is None:
            folder_lock.lose()
        log.info("lab.stopped process=%d", os.getpid())
    return by


def _share_heap() -> None:
    """All threads take memory from one heap, and what is large from none, so that what is freed goes back at once.

    Of sixteen heaps, each kept what its largest page once took: after a stranger's requests, 100 MB that nobody used.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # glibc alone can
        libc = ctypes.CDLL(None)
        libc.mallopt(_ARENA_MAX, 1)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)


def _run(
    folder: Folder,
    settings: Settings,
    listening: socket.socket,
    clock: Clock,
    source: Source,
    *,
    pi: bool,
    quiet: bool,
) -> signal.Signals | None:
    first_time = not folder.keys.exists()
    server, address = mail_server(settings, os.environ), socket_address(listening)
    master, public_at = project_address(settings, address), public_address(settings, address)
    demand_keys(folder)
    keys, secrets = make_keys(folder.keys, clock.now()), make_secrets(folder.keys)
    stopping, counts = StopSignal(), RequestCounts()
    core, visits = _build(folder, settings, keys, clock.apart, stopping)
    autopilot = AutopilotProcess(folder, clock.now) if pi else None
    with contextlib.ExitStack() as stack:
        stack.callback(core.writer.stop)
        volunteers = stack.enter_context(
            open_volunteer_project(folder, secrets, core, master=master, now=clock.apart, source=source)
        )
        readiness = _readiness(folder, settings, clock, core)
        probes = _probes(readiness, settings, counts)
        pages = _pages(folder, settings, clock, core, visits, volunteers, address, probes, autopilot)
        stack.callback(pages.readers.close)
        mail = make_mailing(
            settings,
            server,
            make_letters(settings, secrets.accounts, master),
            readiness,
            pages.readers,
            lambda: _complaints(readiness, volunteers),
            core.writer.run(lambda db: silence_counts_from(db, clock.now())),
        )
        with (
            listen_on_path(folder.socket) as door,
            listen_on_path(folder.programs_socket, _PROGRAMS_MODE) as programs_door,
        ):
            stack.callback(folder.socket.unlink, missing_ok=True)
            stack.callback(folder.programs_socket.unlink, missing_ok=True)
            _start(core, autopilot, mail, stopping, stack)
            _greet(folder, address, workers_of(settings), first_time=first_time, quiet=quiet)
            behind = control_app(core.gate, pages, operator_caller())
            people = Confirmations(gate=core.gate)
            admission = ProgramAdmission(admit=_admitted(pages, core.gate))
            api = Api(ApiServices(gate=core.gate, pages=pages, admission=admission, people=people))
            front: ASGIApp = volunteers.before(pages, core.gate)
            if settings.mcp:
                front = mount_mcp(front, pages, people, admission)
            counted = CountedApp(ApiMiddleware(front, api) if settings.api else front, counts, class_of)
            public = ServedSocket(app=counted, socket=listening, lanes=volunteers.lanes(counts), address=public_at)
            private = ServedSocket(app=behind, socket=door, lanes=volunteers.private_lanes())
            by = serve_sockets([public, private, ServedSocket(app=api, socket=programs_door)], stopping)
    demand_writer(core.writer)
    return by


def _admitted(pages: Site, gate: CommandGate) -> Callable[[str], Caller]:
    def admit(token: str) -> Caller:
        with pages.readers.reader() as db:
            try:
                return program_caller(db, token, gate.now())
            except NotAllowed as error:
                refused = error  # raised when the connection is put back: through it, it would be closed
        raise refused

    return admit


def _readiness(folder: Folder, settings: Settings, clock: Clock, core: ComputingParts) -> Readiness:
    return Readiness(
        folder=folder,
        journal=journal_of(folder, settings),
        writer=core.writer,
        jobs=core.jobs,
        now=clock.now,
        up_since=clock.now(),
    )


def _complaints(readiness: Readiness, volunteers: VolunteerParts) -> Iterator[Complaint]:
    for ailing, reason in readiness.ailments().items():
        yield Complaint(kind=ailing, says=reason, cure="docs/howto/metrics.md says what to look at")
    if volunteers.problems:
        yield Complaint(kind="runners", says="; ".join(volunteers.problems), cure="`axiom doctor` says more")
    for diagnosis in examine_running(readiness.folder):
        if not diagnosis.well:
            yield Complaint(kind=diagnosis.name, says=diagnosis.says, cure=diagnosis.cure)


def _probes(readiness: Readiness, settings: Settings, counts: RequestCounts) -> Probes:
    """What programs that watch the laboratory are told. The first scrape imports Prometheus' library."""

    @functools.cache
    def metrics() -> Any:
        from axiom.service.metrics import LaboratoryMetrics

        return LaboratoryMetrics(readiness=readiness, requests=counts)

    return Probes(unready=readiness.unready, metrics=lambda: metrics().text(), shows_metrics=settings.metrics == "site")


def _pages(
    folder: Folder,
    settings: Settings,
    clock: Clock,
    core: ComputingParts,
    visits: TileViews,
    volunteers: VolunteerParts,
    address: str,
    probes: Probes,
    autopilot: AutopilotProcess | None,
) -> Site:
    policy = policy_from_settings(settings)
    occasion = SessionReason(folder, policy, clock.now)
    return Site(
        folder=folder,
        name=settings.name,
        now=clock.now,
        live=_live(core, address, clock.now(), workers_of(settings), occasion, volunteers, autopilot),
        preview=CachedPreview(folder, policy, clock.now).now,
        look_at=visits.note,
        probes=probes,
        is_open=settings.other_pages == "read",
        authors=settings.authors,
        talk=settings.talk,
        approvals=settings.approvals,
        master=project_address(settings, address),
        scheduler=volunteers.lines_for_clients,
    )


def _build(
    folder: Folder, settings: Settings, keys: Keys, now: Callable[[], datetime], stopping: StopSignal
) -> tuple[ComputingParts, TileViews]:
    core, visits = make_computing_parts(folder, settings, keys, now), TileViews()
    caller = laboratory_caller(workers_of(settings))
    for job in list_server_jobs(core.gate, caller, visits.take, lambda: stopping.is_asked):
        core.jobs.add(job)
    return core, visits


def _watch(writer: Writer, stopping: StopSignal, jobs: Jobs, alerts: DueAlerts | None) -> None:
    """Stop where nothing can be stored any more. After a full disk, have something stored to see whether it fits."""
    if writer.failed:
        try:
            stopping.now()
        finally:
            if alerts:
                alerts.check()  # this is the last chance to tell it, and the end waits for it
    elif writer.found_no_room:
        jobs.nudge(ALIVE)


def _start(
    core: ComputingParts,
    autopilot: AutopilotProcess | None,
    mail: Mailing,
    stopping: StopSignal,
    stack: contextlib.ExitStack,
) -> None:
    watch = functools.partial(_watch, core.writer, stopping, core.jobs, mail.alerts)
    for job in (Job(name="watch", every=1.0, work=watch, remembered=False), *mail.jobs):
        core.jobs.add(job)
    if autopilot is not None:
        core.jobs.add(Job(name="attend", every=2.0, work=autopilot.keep, remembered=False))
        stack.callback(autopilot.stop)
    core.jobs.start()
    stack.callback(core.jobs.stop)
    trust = core.gate.laboratory.folder.keys / TRUST_FILE
    core.engine.start(trust.read_bytes())
    stack.callback(core.engine.stop)


def _live(
    core: ComputingParts,
    address: str,
    started_at: datetime,
    workers: int,
    occasion: SessionReason,
    volunteers: VolunteerParts,
    autopilot: AutopilotProcess | None,
) -> Callable[[], Mapping[str, Any]]:
    def live() -> Mapping[str, Any]:
        parts = {"writer": core.writer.failed is None, "engine": workers > 0}
        return {
            "state": "running",
            "address": address,
            "started_at": started_at.isoformat(),
            "parts": parts | ({"autopilot": autopilot.again_at is None} if autopilot else {}),
            "autopilot": autopilot.shown if autopilot else None,
            "session": {"due": occasion.now()},
            "offer": volunteers.offer(),
            "computing": [{"task": task, "progress": share} for task, share in sorted(core.engine.progress.items())],
        }

    return live


def _other_terminals(folder: Folder) -> str:
    """How whoever has this checkout, and nothing on the path, comes to a question of their own."""
    path = "" if shutil.which("axiom") else f' PATH="{Path(sys.executable).parent}:$PATH"'
    return (
        f"In another terminal: `export AXIOM_DATA={shlex.quote(str(folder.path.resolve()))}{path}`; "
        "then `axiom experiment new NAME` begins a question of yours."
    )


def _greet(folder: Folder, address: str, workers: int, *, first_time: bool, quiet: bool) -> None:
    print(address, flush=True)
    print_remark(
        f"Axiom {__version__} · {address} · cores that compute: {workers} · data in {folder.path}\n"
        f"{_reach(address)}\n"
        f"{_other_terminals(folder)}\n"
        "Ctrl-C stops it; the same command goes on from there.",
        quiet=quiet,
    )
    if lack := bubblewrap.missing_sandbox_advice():
        print_remark(lack, quiet=quiet)
    if first_time:
        print_remark(
            f"Made this laboratory's keys in {folder.keys} (mode 0600): whoever has them signs in its name.",
            quiet=quiet,
        )


def _reach(address: str) -> str:
    """Who reaches the site there."""
    if is_local_address(address):
        return "Only this computer reaches it; docs/howto/run-a-public-server.md says how others do."
    return (
        "Other computers reach it. Let them do so through a reverse proxy alone, which bounds slow and endless "
        "requests: docs/howto/run-a-public-server.md."
    )
