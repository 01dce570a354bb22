"""The journal: every change that is committed was first appended here, and reached the disk.

It lies in a folder of its own, best on another disk. The database can be lost, or a backup of it be an old one: what
the journal holds is done again, change by change, and the database is what it was. `attach` does that at every start,
since a crash between the append and the commit leaves the journal one group ahead; nobody was told of that group, and
nobody minds it. For the same reason SQLite's own log need not reach the disk with each commit: what a power cut takes
of it stands here. A new file begins only when all that stands in those before it is on the database's disk, too.

A commit that fails takes its record back. When even that fails, or the disk does, nothing is ever appended again.
"""

import contextlib
import itertools
import logging
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from axiom.errors import FolderInUse, FolderUnusable, StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.limits import backups as limits
from axiom.runner.files.file_lock import take_file_lock
from axiom.signed.atomic_files import fsync_path, write_atomically
from axiom.store.engine.database import Change, Database, to_microseconds
from axiom.store.engine.database_lock import wal_path
from axiom.store.engine.folder import Folder, is_disk_full
from axiom.store.journal import history
from axiom.store.journal.history import JournalPoint
from axiom.store.journal.records import (
    StatementNumbers,
    list_segments,
    segment_file_name,
    shorten_history,
    write_record,
    write_segment_start,
)
from axiom.store.journal.replay import JournalEnd, JournalTail, ReplayResult, replay_journal

log = logging.getLogger("axiom.journal")

_SPARE_BYTES = 512 * 1024  # of zeros, written ahead: a flush is much quicker where the file grows no longer by it

_ADVICE = {
    JournalEnd.LATE: "restore a backup of this laboratory, or move the files of the journal elsewhere if this database "
    "is the one to go on with",
    JournalEnd.GAP: "put the missing files back, or restore a newer backup",
    JournalEnd.DAMAGED: "copy the folder away, then `axiom restore` the newest backup with --as-far-as-possible",
    JournalEnd.FOREIGN: "name a folder of its own for each laboratory in the setting `journal`",
}


def attach_journal(
    db: Database, folder: Folder, place: Path, now: Callable[[], datetime], *, segment_bytes: int = limits.SEGMENT_BYTES
) -> None:
    """From here on every change through this connection is in the journal; what that has beyond it is done first.

    A database that has no place yet for where it stands is left alone.
    """
    if db.recorded or "journal" not in db.tables():
        return
    point = history.read_journal_point(db) or history.begin_history(db)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _hold(place, point)
        try:
            replayed = replay_journal(db, folder, place)
            _demand(replayed, place)
            point = history.read_journal_point(db) or point
            written = wal_path(folder.database)
            journal = Journal(
                place, point, written=written, replayed=replayed, now=now, segment_bytes=segment_bytes, lock=lock
            )
        except BaseException:
            os.close(lock)
            raise
    except OSError as error:
        raise FolderUnusable(
            f"The journal in {place} cannot be used: {error.strerror} ({error.filename}). Nothing was started; "
            "the setting `journal` names its folder, which must be on a disk that is there and writable, for a service "
            "also by its `ReadWritePaths`."
        ) from error
    db.record_in(journal)
    if replayed.groups:
        log.warning("journal.replayed groups=%d up_to=%s", replayed.groups, replayed.until)


def _demand(replayed: ReplayResult, place: Path) -> None:
    if replayed.ending in _ADVICE:
        where = replayed.damaged or place
        raise StoreDamaged(
            f"The journal does not fit the database: {replayed.ending.value} ({where}). Nothing was started, since "
            f"changes that were acknowledged would be missing; {_ADVICE[replayed.ending]}."
        )


class Journal:
    def __init__(
        self,
        place: Path,
        point: JournalPoint,
        *,
        written: Path,
        replayed: ReplayResult,
        now: Callable[[], datetime],
        segment_bytes: int,
        lock: int,
    ) -> None:
        self._place = place
        self._written = written  # SQLite's own log
        self._point = point
        self._now = now
        self._segment_bytes = segment_bytes
        self._lock = lock
        self._failed: StoreError | None = None
        self._undo: tuple[int, JournalPoint, Sequence[tuple[str, tuple[str, ...]]]] = (0, point, ())
        if replayed.ending in {JournalEnd.END, JournalEnd.TORN} and replayed.tail is not None:
            self._file, self._size = _reopen(replayed.tail)
            self._begins = replayed.tail.segment.point
        else:
            if point.position:
                log.warning("journal.begins position=%d only backups from now on are covered", point.position)
            _settle(self._written)
            self._file, self._size = _make(place, point, to_microseconds(now()))
            self._begins = point
        self._words = StatementNumbers(self._size)
        self._room = self._size  # as far as the file goes, with what was written ahead

    def append(self, database: Database, changes: Sequence[Change]) -> None:
        if self._failed is not None:
            raise type(self._failed)(str(self._failed))
        if self._size >= self._segment_bytes and self._point != self._begins:
            self._turn()
        body, new = self._words.write(changes)
        number = self._point.position + 1
        record, digest = write_record(number, to_microseconds(self._now()), body, self._point.digest)
        try:
            history.advance_journal_point(database, number, digest)
            self._write(record)
        except BaseException:
            self._words.forget(new)
            raise
        self._undo = (self._size, self._point, new)
        self._size += len(record)
        self._point = JournalPoint(history=self._point.history, position=number, digest=digest)

    def withdraw(self, database: Database, error: BaseException) -> None:
        """Take the last record back, as its changes were not committed.

        After a failure of the disk it stays: whether SQLite's log has the changes is then unknown, and with the record
        the next start comes to the same end either way.
        """
        if isinstance(error, StoreError) and not isinstance(error, StorageFull | StoreBusy):
            self._failed = error
            return
        try:
            row = database.row("SELECT position FROM journal")
        except StoreError as fault:
            self._failed = fault  # nobody knows whether it was committed, so nothing may follow it
            raise
        if row is not None and row["position"] == self._point.position:
            return  # it was committed all the same, and the error came after
        size, self._point, new = self._undo
        self._words.forget(new)
        self._cut(size, error)
        self._size = size

    def close(self) -> None:
        self._trim()
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1

    def _write(self, record: bytes) -> None:
        place, end = self._size, self._size + len(record)
        left = memoryview(record if end <= self._room else record + bytes(_SPARE_BYTES))
        try:
            while left:
                written = os.pwrite(self._file, left, place)
                left, place = left[written:], place + written
        except OSError as error:
            if not is_disk_full(error):
                raise self._fail(error) from error
            if place < end:  # otherwise there is room for the record, and none ahead of it
                self._cut(self._size, error)
                raise self._full() from error
        self._room = max(self._room, place)
        try:
            os.fsync(self._file)
        except OSError as error:  # never tried again: a second fsync may say that all is well when it is not
            raise self._fail(error) from error

    def _cut(self, size: int, cause: BaseException) -> None:
        try:
            os.ftruncate(self._file, size)
            os.fsync(self._file)
        except OSError as error:
            raise self._fail(error) from cause
        self._room = size

    def _trim(self) -> None:
        """The file ends where its last record does. If it does not, nobody minds."""
        if self._failed is None and self._room > self._size:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)

    def _fail(self, error: OSError) -> StoreDamaged:
        self._failed = StoreDamaged(
            f"The journal in {self._place} cannot be written ({error.strerror}). Nothing of this change was "
            "acknowledged; check that disk, then start Axiom again: it goes on from what is truly there."
        )
        return self._failed

    def _full(self) -> StorageFull:
        return StorageFull(
            f"The disk of the journal in {self._place} is full. Nothing of this change was stored and nobody was told "
            "that it was; free some space, and what was refused can be sent again."
        )

    def _turn(self) -> None:
        try:
            _settle(self._written)
            file, size = _make(self._place, self._point, to_microseconds(self._now()))
        except OSError as error:
            if not is_disk_full(error):
                raise self._fail(error) from error
            raise self._full() from error
        self._trim()
        os.close(self._file)
        self._file, self._size, self._room, self._begins = file, size, size, self._point
        self._words = StatementNumbers(size)


def prune_journal(place: Path, of: str, position: int) -> int:
    files = list_segments(place, of)
    spent = [segment for segment, after in itertools.pairwise(files) if after.point.position <= position]
    for segment in spent:
        segment.path.unlink(missing_ok=True)
    return len(spent)


def _settle(written: Path) -> None:
    """What the database's log holds is on the disk: what stands in the journal before here may then be deleted."""
    if written.exists():
        fsync_path(written)


def _make(place: Path, point: JournalPoint, moment: int) -> tuple[int, int]:
    path = place / segment_file_name(point)
    start = write_segment_start(point, moment)
    write_atomically(path, start)
    return os.open(path, os.O_RDWR), len(start)


def _reopen(tail: JournalTail) -> tuple[int, int]:
    file = os.open(tail.segment.path, os.O_RDWR)
    if os.fstat(file).st_size > tail.ends:
        os.ftruncate(file, tail.ends)
        os.fsync(file)
    return file, tail.ends


def _hold(place: Path, point: JournalPoint) -> int:
    lock = take_file_lock(place / f"{shorten_history(point)}.lock")
    if lock is None:
        raise FolderInUse(
            f"Another process writes to the journal in {place}, so two copies of one laboratory are at work. Nothing "
            "was started; stop one of them for good."
        )
    return lock
