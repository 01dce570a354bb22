"""Reads what mysqldump and mariadb-dump write of a database, as it streams by and without a database.

Nothing of it is executed, so a dump can lie and do no more. Both programs escape the line ends within strings, so no
string goes on in the next line. The rows of all tables are walked through, also of those that nobody wants: what a
volunteer wrote in a forum never passes for a statement.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from axiom.errors import Refused

LONGEST_LINE = 24 * 2**20  # bytes; mysqldump begins another statement when it has 16 MB at most, and mostly 1 MB
LONGEST_ROW = 8 * 2**20
LONGEST_FIELD = 4 * 2**20
MOST_COLUMNS = 200
LARGEST = 2**63 - 1  # whole number

_GZIP = b"\x1f\x8b"
_COMPLETED = re.compile(rb"-- Dump completed(?: on [-0-9: ]{1,40})?\r?\n")
_CREATE = re.compile(rb"CREATE TABLE (?:IF NOT EXISTS )?`([^`]{1,64})` \(\s*$")
_COLUMN = re.compile(rb" +`([^`]{1,64})` ")
_NEXT_ID = re.compile(rb" AUTO_INCREMENT=([0-9]{1,19})\b")
_INSERT = re.compile(rb"INSERT INTO `([^`]{1,64})` (?:\(([^()]{1,20000})\) )?VALUES ?")
_NAMES = re.compile(rb"(?:/\*!\d+ )?SET NAMES (\w+)")
_CHARSET = re.compile(rb"(?: CHARSET=| CHARACTER SET )(\w+)")
_SIGNS = {b"utf8": 1, b"utf8mb3": 1, b"utf8mb4": 2}  # which character sets have more signs than others
_PASSED = re.compile(rb"(?:SET|USE|DROP|LOCK|UNLOCK|ALTER|COMMIT|START|CREATE DATABASE)\b", re.IGNORECASE)
_OTHERS = re.compile(rb"INSERT |CREATE TABLE |LOCK |UNLOCK |DROP |--|\((?!PARTITION )")
_COMMENT = re.compile(rb"--(?:\s|$)|\s*$")
_SIMPLE = rb"(?:_binary )?+('[^'\\]*+'(?!')|NULL|0x[0-9A-Fa-f]*+|-?[0-9][-+.0-9Ee]{0,60}+)"
# A field with what follows it; or the beginning of a string that holds a backslash or a quote.
_FIELD = re.compile(rb"(?:%b([,)])|(?:_binary )?')" % _SIMPLE)
# Besides these both programs escape backslash and quote. Of the bytes that stand for them here in the meantime, both
# would have been escaped themselves.
_ESCAPES = ((b"\\n", b"\n"), (b"\\r", b"\r"), (b'\\"', b'"'), (b"\\0", b"\0"), (b"\\Z", b"\x1a"))
_BACKSLASH, _QUOTE = b"\\\0", b"\\\x1a"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    table: str
    line: int
    values: Mapping[str, bytes | None]  # by the column's name: a number as it is written, a string as it was stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    columns: tuple[str, ...]
    next_id: int  # that its next row would have got: above those of rows that were deleted, too


class DumpReader:
    """One pass over a dump. `tables` and `digest` are whole once `rows` has come to its end."""

    def __init__(self, file: BinaryIO, wanted: Mapping[str, Collection[str]]) -> None:
        """Of the tables that are wanted, the columns that are wanted and there are read."""
        self.tables: dict[str, Table] = {}
        self.digest = ""  # SHA-256 of the text, unpacked: a dump's name, however it is packed
        self._wanted = wanted
        self._line, self._table, self._charset = 0, "", b"utf8mb4"
        self._lines = self._read_lines(file)

    def rows(self) -> Iterator[Row]:
        for line in self._lines:
            self._table = ""
            if names := _NAMES.match(line):
                self._charset = names[1]
            if line.startswith(b"INSERT "):
                yield from self._rows_of_insert(line)
            elif line.startswith(b"CREATE TABLE "):
                self._create(line)
            elif line.startswith(b"/*"):
                self._pass_over(line, lambda text: b"*/" in text)
            elif _PASSED.match(line):
                self._pass_over(line, lambda text: text.rstrip().endswith(b";"))
            elif not _COMMENT.match(line):
                self._refuse(
                    f"{line[:40]!r} begins no statement of mysqldump or mariadb-dump with --skip-triggers; of packed "
                    "dumps those of gzip alone are read"
                )

    def _read_lines(self, file: BinaryIO) -> Iterator[bytes]:
        digest, last = hashlib.sha256(), b""
        try:
            file.seek(0)
            is_packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            text = gzip.GzipFile(fileobj=file) if is_packed else file
            while line := text.readline(LONGEST_LINE + 1):
                self._line += 1
                if len(line) > LONGEST_LINE:
                    self._refuse(f"it has more than {LONGEST_LINE:,} bytes")
                digest.update(line)
                last = line if line.strip() else last
                yield line
        except (EOFError, OSError, zlib.error) as fault:
            self._refuse(f"what follows cannot be read or unpacked ({fault})")
        if not _COMPLETED.fullmatch(last):
            self._refuse("the dump ends here, without the line `-- Dump completed`: it was cut, or made with --compact")
        self.digest = digest.hexdigest()

    def _pass_over(self, line: bytes, is_end: Callable[[bytes], bool]) -> None:
        """A statement whose end was damaged must not swallow rows, so no other may begin within it."""
        while line and not is_end(line):
            line = next(self._lines, b"")
            if _OTHERS.match(line):
                self._refuse("a statement before it has no end")

    def _create(self, line: bytes) -> None:
        head = _CREATE.match(line) or self._refuse("the table has no name, or its columns do not follow line by line")
        self._table = _name(head[1])
        if self._table in self.tables:
            self._refuse("the table was described before; dump one database alone")
        columns, charsets = [], set()
        while (line := next(self._lines, b"")).startswith(b"  "):
            if column := _COLUMN.match(line):
                columns.append(_name(column[1]))
                charsets.update(_CHARSET.findall(line))
        if not line.startswith(b")") or not columns or len(set(columns)) < len(columns) or len(columns) > MOST_COLUMNS:
            self._refuse("the description of its columns is cut, empty, too long or tells of one column twice")
        charsets.update(_CHARSET.findall(line))
        if self._table in self._wanted and _most_signs(charsets) > _most_signs({self._charset}):
            self._refuse("signs of it may have become question marks; dump with --default-character-set=utf8mb4")
        following = _NEXT_ID.search(line)
        next_id = int(following[1]) if following else 1
        if next_id > LARGEST:
            self._refuse(f"its next number is {next_id}, which no server of BOINC can have reached")
        self.tables[self._table] = Table(columns=tuple(columns), next_id=next_id)
        self._pass_over(line, lambda text: text.rstrip().endswith(b";"))

    def _rows_of_insert(self, line: bytes) -> Iterator[Row]:
        head = _INSERT.match(line) or self._refuse("this INSERT is none of mysqldump or mariadb-dump")
        table = self._table = _name(head[1])
        if table not in self.tables:
            self._refuse("its columns were not described before; dump without --no-create-info")
        columns = tuple(re.findall(r"`([^`]+)`", _name(head[2]))) if head[2] else self.tables[table].columns
        if len(columns) > MOST_COLUMNS:
            self._refuse(f"it names more than {MOST_COLUMNS} columns")
        wanted = self._wanted.get(table, ())
        places = [(name, place) for place, name in enumerate(columns) if name in wanted]
        simple_row = re.compile(rb"\(%b\)" % b",".join([_SIMPLE] * len(columns)))
        at = head.end()
        while True:
            if line[at : at + 1] in {b"\r", b"\n"}:
                line, at = next(self._lines, b""), 0
            simple = simple_row.match(line, at)
            fields, end = (simple.groups(), simple.end()) if simple else _row(line, at)
            if not fields:
                self._refuse(f"the row that begins at byte {at + 1} of the line cannot be read at byte {end + 1}")
            if len(fields) != len(columns):
                self._refuse(f"a row has {len(fields)} fields, and the table {len(columns)} columns")
            if end - at > LONGEST_FIELD and (end - at > LONGEST_ROW or max(map(len, fields)) > LONGEST_FIELD):
                self._refuse(f"a row or a field of it is longer than {LONGEST_ROW:,} or {LONGEST_FIELD:,} bytes")
            if places:
                try:
                    values = {name: _value(fields[place]) for name, place in places}
                except ValueError:
                    self._refuse("a field has an escape that neither program writes, or an odd number of hex digits")
                yield Row(table=table, line=self._line, values=values)
            at = end + 1
            match line[end:at]:
                case b",":
                    continue
                case b";" if not line[at:].strip():
                    return
                case _:
                    self._refuse(f"neither a row nor the end of the statement follows at byte {at}")

    def _refuse(self, why: str) -> NoReturn:
        table = f", table {self._table}" if self._table else ""
        raise Refused(f"The dump cannot be read at line {self._line:,}{table}: {why}. Nothing was taken from it.")


def _row(line: bytes, at: int) -> tuple[list[bytes], int]:
    """The fields of the row that begins here, and where it ends; none, and where reading stopped."""
    if line[at : at + 1] != b"(":
        return [], at
    fields, at, delimiter = [], at + 1, b","
    while delimiter == b",":
        if not (field := _FIELD.match(line, at)):
            return [], at
        text, delimiter = field.groups()
        at = field.end()
        if text is None:
            begin = at - 1
            if (at := _closing_quote(line, at) + 1) == 0:
                return [], begin
            text, delimiter = line[begin:at], line[at : at + 1]
            at += 1
        fields.append(text)
    return (fields, at) if delimiter == b")" else ([], at - 1)


def _closing_quote(line: bytes, at: int) -> int:
    """Where the string ends that begins here; -1 when it does not. Each byte is looked at a few times at most."""
    while (quote := line.find(b"'", at)) >= 0:
        before = line[at:quote]
        if (len(before) - len(before.rstrip(b"\\"))) % 2:
            at = quote + 1
        elif line[quote + 1 : quote + 2] == b"'":
            at = quote + 2
        else:
            break
    return quote


def _value(field: bytes) -> bytes | None:
    """What a field holds; a ValueError where it is written as neither program does."""
    if field.startswith(b"'"):
        text = field[1:-1]
        return _unescaped(text) if b"\\" in text or b"'" in text else text
    if field.startswith(b"0x"):
        return bytes.fromhex(field[2:].decode())
    return None if field == b"NULL" else field


def _unescaped(text: bytes) -> bytes:
    text = text.replace(rb"\\", _BACKSLASH).replace(rb"\'", _QUOTE).replace(b"''", b"'")
    for escape, sign in _ESCAPES:
        text = text.replace(escape, sign)
    if text.count(b"\\") != text.count(_BACKSLASH) + text.count(_QUOTE):
        raise ValueError
    return text.replace(_QUOTE, b"'").replace(_BACKSLASH, b"\\")


def _most_signs(charsets: Collection[bytes]) -> int:
    return max((_SIGNS.get(charset, 0) for charset in charsets), default=0)


def _name(raw: bytes) -> str:
    return raw.decode(errors="replace")
