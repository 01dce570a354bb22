"""A connection to the database that fails on purpose: the process dies at a statement, or the disk is full or broken.

A process that is killed leaves to SQLite's files what they hold at that moment; closing the connection without a commit
leaves exactly that. Nothing that still runs afterwards may change anything, so every later statement dies, too.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from axiom.store.engine.database import STATEMENTS, Change, Database, Recorder, make_durable
from axiom.store.engine.database_lock import lock_database_writer, restrict_database_files
from axiom.store.engine.folder import Folder
from axiom.store.journal.journal import attach_journal

_WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE", "COMMIT", "WITH")
_CODES = {"full": sqlite3.SQLITE_FULL, "broken": sqlite3.SQLITE_IOERR_WRITE}


class Killed(BaseException):
    """The process of the laboratory was killed. Nobody in it can do anything about that."""


class DiskFault(StrEnum):
    """What happens at a statement."""

    KILL = "kill"
    FULL = "full"  # once, and with room again afterwards
    BROKEN = "broken"


@dataclass(kw_only=True)
class Fate:
    """What will happen to the connections of one laboratory, over all of its lives."""

    armed: DiskFault | None = None
    left: int = 0  # statements until it happens; for the disk's faults those that write
    is_dead: bool = False
    statements: int = 0
    happened: Counter[str] = field(default_factory=Counter)  # what happened, and at which kind of statement

    def arm(self, fault: DiskFault, after: int) -> None:
        """Let something happen after so many more statements; one that was armed before and has not happened is off."""
        self.armed, self.left = fault, after

    def meet(self, sql: str) -> None:
        """A statement is about to be done."""
        if self.is_dead:
            raise Killed
        self.statements += 1
        if self.armed is None or (self.armed is not DiskFault.KILL and not sql.lstrip().startswith(_WRITING)):
            return
        self.left -= 1
        if self.left > 0:
            return
        fault, self.armed = self.armed, None
        self.happened[f"{fault.value} at {sql.split(None, 1)[0].upper()}"] += 1
        if fault is DiskFault.KILL:
            self.is_dead = True
            raise Killed
        raise _failure(fault)


def _failure(fault: DiskFault) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(f"the disk is {fault.value}")
    error.sqlite_errorcode = _CODES[fault.value]
    return error


class MortalConnection(sqlite3.Connection):
    """SQLite's own, which asks its fate before every statement."""

    fate: Fate

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Do one statement."""
        self.fate.meet(sql)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Do one statement for many values: all of them, as a statement is done wholly or not at all here."""
        self.fate.meet(sql)
        return super().executemany(sql, parameters)


class _MortalRecorder:
    """The journal as long as the process lives."""

    def __init__(self, recorder: Recorder, fate: Fate) -> None:
        self._recorder = recorder
        self._fate = fate

    def append(self, database: Database, changes: tuple[Change, ...]) -> None:
        self._recorder.append(database, changes)

    def withdraw(self, database: Database, error: BaseException) -> None:
        if self._fate.is_dead:  # the record of what was not committed stays, as it does when a process dies
            raise Killed
        self._recorder.withdraw(database, error)

    def close(self) -> None:
        self._recorder.close()


class MortalDatabase(Database):
    """A database whose journal dies with its process."""

    fate: Fate

    def record_in(self, recorder: Recorder) -> None:
        """As ever, under the same fate."""
        super().record_in(_MortalRecorder(recorder, self.fate))  # type: ignore[arg-type]  # of tuples, which it gets
        self.select("PRAGMA synchronous = OFF")  # a process that is killed loses nothing that it has written


def connect(folder: Folder, now: Callable[[], datetime], fate: Fate, *, journalled: bool = True) -> Database:
    """The one writable connection, under this fate. `journalled`: with the journal, from which it goes on."""
    release = lock_database_writer(folder.database)
    restrict_database_files(folder.database)
    connection = _open(folder.database, fate)
    db = MortalDatabase(connection, release)
    db.fate = fate
    try:
        make_durable(db)
        db.select("PRAGMA synchronous = OFF")
        if journalled:
            attach_journal(db, folder, folder.journal, now)
    except BaseException:
        db.close()
        raise
    return db


def _open(path: Path, fate: Fate) -> MortalConnection:
    connection = sqlite3.connect(
        path, isolation_level=None, cached_statements=STATEMENTS, factory=MortalConnection, check_same_thread=False
    )
    connection.fate = fate
    return connection
