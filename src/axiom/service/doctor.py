"""What `axiom doctor` looks at, each with what it means and what to do."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from axiom import shipped
from axiom.commands.client import Remote
from axiom.commands.laboratory import contested
from axiom.domain.preflights import GATES
from axiom.errors import AxiomError, CannotStart, NoSandbox
from axiom.lab.upkeep.archive import is_due, is_possible
from axiom.lab.upkeep.automatic_backups import copies
from axiom.lab.upkeep.invariants import PROMISES, broken
from axiom.limits import backups as backup_limits
from axiom.limits import registrations as registration_limits
from axiom.limits import server as server_limits
from axiom.runner.confine.bubblewrap import demand
from axiom.server.mail.senders import DeliveryFailed
from axiom.service.clock import AcceptedClock
from axiom.service.mail import PASSWORD, mail_server
from axiom.service.open_laboratory import journal_of, reading
from axiom.settings import from_process
from axiom.signed.keys import load_keys
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database, moment, version
from axiom.store.engine.folder import Folder, holder, is_full, lost
from axiom.store.experiments import preflights
from axiom.store.journal.history import standing
from axiom.store.journal.replay import covered_from
from axiom.store.migrate import check
from axiom.store.registrations import stamps
from axiom.store.tasks import archives, workunits
from axiom.store.upkeep import jobs, watches
from axiom.store.upkeep import last_backup as backed_up
from axiom.web.views.join import runners_of
from axiom_weigh.amounts import counted
from axiom_weigh.terminal import wall_clock

_SYNCS = 5


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    name: str
    well: bool
    says: str
    cure: str = ""


def examine(folder: Folder) -> Iterator[Diagnosis]:
    yield _settings(folder)
    if not folder.exists():
        yield Diagnosis(
            name="laboratory", well=False, says=f"there is none in {folder.path}", cure="`scripts/lab` makes one"
        )
        return
    yield _room(folder)
    yield _sync(folder)
    strange = _strange(folder)
    if not strange:
        yield _asked(folder, "clock", _clock)
    yield _keys(folder)
    yield _server(folder)
    yield _runners(folder)
    yield _mail(folder)
    yield _isolation()
    yield from [strange] if strange else _all_asked(folder)


def _all_asked(folder: Folder) -> Iterator[Diagnosis]:
    yield _asked(folder, "sandbox", _sandbox)
    yield _asked(folder, "database", _database)
    yield _asked(folder, "journal", lambda db: _journal(folder, db))
    yield _asked(folder, "backup", lambda db: _backup(folder, db))
    yield _asked(folder, "archive", lambda db: _archive(folder, db))
    yield _asked(folder, "jobs", _jobs)
    yield _asked(folder, "watches", _watches)
    yield _asked(folder, "preflight", _preflights)
    yield from _own_files(folder)
    yield _asked(folder, "stamps", lambda db: _stamps(folder, db))


def watched(folder: Folder) -> Iterator[Diagnosis]:
    yield _asked(folder, "clock", _clock)
    yield _keys(folder)
    yield _asked(folder, "journal", lambda db: _journal(folder, db))
    yield _asked(folder, "backup", lambda db: _backup(folder, db))
    yield _asked(folder, "jobs", _jobs)
    yield _asked(folder, "watches", _watches)
    yield _asked(folder, "preflight", _preflights)
    yield _asked(folder, "stamps", lambda db: _stamps(folder, db))


def examine_invariants(folder: Folder) -> Iterator[Diagnosis]:
    now = wall_clock()
    with reading(folder) as db:
        problems = broken(db, folder, load_keys(folder.keys, now).trust, now)
    for number, promise in sorted(PROMISES.items(), key=lambda item: int(item[0].removeprefix("I"))):
        violations = problems[number]
        more = f" (and {len(violations) - 3} more)" if len(violations) > 3 else ""
        yield Diagnosis(
            name=number,
            well=not violations,
            says=promise if not violations else "; ".join(violations[:3]) + more,
            cure="" if not violations else "keep the folder as it is and report this: a promise of ours is broken",
        )


def _settings(folder: Folder) -> Diagnosis:
    try:
        _, listed = from_process(folder.settings)
    except AxiomError as error:
        return Diagnosis(name="settings", well=False, says=str(error), cure="mend the setting")
    changed = [setting.name for setting in listed if setting.origin != "default"]
    return Diagnosis(name="settings", well=True, says=f"chosen: {', '.join(changed)}" if changed else "all at default")


def _room(folder: Folder) -> Diagnosis:
    free = shutil.disk_usage(folder.path).free // 2**20
    return Diagnosis(
        name="disk",
        well=free >= server_limits.DOCTOR_FREE_MB,
        says=f"{free} MB free",
        cure=f"free some: below {server_limits.DOCTOR_FREE_MB} MB the next results may find no room",
    )


def _sync(folder: Folder) -> Diagnosis:
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
        cure = "free some space on this disk" if is_full(error) else "make the folder writable"
        return Diagnosis(name="sync", well=False, says=f"cannot write here: {error.strerror}", cure=cure)
    median = sorted(times)[_SYNCS // 2]
    return Diagnosis(
        name="sync",
        well=median < server_limits.DOCTOR_SYNC_MS,
        says=f"fsync takes {median:.1f} ms",
        cure="a local disk answers hosts sooner; nothing is lost on a slow one",
    )


def _strange(folder: Folder) -> Diagnosis | None:
    """A database of an older or a newer Axiom: said once, since nothing can be asked of its tables."""
    try:
        with Connections(folder=folder).reader() as db:
            check(db)
    except CannotStart as error:
        return Diagnosis(
            name="database", well=False, says=str(error), cure="start the laboratory with the right version"
        )
    except AxiomError:
        return None  # what it is, each that asks it something says
    return None


def _asked(folder: Folder, name: str, look: Callable[[Database], Diagnosis]) -> Diagnosis:
    try:
        with Connections(folder=folder).reader() as db:
            return look(db)
    except AxiomError as error:
        return Diagnosis(name=name, well=False, says=str(error), cure="start the laboratory, or restore a backup")


def _clock(db: Database) -> Diagnosis:
    newest, what = workunits.newest(db)
    ahead = (newest - wall_clock()).total_seconds()
    accepted = AcceptedClock.read(db)
    well = ahead < 60 or (accepted is not None and accepted.time(wall_clock()) >= newest)
    late = f"stands {ahead:.0f} s before what is written ({what})"
    return Diagnosis(
        name="clock",
        well=well,
        says="agrees with what is written" if ahead < 60 else f"{late}, which was accepted" if well else late,
        cure="set the computer's clock right; if it is right, `axiom lab --accept-clock`",
    )


def _database(db: Database) -> Diagnosis:
    check(db)
    return Diagnosis(name="database", well=True, says=f"{version()}; one writable connection, by lock")


def _journal(folder: Folder, db: Database) -> Diagnosis:
    settings, _ = from_process(folder.settings)
    place, point = journal_of(folder, settings), standing(db)
    first = covered_from(place, point) if point else None
    if point is None or first is None:
        return Diagnosis(
            name="journal",
            well=False,
            says=f"the newest changes are not in {place}",
            cure="start the laboratory: it begins a new journal, which covers the backups that are made from then on",
        )
    newest = max((copy.position for copy in copies(place, point)), default=0)
    where = "another disk than" if _is_elsewhere(place, folder) else "the same disk as"
    return Diagnosis(
        name="journal",
        well=first.point.position <= newest,
        says=f"every change since {moment(first.moment):%Y-%m-%d %H:%M} UTC, on {where} the database",
        cure=f"a part of {place} is lost: take a backup now, since an older one cannot be brought up to date",
    )


def _jobs(db: Database) -> Diagnosis:
    failing = [f"{row['name']}: {row['last_error']}" for row in jobs.everything(db) if row["last_error"]]
    return Diagnosis(
        name="jobs",
        well=not failing,
        says="; ".join(failing) or "none of the periodic jobs is failing",
        cure="logs/axiom.log says more; each is tried again by itself while the laboratory runs",
    )


def _stamps(folder: Folder, db: Database) -> Diagnosis:
    """Whether registrations wait for an authority, and with them their tasks."""
    if not from_process(folder.settings)[0].stamp_authority:
        return Diagnosis(name="stamps", well=True, says="no authority is to stamp registrations")
    unstamped = stamps.waiting(db)
    since = min((registration.created_at for registration in unstamped), default=wall_clock())
    faults = [row["last_error"] for row in jobs.everything(db) if row["name"] == "stamp" and row["last_error"]]
    waits = f"{counted(len(unstamped), 'registration')} without one, of which nothing is ordered"
    return Diagnosis(
        name="stamps",
        well=wall_clock() - since < registration_limits.STAMP_LATE_AFTER,
        says="; ".join([waits, *faults]) if unstamped else "no registration waits for one",
        cure="docs/howto/stamp-predictions.md says what to look at; without the setting stamp_authority all goes on",
    )


def _is_elsewhere(place: Path, folder: Folder) -> bool:
    return place.exists() and place.stat().st_dev != folder.path.stat().st_dev


def _backup(folder: Folder, db: Database) -> Diagnosis:
    """What others computed should outlive this disk. What one computed alone here, one may lose.

    The copies that the laboratory makes by itself count where they lie on another disk.
    """
    settings, _ = from_process(folder.settings)
    place, point, others = journal_of(folder, settings), standing(db), accounts.with_results(db)
    own = copies(place, point) if point and _is_elsewhere(place, folder) else []
    made = max(filter(None, (backed_up.last(folder), *(copy.made_at for copy in own))), default=None)
    days = (wall_clock() - made).days if made else None
    says = "none was made" if days is None else f"the last was made {counted(days, 'day')} ago"
    return Diagnosis(
        name="backup",
        well=not others or (days is not None and days <= backup_limits.DOCTOR_DAYS),
        says=f"{says}; {counted(others, 'volunteer')} computed here" if others else says,
        cure="`axiom backup`, also while the laboratory works; keep it elsewhere, with the journal",
    )


def _archive(folder: Folder, db: Database) -> Diagnosis:
    settings, _ = from_process(folder.settings)
    files = archives.everything(db)
    gone = [file for file in files if not blobs.file_of(folder, file.digest).is_file()]
    size = sum(file.bytes for file in files) // 2**20
    says = f"{counted(sum(file.tasks for file in files), 'task')} in {counted(len(files), 'file')} of {size} MB"
    if gone:
        return Diagnosis(
            name="archive",
            well=False,
            says=f"{counted(len(gone), 'file')} gone: {', '.join(file.name for file in gone)}",
            cure="put the files back from a backup; `axiom archive` names them",
        )
    due = settings.archive_days and not is_possible() and is_due(db, wall_clock(), settings.archive_days)
    return Diagnosis(
        name="archive",
        well=not due,
        says=f"{says}; old tasks wait, and pyarrow is not installed" if due else says,
        cure="install Axiom with its extra `data`, or set archive_days to 0",
    )


def _watches(db: Database) -> Diagnosis:
    reached = [watch for watch in watches.still_open(db) if watch.first_hit is not None]
    return Diagnosis(
        name="watches",
        well=not reached,
        says="; ".join(f"watch {watch.id} is met: {watch.sentence}" for watch in reached) or "no open watch is met",
        cure=f"look at it, then `axiom watch end {reached[0].id}`" if reached else "",
    )


def _preflights(db: Database) -> Diagnosis:
    newest = preflights.newest(db, GATES)
    nobody = [bundle.name for bundle in newest if not bundle.is_ours]
    failed = [*nobody, *(bundle.name for bundle in newest if bundle.passed is False and bundle.name not in nobody)]
    waiting = [bundle.name for bundle in newest if bundle.passed is None and bundle.name not in nobody]
    well = "every experiment's bundle that is open was tried" if newest else "no experiment is published here"
    if waiting:
        well = (
            f"{len(waiting)} of {counted(len(newest), 'experiment')} not tried yet; until then no volunteer gets them"
        )
    return Diagnosis(
        name="preflight",
        well=not failed,
        says=f"failed: {', '.join(failed)}" if failed else well,
        cure=f"`axiom experiment preflight {failed[0]}` says what is wrong with it" if failed else "",
    )


def _own_files(folder: Folder) -> Iterator[Diagnosis]:
    """Where Axiom brings a file and the laboratory has its own: which of the two is used."""
    for file in contested(shipped.catalogue(), folder.catalogue):
        own, brought = (f"version {version}" for version in (file.own, file.shipped))
        yield Diagnosis(
            name="own file",
            well=file.is_own,
            says=f"{file.name}: this laboratory's own {own} is used, and Axiom's {brought} is not"
            if file.is_own
            else f"{file.name}: Axiom's {brought} is used, and this laboratory's own {own} no more",
            cure=f"see that Axiom's has what was mended here, then remove {folder.catalogue / file.name}.py",
        )


def _keys(folder: Folder) -> Diagnosis:
    try:
        keys = load_keys(folder.keys, wall_clock())
    except AxiomError as error:
        return Diagnosis(name="keys", well=False, says=str(error), cure="restore the keys from where they are kept")
    return Diagnosis(
        name="keys", well=True, says=f"of laboratory {keys.trust.lab[:12]}, good until {keys.trust.expires:%Y-%m-%d}"
    )


def _server(folder: Folder) -> Diagnosis:
    facts = holder(folder)
    if facts is None and (gone := lost(folder)) is not None:
        return Diagnosis(
            name="server",
            well=False,
            says=f"process {gone.get('pid')} is gone, and nobody stopped it",
            cure="the end of logs/axiom.log may say why; start it again: nothing is lost",
        )
    if facts is None:
        return Diagnosis(name="server", well=True, says="not running; the same command starts it again")
    if not Remote(folder.socket, server_limits.DOCTOR_SECONDS).answers():
        return Diagnosis(
            name="server",
            well=False,
            says=f"process {facts.get('pid')} holds the folder and does not answer",
            cure=f"wait if it is starting; else end process {facts.get('pid')} and start again: nothing is lost",
        )
    return Diagnosis(name="server", well=True, says=f"{facts.get('url', 'running')} (process {facts.get('pid')})")


def _runners(folder: Folder) -> Diagnosis:
    offer = None
    if holder(folder) is not None:
        with contextlib.suppress(AxiomError):  # that the server does not answer is said above
            offer = Remote(folder.socket, server_limits.DOCTOR_SECONDS).status()["status"].get("offer")
    problems = (offer or {}).get("problems", [])
    return Diagnosis(
        name="runners",
        well=not problems,
        says="; ".join(problems) or in_words(runners_of(folder), offer),
        cure="mend what is said here, or build them again with scripts/build-runner; what is offered stays",
    )


def _mail(folder: Folder) -> Diagnosis:
    try:
        settings, _ = from_process(folder.settings)
        if not settings.mail_server:
            return Diagnosis(name="mail", well=True, says="the laboratory sends none")
        password = os.environ.get(PASSWORD)
        server = mail_server(settings, os.environ if password else {PASSWORD: "not known here"})
        if server is not None:
            server = server if password else replace(server, user="")
            with server.open():
                pass
    except (AxiomError, DeliveryFailed) as error:
        return Diagnosis(
            name="mail",
            well=False,
            says=f"no mail can be sent: {error}",
            cure="mend the settings mail_…, then `axiom mail try YOUR-ADDRESS`; what waits is sent for three days",
        )
    signed_in = f"takes {settings.mail_user}'s password" if password and settings.mail_user else "answers"
    return Diagnosis(name="mail", well=True, says=f"{settings.mail_server}:{settings.mail_port} {signed_in}")


def _isolation() -> Diagnosis:
    tried = subprocess.run(
        [sys.executable, "-I", "-m", "axiom.runner.confine.confine"], capture_output=True, text=True, check=False
    )
    says = tried.stdout.strip().rstrip(".") or f"this could not be tried: {tried.stderr.strip()[-200:]}"
    return Diagnosis(
        name="isolation",
        well=tried.returncode == 0 and (sys.platform != "linux" or "fence" not in says),
        says=says,
        cure="on Linux, a kernel from 5.13 on with Landlock and seccomp holds it; see docs/explanation/isolation.md",
    )


def _sandbox(db: Database) -> Diagnosis:
    """Whether what was never tried can be tried here: outside of a sandbox nobody does, and volunteers wait for it."""
    try:
        demand()
    except NoSandbox as error:
        return Diagnosis(
            name="sandbox",
            well=not preflights.circumstances(db, wall_clock()).has_volunteers,
            says=str(error),
            cure="install it, as docs/howto/preflight.md says: until then no new experiment reaches a volunteer",
        )
    return Diagnosis(name="sandbox", well=True, says="untried code runs in bubblewrap's sandbox")


def in_words(runners: Sequence[Mapping[str, Any]], offer: Mapping[str, Any] | None) -> str:
    versions = [
        f"{runner['platform']} on {' and '.join(runner['computes_on'])}: version {runner['version']}, "
        f"{runner['download_mb']} MB" + (", a stand-in for this laboratory's own computers" * runner["is_stand_in"])
        for runner in runners
    ]
    building = offer["building"] or ("nobody else can attach" if offer["is_closed"] else "") if offer else ""
    return "; ".join([*([building] if building else []), *(versions or ["none is offered yet"])])


def as_data(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "name": diagnosis.name,
        "well": diagnosis.well,
        "says": diagnosis.says,
        "cure": diagnosis.cure if not diagnosis.well else "",
    }
