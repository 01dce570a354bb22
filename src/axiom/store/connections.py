"""How a laboratory's database is reached: many who read, one who writes. Whoever needs a connection is handed this."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from axiom.domain.dataclass import dataclass
from axiom.store.database import Database, connect_reader, connect_writer
from axiom.store.folder import Folder
from axiom.store.journal import attach


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    """The connections to one laboratory's database, whichever database that is."""

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
            attach(db, self.folder, journal, now)
        except BaseException:
            db.close()
            raise
        return db
