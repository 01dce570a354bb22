"""A laboratory whose changes are in a journal, and older copies of it."""

import contextlib
import functools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from axiom.store.engine.database import Database, connect_reader, connect_writer, copy_database
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.journal.journal import attach_journal
from axiom.store.journal.replay import ReplayResult, replay_journal

VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, 0)"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A laboratory, where its journal lies, and what a test does with both."""

    folder: Folder
    journal: Path
    now: datetime

    @classmethod
    def make(cls, template: Path, path: Path, now: datetime, *tables: str) -> "Kept":
        folder = Folder(path=path)
        folder.create()
        shutil.copy(template, folder.database)
        with contextlib.closing(connect_writer(folder.database)) as db:
            for table in tables:
                db.execute(table)
            history.begin_history(db)
        return cls(folder=folder, journal=folder.journal, now=now)

    def connect(self, **options: Any) -> Database:
        db = connect_writer(self.folder.database)
        try:
            attach_journal(db, self.folder, self.journal, lambda: self.now, **options)
        except BaseException:
            db.close()
            raise
        return db

    @contextlib.contextmanager
    def opened(self, **options: Any) -> Iterator[Database]:
        with contextlib.closing(self.connect(**options)) as db:
            yield db

    def add(self, *names: str, **options: Any) -> None:
        """So many groups of one volunteer each."""
        with self.opened(**options) as db:
            for name in names:
                self.put(db, name)

    def names(self) -> list[str]:
        with contextlib.closing(connect_reader(self.folder.database)) as db:
            return [row["name"] for row in db.select("SELECT name FROM volunteer ORDER BY id")]

    def everything(self) -> dict[str, list[str]]:
        with contextlib.closing(connect_reader(self.folder.database)) as db:
            rows = {table: db.select(f"SELECT * FROM {table}") for table in db.tables()}  # noqa: S608
        return {table: sorted(map(repr, of_table)) for table, of_table in rows.items()}

    def older(self, path: Path) -> "Kept":
        """A copy as it is now, which knows the journal of this one."""
        folder = Folder(path=path)
        folder.create()
        copy_database(self.folder.database, folder.database)
        if self.folder.blobs.exists():
            shutil.copytree(self.folder.blobs, folder.blobs)
        return Kept(folder=folder, journal=self.journal, now=self.now)

    def brought_up(self, journal: Path | None = None) -> ReplayResult:
        """Do what the journal says came after."""
        with contextlib.closing(connect_writer(self.folder.database)) as db:
            return replay_journal(db, self.folder, journal or self.journal)

    def files(self) -> list[Path]:
        return sorted(self.journal.glob("*.log"))

    def flip(self, byte: int | bytes) -> None:
        """Flip one bit in the first file: at this place, or where these bytes are."""
        raw = bytearray(self.files()[0].read_bytes())
        raw[raw.index(byte) if isinstance(byte, bytes) else byte] ^= 1
        self.files()[0].write_bytes(raw)

    @staticmethod
    def put(db: Database, name: str) -> int:
        """A group of one volunteer."""
        with db.transaction():
            return db.insert(VOLUNTEER, name=name)


@pytest.fixture
def make(migrated):
    return functools.partial(Kept.make, migrated)


@pytest.fixture
def kept(make, tmp_path, now):
    return make(tmp_path / "lab", now)


@pytest.fixture
def behind(kept, tmp_path):
    """A copy from after the second of six groups."""
    kept.add("Ada", "Grace")
    copied = kept.older(tmp_path / "older")
    kept.add("Mary", "Emmy", "Rosa", "Lise")
    return copied
