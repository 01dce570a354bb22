"""Whoever reads sees one state of the records; whoever follows sees how they change; who reads often need not open."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from axiom.errors import NotFound
from axiom.store import connections as connecting
from axiom.store.connections import Connections, Readers
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate
from axiom.store.upkeep import jobs

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_reader_sees_no_half_of_what_is_written_meanwhile_and_a_follower_sees_it(tmp_path: Path) -> None:
    connections = Connections(folder=Folder(path=tmp_path))
    writer = connections.writer()
    try:
        migrate(writer, None, NOW)
        with connections.reader() as read, connections.follower() as followed:
            assert jobs.everything(read) == jobs.everything(followed) == []
            jobs.started(writer, "clean", 60.0, NOW)
            assert jobs.everything(read) == []
            assert [row["name"] for row in jobs.everything(followed)] == ["clean"]
        with connections.reader() as read:
            assert [row["name"] for row in jobs.everything(read)] == ["clean"]
    finally:
        writer.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Database]:
    found = Connections(folder=Folder(path=tmp_path)).writer()
    migrate(found, None, NOW)
    yield found
    found.close()


@pytest.fixture
def readers(tmp_path: Path, writer: Database) -> Iterator[Readers]:
    assert jobs.everything(writer) == []
    found = Readers(Folder(path=tmp_path))
    yield found
    found.close()


def test_a_connection_is_kept_for_who_reads_next(readers: Readers) -> None:
    with readers.reader() as first, readers.reader() as other:
        assert other is not first
    with readers.reader() as again:
        assert again in (first, other)


def test_who_reads_next_sees_what_was_written_since_and_nothing_of_what_is_written_meanwhile(
    readers: Readers, writer: Database
) -> None:
    with readers.reader() as db:
        assert jobs.everything(db) == []
        jobs.started(writer, "clean", 60.0, NOW)
        assert jobs.everything(db) == []
    with readers.reader() as db:
        assert [row["name"] for row in jobs.everything(db)] == ["clean"]


@pytest.mark.parametrize(("error", "is_kept"), [(NotFound("no such page"), True), (ValueError("broken"), False)])
def test_a_connection_on_which_something_failed_is_not_used_again(
    readers: Readers, error: Exception, is_kept: bool
) -> None:
    with pytest.raises(type(error)), readers.reader() as first:
        raise error
    with readers.reader() as second:
        assert (second is first) == is_kept
        assert jobs.everything(second) == []


def test_no_more_are_kept_than_a_few(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_MOST", 1)
    with readers.reader() as first, readers.reader() as second:
        pass
    with readers.reader() as kept, readers.reader() as new:
        assert kept in (first, second)
        assert new not in (first, second)


def test_none_is_kept_once_it_is_closed(tmp_path: Path) -> None:
    writer, readers = Connections(folder=Folder(path=tmp_path)).writer(), Readers(Folder(path=tmp_path))
    migrate(writer, None, NOW)
    with readers.reader() as used, readers.reader():
        pass
    with readers.reader() as late:
        readers.close()
        assert jobs.everything(late) == []
    with readers.reader() as other:
        assert other not in (used, late)
    writer.close()
    assert not (tmp_path / "axiom.db-wal").exists()  # SQLite keeps it while anybody has the database open
