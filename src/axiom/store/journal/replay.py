"""What a journal says came after a point, and how far that can be followed; and the same done to a database."""

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from axiom.errors import StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.store.engine import blobs
from axiom.store.engine.database import FILE, Change, Database, from_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.journal.history import JournalPoint
from axiom.store.journal.records import (
    Frame,
    Segment,
    Statement,
    has_later_record,
    is_blank,
    iterate_frames,
    list_segments,
    read_record_body,
)

_GROUPS_AT_ONCE = 500  # in one transaction of a replay


class JournalEnd(Enum):
    END = "everything that it holds was followed"
    TORN = "its last record was never finished"
    SHORT = "it ends before the database does"
    ABSENT = "it holds nothing of this laboratory"
    LATE = "it begins only after the database"
    GAP = "a part of it is missing"
    DAMAGED = "a record in it is not what was written"
    FOREIGN = "it says something else than the database"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvenRecord:
    number: int
    moment: datetime
    changes: list[Change]
    digest: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalTail:
    segment: Segment
    ends: int
    point: JournalPoint


class JournalReader:
    """The records after a point, in order. Once they are read, `ending` says why there are no more."""

    def __init__(self, place: Path, point: JournalPoint) -> None:
        self._segments = list_segments(place, point.history)
        self._point = point
        self.ending = JournalEnd.ABSENT
        self.tail: JournalTail | None = None  # where the course ended, if it is in the journal
        self.damaged: Path | None = None

    def __iter__(self) -> Iterator[ProvenRecord]:
        before = [segment for segment in self._segments if segment.point.position <= self._point.position]
        after = self._segments[len(before) :]
        if not before:
            self.ending = JournalEnd.LATE if after else JournalEnd.ABSENT
            return
        yield from self._first(before[-1], is_last=not after)
        for segment, following in itertools.zip_longest(after, after[1:]):
            if self.tail is None or self.ending is not JournalEnd.END:
                return
            if segment.point != self.tail.point:
                self.ending = JournalEnd.GAP
                return
            yield from self._records(segment, segment.path.read_bytes(), is_last=following is None)

    def _first(self, segment: Segment, *, is_last: bool) -> Iterator[ProvenRecord]:
        """What comes after the point in the segment that should hold it."""
        raw = segment.path.read_bytes()
        here = _tail_at(segment, raw, self._point.position)
        if here is None:
            self.ending = JournalEnd.SHORT if is_last else JournalEnd.GAP
        elif here.point != self._point:
            self.ending, self.damaged = JournalEnd.FOREIGN, segment.path
        elif is_blank(raw, here.ends):  # nothing comes after it, and to read the whole for that would take a while
            self.ending, self.tail = JournalEnd.END, here
        else:
            yield from self._records(segment, raw, is_last=is_last)

    def _records(self, segment: Segment, raw: bytes, *, is_last: bool) -> Iterator[ProvenRecord]:
        statements: dict[int, Statement] = {}
        point, ends, unreadable = segment.point, segment.begins, False
        for frame in iterate_frames(raw, segment.begins):
            is_whole = frame.number == point.position + 1 and frame.holds(raw, point.digest)
            changes = _changes(frame, raw, statements) if is_whole else None
            if frame.number > self._point.position:
                if changes is None:
                    unreadable = is_whole
                    break
                yield ProvenRecord(
                    number=frame.number, moment=from_microseconds(frame.moment), changes=changes, digest=frame.digest
                )
            # What the database has already may be damaged here, as long as what comes later can be read without it.
            if changes is None and segment.may_number_anew:
                statements.clear()
            point, ends = JournalPoint(history=point.history, position=frame.number, digest=frame.digest), frame.ends
        self.tail = JournalTail(segment=segment, ends=ends, point=point)
        self.ending = JournalEnd.END
        if not is_blank(raw, ends):
            torn = is_last and not unreadable and not has_later_record(raw, ends, point.position + 1)
            self.ending, self.damaged = JournalEnd.TORN if torn else JournalEnd.DAMAGED, segment.path


def _changes(frame: Frame, raw: bytes, statements: dict[int, Statement]) -> list[Change] | None:
    try:
        return read_record_body(frame.body(raw), statements)
    except KeyError:
        return None


def _tail_at(segment: Segment, raw: bytes, position: int) -> JournalTail | None:
    if segment.point.position == position:
        return JournalTail(segment=segment, ends=segment.begins, point=segment.point)
    last: Frame | None = next(
        (frame for frame in iterate_frames(raw, segment.begins) if frame.number == position), None
    )
    if last is None:
        return None
    point = JournalPoint(history=segment.point.history, position=position, digest=last.digest)
    return JournalTail(segment=segment, ends=last.ends, point=point)


def find_first_covering_segment(place: Path, point: JournalPoint) -> Segment | None:
    """The file with which the changes begin that lead here without a gap; None where the journal does not lead here."""
    first: Segment | None = None
    reached = point
    for segment in reversed(list_segments(place, point.history)):
        if segment.point.position > reached.position:
            continue
        here = _tail_at(segment, segment.path.read_bytes(), reached.position)
        if here is None or here.point != reached:
            break
        first, reached = segment, segment.point
    return first


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayResult:
    groups: int
    changes: int
    until: datetime | None  # when the last of them was written
    ending: JournalEnd
    tail: JournalTail | None
    damaged: Path | None


def replay_journal(db: Database, folder: Folder, place: Path) -> ReplayResult:
    """Do to the database what the journal in this place says came after it. The connection records nothing itself."""
    point = history.read_journal_point(db)
    if point is None:
        return ReplayResult(groups=0, changes=0, until=None, ending=JournalEnd.ABSENT, tail=None, damaged=None)
    reader = JournalReader(place, point)
    records = iter(reader)
    groups = changes = 0
    until: datetime | None = None
    while batch := list(itertools.islice(records, _GROUPS_AT_ONCE)):
        with db.transaction():
            for record in batch:
                redo_record(db, folder, record)
            history.advance_journal_point(db, batch[-1].number, batch[-1].digest)
        groups += len(batch)
        changes += sum(len(record.changes) for record in batch)
        until = batch[-1].moment
    return ReplayResult(
        groups=groups,
        changes=changes,
        until=until,
        ending=reader.ending,
        tail=reader.tail,
        damaged=reader.damaged,
    )


def redo_record(db: Database, folder: Folder, record: ProvenRecord) -> None:
    try:
        for sql, names, values in record.changes:
            if sql == FILE:
                digest, body = values
                blobs.write_blob_file(folder, digest, body, record.moment)
            else:
                db.repeat(sql, names, values)
    except (StorageFull, StoreBusy):
        raise
    except (sqlite3.Error, StoreError) as error:
        raise StoreDamaged(
            f"Group {record.number} of the journal does not fit this database ({error}), so something was changed that "
            "is not in the journal. Nothing of the group was done; restore another backup."
        ) from error
