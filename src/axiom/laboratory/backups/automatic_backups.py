"""Copies of a whole laboratory beside its journal: the newest two are kept, and of the journal what they need.

So the folder of the journal restores the laboratory by itself, and does not grow for ever.
"""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from axiom.errors import StorageFull
from axiom.laboratory.backups.backup import back_up
from axiom.limits import backups as limits
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import sync
from axiom.store.engine.folder import Folder
from axiom.store.journal.history import JournalPoint, newest_point
from axiom.store.journal.journal import prune
from axiom.store.journal.records import short

_NAME = re.compile(r"copy-(\d{8}-\d{6})-(\d{12})-([0-9a-f]+)\.tar")
_TIME = "%Y%m%d-%H%M%S"
_UNFINISHED = "copy.tar"
_ROOM = 1.1  # times what a copy needs


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """One backup that the laboratory made by itself."""

    path: Path
    made_at: datetime
    position: int  # in the journal


def copies(place: Path, point: JournalPoint) -> list[Copy]:
    """Those of this history, the newest last: in the journal, since a clock may have been ahead."""
    matches = [(path, _NAME.fullmatch(path.name)) for path in sorted(place.glob("copy-*.tar"))]
    made = [
        Copy(path=path, made_at=datetime.strptime(name[1], _TIME).replace(tzinfo=UTC), position=int(name[2]))
        for path, name in matches
        if name and name[3] == short(point)
    ]
    return sorted(made, key=lambda copy: copy.position)


def newest_copy(place: Path) -> Path | None:
    """The newest copy in this folder, of whichever history; None where there is none."""
    matches = [(name[1], path) for path in place.glob("copy-*.tar") if (name := _NAME.fullmatch(path.name))]
    return max(matches)[1] if matches else None


def keep_copy(folder: Folder, place: Path, now: datetime) -> Path | None:
    """There is a copy beside the journal that is not older than a day; returns a new one where that was needed."""
    with Connections(folder=folder).reader() as db:
        point = newest_point(db)
    if point is None:
        return None
    earlier = copies(place, point)
    if any(timedelta(0) <= now - copy.made_at < limits.COPY_EVERY for copy in earlier):
        return None
    _sweep(place)
    _demand_room(folder, place)
    made = back_up(folder, place / _UNFINISHED, with_keys=True, now=now)
    target = place / f"copy-{now.strftime(_TIME)}-{made.position:012}-{short(point)}.tar"
    (place / _UNFINISHED).replace(target)
    sync(place)
    for old in earlier[:-1]:
        old.path.unlink(missing_ok=True)
    if earlier:
        prune(place, point.history, earlier[-1].position)
    return target


def _sweep(place: Path) -> None:
    """What an earlier attempt left when its process died is gone."""
    (place / _UNFINISHED).unlink(missing_ok=True)
    for left in place.glob(".axiom-backup-*"):
        shutil.rmtree(left, ignore_errors=True)


def _demand_room(folder: Folder, place: Path) -> None:
    files = blobs.size_of_files(folder)
    needed = int(_ROOM * (2 * folder.database.stat().st_size + files))
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StorageFull(
            f"There is no room for the daily copy in {place}: it takes {needed // 2**20} MB for a while, and "
            f"{free // 2**20} MB are free. The journal grows until there is; free some space."
        )
