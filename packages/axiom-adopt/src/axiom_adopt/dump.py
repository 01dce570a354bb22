"""A dump of an official server's database: its rows as records, each text and number as it is meant, or why not."""

import math
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import BinaryIO, NoReturn, TypeVar

from axiom.errors import NotFound, Refused
from axiom_adopt.dump_syntax import LARGEST, DumpReader, Row
from axiom_adopt.old_server_records import IN_PROGRESS, KINDS, UNSENT, Record, Result

_OPEN = {b"%d" % UNSENT, b"%d" % IN_PROGRESS, None}  # None is read, and refused
_WHOLE = re.compile(rb"-?[0-9]{1,19}")
_NUMBER = re.compile(rb"-?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,4})?")
# What MySQL calls latin1: cp1252, whose five holes are control characters.
_LATIN = [bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)]
_LATIN_BYTES = {sign: byte for byte, sign in enumerate(_LATIN)}
_KINDS = {kind.table: kind for kind in KINDS}
_READ = {  # by table and column: its type, and whether a row is nothing without it
    kind.table: {
        column.name: (column.type, column.default is MISSING)
        for column in fields(kind)
        if column.name not in {"line", "doubtful"}
    }
    for kind in KINDS
}
R = TypeVar("R", bound=Record)


class Dump:
    """A dump whose rows can be read again and again, by one reader at a time."""

    def __init__(self, file: BinaryIO, *, is_repairing: bool = False) -> None:
        """The file can be sought in. `is_repairing` sets texts right that are UTF-8 twice over, and tells of them."""
        self.digest = ""  # of the text, unpacked; known once it was read to its end
        self.next_ids: dict[str, int] = {}  # likewise
        self.absent: tuple[str, ...] = ()  # tables, and columns of others (`host.misc`), that it has not; likewise
        self._file = file
        self._is_repairing = is_repairing

    def read(self, *kinds: type[R]) -> Iterator[R]:
        """The rows of these kinds in the order of the dump, which is that of the tables' names in most.

        Every pass reads and checks all of the dump, so a row counts when the pass has come to its end.
        """
        reader = DumpReader(self._file, {kind.table: _READ[kind.table] for kind in kinds})
        for row in reader.rows():
            if row.table != Result.table or row.values.get("server_state") in _OPEN:
                yield self._record(row)  # type: ignore[misc]
        absent = [kind.table for kind in KINDS if kind.table not in reader.tables]
        if missing := [table for table in absent if not _KINDS[table].is_new]:
            raise Refused(
                f"The dump lacks {', '.join(missing)}, without which it is no project's. Nothing was taken from it; "
                "name these tables, too, when you dump, or none."
            )
        for name, table in reader.tables.items():
            absent += [f"{name}.{column}" for column in _READ.get(name, ()) if column not in table.columns]
        if self.digest not in {"", reader.digest}:
            raise Refused(
                "The dump changed while it was read. Nothing was taken from it; begin again with a whole one."
            )
        self.digest, self.absent = reader.digest, tuple(absent)
        self.next_ids = {name: table.next_id for name, table in reader.tables.items()}

    def _record(self, row: Row) -> Record:
        values: dict[str, object] = {}
        doubtful: list[str] = []
        for name, (kind, is_needed) in _READ[row.table].items():
            raw = row.values.get(name)
            if raw is None:
                if is_needed:
                    _refuse(row, name, "is missing")
            elif kind is bytes:
                values[name] = raw
            elif kind is str and raw.isascii():
                values[name] = raw.decode()
            elif kind is str:
                values[name], is_doubtful = self._text(row, name, raw)
                doubtful += [name] * is_doubtful
            else:
                values[name] = number = _number(row, name, kind, raw)
                if is_needed and number < 1:
                    _refuse(row, name, f"is {number}, and has to be 1 or more")
        return _KINDS[row.table](line=row.line, doubtful=tuple(doubtful), **values)

    def _text(self, row: Row, name: str, raw: bytes) -> tuple[str, bool]:
        """A text, and whether it is doubtful."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return "".join(_LATIN[byte] for byte in raw), True
        once = _said_once(text)
        if once is None:
            return text, False
        if not self._is_repairing:
            _refuse(
                row,
                name,
                f"is UTF-8 twice over: {text[:40]!r} for {once[:40]!r}. "
                "Dump again with --default-character-set=latin1, or say --repair-text",
            )
        return once, True


@contextmanager
def open_dump(path: Path, *, is_repairing: bool = False) -> Iterator[Dump]:
    """A dump in a file, or, of the path `-`, on standard input, which is copied to a file that has no name."""
    if path == Path("-"):
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            yield Dump(copy, is_repairing=is_repairing)
        return
    try:
        file = path.open("rb")
    except OSError as fault:
        raise NotFound(f"There is no dump in {path}: {fault.strerror}. Nothing was done.") from None
    with file:
        yield Dump(file, is_repairing=is_repairing)


def _said_once(text: str) -> str | None:
    """What a text says whose UTF-8 was taken for latin1 and made UTF-8 again; None for any other text."""
    try:
        return bytes(_LATIN_BYTES[sign] for sign in text).decode()
    except (KeyError, UnicodeDecodeError):
        return None


def _number(row: Row, name: str, kind: object, raw: bytes) -> float:
    if kind is float:
        if _NUMBER.fullmatch(raw) and math.isfinite(number := float(raw)):
            return number
    elif _WHOLE.fullmatch(raw) and -LARGEST <= (whole := int(raw)) <= LARGEST:
        return whole != 0 if kind is bool else whole
    return _refuse(row, name, f"is {raw[:40]!r}, which is no number or one that is too large")


def _refuse(row: Row, name: str, why: str) -> NoReturn:
    raise Refused(
        f"The dump cannot be read at line {row.line:,}, table {row.table}: {name} {why}. Nothing was taken from it."
    )
