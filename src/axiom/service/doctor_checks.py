"""What `axiom doctor` looks at, each with what it means and what to do."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from axiom import shipped
from axiom.domain.preflights import GATES
from axiom.errors import AxiomError, CannotStart, NoSandbox
from axiom.gate.client import SocketClient
from axiom.laboratory.backups.archive import is_archiving_due, is_possible
from axiom.laboratory.backups.daily_copies import list_daily_copies
from axiom.laboratory.experiments.catalogue_files import list_contested_files
from axiom.laboratory.promises import PROMISES, find_broken_promises
from axiom.limits import backups as backup_limits
from axiom.limits import registrations as registration_limits
from axiom.limits import server as server_limits
from axiom.reads.accounts.join import list_runner_downloads
from axiom.reads.experiments.releases import list_stopped_versions
from axiom.runner.confine.bubblewrap import demand_sandbox
from axiom.server.mail.carriers import DeliveryFailed
from axiom.service.clock import AcceptedClock
from axiom.service.mail import PASSWORD, mail_server
from axiom.service.open_laboratory import journal_of, open_for_reading
from axiom.settings import read_process_settings
from axiom.signed.keys import load_keys
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database, describe_sqlite, from_microseconds
from axiom.store.engine.folder import Folder, find_lost_server, is_disk_full, read_lock_holder
from axiom.store.experiments import preflights
from axiom.store.journal.history import read_journal_point
from axiom.store.journal.replay import find_first_covering_segment
from axiom.store.migrate import require_current_schema
from axiom.store.registrations import time_stamps
from axiom.store.tasks import archives
from axiom.store.upkeep import jobs, last_backup, watches
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import wall_clock

_SYNCS = 5


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    name: str
    well: bool
    says: str
    cure: str = ""


_Answer = tuple[bool, str, str]  # whether all is well, how it is, and what to do where it is not


def examine_laboratory(folder: Folder) -> Iterator[Diagnosis]:
    yield _diagnosis("settings", _settings(folder))
    if not folder.exists():
        yield _diagnosis("laboratory", (False, f"there is none in {folder.path}", "`scripts/lab` makes one"))
        return
    yield _diagnosis("disk", _room(folder))
    yield _diagnosis("sync", _sync(folder))
    strange = _strange(folder)
    if not strange:
        yield _ask_laboratory(folder, "clock")
    for name, look in (("keys", _keys), ("server", _server), ("runners", _runners), ("mail", _mail)):
        yield _diagnosis(name, look(folder))
    yield _diagnosis("isolation", _isolation())
    if strange:
        yield _diagnosis("database", strange)
        return
    for name in ("sandbox", "database", "journal", "backup", "archive", "jobs", "watches", "preflight", "halts"):
        yield _ask_laboratory(folder, name)
    yield from _own_files(folder)
    yield _ask_laboratory(folder, "stamps")


def examine_running(folder: Folder) -> Iterator[Diagnosis]:
    yield _ask_laboratory(folder, "clock")
    yield _diagnosis("keys", _keys(folder))
    for name in ("journal", "backup", "jobs", "watches", "preflight", "stamps"):
        yield _ask_laboratory(folder, name)


def _diagnosis(name: str, answer: _Answer) -> Diagnosis:
    well, says, cure = answer
    return Diagnosis(name=name, well=well, says=says, cure=cure)


def _ask_laboratory(folder: Folder, name: str) -> Diagnosis:
    try:
        with Connections(folder=folder).reader() as db:
            return _diagnosis(name, _IN_DATABASE[name](folder, db))
    except AxiomError as error:
        return _diagnosis(name, (False, str(error), "start the laboratory, or restore a backup"))


def examine_invariants(folder: Folder) -> Iterator[Diagnosis]:
    now = wall_clock()
    with open_for_reading(folder) as db:
        problems = find_broken_promises(db, folder, load_keys(folder.keys, now).trust, now)
    for number, promise in sorted(PROMISES.items(), key=lambda item: int(item[0].removeprefix("I"))):
        violations = problems[number]
        more = f" (and {len(violations) - 3} more)" if len(violations) > 3 else ""
        yield Diagnosis(
            name=number,
            well=not violations,
            says=promise if not violations else "; ".join(violations[:3]) + more,
            cure="" if not violations else "keep the folder as it is and report this: a promise of ours is broken",
        )


def _settings(folder: Folder) -> _Answer:
    try:
        _, listed = read_process_settings(folder.settings)
    except AxiomError as error:
        return False, str(error), "mend the setting"
    changed = [setting.name for setting in listed if setting.origin != "default"]
    return True, f"chosen: {', '.join(changed)}" if changed else "all at default", ""


def _room(folder: Folder) -> _Answer:
    free, least = shutil.disk_usage(folder.path).free // 2**20, server_limits.DOCTOR_FREE_MB
    return free >= least, f"{free} MB free", f"free some: below {least} MB the next results may find no room"


def _sync(folder: Folder) -> _Answer:
    """How long the disk takes to keep a promise: every acknowledgement waits for one of these."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder.path) as file:
            times = []
            for _ in range(_SYNCS):
                file.write(b"x" * 4096)
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                times.append(1000 * (time.perf_counter() - began))
    except OSError as error:
        cure = "free some space on this disk" if is_disk_full(error) else "make the folder writable"
        return False, f"cannot write here: {error.strerror}", cure
    median = sorted(times)[_SYNCS // 2]
    cure = "a local disk answers hosts sooner; nothing is lost on a slow one"
    return median < server_limits.DOCTOR_SYNC_MS, f"fsync takes {median:.1f} ms", cure


def _strange(folder: Folder) -> _Answer | None:
    """A database of an older or a newer Axiom: said once, since nothing can be asked of its tables."""
    try:
        with Connections(folder=folder).reader() as db:
            require_current_schema(db)
    except CannotStart as error:
        return False, str(error), "start the laboratory with the right version"
    except AxiomError:
        return None  # what it is, each that asks it something says
    return None


def _clock(_folder: Folder, db: Database) -> _Answer:
    newest, what = jobs.find_last_write(db) or (wall_clock(), "")
    ahead = (newest - wall_clock()).total_seconds()
    accepted = AcceptedClock.read(db)
    well = ahead < 60 or (accepted is not None and accepted.time(wall_clock()) >= newest)
    late = f"stands {ahead:.0f} s before what is written ({what})"
    says = "agrees with what is written" if ahead < 60 else f"{late}, which was accepted" if well else late
    return well, says, "set the computer's clock right; if it is right, `axiom lab --accept-clock`"


def _database(_folder: Folder, db: Database) -> _Answer:
    require_current_schema(db)
    return True, f"{describe_sqlite()}; one writable connection, by lock", ""


def _journal(folder: Folder, db: Database) -> _Answer:
    settings, _ = read_process_settings(folder.settings)
    place, point = journal_of(folder, settings), read_journal_point(db)
    first = find_first_covering_segment(place, point) if point else None
    if point is None or first is None:
        cure = "start the laboratory: it begins a new journal, which covers the backups that are made from then on"
        return False, f"the newest changes are not in {place}", cure
    newest = max((copy.position for copy in list_daily_copies(place, point)), default=0)
    where = "another disk than" if _is_elsewhere(place, folder) else "the same disk as"
    says = f"every change since {from_microseconds(first.moment):%Y-%m-%d %H:%M} UTC, on {where} the database"
    cure = f"a part of {place} is lost: take a backup now, since an older one cannot be brought up to date"
    return first.point.position <= newest, says, cure


def _jobs(_folder: Folder, db: Database) -> _Answer:
    failing = [f"{row['name']}: {row['last_error']}" for row in jobs.list_jobs(db) if row["last_error"]]
    cure = "logs/axiom.log says more; each is tried again by itself while the laboratory runs"
    return not failing, "; ".join(failing) or "none of the periodic jobs is failing", cure


def _stamps(folder: Folder, db: Database) -> _Answer:
    """Whether registrations wait for an authority, and with them their tasks."""
    if not read_process_settings(folder.settings)[0].stamp_authority:
        return True, "no authority is to stamp registrations", ""
    unstamped = time_stamps.list_unstamped_registrations(db)
    since = min((registration.created_at for registration in unstamped), default=wall_clock())
    faults = [row["last_error"] for row in jobs.list_jobs(db) if row["name"] == "stamp" and row["last_error"]]
    waits = f"{tell_amount(len(unstamped), 'registration')} without one, of which nothing is ordered"
    says = "; ".join([waits, *faults]) if unstamped else "no registration waits for one"
    cure = "docs/howto/stamp-predictions.md says what to look at; without the setting stamp_authority all goes on"
    return wall_clock() - since < registration_limits.STAMP_LATE_AFTER, says, cure


def _is_elsewhere(place: Path, folder: Folder) -> bool:
    return place.exists() and place.stat().st_dev != folder.path.stat().st_dev


def _backup(folder: Folder, db: Database) -> _Answer:
    """What others computed should outlive this disk. What one computed alone here, one may lose.

    The copies that the laboratory makes by itself count where they lie on another disk.
    """
    settings, _ = read_process_settings(folder.settings)
    place, point, others = journal_of(folder, settings), read_journal_point(db), accounts.count_contributors(db)
    own = list_daily_copies(place, point) if point and _is_elsewhere(place, folder) else []
    last = last_backup.find_last_backup(folder)
    made = max((copy.made_at for copy in (last, *own) if copy), default=None)
    days = (wall_clock() - made).days if made else None
    says = "none was made" if days is None else f"the last was made {tell_amount(days, 'day')} ago"
    if last and last.is_beside and not own:
        says = f"{says}, onto the disk that it should outlive"
    says = f"{says}; {tell_amount(others, 'volunteer')} computed here" if others else says
    well = not others or (days is not None and days <= backup_limits.DOCTOR_DAYS)
    return well, says, "`axiom backup`, also while the laboratory works; keep it elsewhere, with the journal"


def _archive(folder: Folder, db: Database) -> _Answer:
    settings, _ = read_process_settings(folder.settings)
    files = archives.list_archive_files(db)
    gone = [file for file in files if not blobs.blob_path(folder, file.digest).is_file()]
    if gone:
        says = f"{tell_amount(len(gone), 'file')} gone: {', '.join(file.name for file in gone)}"
        return False, says, "put the files back from a backup; `axiom archive` names them"
    size = sum(file.bytes for file in files) // 2**20
    says = f"{tell_amount(sum(file.tasks for file in files), 'task')} in {tell_amount(len(files), 'file')} of {size} MB"
    due = settings.archive_days and not is_possible() and is_archiving_due(db, wall_clock(), settings.archive_days)
    says = f"{says}; old tasks wait, and pyarrow is not installed" if due else says
    return not due, says, "install Axiom with its extra `data`, or set archive_days to 0"


def _watches(_folder: Folder, db: Database) -> _Answer:
    reached = [watch for watch in watches.list_open_watches(db) if watch.first_hit is not None]
    says = "; ".join(f"watch {watch.id} is met: {watch.sentence}" for watch in reached) or "no open watch is met"
    return not reached, says, f"look at it, then `axiom watch end {reached[0].id}`" if reached else ""


def _preflights(_folder: Folder, db: Database) -> _Answer:
    newest = preflights.list_newest_preflights(db, GATES)
    nobody = [bundle.name for bundle in newest if not bundle.is_ours]
    failed = [*nobody, *(bundle.name for bundle in newest if bundle.passed is False and bundle.name not in nobody)]
    waiting = [bundle.name for bundle in newest if bundle.passed is None and bundle.name not in nobody]
    well = "every experiment's bundle that is open was tried" if newest else "no experiment is published here"
    if waiting:
        every = tell_amount(len(newest), "experiment")
        well = f"{len(waiting)} of {every} not tried yet; until then no volunteer gets them"
    cure = f"`axiom experiment preflight {failed[0]}` says what is wrong with it" if failed else ""
    return not failed, f"failed: {', '.join(failed)}" if failed else well, cure


def _halts(_folder: Folder, db: Database) -> _Answer:
    halted = [stop for stop in list_stopped_versions(db).values() if stop["state"] == "halted"]
    says = "; ".join(f"{stop['experiment']}: {stop['why']}" for stop in halted) or "no open experiment is halted"
    return not halted, says, halted[0]["next"] if halted else ""


def _own_files(folder: Folder) -> Iterator[Diagnosis]:
    """Where Axiom brings a file and the laboratory has its own: which of the two is used."""
    for file in list_contested_files(shipped.catalogue_folder(), folder.catalogue):
        own, brought = (f"version {version}" for version in (file.own, file.shipped))
        yield Diagnosis(
            name="own file",
            well=file.is_own,
            says=f"{file.name}: this laboratory's own {own} is used, and Axiom's {brought} is not"
            if file.is_own
            else f"{file.name}: Axiom's {brought} is used, and this laboratory's own {own} no more",
            cure=f"see that Axiom's has what was mended here, then remove {folder.catalogue / file.name}.py",
        )


def _keys(folder: Folder) -> _Answer:
    try:
        trust = load_keys(folder.keys, wall_clock()).trust
    except AxiomError as error:
        return False, str(error), "restore the keys from where they are kept"
    return True, f"of laboratory {trust.lab[:12]}, good until {trust.expires:%Y-%m-%d}", ""


def _server(folder: Folder) -> _Answer:
    facts = read_lock_holder(folder)
    if facts is None and (gone := find_lost_server(folder)) is not None:
        cure = "the end of logs/axiom.log may say why; start it again: nothing is lost"
        return False, f"process {gone.get('pid')} is gone, and nobody stopped it", cure
    if facts is None:
        return True, "not running; the same command starts it again", ""
    process = f"process {facts.get('pid')}"
    if not SocketClient(folder.socket, server_limits.DOCTOR_SECONDS).answers():
        cure = f"wait if it is starting; else end {process} and start again: nothing is lost"
        return False, f"{process} holds the folder and does not answer", cure
    return True, f"{facts.get('url', 'running')} ({process})", ""


def _runners(folder: Folder) -> _Answer:
    offer = None
    if read_lock_holder(folder) is not None:
        with contextlib.suppress(AxiomError):  # that the server does not answer is said above
            offer = SocketClient(folder.socket, server_limits.DOCTOR_SECONDS).status()["status"].get("offer")
    problems = (offer or {}).get("problems", [])
    cure = "mend what is said here, or build them again with scripts/build-runner; what is offered stays"
    return not problems, "; ".join(problems) or runners_in_words(list_runner_downloads(folder), offer), cure


def _mail(folder: Folder) -> _Answer:
    try:
        settings, _ = read_process_settings(folder.settings)
        if not settings.mail_server:
            return True, "the laboratory sends none", ""
        password = os.environ.get(PASSWORD)
        server = mail_server(settings, os.environ if password else {PASSWORD: "not known here"})
        if server is not None:
            server = server if password else replace(server, user="")
            with server.open():
                pass
    except (AxiomError, DeliveryFailed) as error:
        cure = "mend the settings mail_…, then `axiom mail try YOUR-ADDRESS`; what waits is sent for three days"
        return False, f"no mail can be sent: {error}", cure
    signed_in = f"takes {settings.mail_user}'s password" if password and settings.mail_user else "answers"
    return True, f"{settings.mail_server}:{settings.mail_port} {signed_in}", ""


def _isolation() -> _Answer:
    tried = subprocess.run(
        [sys.executable, "-I", "-m", "axiom.runner.confine.confine"], capture_output=True, text=True, check=False
    )
    says = tried.stdout.strip().rstrip(".") or f"this could not be tried: {tried.stderr.strip()[-200:]}"
    well = tried.returncode == 0 and (sys.platform != "linux" or "fence" not in says)
    return (
        well,
        says,
        "on Linux, a kernel from 5.13 on with Landlock and seccomp holds it; see docs/explanation/isolation.md",
    )


def _sandbox(_folder: Folder, db: Database) -> _Answer:
    """Whether what was never tried can be tried here: outside of a sandbox nobody does, and volunteers wait for it."""
    try:
        demand_sandbox()
    except NoSandbox as error:
        well = not preflights.read_circumstances(db, wall_clock()).has_volunteers
        return (
            well,
            str(error),
            "install it, as docs/howto/preflight.md says: until then no new experiment reaches a volunteer",
        )
    return True, "untried code runs in bubblewrap's sandbox", ""


_IN_DATABASE: Mapping[str, Callable[[Folder, Database], _Answer]] = {
    "clock": _clock,
    "sandbox": _sandbox,
    "database": _database,
    "journal": _journal,
    "backup": _backup,
    "archive": _archive,
    "jobs": _jobs,
    "watches": _watches,
    "preflight": _preflights,
    "halts": _halts,
    "stamps": _stamps,
}


def runners_in_words(runners: Sequence[Mapping[str, Any]], offer: Mapping[str, Any] | None) -> str:
    versions = [
        f"{runner['platform']} on {' and '.join(runner['computes_on'])}: version {runner['version']}, "
        f"{runner['download_mb']} MB" + (", a stand-in for this laboratory's own computers" * runner["is_stand_in"])
        for runner in runners
    ]
    building = offer["building"] or ("nobody else can attach" if offer["is_closed"] else "") if offer else ""
    return "; ".join([*([building] if building else []), *(versions or ["none is offered yet"])])


def diagnosis_data(diagnosis: Diagnosis) -> dict[str, Any]:
    return asdict(diagnosis) | {"cure": diagnosis.cure if not diagnosis.well else ""}
