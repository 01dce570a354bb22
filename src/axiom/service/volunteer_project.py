"""What a laboratory needs to have volunteers: its project's own addresses in front of the site, and the fast lanes."""

import contextlib
import functools
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axiom.boinc.project import scheduler_lines
from axiom.domain.runners import OfferedRunner
from axiom.errors import WrongUse
from axiom.gate.gate import CommandGate
from axiom.laboratory.accounts.commands.accounts import submit_as_volunteer
from axiom.laboratory.runner.built import list_built_folders
from axiom.laboratory.runner.offer import OfferWatcher
from axiom.limits import hosts as limits
from axiom.reads.base.request import Reading
from axiom.reads.feeds import rss_feed
from axiom.runner.platform.host import platform_here
from axiom.server.accounts.account_credentials import demand_secret
from axiom.server.accounts.account_managers import AccountManagers
from axiom.server.accounts.failed_sign_ins import Guesses
from axiom.server.accounts.server_load import LoadFigures
from axiom.server.accounts.sign_up import Accounts
from axiom.server.accounts.statistics_files import StatisticsFiles
from axiom.server.accounts.stored_passwords import hash_sealed_passwords
from axiom.server.http.downloads import Downloads
from axiom.server.http.fast_lane import Lanes, whole_in
from axiom.server.http.old_addresses import read_old_paths
from axiom.server.http.origins import PublicAddress, origin_of
from axiom.server.http.project_pages import CHANGING, ProjectEndpoints
from axiom.server.http.request_counts import RequestCounts
from axiom.server.http.routes import Endpoint, Front, HttpAnswer, HttpQuery
from axiom.server.http.uploads import Transfers
from axiom.server.pilots.pilot_routes import PilotRoutes
from axiom.server.scheduler.reply_elements import Links, Project
from axiom.server.scheduler.scheduler import Scheduler, open_scheduler
from axiom.server.upkeep.jobs import Job
from axiom.service.computing_parts import ComputingParts
from axiom.service.runner_build import Builder
from axiom.settings import Settings
from axiom.signed.keys import Secrets
from axiom.store.connections import Connections, ReaderPool
from axiom.store.engine.folder import Folder
from axiom.store.experiments import preflights
from axiom.store.writer import Writer
from axiom.web.account.app import SiteWithAccounts
from axiom.web.account.app import account_app as account_pages
from axiom.web.account.visit import AccountServices
from axiom.web.site.app import Site, make_site
from axiom.web.site.request_class import class_of

_REST_SECONDS = 0.005  # between two parts of a long list
_THREADS = 2  # that prove passwords and large outputs: as many as may have a core
_PATIENCE = 10.0  # seconds after the start before anything is built beside it


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    runners: Path | None = None
    build_with: Path | None = None


@dataclass(frozen=True, kw_only=True)
class VolunteerParts:
    writer: Writer
    scheduler: Scheduler
    transfers: Transfers
    project: ProjectEndpoints
    files: Downloads
    threads: ThreadPoolExecutor
    forms: ThreadPoolExecutor  # whoever fills these in at the site stops no client
    offering: OfferWatcher
    builder: Builder | None
    pilots: PilotRoutes

    def lanes(self, counts: RequestCounts) -> Lanes:
        openers = {
            b"/scheduler": whole_in(self.scheduler.answer_request),
            b"/file_upload_handler": self.transfers.admit,
        }
        return Lanes({**openers, **self.pilots.openers()}, counts)

    def private_lanes(self) -> Lanes:
        return Lanes(self.pilots.openers(is_private=True))

    @property
    def lines_for_clients(self) -> str:
        return scheduler_lines((f"{self.project.master}scheduler",))

    def before(self, pages: Site, gate: CommandGate) -> Front:
        services = AccountServices(
            gate=gate, pages=pages, accounts=self.project.accounts, threads=self.forms, master=self.project.master
        )
        endpoints = self.project.endpoints() | {"/notices.php": _news(pages, self.project.master)}
        return Front(
            SiteWithAccounts(make_site(pages), account_pages(services), services),
            endpoints,
            self.files,
            self.threads,
            changing=CHANGING,
            origin=origin_of(self.project.master),
        )

    def jobs(self, now: Callable[[], datetime]) -> list[Job]:
        return [
            Job(name="statistics", every=3_600.0, work=self.project.statistics.write_if_due, remembered=False),
            Job(name="parts", every=86_400.0, work=lambda: self.transfers.begun.sweep(now()), remembered=False),
            Job(name="passwords", every=5.0, work=self._hash_passwords, remembered=False),
            Job(name="offer", every=3.0, work=self._offer, remembered=False),
        ]

    @property
    def problems(self) -> list[str]:
        failure = self.builder.failure if self.builder else ""
        failed = f"nobody else can attach: {failure}" if self._is_closed else failure
        return [*self.offering.problems, *([failed] if failure else [])]

    def offer(self) -> dict[str, Any]:
        progress = self.builder.progress if self.builder else None
        what = "nobody else can attach yet" if self._is_closed else "a newer runner is being built"
        return {
            "problems": self.problems,
            "building": f"{what}: {progress.in_words}" if progress else "",
            "progress": asdict(progress) if progress else None,
            "is_closed": self._is_closed,
        }

    @property
    def _is_closed(self) -> bool:
        return all(runner.is_stand_in for runner in self.offering.offered.values())

    def _hash_passwords(self) -> int:
        accounts = self.project.accounts
        return hash_sealed_passwords(self.writer, accounts.connections, accounts.secret)

    def _offer(self) -> None:
        if self.builder:
            self.builder.check()
        self.offering.refresh()


def _news(pages: Site, master: str) -> Endpoint:
    def answer(_asked: HttpQuery) -> HttpAnswer:
        with Connections(folder=pages.folder).reader() as db:
            reading = Reading(db=db, folder=pages.folder, now=pages.now(), name=pages.name, live=pages.live)
            return HttpAnswer(body=rss_feed(reading, master), kind="application/rss+xml; charset=utf-8")

    return answer


def project_address(settings: Settings, listening: str) -> str:
    return f"{(settings.url or listening).rstrip('/')}/"


def public_address(settings: Settings, listening: str) -> PublicAddress:
    """Numbers of computers, and localhost, are known to every site; a name is one of these."""
    master = project_address(settings, listening)
    names = {urlsplit(master).hostname or "", settings.host.lower(), socket.gethostname().lower()}
    names |= {name.strip().lower() for name in settings.names.split(",")}
    below = urlsplit(master).path
    if below != "/" and class_of(below) != "other":
        raise WrongUse(
            f"The setting url ends in {below}, where pages of the laboratory could not be reached any more. Nothing "
            "was started; choose another path, or none."
        )
    old_paths = read_old_paths(below, settings.aliases)
    return PublicAddress(names=frozenset(names - {""}), origin=origin_of(master), old_paths=old_paths)


def _has_first_findings(folder: Folder, now: datetime) -> bool:
    with Connections(folder=folder).reader() as db:
        circumstances = preflights.read_circumstances(db, now - limits.COUNTED_ON_FOR)
    return circumstances.has_evidence or not circumstances.computes_itself


@contextlib.contextmanager
def open_volunteer_project(
    folder: Folder,
    secrets: Secrets,
    core: ComputingParts,
    *,
    master: str,
    now: Callable[[], datetime],
    source: Source,
) -> Iterator[VolunteerParts]:
    with Connections(folder=folder).reader() as db:
        demand_secret(db, secrets.accounts)
    offering = OfferWatcher(folder, platform=platform_here(), now=now, built=source.runners)
    builder = None
    if source.build_with and source.runners and not list_built_folders(folder.fetched_runners):
        builder = Builder(
            folder,
            source.build_with,
            source.runners,
            patience=_PATIENCE,
            may_begin=lambda: _has_first_findings(folder, now()),
        )
    readers = ReaderPool(folder)
    with (
        ThreadPoolExecutor(_THREADS, thread_name_prefix="axiom-slow") as threads,
        ThreadPoolExecutor(_THREADS, thread_name_prefix="axiom-forms") as forms,
        contextlib.closing(readers),
    ):
        transfers = Transfers(writer=core.writer, folder=folder, key=secrets.upload, now=now, threads=threads)
        made = VolunteerParts(
            writer=core.writer,
            scheduler=_open_scheduler(core, secrets, offering.offered, master, transfers, threads),
            transfers=transfers,
            project=_make_project(core, secrets, offering.offered, master),
            files=Downloads(folder, core.gate.laboratory.keys.trust),
            threads=threads,
            forms=forms,
            offering=offering,
            builder=builder,
            pilots=PilotRoutes(
                core.pilots,
                writer=core.writer,
                connections=readers,
                threads=threads,
                reported=core.moving.look_again,
            ),
        )
        for job in made.jobs(now):
            core.jobs.add(job)
        try:
            yield made
        finally:
            if builder:
                builder.stop()


def _open_scheduler(
    core: ComputingParts,
    secrets: Secrets,
    offered: Mapping[str, OfferedRunner],
    master: str,
    transfers: Transfers,
    threads: Executor,
) -> Scheduler:
    laboratory, links = core.gate.laboratory, Links(master=master, upload_key=secrets.upload)
    return open_scheduler(
        Project(name=laboratory.settings.name, links=links, code=secrets.code),
        writer=core.writer,
        folder=laboratory.folder,
        threads=threads,
        now=core.gate.now,
        dispatch=core.dispatch,
        cache=core.cache,
        runners=offered,
        trust=laboratory.keys.trust,
        judge_and_pay=core.moving.judge_and_pay,
        announce_reports=core.moving.look_again,
        forget_uploads=transfers.begun.delete_parts,
    )


def _make_project(
    core: ComputingParts, secrets: Secrets, offered: Mapping[str, OfferedRunner], master: str
) -> ProjectEndpoints:
    laboratory, now = core.gate.laboratory, core.gate.now
    settings, connections = laboratory.settings, Connections(folder=laboratory.folder)
    give = functools.partial(submit_as_volunteer, core.gate)
    guesses = Guesses(now)
    return ProjectEndpoints(
        name=settings.name,
        master=master,
        runners=offered,
        accounts=Accounts(
            give=give,
            connections=connections,
            secret=secrets.accounts,
            guesses=guesses,
            new_accounts=settings.new_accounts,
        ),
        account_managers=AccountManagers(give=give, connections=connections, secret=secrets.accounts, guesses=guesses),
        load=LoadFigures(connections, now, urlsplit(master).hostname or "server"),
        statistics=StatisticsFiles(laboratory.folder, now, rest=lambda: time.sleep(_REST_SECONDS)),
    )
