"""Hands out connections to the database: for one reading, for many short ones, and the one that writes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from axiom.errors import NotFound
from axiom.store.engine.database import Database, connect_reader, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.journal.journal import attach_journal

_MOST = 8  # connections that wait for somebody who reads


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    folder: Folder

    @contextmanager
    def reader(self) -> Iterator[Database]:
        """One consistent view for the length of the body: what is written meanwhile is not half seen."""
        with self.follower() as db, db.snapshot():
            yield db

    @contextmanager
    def follower(self) -> Iterator[Database]:
        """Like `reader`, for who reads long: each question sees what is there by then, and holds up no checkpoint."""
        db = connect_reader(self.folder.database)
        try:
            yield db
        finally:
            db.close()

    def writer(self) -> Database:
        """The one writable connection; whoever asks for it closes it."""
        return connect_writer(self.folder.database)

    def journalled(self, journal: Path, now: Callable[[], datetime]) -> Database:
        """Like `writer`, and every change is in the journal in this folder before it is committed."""
        db = self.writer()
        try:
            attach_journal(db, self.folder, journal, now)
        except BaseException:
            db.close()
            raise
        return db


class ReaderPool:
    """Connections for who reads often and shortly: each is kept for whoever asks next.

    To open another one means to read the whole schema and to prepare every question anew, which took a page longer than
    to read what it shows.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._idle: list[Database] = []
        self._is_open = True
        self._lock = threading.Lock()

    @contextmanager
    def reader(self) -> Iterator[Database]:
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        db = idle or connect_reader(self._folder.database)
        try:
            with db.snapshot():
                yield db
        except NotFound:
            self._keep(db)
            raise
        except BaseException:
            db.close()  # what failed here may fail again
            raise
        self._keep(db)

    def close(self) -> None:
        with self._lock:
            self._is_open, idle, self._idle = False, self._idle, []
        for db in idle:
            db.close()

    def _keep(self, db: Database) -> None:
        with self._lock:
            keeps = self._is_open and len(self._idle) < _MOST
            if keeps:
                self._idle.append(db)
        if not keeps:
            db.close()
