"""Copies of a whole laboratory beside its journal: the newest two are kept, and of the journal what they need.

So the folder of the journal restores the laboratory by itself, and does not grow for ever.
"""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from axiom.errors import StorageFull
from axiom.laboratory.backups.backup import make_backup
from axiom.limits import backups as limits
from axiom.signed.atomic_files import replace_durably
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.folder import Folder
from axiom.store.journal.history import JournalPoint, read_journal_point
from axiom.store.journal.journal import prune_journal
from axiom.store.journal.records import shorten_history

_NAME = re.compile(r"copy-(\d{8}-\d{6})-(\d{12})-([0-9a-f]+)\.tar")
_TIME = "%Y%m%d-%H%M%S"
_UNFINISHED = "copy.tar"
_ROOM = 1.1  # times what a copy needs


@dataclass(frozen=True, kw_only=True, slots=True)
class DailyCopy:
    """One backup that the laboratory made by itself."""

    path: Path
    made_at: datetime
    position: int  # in the journal


def list_daily_copies(place: Path, point: JournalPoint) -> list[DailyCopy]:
    """Those of this history, the newest last: in the journal, since a clock may have been ahead."""
    matches = [(path, _NAME.fullmatch(path.name)) for path in sorted(place.glob("copy-*.tar"))]
    made = [
        DailyCopy(path=path, made_at=datetime.strptime(name[1], _TIME).replace(tzinfo=UTC), position=int(name[2]))
        for path, name in matches
        if name and name[3] == shorten_history(point)
    ]
    return sorted(made, key=lambda copy: copy.position)


def find_newest_daily_copy(place: Path) -> Path | None:
    """The newest copy in this folder, of whichever history; None where there is none."""
    matches = [(name[1], path) for path in place.glob("copy-*.tar") if (name := _NAME.fullmatch(path.name))]
    return max(matches)[1] if matches else None


def make_daily_copy(folder: Folder, place: Path, now: datetime) -> Path | None:
    """There is a copy beside the journal that is not older than a day; returns a new one where that was needed."""
    with Connections(folder=folder).reader() as db:
        point = read_journal_point(db)
    if point is None:
        return None
    earlier = list_daily_copies(place, point)
    if any(timedelta(0) <= now - copy.made_at < limits.COPY_EVERY for copy in earlier):
        return None
    _sweep(place)
    _demand_room(folder, place)
    made = make_backup(folder, place / _UNFINISHED, with_keys=True, now=now)
    target = place / f"copy-{now.strftime(_TIME)}-{made.position:012}-{shorten_history(point)}.tar"
    replace_durably(place / _UNFINISHED, target)
    gone = max(0, len(earlier) + 1 - limits.COPIES_KEPT)
    for old in earlier[:gone]:
        old.path.unlink(missing_ok=True)
    if earlier:
        oldest = [*(copy.position for copy in earlier), made.position][gone]
        prune_journal(place, point.history, oldest)
    return target


def _sweep(place: Path) -> None:
    """What an earlier attempt left when its process died is gone."""
    (place / _UNFINISHED).unlink(missing_ok=True)
    for left in place.glob(".axiom-backup-*"):
        shutil.rmtree(left, ignore_errors=True)


def _demand_room(folder: Folder, place: Path) -> None:
    files = blobs.measure_blob_files(folder)
    needed = int(_ROOM * (2 * folder.database.stat().st_size + files))
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StorageFull(
            f"There is no room for the daily copy in {place}: it takes {needed // 2**20} MB for a while, and "
            f"{free // 2**20} MB are free. The journal grows until there is; free some space."
        )
