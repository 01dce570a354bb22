"""Anybody's table, as cells: a CSV or JSON file as spreadsheets and programs write it, or what a notebook holds.

A CSV file is read as it streams by, a line at a time, so that one of any size is answered in little memory. What is not
plainly a table with the columns that are needed is refused with its line: a cell that was misread would be evidence
for something that nobody measured.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from axiom_weigh.errors import LimitReached, NotFound, TableUnreadable
from axiom_weigh.tables.read_json import json_array, json_lines

KNOWN = ("seed", "value", "issue", "block", "host", "volunteer", "platform", "design", "outcome")
MOST_ROWS = 1_000_000

_CHUNK = 1 << 16
_MOST_LETTERS = 1 << 17  # in one line; a table of seeds has some dozens
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"PK\x03\x04": "an Excel workbook or another zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"SQLite format 3\x00": "an SQLite database",
    b"%PDF": "a PDF",
    b"\x89HDF": "an HDF5 file",
}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Named columns, and rows that are read when they are asked for."""

    name: str
    place: str  # what a row's number is called: the line of a file, the row of a table
    columns: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[Any]]]
    decimal_comma: bool = False  # may 1,5 be a number? Not where commas separate the columns


def sheet_of(table: Any) -> Sheet:
    """The cells of a path to a file, a list of rows, a dict of columns, or a table of pandas, Arrow or Axiom."""
    if isinstance(table, Sheet):
        return table
    if callable(table):  # so that a file is opened when it is read, and not while words are still looked at
        return sheet_of(table())
    if isinstance(table, str | Path):
        return sheet_of_file(Path(table))
    if isinstance(table, Mapping):
        return _of_columns(table)
    if hasattr(table, "to_pydict"):  # Arrow
        return _of_columns(table.to_pydict())
    if hasattr(table, "columns"):  # pandas, polars, and `axiom.open(D).results(…)`
        return _of_columns({str(name): list(table[name]) for name in table.columns})
    if (numbers := numbers_of(table)) is not None:
        if not numbers or any(isinstance(row, Mapping) for row in numbers):
            return _of_rows(numbers, "the table", "row")
        return _of_columns({"seed": range(len(numbers)), "value": numbers})
    raise TableUnreadable(
        f"A {type(table).__name__} is no table that can be weighed. Nothing was weighed; give the path of a CSV file, "
        "a list of dicts, a dict of columns, a table of pandas or Arrow, or a list of numbers."
    )


def numbers_of(values: Any) -> list[Any] | None:
    """What a list, tuple, array or Series holds, in its order; None of anything that is no such row of values."""
    if isinstance(values, str | bytes | bytearray | Mapping) or getattr(values, "ndim", 1) != 1:
        return None
    return _listed(values) if hasattr(values, "__len__") and hasattr(values, "__getitem__") else None


def _listed(values: Any) -> list[Any]:
    """A list whose numbers are Python's own, where NumPy, pandas or Arrow can make them so."""
    for name in ("tolist", "to_pylist"):
        if hasattr(values, name):
            return list(getattr(values, name)())
    return list(values)


def sheet_of_file(path: Path) -> Sheet:
    """The cells of a CSV or JSON file."""
    if path.is_dir():
        raise TableUnreadable(f"{path} is a folder, and one file is weighed at a time. Name a CSV file in it.")
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}. Nothing was weighed; look for it with `ls {path.parent}`.") from error
    except (OSError, ValueError) as error:
        raise TableUnreadable(f"{path} cannot be opened: {_error_text(error)}. Nothing was weighed.") from error
    try:
        return sheet_of_bytes(stream, str(path))
    except BaseException:
        stream.close()
        raise


def sheet_of_bytes(stream: BinaryIO, name: str) -> Sheet:
    """The cells of CSV or JSON as bytes, also in gzip; `stream` is closed after the last row."""
    chunks = _chunks(stream, name)
    head = next(chunks, b"")
    _refuse_other_formats(head, name)
    encoding = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), "utf-8")
    texts = _decoded(chain([head], chunks), encoding, name)
    start = next(texts, "")
    lines = _lines(chain([start], texts), name)
    match start.lstrip()[:1]:
        case "[":
            return _of_rows(json_array(chain([start], texts), name), name, "object")
        case "{":
            return _of_objects(json_lines(lines, name), name, "line")
        case _:
            return _of_csv(lines, name)


def _of_csv(lines: Iterator[str], name: str) -> Sheet:
    first, heading = _heading(lines, name)
    declared = _separator_line(heading)
    if declared is not None:
        first, heading = _heading(lines, name, after=first)
    separator = declared or _separator(heading)
    columns = _named(_cells(heading, separator, name, first))
    return Sheet(
        name=name,
        place="line",
        columns=columns,
        rows=_rows(lines, separator, len(columns), name, first),
        decimal_comma=separator != ",",
    )


def _of_columns(columns: Mapping[Any, Sequence[Any]]) -> Sheet:
    names = _named([str(name) for name in columns])
    try:
        cells = [_listed(column) for column in columns.values()]
    except TypeError as error:
        raise TableUnreadable(
            f"A column of the table is no list ({error}). Nothing was weighed; every column needs one value a row."
        ) from error
    if len({len(column) for column in cells}) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in zip(names, cells, strict=True))
        raise TableUnreadable(
            f"The columns differ in length: {lengths}. Nothing was weighed; a row needs every column."
        )
    return Sheet(name="the table", place="row", columns=names, rows=enumerate(zip(*cells, strict=True), start=1))


def _of_rows(rows: Sequence[Any], name: str, place: str) -> Sheet:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise TableUnreadable(
                f"{place.capitalize()} {number} of {name} is a {type(row).__name__}, and a row is a dict from column "
                "to value. Nothing was weighed; write it as {'seed': 1, 'value': 0.3}."
            )
    return _of_objects(enumerate(rows, start=1), name, place)


def _of_objects(objects: Iterable[tuple[int, Mapping[Any, Any]]], name: str, place: str) -> Sheet:
    """Rows as dicts. All are read before the first is used, since any may have a column that those before it lack."""
    names: dict[str, int] = {}
    rows: list[tuple[int, tuple[Any, ...]]] = []
    for number, row in objects:
        if len(rows) == MOST_ROWS:
            raise too_many(name)
        cells = _flat(row)
        for column in cells:
            names.setdefault(column, len(names))
        rows.append((number, tuple(map(cells.get, names))))
    columns = _named(list(names))
    whole = ((number, (*cells, *[None] * (len(columns) - len(cells)))) for number, cells in rows)
    return Sheet(name=name, place=place, columns=columns, rows=whole)


def _flat(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The cells of a row, in which `config: {seed: 1}` is `config.seed: 1`."""
    cells: dict[str, Any] = {}
    for name, cell in row.items():
        if isinstance(cell, Mapping):
            cells |= {f"{name}.{inner}": value for inner, value in _flat(cell).items()}
        else:
            cells[str(name)] = cell
    return cells


def too_many(name: str) -> LimitReached:
    """What is said of a table that has one row more than are weighed."""
    return LimitReached(
        f"{name} has more than {MOST_ROWS:,} rows. Nothing was weighed: a row is one seed and not one step of its "
        "training, and a million seeds decide whatever can be decided. Give one row a seed, or the first "
        f"{MOST_ROWS:,} in issue order."
    )


def _chunks(stream: Any, name: str) -> Iterator[bytes]:
    """The bytes of the file; of one in gzip those that were packed."""
    try:
        with stream:
            whole: Any = io.BufferedReader(stream, _CHUNK)
            if whole.peek(len(_GZIP)).startswith(_GZIP):
                whole = gzip.GzipFile(fileobj=whole)
            while chunk := whole.read(_CHUNK):
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TableUnreadable(
            f"{name} is a gzip file that is cut off or damaged ({error}). Nothing was weighed; copy it again."
        ) from error
    except OSError as error:
        raise TableUnreadable(f"{name} cannot be read: {_error_text(error)}. Nothing was weighed.") from error


def _decoded(chunks: Iterable[bytes], encoding: str, name: str) -> Iterator[str]:
    """The text of the file; the kinds of line ends of all systems are one."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    count = 0
    for chunk in chain(chunks, [b""]):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            at = count + error.object[: error.start].count(b"\n") + 1
            raise TableUnreadable(
                f"{name}, line {at} or after: bytes that are no text in {encoding.removesuffix('-sig').upper()}. "
                "Nothing was weighed; save the file as CSV UTF-8 and try again."
            ) from error
        count += text.count("\n")
        if text:
            yield text


def _lines(texts: Iterable[str], name: str) -> Iterator[str]:
    """The lines of a text, each with its end."""
    count, rest = 0, ""
    for text in texts:
        *whole, rest = (rest + text).split("\n")
        if "\0" in text or len(whole[0] if whole else rest) > _MOST_LETTERS:  # a chunk holds no such line whole
            _refuse_binary([*whole, rest], name, count)
        count += len(whole)
        for line in whole:
            yield f"{line}\n"
    if rest:
        yield f"{rest}\n"


def _refuse_other_formats(head: bytes, name: str) -> None:
    if not head:
        raise TableUnreadable(
            f"{name} is empty. Nothing was weighed; its first line names the columns, such as seed,value."
        )
    for mark, what in _OTHERS.items():
        if head.startswith(mark):
            raise TableUnreadable(
                f"{name} is {what}, not a CSV file. Nothing was weighed; save or export the table as CSV UTF-8 "
                "(or read it in a notebook and give it to axiom_weigh.weigh)."
            )


def _refuse_binary(lines: Sequence[str], name: str, before: int) -> None:
    for number, line in enumerate(lines, start=before + 1):
        if "\0" in line:
            raise TableUnreadable(
                f"{name}, line {number} holds a zero byte, so this is no text. Nothing was weighed; save the table as "
                "CSV UTF-8."
            )
        if len(line) > _MOST_LETTERS:
            raise TableUnreadable(
                f"{name}, line {number} has more than {_MOST_LETTERS:,} letters, so it is no row of a table of seeds. "
                "Nothing was weighed; a row is one seed with its value."
            )


def _heading(lines: Iterator[str], name: str, after: int = 0) -> tuple[int, str]:
    """The first line that is neither empty nor a remark in JSON, and its number."""
    for number, line in enumerate(lines, start=after + 1):
        if line.strip(" ,;\t\n") and not line.startswith("#{"):
            return number, line
    raise TableUnreadable(
        f"{name} has no line with anything in it. Nothing was weighed; its first line names the columns, such as "
        "seed,value."
    )


def _separator_line(line: str) -> str | None:
    """The separator that Excel's `sep=;` names; None of another line."""
    word = line.strip("\n").strip('"')
    if word[:4].lower() != "sep=" or len(word) != 5:
        return None
    if word[4] not in _SEPARATORS:
        raise TableUnreadable(
            f"The first line says that {word[4]!r} separates the columns. Nothing was weighed; commas, semicolons and "
            "tabs are read."
        )
    return word[4]


def _separator(heading: str) -> str:
    """What separates the names so that most of them are known, or else so that there are most."""

    def known_names(separator: str) -> tuple[int, int]:
        names = [cell.strip(' "\n').lower() for cell in heading.split(separator)]
        return sum(name in KNOWN for name in names), len(names)

    return max(_SEPARATORS, key=known_names)


def _cells(line: str, separator: str, name: str, number: int) -> list[str]:
    try:
        (row,) = csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True)
    except (csv.Error, ValueError) as error:
        raise _unquoted(name, number, error) from error
    return row


def _rows(
    lines: Iterator[str], separator: str, width: int, name: str, first: int
) -> Iterator[tuple[int, Sequence[str]]]:
    """Every row that has anything in it, with the line at which it ends."""
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            if len(row) == width and row[0].strip():  # almost every row, so it is asked first
                yield first + reader.line_num, row
            elif any(cell.strip() for cell in row):
                yield first + reader.line_num, _fitted(row, width, separator, name, first + reader.line_num)
    except csv.Error as error:
        raise _unquoted(name, first + reader.line_num, error) from error


def _fitted(row: Sequence[str], width: int, separator: str, name: str, number: int) -> Sequence[str]:
    """Cells beyond the last column are left out where they are empty, as spreadsheets write them."""
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        comma = " (is a decimal comma in it? Then separate the columns by semicolons)" if separator == "," else ""
        raise TableUnreadable(
            f"{name}, line {number} has {len(row)} cells, and the heading has {width}, separated by "
            f"{_SEPARATORS[separator]}. Nothing was weighed; give every row the same columns{comma}."
        )
    return row[:width]


def _unquoted(name: str, number: int, error: Exception) -> TableUnreadable:
    return TableUnreadable(
        f"{name}, line {number} or before: a quotation mark is opened and not closed, or stands where none may "
        f"({error}). Nothing was weighed; write a mark within quotes twice."
    )


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """The names without empty ones at the end."""
    stripped = [name.strip() for name in names]
    while stripped and not stripped[-1]:
        stripped.pop()
    return tuple(stripped)


def _error_text(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
