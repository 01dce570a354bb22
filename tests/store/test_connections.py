"""Whoever reads sees one state of the records; whoever follows sees how they change."""

from datetime import UTC, datetime
from pathlib import Path

from axiom.store import jobs
from axiom.store.connections import Connections
from axiom.store.folder import Folder
from axiom.store.migrate import migrate

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
