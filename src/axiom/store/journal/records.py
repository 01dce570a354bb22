"""How a journal lies on the disk: segments, which are files of records, one for each group of changes.

segment   a record of another kind that says from which point of which history it goes on, then the records; behind
          them zeros, where the next ones will be
record    head: mark, bytes of the body, number of the group, its moment, CRC-32 of these; body; digest
digest    SHA-256 of the digest before, head and body: nothing can be left out, put in or exchanged unnoticed
body      MessagePack: statements that occur for the first time, then of each change the number of its statement
          and its values; a number means one statement in all of a segment. In format 1 it did not: whoever opened
          a segment to append to it began at 0 again
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]

from axiom.errors import StoreDamaged
from axiom.store.engine.database import Change
from axiom.store.journal.history import JournalPoint

_FORMAT = 2
_FORMAT_WITH_NEW_NUMBERS = 1
_MARK = b"AxJ1"
_HEAD = struct.Struct("<4sIQq")
_CHECK = struct.Struct("<I")
_HEAD_BYTES = _HEAD.size + _CHECK.size
DIGEST_BYTES = 32
_START_BYTES = 4_096  # more than any segment's first record has
_SHORT = 8  # so many digits of a history are in a name

Statement = tuple[str, tuple[str, ...]]  # the text and the names of its values


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """Where one record lies in its segment, as its head says; whether that is true is seen from the digest."""

    number: int
    moment: int
    begins: int
    ends: int
    digest: bytes

    def holds(self, raw: bytes, previous: bytes) -> bool:
        return _digest(previous, memoryview(raw)[self.begins : self.ends - DIGEST_BYTES]) == self.digest

    def body(self, raw: bytes) -> memoryview:
        return memoryview(raw)[self.begins + _HEAD_BYTES : self.ends - DIGEST_BYTES]


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    path: Path
    point: JournalPoint
    moment: int
    begins: int  # where its first record lies
    may_number_anew: bool = False  # may a number mean another statement behind a record that cannot be read?


class StatementNumbers:
    """Numbers for statements, so that each text is written once.

    They begin with the place in the file from where they are written: all that stand before it are smaller, since
    each took more than a byte.
    """

    def __init__(self, place: int) -> None:
        self._numbers: dict[Statement, int] = {}
        self._next = place

    def write(self, changes: Sequence[Change]) -> tuple[bytes, list[Statement]]:
        """The body of a record of these changes, and the statements that occur in it for the first time."""
        new: list[Statement] = []
        rows: list[tuple[Any, ...]] = []
        for sql, names, values in changes:
            statement = (sql, names)
            number = self._numbers.get(statement)
            if number is None:
                number = self._numbers[statement] = self._next
                self._next += 1
                new.append(statement)
            rows.append((number, *values))
        try:
            return msgpack.packb(([(self._numbers[statement], *statement) for statement in new], rows)), new
        except BaseException:
            self.forget(new)
            raise

    def forget(self, last: Sequence[Statement]) -> None:
        for statement in last:
            del self._numbers[statement]
        self._next -= len(last)


def read_record_body(body: memoryview, statements: dict[int, Statement]) -> list[Change]:
    """The changes of a record. `statements` are those of the records before, and gain those of this one."""
    new, rows = msgpack.unpackb(body, use_list=False)
    statements.update({number: (sql, names) for number, sql, names in new})
    return [(*statements[number], tuple(values)) for number, *values in rows]


def write_record(number: int, moment: int, body: bytes, previous: bytes) -> tuple[bytes, bytes]:
    head = _HEAD.pack(_MARK, len(body), number, moment)
    content = head + _CHECK.pack(zlib.crc32(head)) + body
    digest = _digest(previous, content)
    return content + digest, digest


def write_segment_start(point: JournalPoint, moment: int) -> bytes:
    body = msgpack.packb((_FORMAT, point.history, point.digest))
    record, _ = write_record(point.position, moment, body, b"")
    return record


def segment_file_name(point: JournalPoint) -> str:
    return f"{point.position:012}-{shorten_history(point)}.log"


def shorten_history(point: JournalPoint) -> str:
    return point.history[:_SHORT]


def list_segments(place: Path, history: str, read: Callable[[Path], Segment | None] | None = None) -> list[Segment]:
    files = [(read or read_segment_start)(path) for path in place.glob(f"*-{history[:_SHORT]}.log")]
    return sorted(
        (segment for segment in files if segment and segment.point.history == history),
        key=lambda segment: segment.point.position,
    )


def iterate_frames(raw: bytes, begins: int) -> Iterator[Frame]:
    frame = _frame(raw, begins)
    while frame is not None:
        yield frame
        frame = _frame(raw, frame.ends)


def is_blank(raw: bytes, begins: int) -> bool:
    return not raw[begins:].strip(b"\0")


def has_later_record(raw: bytes, begins: int, number: int) -> bool:
    """Does the head of a later record than this one lie somewhere after here?"""
    place = raw.find(_MARK, begins)
    while place >= 0:
        frame = _frame(raw, place)
        if frame is not None and frame.number > number:
            return True
        place = raw.find(_MARK, place + 1)
    return False


def read_segment_start(path: Path) -> Segment:
    """Where a file of a journal begins. Whoever writes one shows it when its first record is on the disk."""
    segment = read_arriving_segment(path)
    if segment is None:
        raise _damaged(path)
    return segment


def read_arriving_segment(path: Path) -> Segment | None:
    """Where a file of a journal begins, from its first record; None while a copy has not brought all of that."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        raw = os.pread(descriptor, _START_BYTES, 0)
    finally:
        os.close(descriptor)
    frame = _frame(raw, 0)
    if frame is None and _is_cut(raw):
        return None
    if frame is None or not frame.holds(raw, b""):
        raise _damaged(path)
    number, history, digest = msgpack.unpackb(frame.body(raw))
    if number not in {_FORMAT, _FORMAT_WITH_NEW_NUMBERS}:
        raise StoreDamaged(f"{path} of the journal was written by another Axiom, in format {number}. Use that one.")
    point = JournalPoint(history=history, position=frame.number, digest=digest)
    return Segment(
        path=path,
        point=point,
        moment=frame.moment,
        begins=frame.ends,
        may_number_anew=number == _FORMAT_WITH_NEW_NUMBERS,
    )


def _damaged(path: Path) -> StoreDamaged:
    return StoreDamaged(
        f"{path} of the journal is damaged where it begins. Nothing was changed; move the file elsewhere: what "
        "comes after it can then be restored only onto a backup that was made after it."
    )


def _is_cut(raw: bytes) -> bool:
    if is_blank(raw, 0) or len(raw) < _HEAD_BYTES:
        return raw[: len(_MARK)].strip(b"\0") in _MARK
    (check,) = _CHECK.unpack_from(raw, _HEAD.size)
    return raw.startswith(_MARK) and zlib.crc32(raw[: _HEAD.size]) == check


def _frame(raw: bytes, begins: int) -> Frame | None:
    if begins + _HEAD_BYTES > len(raw):
        return None
    mark, size, number, moment = _HEAD.unpack_from(raw, begins)
    (check,) = _CHECK.unpack_from(raw, begins + _HEAD.size)
    ends = begins + _HEAD_BYTES + size + DIGEST_BYTES
    if mark != _MARK or zlib.crc32(raw[begins : begins + _HEAD.size]) != check or ends > len(raw):
        return None
    return Frame(number=number, moment=moment, begins=begins, ends=ends, digest=raw[ends - DIGEST_BYTES : ends])


def _digest(previous: bytes, content: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(previous)
    digest.update(content)
    return digest.digest()
