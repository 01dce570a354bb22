"""Whatever the disk does and wherever the process dies, nothing that was acknowledged is lost."""

import contextlib
import errno
import os
import signal
import subprocess
import sys

import apsw
import pytest

from axiom.errors import StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.journal.journal import attach_journal
from axiom.store.journal.replay import JournalEnd, replay_journal
from axiom.store.writer import Writer

VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, 0)"


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


def add(name):
    return lambda db: db.insert(VOLUNTEER, name=name)


def test_a_full_disk_of_the_journal_refuses_the_group_and_the_writer_goes_on(kept, writer, tmp_path, monkeypatch):
    copied = kept.older(tmp_path / "older")
    writer.run(add("Ada"))
    monkeypatch.setattr(os, "pwrite", full_after(kept, 20))
    for _ in range(3):
        with pytest.raises(StorageFull, match="journal"):
            writer.run(add("refused"))
    monkeypatch.undo()
    assert writer.failed is None
    assert writer.run(add("Grace")) == 2
    writer.stop()
    assert copied.brought_up().ending is JournalEnd.END
    assert copied.everything() == kept.everything()
    with kept.opened(segment_bytes=1) as db:
        monkeypatch.setattr(os, "fsync", no_room)  # where a new file is due
        with pytest.raises(StorageFull):
            kept.put(db, "refused")
        monkeypatch.undo()
        kept.put(db, "Mary")
    assert kept.names() == ["Ada", "Grace", "Mary"]
    assert [path.suffix for path in kept.journal.iterdir() if path.suffix != ".lock"] == [".log", ".log"]


def test_a_disk_without_room_to_write_ahead_takes_what_fits(kept, tmp_path, monkeypatch):
    copied = kept.older(tmp_path / "older")
    kept.add("Ada")
    with kept.opened() as db:
        kept.put(db, "Grace")
        assert kept.files()[0].read_bytes().endswith(bytes(1_000))  # written ahead, which is no damage
        assert copied.brought_up().ending is JournalEnd.END
        monkeypatch.setattr(os, "pwrite", full_after(kept, 2_000))
        kept.put(db, "Mary")
        with pytest.raises(StorageFull):
            kept.put(db, "x" * 3_000)
        monkeypatch.undo()
        kept.put(db, "Emmy")
    assert not kept.files()[0].read_bytes().endswith(bytes(1_000))
    assert (copied.names(), kept.names()) == (["Ada", "Grace"], ["Ada", "Grace", "Mary", "Emmy"])


@pytest.mark.parametrize("call", ["ftruncate", "fsync"])
def test_a_journal_that_cannot_be_cut_back_stops_the_writer_for_good(writer, monkeypatch, call):
    writer.run(add("Ada"))
    monkeypatch.setattr(os, "pwrite", no_room)
    monkeypatch.setattr(os, call, failed)
    for name in ("refused", "later"):
        with pytest.raises(StoreDamaged):
            writer.run(add(name))
        assert isinstance(writer.failed, StoreDamaged)


@pytest.mark.parametrize(("call", "segment_bytes"), [("fsync", 10**6), ("pwrite", 10**6), ("fsync", 1)])
def test_a_disk_of_the_journal_that_fails_is_never_tried_again(kept, monkeypatch, call, segment_bytes):
    with kept.opened(segment_bytes=segment_bytes) as db:
        kept.put(db, "Ada")
        monkeypatch.setattr(os, call, failed)
        for name in ("lost", "later"):
            with pytest.raises(StoreDamaged):
                kept.put(db, name)
            monkeypatch.undo()
    kept.connect().close()
    assert kept.names() in (["Ada"], ["Ada", "lost"])  # nobody was told of the second, and nobody of its opposite


def asked_in_vain(_db, _sql, **_words):
    raise StoreBusy("not now")


def failing(disk, kept):
    db = disk.connect(kept.folder)
    attach_journal(db, kept.folder, kept.journal, lambda: kept.now)
    return contextlib.closing(db)


def test_nothing_comes_behind_a_record_of_which_nobody_knows_if_it_was_committed(kept, disk, monkeypatch):
    with failing(disk, kept) as db:
        kept.put(db, "Ada")
        disk.faults["write"] = apsw.SQLITE_FULL
        monkeypatch.setattr(type(db), "row", asked_in_vain)
        with pytest.raises(StoreBusy):
            kept.put(db, "lost")
        monkeypatch.undo()
        disk.faults.clear()
        with pytest.raises(StoreBusy):
            kept.put(db, "later")
    kept.connect().close()
    assert kept.names() in (["Ada"], ["Ada", "lost"])


def test_a_commit_without_room_takes_its_record_back_or_stops_everything(kept, disk, monkeypatch):
    with failing(disk, kept) as db:
        kept.put(db, "Ada")
        disk.faults["write"] = apsw.SQLITE_FULL
        for _ in range(2):
            with pytest.raises(StorageFull):
                kept.put(db, "refused")
        disk.faults.clear()
        kept.put(db, "Grace")
    assert b"refused" not in kept.files()[0].read_bytes()
    with failing(disk, kept) as db:
        assert db.fetch_tuples("SELECT name FROM volunteer ORDER BY id") == [("Ada",), ("Grace",)]
        disk.faults["write"] = apsw.SQLITE_FULL
        monkeypatch.setattr(os, "ftruncate", failed)
        for name in ("refused", "later"):
            with pytest.raises(StoreDamaged):
                kept.put(db, name)
            monkeypatch.undo()
            disk.faults.clear()


def test_a_commit_that_the_disk_fails_leaves_its_record_for_the_next_start(kept, disk, tmp_path):
    copied, names = kept.older(tmp_path / "older"), "SELECT name FROM volunteer ORDER BY id"
    with failing(disk, kept) as db:
        kept.put(db, "Ada")
        disk.faults["write"] = apsw.SQLITE_IOERR_WRITE
        with pytest.raises(StoreDamaged):
            kept.put(db, "unknown")
        with pytest.raises(StoreError):
            kept.put(db, "later")
        disk.faults.clear()
    with failing(disk, kept) as db:
        assert db.fetch_tuples(names) == [("Ada",), ("unknown",)]
        kept.put(db, "Grace")
    with contextlib.closing(Database(apsw.Connection(str(copied.folder.database)))) as db:
        assert replay_journal(db, copied.folder, kept.journal).ending is JournalEnd.END
        assert db.fetch_tuples(names) == [("Ada",), ("unknown",), ("Grace",)]


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


@pytest.mark.parametrize(("when", "call"), [("before", 0), ("after", 0), ("before", 1), ("after", 1), ("after", 5)])
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
