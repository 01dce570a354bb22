"""Whoever reads sees one state of the records; whoever follows sees how they change; who reads often need not open."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from axiom.errors import NotFound
from axiom.store.connections import Connections, ReaderPool
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.upkeep import jobs


def names(db: Database) -> list[str]:
    return [row["name"] for row in jobs.list_jobs(db)]


def test_a_reader_sees_no_half_of_what_is_written_meanwhile_and_a_follower_sees_it(database, folder, now) -> None:
    connections = Connections(folder=folder)
    with connections.reader() as read, connections.follower() as followed:
        assert names(read) == names(followed) == []
        jobs.record_job_start(database, "clean", 60.0, now)
        assert (names(read), names(followed)) == ([], ["clean"])
    with connections.reader() as read:
        assert names(read) == ["clean"]


@pytest.fixture
def readers(folder: Folder, database: Database) -> Iterator[ReaderPool]:
    assert names(database) == []
    found = ReaderPool(folder)
    yield found
    found.close()


def test_a_connection_is_kept_for_who_reads_next_until_all_are_closed(readers, database, folder, now) -> None:
    with readers.reader() as first, readers.reader() as other:
        assert other is not first
        assert names(other) == []
        jobs.record_job_start(database, "clean", 60.0, now)
        assert names(other) == []
    with readers.reader() as again:
        assert again in (first, other)
        assert names(again) == ["clean"]
        readers.close()
        assert names(again) == ["clean"]
    with readers.reader() as new:
        assert new not in (first, other)
    database.close()
    readers.close()
    assert not folder.database.with_name("axiom.db-wal").exists()  # SQLite keeps it while anybody has it open


def test_no_more_are_kept_than_a_few_and_none_on_which_something_failed(readers: ReaderPool) -> None:
    for error, is_kept in ((NotFound("no such page"), True), (ValueError("broken"), False)):
        with pytest.raises(type(error)), readers.reader() as first:
            raise error
        with readers.reader() as second:
            assert (second is first) == is_kept
            assert names(second) == []

    def opened(amount: int) -> set[Database]:
        with ExitStack() as stack:
            return {stack.enter_context(readers.reader()) for _ in range(amount)}

    assert 1 <= len(opened(60) & opened(60)) < 30
