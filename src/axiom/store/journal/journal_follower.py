"""Goes along with a journal that another process, perhaps on another computer, is writing.

Each look reads what was appended since the one before and does it to a database of our own. A record whose commit
failed is taken back from the end of a journal; so a record waits for the look after the one that saw it first. What is
not there yet, or only in part, is waited for: the journal may be copied here piece by piece. What says something else
than our database is never done.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from axiom.errors import StoreDamaged
from axiom.store.engine.database import Database, from_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.journal import history, records
from axiom.store.journal.history import JournalPoint
from axiom.store.journal.replay import JournalEnd, ProvenRecord, redo_record

_GROUPS_AT_ONCE = 500  # in one transaction
_PATIENCE = 10  # looks in a row at something that does not fit, before it counts as a difference
_LONG_PATIENCE = 120  # looks in a row at a part that is missing, which a slow copy may yet bring
_FORM = re.compile(r"\s*(CREATE|ALTER|DROP)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalLook:
    groups: int = 0
    until: datetime | None = None  # when the newest group that was done was written; None where none was
    changes_form: bool = False  # did a table or an index change?
    again: bool = False  # is more there that need not be waited for?


class JournalFollower:
    """Our database, and how far along the journal it is. One thread looks, about twice a second."""

    def __init__(self, db: Database, folder: Folder, place: Path) -> None:
        point = history.read_journal_point(db)
        if point is None:
            raise StoreDamaged(f"The database in {folder.path} kept no journal, so it can follow none.")
        self._db, self._folder, self._place = db, folder, place
        self._point = point
        self._path: Path | None = None  # the file that is read; None before our place in it was found
        self._ends = 0  # where in it what we have done ends
        self._mark = b""  # the digest that ends there: a file that has another there is another
        self._seen = frozenset[bytes]()  # the digests of the whole records that the look before saw
        self._known: dict[int, records.Statement] = {}
        self._misses = 0

    @property
    def position(self) -> int:
        return self._point.position

    def advance(self) -> JournalLook:
        """Do what was there at the look before already, or what a later file of the journal has settled."""
        if history.read_journal_point(self._db) != self._point:
            raise StoreDamaged(
                f"Somebody else changed the database in {self._folder.path}, so it is no copy any more. Nothing more "
                "was done; make another from a backup."
            )
        if self._path is None and not self._begin():
            return JournalLook()
        return self._go_on()

    def _begin(self) -> bool:
        files = records.list_segments(self._place, self._point.history, records.read_arriving_segment)
        before = [segment for segment in files if segment.point.position <= self._point.position]
        if not before:
            return self._miss(JournalEnd.LATE if files else JournalEnd.ABSENT, self._place, _LONG_PATIENCE)
        segment = before[-1]
        raw = segment.path.read_bytes()
        reached, ends = segment.point, segment.begins
        self._known = {}
        for frame in records.iterate_frames(raw, segment.begins):
            if frame.number > self._point.position:
                break
            if not frame.holds(raw, reached.digest):
                raise _stopped(JournalEnd.DAMAGED, segment.path)
            records.read_record_body(frame.body(raw), self._known)
            reached, ends = _point_after(frame, reached), frame.ends
        if reached.position < self._point.position:
            return self._miss(JournalEnd.SHORT, segment.path, _LONG_PATIENCE)
        if reached != self._point:
            raise _stopped(JournalEnd.FOREIGN, segment.path)
        self._path, self._ends, self._seen, self._misses = segment.path, ends, frozenset(), 0
        self._mark = raw[ends - records.DIGEST_BYTES : ends]
        return True

    def _go_on(self) -> JournalLook:
        path, begins = self._path or self._place, self._ends
        mark, raw = _read_from(path, begins)
        if raw and mark != self._mark:
            self._miss(JournalEnd.FOREIGN, path, _PATIENCE)
            return JournalLook()
        whole, reached = self._whole(raw)
        digests = [raw[frame.ends - records.DIGEST_BYTES : frame.ends] for frame in whole]
        following = self._following(path, reached)
        is_settled = following is not None
        # By their digests: where one was taken back since, another may stand at its place.
        ready = [frame for frame, digest in zip(whole, digests, strict=True) if is_settled or digest in self._seen]
        done = self._do(raw, ready)
        self._seen = frozenset(digests)
        if whole or is_settled:
            self._misses = 0
        elif not records.is_blank(raw, 0):
            self._look_at_rest(raw, path)
        elif any(
            int(file.name[:12]) > reached.position
            for file in self._place.glob(f"*-{records.shorten_history(reached)}.log")
        ):
            self._miss(JournalEnd.GAP, self._place / records.segment_file_name(reached), _LONG_PATIENCE)
        else:
            self._misses = 0
        if following is not None:
            self._path, self._known = following.path, {}
            self._ends, self._seen = following.begins, frozenset()
            self._mark, _ = _read_from(self._path, self._ends)
        return replace(done, again=is_settled)

    def _following(self, path: Path, reached: JournalPoint) -> records.Segment | None:
        """The file that goes on from this point. Once it is there, nothing in the one before it changes any more."""
        following = self._place / records.segment_file_name(reached)
        if following == path or not following.exists():
            return None
        try:
            segment = records.read_arriving_segment(following)
        except StoreDamaged:
            self._miss(JournalEnd.DAMAGED, following, _PATIENCE)
            return None
        if segment is not None and segment.point != reached:
            raise _stopped(JournalEnd.FOREIGN, following)
        return segment

    def _whole(self, raw: bytes) -> tuple[list[records.Frame], JournalPoint]:
        whole, reached = [], self._point
        for frame in records.iterate_frames(raw, 0):
            if frame.number != reached.position + 1 or not frame.holds(raw, reached.digest):
                break
            whole.append(frame)
            reached = _point_after(frame, reached)
        return whole, reached

    def _do(self, raw: bytes, ready: Sequence[records.Frame]) -> JournalLook:
        begins, changes_form, last = self._ends, False, None
        for first in range(0, len(ready), _GROUPS_AT_ONCE):
            part = ready[first : first + _GROUPS_AT_ONCE]
            with self._db.transaction():
                for frame in part:
                    last = ProvenRecord(
                        number=frame.number,
                        moment=from_microseconds(frame.moment),
                        changes=records.read_record_body(frame.body(raw), self._known),
                        digest=frame.digest,
                    )
                    redo_record(self._db, self._folder, last)
                    changes_form |= any(_FORM.match(sql) for sql, _, _ in last.changes)
                history.advance_journal_point(self._db, part[-1].number, part[-1].digest)
            self._point, self._ends = _point_after(part[-1], self._point), begins + part[-1].ends
            self._mark = part[-1].digest
        return JournalLook(groups=len(ready), until=last.moment if last else None, changes_form=changes_form)

    def _look_at_rest(self, raw: bytes, path: Path) -> None:
        """What cannot be read yet: half a record is waited for, another one than follows ours is not."""
        frame = next(records.iterate_frames(raw, 0), None)
        if frame is not None and frame.number == self._point.position + 1:
            self._miss(JournalEnd.FOREIGN, path, _PATIENCE)
        elif frame is not None or records.has_later_record(raw, 0, self._point.position + 1):
            self._miss(JournalEnd.DAMAGED, path, _PATIENCE)

    def _miss(self, ending: JournalEnd, path: Path, patience: int) -> bool:
        """Something does not fit. A copy of a file in the making looks like that, too, but not for long."""
        self._misses += 1
        if self._misses > patience:
            raise _stopped(ending, path)
        return False


def _point_after(frame: records.Frame, before: JournalPoint) -> JournalPoint:
    return JournalPoint(history=before.history, position=frame.number, digest=frame.digest)


def _read_from(path: Path, begins: int) -> tuple[bytes, bytes]:
    """The digest that ends here, and the file from here on; nothing of a file that is gone or has become shorter."""
    try:
        with path.open("rb") as file:
            file.seek(begins - records.DIGEST_BYTES)
            return file.read(records.DIGEST_BYTES), file.read()
    except FileNotFoundError:
        return b"", b""


def _stopped(ending: JournalEnd, path: Path) -> StoreDamaged:
    return StoreDamaged(
        f"The journal cannot be followed any further: {ending.value} ({path}). What was done until here is whole and "
        "is shown no longer; make another copy from a newer backup of the laboratory."
    )
