"""One connection to the database, in words that do not say which database it is.

It is SQLite, and stays so (ADR 0070). Values are bound by name (`:name`), rows come as mappings, a time is a whole
number of microseconds since 1970 in UTC. SQLite must have at most one writable connection (versions before 3.51.3 can
damage a file that two connections write and checkpoint), so `connect_writer` holds a lock beside the file for as long
as its connection lives.

Whatever a connection changes can also be written down elsewhere (`record_in`): each statement with its values, in
order, on the disk before the transaction that holds it is committed.
"""

import functools
import logging
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from axiom.errors import FolderUnusable, StoreError
from axiom.signed.atomic_files import replace_durably
from axiom.store.engine.database_lock import lock_database_writer, restrict_database_files
from axiom.store.engine.sqlite_binding import (
    BUSY_MS,
    Bound,
    Statement,
    fetch_named_rows,
    name_row_values,
    parse_statement,
    raise_store_error,
    strip_row_names,
    translate_sqlite_error,
)
from axiom.store.engine.sqlite_binding import Bare as Bare
from axiom.store.engine.sqlite_binding import Row as Row
from axiom.store.engine.sqlite_binding import as_value as as_value
from axiom.store.engine.sqlite_binding import from_microseconds as from_microseconds
from axiom.store.engine.sqlite_binding import from_optional_microseconds as from_optional_microseconds
from axiom.store.engine.sqlite_binding import to_microseconds as to_microseconds

Change = tuple[str, tuple[str, ...], tuple[Any, ...]]  # a statement, the names of its values, the values

FILE = ""  # in place of a statement: the change is a file beside the database; its digest and its bytes

_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(\w+)", re.DOTALL)
_CHANGING_ROWS = {"UPDATE", "DELETE"}
_CHANGING_MORE = {"INSERT", "REPLACE", "WITH", "CREATE", "ALTER", "DROP"}
_READING = {"SELECT", "VALUES", "PRAGMA", "EXPLAIN", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}
# What is in quotes, a comment, a bracket, or a word.
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|([()])|(\w+)", re.DOTALL)
_VERBS = {"SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"}
T = TypeVar("T")
STATEMENTS = 512  # that a connection keeps prepared: more than this program has
_SETTINGS = (
    f"busy_timeout = {BUSY_MS}",
    "mmap_size = 0",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -16384",  # kilobytes of pages that it keeps at hand
    "wal_autocheckpoint = 4000",  # pages of the log: most of them are written again before they are moved
    "temp_store = MEMORY",  # what a savepoint would have to put back is many small writes in a file otherwise
)


class Recorder(Protocol):
    def append(self, database: "Database", changes: Sequence[Change]) -> None:
        """These changes are on the disk beside the database; called inside the transaction that made them."""

    def withdraw(self, database: "Database", error: BaseException) -> None:
        """The transaction whose changes were appended last ended with this error instead of its commit."""

    def close(self) -> None: ...


class ChangeKind(Enum):
    NOTHING = "it asks"
    ROWS = "it does nothing when it changes no row"
    MORE = "it may do something else, too: an INSERT that is ignored has used up a number all the same"


@functools.lru_cache(maxsize=4_096)
def classify_statement(sql: str) -> ChangeKind:
    match = _FIRST_WORD.match(sql)
    word = match[1].upper() if match else ""
    if word in _READING or (word == "WITH" and _find_main_verb(sql) in _READING):
        return ChangeKind.NOTHING
    if word in _CHANGING_ROWS:
        return ChangeKind.ROWS
    if word in _CHANGING_MORE:
        return ChangeKind.MORE
    raise StoreError(f"Whether {sql[:60]!r} changes anything is not known here, so it was not done.")


def _find_main_verb(sql: str) -> str:
    """What is done with the tables that a WITH names: their own questions stand in brackets."""
    depth = 0
    for bracket, word in _TOKEN.findall(sql.upper()):
        depth += {"(": 1, ")": -1}.get(bracket, 0)
        if depth == 0 and word in _VERBS:
            return str(word)
    return ""


class Database:
    """One connection. It belongs to one thread at a time and speaks SQL with named values."""

    def __init__(self, connection: Any, on_close: Callable[[], None] | None = None) -> None:
        self._connection = connection
        self._on_close = on_close
        self._depth = 0  # transactions and savepoints that are open here
        self.experiment_changes = 0  # counted in memory, with those that were undone: no row knows these
        self._recorder: Recorder | None = None
        self._changes: list[Change] | None = None  # those of the open transaction; None outside of one
        self._lines: list[Callable[[], None]] | None = None  # of the log, that wait for its commit
        if isinstance(connection, sqlite3.Connection):
            self._changed: Callable[[Any], int] = lambda cursor: cursor.rowcount
            self._rows: Callable[[Any], list[Row]] = fetch_named_rows
            self._bare: Callable[[Any], list[Bare]] = lambda cursor: cursor.fetchall()
            self._changed_in_all: Callable[[], int] = lambda: connection.total_changes
        else:  # another binding of SQLite (apsw), which lets a test put its own disk underneath
            connection.set_row_trace(name_row_values)
            self._changed, self._rows, self._bare = lambda _cursor: int(connection.changes()), list, strip_row_names
            self._changed_in_all = connection.total_changes

    def select(self, sql: str, /, **values: Any) -> list[Row]:
        prepared, kind = parse_statement(sql), self._kind(sql)
        bound = prepared.bind(values)
        try:
            rows = self._rows(self._do(prepared.text, bound))
        except Exception as error:
            raise_store_error(error)
            raise
        if kind is not ChangeKind.NOTHING:
            self._note(sql, prepared, bound)
        return rows

    def fetch_tuples(self, sql: str, /, **values: Any) -> list[Bare]:
        """Every row without the names of its columns: of hundreds, the names cost as much as the reading."""
        if classify_statement(sql) is not ChangeKind.NOTHING:
            raise StoreError("Bare rows come only of what changes nothing. Nothing was stored; use `select`.")
        prepared = parse_statement(sql)
        try:
            return self._bare(self._do(prepared.text, prepared.bind(values)))
        except Exception as error:
            raise_store_error(error)
            raise

    def row(self, sql: str, /, **values: Any) -> Row | None:
        rows = self.select(sql, **values)
        return rows[0] if rows else None

    def number(self, sql: str, /, **values: Any) -> int:
        """What stands first in the first row of the answer; 0 where there is no row, or nothing in it."""
        return self.scalar(int, sql, **values) or 0

    def scalar(self, kind: Callable[[Any], T], sql: str, /, **values: Any) -> T | None:
        """What stands first in the first row of the answer; None where there is no row, or nothing in it."""
        rows = self.fetch_tuples(sql, **values)
        return kind(rows[0][0]) if rows and rows[0][0] is not None else None

    def column(self, kind: Callable[[Any], T], sql: str, /, **values: Any) -> list[T]:
        """What stands first in each row of the answer."""
        return [kind(row[0]) for row in self.fetch_tuples(sql, **values)]

    def read_row(self, read: Callable[[Row], T], sql: str, /, **values: Any) -> T | None:
        """What `read` makes of the first row; None where there is no row."""
        row = self.row(sql, **values)
        return None if row is None else read(row)

    def values(self, kind: Callable[..., T], sql: str, /, **values: Any) -> list[T]:
        return [as_value(kind, row) for row in self.select(sql, **values)]

    def value(self, kind: Callable[..., T], sql: str, /, **values: Any) -> T | None:
        return self.read_row(functools.partial(as_value, kind), sql, **values)

    def execute(self, sql: str, /, **values: Any) -> int:
        prepared, kind = parse_statement(sql), self._kind(sql)
        bound = prepared.bind(values)
        try:
            changed = max(0, self._changed(self._do(prepared.text, bound)))
        except Exception as error:
            raise_store_error(error)
            raise
        if kind is ChangeKind.MORE or (kind is ChangeKind.ROWS and changed):
            self._note(sql, prepared, bound)
        return changed

    def insert(self, sql: str, /, **values: Any) -> int:
        rows = self.select(_with_id(sql), **values)
        if len(rows) != 1:
            raise StoreError(f"An INSERT of one row made {len(rows)}, so there is no id. Nothing else changed.")
        return int(rows[0]["id"])

    def add(self, table: str, /, **columns: Any) -> int:
        return self.insert(_insertion(table, tuple(columns)), **columns)

    def add_all(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.execute_many(_insertion(table, tuple(rows[0])), rows)

    def change(self, table: str, row_id: int, /, **columns: Any) -> int:
        return self.execute(_update(table, tuple(columns)), id=row_id, **columns)

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Change something once per mapping of values, for all of them or for none; returns how many rows changed."""
        prepared, kind = parse_statement(sql), self._kind(sql)
        bound = [prepared.bind(row) for row in rows]
        if len(bound) <= 1:  # one statement is done wholly or not at all anyway
            return self._do_many(sql, prepared, bound, kind)
        with self.savepoint():
            return self._do_many(sql, prepared, bound, kind)

    def repeat(self, sql: str, names: tuple[str, ...], values: Bound) -> None:
        """Do a statement that was written down, with its values in the order of these names."""
        prepared = parse_statement(sql)
        if self._kind(sql) is not ChangeKind.NOTHING:
            raise StoreError("What is repeated is in a journal already, and must not enter another. Nothing was done.")
        bound = values if prepared.names == names else prepared.bind(dict(zip(names, values, strict=True)))
        try:
            self._bare(self._do(prepared.text, bound))
        except Exception as error:
            raise_store_error(error)
            raise

    def _do_many(self, sql: str, prepared: Statement, bound: list[Bound], kind: ChangeKind) -> int:
        before = self._changed_in_all()
        try:
            self._demand_open()
            self._connection.executemany(prepared.text, bound)
        except Exception as error:
            raise_store_error(error)
            raise
        if kind is not ChangeKind.NOTHING and self._changes is not None:
            names = prepared.names
            self._changes += [(sql, names, row) for row in bound]
        return self._changed_in_all() - before

    def record_file(self, digest: str, body: bytes) -> None:
        """A row of the open transaction stands for a file of these bytes, which are written down like the row."""
        if self._recorder is not None and self._changes is not None:
            self._changes.append((FILE, ("digest", "body"), (digest, body)))

    def record_in(self, recorder: Recorder) -> None:
        """From here on every change is written down there before its commit, and none is made outside transactions."""
        self.select("PRAGMA synchronous = NORMAL")  # what a power cut takes of a commit is written down
        self._recorder = recorder

    @property
    def recorded(self) -> bool:
        return self._recorder is not None

    def savepoint(self) -> AbstractContextManager[None]:
        return _Savepoint(self)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._say("BEGIN IMMEDIATE")
        changes: list[Change] = []
        lines: list[Callable[[], None]] = []
        self._changes, self._lines = changes, lines
        written = False
        try:
            with self._level("COMMIT", "ROLLBACK"):
                yield
                if changes and self._recorder is not None:
                    self._recorder.append(self, tuple(changes))
                    written = True
        except BaseException as error:
            if written and self._recorder is not None:
                self._recorder.withdraw(self, error)
            raise
        finally:
            self._changes = self._lines = None
        for write in lines:
            write()

    def log_once_stored(self, log: logging.Logger, line: str, *words: object) -> None:
        """Of what is undone, as in a dry run, the log has no line."""
        write = functools.partial(log.info, line, *words)
        if self._lines is None:
            write()
        else:
            self._lines.append(write)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """The body sees the database as it is at the first question; what is written meanwhile is not half seen."""
        if self._depth:  # an outer transaction is a snapshot already
            yield
            return
        self._say("BEGIN")
        with self._level("COMMIT", "ROLLBACK"):
            yield

    @property
    def in_transaction(self) -> bool:
        """Is a transaction open? SQLite ends one by itself when its disk fails or is full."""
        return bool(self._connection.in_transaction)

    @property
    def changed_in_all(self) -> int:
        return self._changed_in_all()

    def tables(self) -> set[str]:
        return {row["name"] for row in self.select("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def settle(self) -> None:
        """Move what stands in the log beside the database into it."""
        self.select("PRAGMA wal_checkpoint(TRUNCATE)")

    def compact(self) -> None:
        """Write the database anew without what is empty in it. No row changes, so nothing is written down."""
        self._say("VACUUM")
        self.settle()

    def close(self) -> None:
        self._connection.close()
        if self._recorder is not None:
            self._recorder.close()
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def _kind(self, sql: str) -> ChangeKind:
        """What is to be written down; a change that could not be before its commit is refused before it is made."""
        if self._recorder is None:
            return ChangeKind.NOTHING
        kind = classify_statement(sql)
        if kind is not ChangeKind.NOTHING and self._changes is None:
            raise StoreError("A change outside a transaction would not be in the journal. Nothing was stored.")
        return kind

    def _note(self, sql: str, prepared: Statement, bound: Bound) -> None:
        if self._changes is not None:
            self._changes.append((sql, prepared.names, bound))

    def _say(self, sql: str) -> None:
        try:
            self._do(sql, ())
        except Exception as error:
            raise_store_error(error)
            raise

    @contextmanager
    def _level(self, finish: str, undo: str) -> Iterator[None]:
        self._depth += 1
        try:
            yield
            self._say(finish)
        except BaseException:
            if self.in_transaction:
                self._say(undo)
            raise
        finally:
            self._depth -= 1

    def _do(self, sql: str, bound: Bound) -> Any:
        self._demand_open()
        return self._connection.execute(sql, bound)

    def _demand_open(self) -> None:
        # Without this question, a body that swallowed the error which ended its transaction would go on and store
        # each further statement by itself, never to be acknowledged or undone.
        if self._depth and not self._connection.in_transaction:
            raise StoreError("The transaction ended early because of an earlier error. Nothing of it was stored.")


class _Savepoint:
    """A level of its own within what is open. A class, as a generator would cost more than the statements here."""

    __slots__ = ("_changes", "_database", "_line_mark", "_lines", "_mark", "_name")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> None:
        database = self._database
        self._changes = database._changes
        self._mark = 0 if self._changes is None else len(self._changes)
        self._lines = database._lines
        self._line_mark = 0 if self._lines is None else len(self._lines)
        self._name = f"level_{database._depth}"
        database._say(f"SAVEPOINT {self._name}")
        database._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._release()
            else:
                self._undo()
        finally:
            self._database._depth -= 1

    def _release(self) -> None:
        try:
            self._database._say(f"RELEASE {self._name}")
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        if self._changes is not None:
            del self._changes[self._mark :]
        if self._lines is not None:
            del self._lines[self._line_mark :]
        if self._database.in_transaction:
            self._database._say(f"ROLLBACK TO {self._name}")
            self._database._say(f"RELEASE {self._name}")


def connect_writer(path: Path, vfs: str | None = None) -> Database:
    """The one writable connection to this database; refused while another one lives, in any process.

    `vfs` names another of SQLite's ways to the disk. A commit on this connection is on the disk when it returns.
    """
    release = lock_database_writer(path)
    try:
        restrict_database_files(path)
        address = _address(path, mode="rwc", **({"vfs": vfs} if vfs else {}))
        connection = sqlite3.connect(
            address, uri=True, isolation_level=None, timeout=BUSY_MS / 1000, cached_statements=STATEMENTS
        )
        database = Database(connection, release)
    except (sqlite3.Error, OSError) as error:
        release()
        raise FolderUnusable(f"The database {path} cannot be opened: {error}. Nothing was changed.") from error
    try:
        make_durable(database)
    except BaseException:
        database.close()
        raise
    return database


def make_durable(database: Database) -> None:
    """From here on, a commit is on the disk when it returns, and foreign keys hold."""
    for setting in _SETTINGS:
        database.select(f"PRAGMA {setting}")
    mode = database.row("PRAGMA journal_mode = WAL")
    if mode is None or mode["journal_mode"] != "wal":
        raise FolderUnusable(
            "This disk does not let SQLite keep a write-ahead log, so a power cut could lose acknowledged results. "
            "Nothing was changed; put the data folder on a local disk."
        )


def connect_reader(path: Path) -> Database:
    """A connection that can read and nothing else. A pool may hand it from thread to thread, never to two at once."""
    try:
        connection = sqlite3.connect(
            _address(path, mode="ro"),
            uri=True,
            isolation_level=None,
            timeout=BUSY_MS / 1000,
            check_same_thread=False,
            cached_statements=STATEMENTS,
        )
    except sqlite3.Error as error:
        raise FolderUnusable(f"The database {path} cannot be opened for reading: {error}.") from error
    database = Database(connection)
    database.select("PRAGMA mmap_size = 0")
    database.select("PRAGMA query_only = ON")
    return database


def copy_database(source: Path, target: Path) -> None:
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(_address(source, mode="ro"), uri=True)) as old,
            closing(sqlite3.connect(unfinished)) as new,
        ):
            unfinished.chmod(0o600)
            old.backup(new)
    except sqlite3.Error as error:
        unfinished.unlink(missing_ok=True)
        raise translate_sqlite_error(error) or error from error
    replace_durably(unfinished, target)


def quote_words(words: Iterable[str]) -> str:
    """Words of our own, such as those of an enum, as a list in SQL."""
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


def describe_sqlite() -> str:
    return f"SQLite {sqlite3.sqlite_version}"


def _address(path: Path, **options: str) -> str:
    wanted = "&".join(f"{name}={quote(value)}" for name, value in options.items())
    return f"file:{quote(str(path.absolute()))}?{wanted}"


@functools.lru_cache(maxsize=4_096)
def _with_id(sql: str) -> str:
    return f"{sql} RETURNING rowid AS id"


@functools.lru_cache(maxsize=1_024)
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"


@functools.lru_cache(maxsize=1_024)
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{name} = :{name}' for name in columns)} WHERE id = :id"
