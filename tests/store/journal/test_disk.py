"""Whatever the disk does and wherever the process dies, nothing that was acknowledged is lost."""

import errno
import os
import signal
import subprocess
import sys

import apsw
import pytest

from axiom.errors import StorageFull, StoreDamaged, StoreError
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.journal.journal import attach
from axiom.store.journal.replay import JournalEnd, replay
from axiom.store.writer import Writer

VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, 0)"


def insert(name):
    return lambda db: db.insert(VOLUNTEER, name=name)


def add(db, name):
    with db.transaction():
        insert(name)(db)


def names(db):
    return [row["name"] for row in db.select("SELECT name FROM volunteer ORDER BY id")]


def no_room(*_arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def failed(*_arguments):
    raise OSError(errno.EIO, "Input/output error")


def full_after(kept, room):
    """Writes only so many bytes after the last record."""
    real, end = os.pwrite, len(kept.files()[0].read_bytes().rstrip(b"\0")) + room
    return lambda file, body, place: real(file, body[: end - place], place) if place < end else no_room()


@pytest.fixture
def writer(kept):
    connections = Connections(folder=kept.folder)
    writer = Writer(lambda: connections.journalled(kept.journal, lambda: kept.now))
    writer.start()
    yield writer
    writer.stop()


def test_a_full_disk_of_the_journal_refuses_the_group_and_the_writer_goes_on(kept, writer, tmp_path, monkeypatch):
    copied = kept.older(tmp_path / "older")
    writer.run(insert("Ada"))
    monkeypatch.setattr(os, "pwrite", full_after(kept, 20))
    for _ in range(3):
        with pytest.raises(StorageFull, match=r"disk of the journal .* is full"):
            writer.run(insert("refused"))
    monkeypatch.undo()
    assert writer.failed is None
    assert writer.run(insert("Grace")) == 2
    writer.stop()
    assert copied.brought_up().ending is JournalEnd.END
    assert copied.everything() == kept.everything()


def test_a_disk_without_room_to_write_ahead_takes_what_fits(kept, monkeypatch):
    kept.add("Ada")
    with kept.opened() as db:
        monkeypatch.setattr(os, "pwrite", full_after(kept, 2_000))
        for name in ("Grace", "Mary"):
            add(db, name)
        with pytest.raises(StorageFull):
            add(db, "x" * 3_000)
        monkeypatch.undo()
        add(db, "Emmy")
    assert kept.names() == ["Ada", "Grace", "Mary", "Emmy"]


def test_zeros_that_were_written_ahead_are_no_damage_and_are_gone_when_the_journal_is_closed(kept, tmp_path):
    copied = kept.older(tmp_path / "older")
    with kept.opened() as db:
        add(db, "Ada")
        assert kept.files()[0].read_bytes().endswith(bytes(1_000))
        assert copied.brought_up().ending is JournalEnd.END
    assert copied.names() == ["Ada"]
    assert not kept.files()[0].read_bytes().endswith(bytes(1_000))


def test_a_full_disk_when_a_new_file_is_due_refuses_the_group_too(kept, monkeypatch):
    with kept.opened(segment_bytes=1) as db:
        add(db, "Ada")
        monkeypatch.setattr(os, "fsync", no_room)
        with pytest.raises(StorageFull):
            add(db, "refused")
        monkeypatch.undo()
        add(db, "Grace")
    assert kept.names() == ["Ada", "Grace"]
    assert [path.suffix for path in kept.journal.iterdir() if path.suffix != ".lock"] == [".log", ".log"]


@pytest.mark.parametrize("call", ["ftruncate", "fsync"])
def test_a_journal_that_cannot_be_cut_back_stops_the_writer_for_good(writer, monkeypatch, call):
    writer.run(insert("Ada"))
    monkeypatch.setattr(os, "pwrite", no_room)
    monkeypatch.setattr(os, call, failed)
    with pytest.raises(StoreDamaged, match="cannot be written"):
        writer.run(insert("refused"))
    assert isinstance(writer.failed, StoreDamaged)
    with pytest.raises(StoreDamaged):
        writer.run(insert("later"))


@pytest.mark.parametrize(("call", "segment_bytes"), [("fsync", 10**6), ("pwrite", 10**6), ("fsync", 1)])
def test_a_disk_of_the_journal_that_fails_is_never_tried_again(kept, monkeypatch, call, segment_bytes):
    with kept.opened(segment_bytes=segment_bytes) as db:
        add(db, "Ada")
        monkeypatch.setattr(os, call, failed)
        with pytest.raises(StoreDamaged, match="cannot be written"):
            add(db, "lost")
        monkeypatch.undo()
        with pytest.raises(StoreDamaged, match="cannot be written"):
            add(db, "later")
    kept.connect().close()
    assert kept.names() in (["Ada"], ["Ada", "lost"])  # nobody was told of the second, and nobody of its opposite


def failing(disk, kept):
    db = disk.connect(kept.folder)
    attach(db, kept.folder, kept.journal, lambda: kept.now)
    return db


def test_a_commit_for_which_there_is_no_room_takes_its_record_back(kept, disk):
    db = failing(disk, kept)
    add(db, "Ada")
    disk.faults["write"] = apsw.SQLITE_FULL
    for _ in range(2):
        with pytest.raises(StorageFull):
            add(db, "refused")
    disk.faults.clear()
    add(db, "Grace")
    db.close()
    assert b"refused" not in kept.files()[0].read_bytes()
    db = failing(disk, kept)
    assert names(db) == ["Ada", "Grace"]
    db.close()


def test_a_record_that_cannot_be_taken_back_stops_everything(kept, disk, monkeypatch):
    db = failing(disk, kept)
    add(db, "Ada")
    disk.faults["write"] = apsw.SQLITE_FULL
    monkeypatch.setattr(os, "ftruncate", failed)
    with pytest.raises(StoreDamaged, match="cannot be written"):
        add(db, "refused")
    monkeypatch.undo()
    disk.faults.clear()
    with pytest.raises(StoreDamaged, match="cannot be written"):
        add(db, "later")
    db.close()


def test_a_commit_that_the_disk_fails_leaves_its_record_for_the_next_start(kept, disk, tmp_path):
    copied = kept.older(tmp_path / "older")
    db = failing(disk, kept)
    add(db, "Ada")
    disk.faults["write"] = apsw.SQLITE_IOERR_WRITE
    with pytest.raises(StoreDamaged):
        add(db, "unknown")
    with pytest.raises(StoreError):
        add(db, "later")
    disk.faults.clear()
    db.close()
    db = failing(disk, kept)
    assert names(db) == ["Ada", "unknown"]
    add(db, "Grace")
    db.close()
    db = Database(apsw.Connection(str(copied.folder.database)))
    assert replay(db, copied.folder, kept.journal).ending is JournalEnd.END
    assert names(db) == ["Ada", "unknown", "Grace"]
    db.close()


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder

folder, moment = Folder(path=Path(sys.argv[1])), sys.argv[2]
db = Connections(folder=folder).journalled(folder.journal, lambda: datetime(2026, 3, 2, tzinfo=UTC))
calls = iter(range(100))

def deadly(real):
    def instead(*arguments):
        call = next(calls)
        if moment == f"before {call}":
            os.kill(os.getpid(), signal.SIGKILL)
        done = real(*arguments)
        if moment == f"after {call}":
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return instead

os.pwrite, os.fsync = deadly(os.pwrite), deadly(os.fsync)
for number in range(3):
    with db.transaction():
        db.insert("INSERT INTO volunteer (name, created_at) VALUES (:name, 0)", name=str(number))
    print(number, flush=True)
"""


@pytest.mark.parametrize("call", range(6))  # a pwrite and an fsync for each of three groups
@pytest.mark.parametrize("when", ["before", "after"])
def test_kill_9_between_append_and_commit_loses_nothing(kept, tmp_path, when, call):
    copied = kept.older(tmp_path / "older")
    command = [sys.executable, "-c", KILLED, str(kept.folder.path), f"{when} {call}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    acknowledged = done.stdout.split()
    assert acknowledged == [str(number) for number in range(call // 2)]
    kept.connect().close()
    is_written = (when, call % 2) != ("before", 0)
    assert kept.names() == [*acknowledged, *([str(call // 2)] if is_written else [])]
    kept.add("after")
    assert copied.brought_up().ending is JournalEnd.END
    assert copied.everything() == kept.everything()
