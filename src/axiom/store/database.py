"""One connection to the database, in words that do not say which database it is.

SQLite today; PostgreSQL can join behind the same names. Values are bound by name (`:name`), rows come as mappings, a
time is a whole number of microseconds since 1970 in UTC. SQLite must have at most one writable connection (versions
before 3.51.3 can damage a file that two connections write and checkpoint), so `connect_writer` holds a lock beside the
file for as long as its connection lives.

Whatever a connection changes can also be written down elsewhere (`record_in`): each statement with its values, in
order, on the disk before the transaction that holds it is committed.
"""

import fcntl
import functools
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from axiom.errors import FolderInUse, FolderUnusable, StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.store.changes import FILE, Change, Kind, Recorder, kind_of

Row = Mapping[str, Any]

BUSY_MS = 5_000  # how long to wait for a lock that only a stranger to this program can hold

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHARED_MEMORY_SIZE = sqlite3.SQLITE_IOERR_SHMSIZE  # the index beside the log could not grow: no room


def at(moment: datetime) -> int:
    """A moment as the database keeps it: microseconds since 1970 in UTC."""
    if moment.utcoffset() is None:
        raise ValueError(
            f"The time {moment.isoformat()} names no time zone, so it could mean any of 24 hours. "
            "Nothing was stored; give a time with tzinfo, as UTC has."
        )
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """The moment that `at` wrote down, in UTC."""
    return _EPOCH + value * _MICROSECOND


def maybe_moment(value: int | None) -> datetime | None:
    """Like `moment`, where there may be no moment yet."""
    return None if value is None else moment(value)


class Database:
    """One connection. It belongs to one thread at a time and speaks SQL with named values."""

    def __init__(self, connection: Any, on_close: Callable[[], None] | None = None) -> None:
        self._connection = connection
        self._on_close = on_close
        self._depth = 0  # transactions and savepoints that are open here
        self._recorder: Recorder | None = None
        self._changes: list[Change] | None = None  # those of the open transaction; None outside of one
        if isinstance(connection, sqlite3.Connection):
            connection.row_factory = _row
            self._changed: Callable[[Any], int] = _rowcount
        else:  # another binding of SQLite (apsw), which lets a test put its own disk underneath
            connection.set_row_trace(_row)
            self._changed = lambda _cursor: int(connection.changes())

    def select(self, sql: str, /, **values: Any) -> list[Row]:
        """Every row of the answer; also for a change that ends in RETURNING."""
        bound, kind = _bound(values), self._kind(sql)
        with self._translated():
            rows = list(self._connection.execute(sql, bound))
        if kind is not Kind.NOTHING:
            self._note(sql, bound)
        return rows

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """The first row of the answer, if there is one."""
        rows = self.select(sql, **values)
        return rows[0] if rows else None

    def execute(self, sql: str, /, **values: Any) -> int:
        """Change something; returns how many rows an INSERT, UPDATE or DELETE changed."""
        bound, kind = _bound(values), self._kind(sql)
        with self._translated():
            changed = max(0, self._changed(self._connection.execute(sql, bound)))
        if kind is Kind.MORE or (kind is Kind.ROWS and changed):
            self._note(sql, bound)
        return changed

    def insert(self, sql: str, /, **values: Any) -> int:
        """Insert one row and return its id."""
        rows = self.select(_with_id(sql), **values)
        if len(rows) != 1:
            raise StoreError(
                f"An INSERT of one row made {len(rows)}, so there is no id to return. Nothing else changed."
            )
        return int(rows[0]["id"])

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Change something once per mapping of values: for all of them, or for none."""
        bound, kind = [_bound(row) for row in rows], self._kind(sql)
        with self.savepoint():
            with self._translated():
                self._connection.executemany(sql, bound)
            if kind is not Kind.NOTHING:
                for row in bound:
                    self._note(sql, row)

    def file(self, digest: str, body: bytes) -> None:
        """A row of the open transaction stands for a file of these bytes, which are written down like the row."""
        if self._recorder is not None and self._changes is not None:
            self._changes.append((FILE, ("digest", "body"), (digest, body)))

    def record_in(self, recorder: Recorder) -> None:
        """From here on every change is written down there before its commit, and none is made outside transactions."""
        self._recorder = recorder

    @property
    def recorded(self) -> bool:
        """Is every change written down elsewhere, too?"""
        return self._recorder is not None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Everything in the body, or nothing of it: rolls back to here when the body raises."""
        name = f"level_{self._depth}"
        changes = self._changes
        mark = 0 if changes is None else len(changes)
        self.execute(f"SAVEPOINT {name}")
        try:
            with self._within(f"RELEASE {name}", f"ROLLBACK TO {name}", f"RELEASE {name}"):
                yield
        except BaseException:
            if changes is not None:
                del changes[mark:]
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The body in one transaction that may write; committed, and then durable, when the body ends."""
        self.execute("BEGIN IMMEDIATE")
        changes: list[Change] = []
        self._changes = changes
        written = False
        try:
            with self._within("COMMIT", "ROLLBACK"):
                yield
                if changes and self._recorder is not None:
                    self._recorder.append(self, tuple(changes))
                    written = True
        except BaseException as error:
            if written and self._recorder is not None:
                self._recorder.withdraw(self, error)
            raise
        finally:
            self._changes = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """The body sees the database as it is at the first question; what is written meanwhile is not half seen."""
        if self._depth:  # an outer transaction is a snapshot already
            yield
            return
        self.execute("BEGIN")
        with self._within("COMMIT", "ROLLBACK"):
            yield

    @property
    def in_transaction(self) -> bool:
        """Is a transaction open? SQLite ends one by itself when its disk fails or is full."""
        return bool(self._connection.in_transaction)

    def tables(self) -> set[str]:
        """The names of the tables that exist."""
        return {row["name"] for row in self.select("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def settle(self) -> None:
        """Move what stands in the log beside the database into it."""
        self.select("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection; the writable one gives its lock back."""
        self._connection.close()
        if self._recorder is not None:
            self._recorder.close()
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def _kind(self, sql: str) -> Kind:
        """What is to be written down; a change that could not be before its commit is refused before it is made."""
        if self._recorder is None:
            return Kind.NOTHING
        kind = kind_of(sql)
        if kind is not Kind.NOTHING and self._changes is None:
            raise StoreError("A change outside a transaction would not be in the journal. Nothing was stored.")
        return kind

    def _note(self, sql: str, values: Mapping[str, Any]) -> None:
        if self._changes is not None:
            self._changes.append((sql, tuple(values), tuple(values.values())))

    @contextmanager
    def _within(self, finish: str, *undo: str) -> Iterator[None]:
        self._depth += 1
        try:
            yield
            self.execute(finish)
        except BaseException:
            if self.in_transaction:
                for sql in undo:
                    self.execute(sql)
            raise
        finally:
            self._depth -= 1

    @contextmanager
    def _translated(self) -> Iterator[None]:
        # Without this question, a body that swallowed the error which ended its transaction would go on and store
        # each further statement by itself, never to be acknowledged or undone.
        if self._depth and not self.in_transaction:
            raise StoreError("The transaction ended early because of an earlier error. Nothing of it was stored.")
        try:
            yield
        except Exception as error:
            foreseen = _foreseen(error)
            if foreseen is None:
                raise
            raise foreseen from error


def connect_writer(path: Path, vfs: str | None = None) -> Database:
    """The one writable connection to this database; refused while another one lives, in any process.

    `vfs` names another of SQLite's ways to the disk. A commit on this connection is on the disk when it returns.
    """
    release = _sole_writer(path)
    try:
        _close_to_others(path)
        address = _address(path, mode="rwc", **({"vfs": vfs} if vfs else {}))
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
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
    for setting in (f"busy_timeout = {BUSY_MS}", "mmap_size = 0", "synchronous = FULL", "foreign_keys = ON"):
        database.select(f"PRAGMA {setting}")
    mode = database.one("PRAGMA journal_mode = WAL")
    if mode is None or mode["journal_mode"] != "wal":
        raise FolderUnusable(
            "This disk does not let SQLite keep a write-ahead log, so a power cut could lose acknowledged results. "
            "Nothing was changed; put the data folder on a local disk."
        )


def connect_reader(path: Path) -> Database:
    """A connection that can read and nothing else. A pool may hand it from thread to thread, never to two at once."""
    try:
        connection = sqlite3.connect(
            _address(path, mode="ro"), uri=True, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise FolderUnusable(f"The database {path} cannot be opened for reading: {error}.") from error
    database = Database(connection)
    database.select("PRAGMA mmap_size = 0")
    database.select("PRAGMA query_only = ON")
    return database


def copy(source: Path, target: Path) -> None:
    """A whole and consistent copy of a live database; `target` appears when it is complete and on the disk."""
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
        raise _foreseen(error) or error from error
    sync(unfinished)
    unfinished.replace(target)
    sync(target.parent)


def version() -> str:
    """Which database this is, in words for a person."""
    return f"SQLite {sqlite3.sqlite_version}"


def sync(path: Path) -> None:
    """What the file or folder holds now is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _close_to_others(path: Path) -> None:
    """The file is there and its keeper's alone; SQLite gives what lies beside it the same mode.

    An existing file is never opened here: closing it would end every lock that this process has on it.
    """
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if file.exists():
            file.chmod(0o600)


def _sole_writer(path: Path) -> Callable[[], None]:
    try:
        lock = os.open(path.with_name(path.name + "-writer"), os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderUnusable(
            f"The database {path} cannot be written: {error.strerror}. Nothing was changed; "
            "check the folder's path and its permissions."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise FolderInUse(
            f"The database {path} already has its one writable connection; a second could damage it. "
            "Nothing was changed; send the change to the process that holds it, or stop that process."
        ) from error
    return functools.partial(os.close, lock)


def _address(path: Path, **options: str) -> str:
    wanted = "&".join(f"{name}={quote(value)}" for name, value in options.items())
    return f"file:{quote(str(path.absolute()))}?{wanted}"


def _row(cursor: Any, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def _rowcount(cursor: sqlite3.Cursor) -> int:
    return cursor.rowcount


def _bound(values: Mapping[str, Any]) -> Mapping[str, Any]:
    if any(isinstance(value, datetime) for value in values.values()):
        return {name: at(value) if isinstance(value, datetime) else value for name, value in values.items()}
    return values


@functools.lru_cache(maxsize=4_096)
def _with_id(sql: str) -> str:
    return f"{sql} RETURNING id"


def _foreseen(error: Exception) -> StoreError | None:
    """What SQLite's error means for us; None for a mistake in our own SQL or a broken constraint."""
    code = getattr(error, "sqlite_errorcode", getattr(error, "extendedresult", 0))
    kind = code & 0xFF
    # A failed fsync is never a mere lack of room, even when that was its cause: what it left behind is unknown.
    if kind == sqlite3.SQLITE_FULL or code == _SHARED_MEMORY_SIZE:
        return StorageFull(
            "The disk is full. Nothing of this change was stored and nobody was told that it was; "
            "free some space, and what was refused can be sent again."
        )
    if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StoreBusy(
            f"Another program held the database for {BUSY_MS // 1000} seconds. Nothing of this change was stored; "
            "close that program and send the change again."
        )
    if kind in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreDamaged(
            f"The disk or the database failed ({error}). Nothing of this change was acknowledged; "
            "check the disk, then start Axiom again: it reads back what is truly there, or restore a backup."
        )
    if kind in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
        return StoreError(f"The database cannot be written here ({error}). Nothing was stored.")
    return None
