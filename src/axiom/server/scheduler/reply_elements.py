"""Turns what was decided into the elements of a scheduler reply. Nothing is decided or stored here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from axiom.boinc import account_keys, replies
from axiom.boinc.project_pictures import PICTURES, load_project_pictures
from axiom.boinc.uploads import write_name, write_token
from axiom.domain.credit import Balance
from axiom.domain.fleet import GPU_KINDS, Host, PreferenceSets, ProjectPreferences
from axiom.limits import tasks as limits
from axiom.locale.languages import gettext, mark
from axiom.rules.credit.recent_average import RecentAverage, fade_average
from axiom.rules.hosts.speed import REFERENCE_FLOPS, speed_of
from axiom.server.dispatch.work_request import GrantedTask
from axiom.server.scheduler.host_programs import APP, HostPrograms, Program, app_version, describe_program, signed_files
from axiom.server.scheduler.identify import Identity
from axiom.signed.boinc_code_signing import CodeSigning
from axiom.signed.bundles import bundle_file, seal_file
from axiom.signed.outputs import OUTPUT_LIMIT
from axiom.store.engine.database import from_microseconds, to_microseconds
from axiom.store.hosts.hosts import AccountHolder

_TITLE = "Small neural networks"
SUFFIX = "_0"  # each of our tasks is a workunit of its own to BOINC, with this one result
_MEGABYTE = 2**20
# A cell is ended by its runner at five times its prediction, by the processor's time. BOINC's own limit is by the wall
# clock and a last resort: BOINC computes at the lowest priority, and beside other programs a task of seconds may have a
# thousandth of a core. On a GPU its runner gives it ten times as long.
_BOUND = 2.0 * limits.TIMES_DECLARED_COST
_GPU_BOUND = 2.0 * limits.TIMES_DECLARED_COST_ON_GPU
_THOUSANDTHS = 1_000


@dataclass(frozen=True, kw_only=True)
class Links:
    master: str  # ends in a slash
    upload_key: bytes

    @property
    def uploads(self) -> str:
        return f"{self.master}file_upload_handler"

    @property
    def news(self) -> str:
        return f"{self.master}notices.php"

    @property
    def downloads(self) -> str:
        return f"{self.master}download/"


@dataclass(frozen=True, kw_only=True)
class Project:
    """What clients are told of the project."""

    name: str
    links: Links
    code: CodeSigning


def project_files(links: Links) -> tuple[replies.ProjectFile, ...]:
    return tuple(
        replies.ProjectFile(
            file=replies.InputFile(
                name=picture.name,
                urls=(f"{links.master}{PICTURES}/{picture.name}",),
                md5=picture.md5,
                bytes=len(picture.body),
            ),
            open_name=picture.open_name,
        )
        for picture in load_project_pictures()
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    name: str
    md5: str
    size: int


def archives_of(bundle: str, body: bytes, seal: str) -> tuple[Archive, Archive]:
    """A bundle and its seal as files; MD5 is what the client checks a download by."""
    named = ((bundle_file(bundle), body), (seal_file(seal), seal.encode()))
    pack, signed = (
        Archive(name=name, md5=hashlib.md5(raw, usedforsecurity=False).hexdigest(), size=len(raw))
        for name, raw in named
    )
    return pack, signed


def describe_tasks(
    granted: Sequence[GrantedTask],
    *,
    host: Host,
    programs: HostPrograms,
    archives: Mapping[str, tuple[Archive, Archive]],
    links: Links,
) -> dict[str, Any]:
    """Describe tasks for one host by the places of the elements in a reply.

    Programs that the volunteer brings are known to the client: where there are some, no runner is described.
    """
    flops = REFERENCE_FLOPS * speed_of(host)
    shared = {task.bundle: archives[task.bundle] for task in granted}
    files = {bundle: _inputs(*pair) for bundle, pair in shared.items()}
    outputs = [write_name(links.upload_key, task.name) for task in granted]
    places = sorted({(task.gpu, task.cores) for task in granted})
    runners = programs.ours.runners
    used = {place: runners[place[0]] for place in places} if runners else {}
    named = {
        place: describe_program(used[place], *place) if used else _own_program(programs.own, place[0])
        for place in places
    }
    return {
        "apps": (replies.App(name=APP, title=_TITLE),),  # the one program there is: a runner knows no experiment
        "signed_files": signed_files(used.values(), links.downloads),
        "app_versions": tuple(
            app_version(runner, flops=flops, gpu=gpu, cores=cores) for (gpu, cores), runner in used.items()
        ),
        "inputs": tuple(_input(archive, links) for pair in shared.values() for archive in pair),
        "workunits": tuple(_workunit(task, flops, files[task.bundle]) for task in granted),
        "outputs": tuple(_output(name, links) for name in outputs),
        "tasks": tuple(
            _task(task, name, named[task.gpu, task.cores]) for task, name in zip(granted, outputs, strict=True)
        ),
    }


def busy_seconds(host: Host, granted: Sequence[GrantedTask]) -> float:
    if not host.standing.valid_in_row:
        return 0.0
    return sum(task.seconds for task in granted) / (speed_of(host) * max(1, host.capacity.cores))


def _own_program(own: Mapping[str, Program], gpu: str) -> Program:
    """The volunteer's own for this kind; any where it was taken away since a task was sent that is now sent again."""
    return own.get(gpu) or next(iter(own.values()))


def _input(archive: Archive, links: Links) -> replies.InputFile:
    return replies.InputFile(
        name=archive.name, urls=(links.downloads + archive.name,), md5=archive.md5, bytes=archive.size, sticky=True
    )


def _inputs(bundle: Archive, seal: Archive) -> tuple[replies.FileRef, ...]:
    return (
        replies.FileRef(file=bundle.name, open_name="bundle.zip"),
        replies.FileRef(file=seal.name, open_name="bundle.seal"),
    )


def _workunit(task: GrantedTask, flops: float, files: tuple[replies.FileRef, ...]) -> replies.WorkunitOrder:
    estimate = task.seconds * REFERENCE_FLOPS
    # Never less than the runner allows.
    longest = max(task.seconds, task.times_longer * task.declared_seconds) * REFERENCE_FLOPS
    times = _GPU_BOUND if task.gpu else _BOUND
    return replies.WorkunitOrder(
        name=task.name,
        app=APP,
        flops_estimate=estimate,
        # A client counts it at the speed of all its cores; a volunteer may lend one, and one cell may be nearly all.
        flops_bound=max(times * longest, limits.CLIENT_STOPS_AFTER_SECONDS * flops) * task.cores,
        memory_bytes=task.memory_mb * task.cores * _MEGABYTE,
        disk_bytes=task.disk_mb * task.cores * _MEGABYTE,
        command_line=" ".join(task.order.argv()),
        files=files,
    )


def _output(name: str, links: Links) -> replies.OutputSlot:
    return replies.OutputSlot(
        name=name,
        upload_url=links.uploads,
        max_bytes=OUTPUT_LIMIT,
        token=write_token(links.upload_key, name=name, max_nbytes=OUTPUT_LIMIT),
    )


def _task(task: GrantedTask, output: str, program: Program) -> replies.TaskOrder:
    return replies.TaskOrder(
        name=task.name + SUFFIX,
        workunit=task.name,
        platform=program.platform,
        version=program.version,
        plan_class=program.plan_class,
        deadline=int(task.deadline.timestamp()),
        files=(replies.FileRef(file=output, open_name="output.jsonl"),),
    )


def make_reply_account(caller: AccountHolder, cross_id: str, now: datetime) -> replies.ReplyAccount:
    volunteer, email = caller.volunteer, caller.account.address
    return replies.ReplyAccount(
        id=volunteer.id,
        name=volunteer.name,
        total_credit=_credit(caller.balance),
        recent_credit=recent(caller.balance, now),
        created_at=volunteer.created_at.timestamp(),
        email_hash=account_keys.email_hash(email),
        cross_project_id=cross_id,
        external_cpid=account_keys.external_cpid(cross_id, email),
        team_id=volunteer.team_id or 0,
        team_name=caller.team_name,
    )


def host_facts(identity: Identity, now: datetime) -> replies.HostFacts:
    """What the client shows of its host. The number is told only to a host that does not know it yet."""
    return replies.HostFacts(
        id=identity.host.id if identity.is_new else None,
        total_credit=_credit(identity.balance),
        recent_credit=recent(identity.balance, now),
        created_at=identity.host.created_at.timestamp(),
        venue=identity.venue,
    )


def recent(balance: Balance | None, now: datetime) -> float:
    if balance is None:
        return 0.0
    return fade_average(RecentAverage(value=balance.recent, at=from_microseconds(balance.recent_at)), now)


def _credit(balance: Balance | None) -> float:
    return balance.total / _THOUSANDTHS if balance else 0.0


@lru_cache(maxsize=256)  # most prefer nothing in particular
def project_preferences(sets: PreferenceSets) -> str:
    by_venue = (f'<venue name="{venue}">\n{_preference_set(own)}</venue>\n' for venue, own in sets.by_venue.items())
    return f"<project_preferences>\n{_preference_set(sets.general)}{''.join(by_venue)}</project_preferences>"


def _preference_set(preferences: ProjectPreferences) -> str:
    without = ["CPU"] * (not preferences.on_cores) + list(GPU_KINDS) * (not preferences.on_gpus)
    barred = "".join(f"<no_rsc>{kind}</no_rsc>\n" for kind in without)
    return (
        f"<resource_share>{preferences.resource_share:g}</resource_share>\n"
        f"{barred}<project_specific></project_specific>\n"
    )


def site_links(master: str, volunteer_id: int, host_id: int) -> tuple[replies.SiteLink, ...]:
    return (
        replies.SiteLink(
            name=gettext(mark("Findings")),
            description=gettext(mark("What has been found out so far")),
            url=f"{master}findings",
        ),
        replies.SiteLink(
            name=gettext(mark("This computer")),
            description=gettext(mark("Its tasks and its credit")),
            url=f"{master}hosts/{host_id}",
        ),
        replies.SiteLink(
            name=gettext(mark("You")),
            description=gettext(mark("Your credit and what it was for")),
            url=f"{master}volunteers/{volunteer_id}",
        ),
    )


def spread_contact(host_id: int, now: datetime) -> float:
    """Where between 0 and 1 this contact falls: as good as chance, and the same for the same contact."""
    return int.from_bytes(hashlib.sha256(f"{host_id}|{to_microseconds(now)}".encode()).digest()[:4], "big") / 2**32
