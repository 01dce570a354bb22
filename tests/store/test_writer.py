"""An answer means that it is on the disk; anything else is an error that everybody concerned is told."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import NoneType

import apsw
import pytest
from patience import PATIENCE

from axiom.errors import FolderInUse, StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.limits import server as limits
from axiom.store.engine.database import Database, connect_reader, connect_writer
from axiom.store.migrate import migrate_database
from axiom.store.writer import Writer

VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, 0)"


def add(name):
    return lambda db: db.insert(VOLUNTEER, name=name)


def stored(folder, connect=connect_reader):
    with contextlib.closing(connect(folder.database)) as reader:
        return [row["name"] for row in reader.select("SELECT name FROM volunteer ORDER BY id")]


def with_apsw(path):
    """A process must not open one file with two builds of SQLite: neither sees the locks of the other."""
    return Database(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY))


@pytest.fixture
def hold(monkeypatch):
    """The writer is busy until `go` is set; what is submitted meanwhile becomes one group, or a group each."""

    def hold(writer, longest=PATIENCE):
        begun, go = threading.Event(), threading.Event()
        monkeypatch.setattr(limits, "CHANGE_GROUP_SECONDS", 0.0)  # nothing joins the group of what waits
        writer.submit(lambda _database: (begun.set(), go.wait(PATIENCE)))
        assert begun.wait(PATIENCE)
        monkeypatch.setattr(limits, "CHANGE_GROUP_SECONDS", longest)
        return go

    return hold


@pytest.fixture
def failing(disk, connect, folder):
    """A writer on a disk that fails when told to."""
    connect().close()
    (writer := Writer(lambda: disk.connect(folder))).start()
    yield writer
    disk.faults.clear()
    writer.stop()


def test_nothing_is_answered_before_its_group_is_committed(connect, folder, hold):
    (writer := Writer(connect)).start()
    go, order, joined = hold(writer), [], []

    def look(_database):
        order.append((stored(folder), first.done(), joined[0].done()))

    def join(db):
        joined.append(writer.submit(lambda _db: stored(folder)))  # which comes while the group is under way
        return db.insert(VOLUNTEER, name="Ada")

    first, second = writer.submit(join), writer.submit(look)
    cancelled, last = writer.submit(add("Emmy")), writer.submit(add("Grace"))
    assert cancelled.cancel()
    go.set()
    assert first.result(PATIENCE) == 1
    assert second.result(PATIENCE) is None
    assert joined[0].result(PATIENCE) == []
    assert order == [([], False, False)]
    last.result(PATIENCE)
    assert stored(folder) == ["Ada", "Grace"]
    with pytest.raises(StoreError, match="wait"):
        writer.run(lambda _db: writer.run(add("Rosa")))
    writer.stop()


def test_the_writer_tells_how_many_wait_and_how_long_and_takes_no_more_than_can(connect, folder, hold):
    writer = Writer(connect, max_waiting=3)
    with pytest.raises(StoreError, match="open"):
        writer.submit(add("early"))
    writer.start()
    with pytest.raises(StoreError, match="started"):
        writer.start()
    assert (writer.waiting, writer.oldest_wait) == (0, 0)
    go = hold(writer)
    answers = [writer.submit(add(name)) for name in ("Ada", "Grace", "Mary")]
    assert writer.waiting == 3
    begun = writer.oldest_wait
    assert 0 <= begun < writer.oldest_wait < PATIENCE
    with pytest.raises(StoreBusy, match="3 changes"):
        writer.submit(add("Emmy"))
    go.set()
    assert [answer.result(PATIENCE) for answer in answers] == [1, 2, 3]
    assert writer.run(add("Rosa")) == 4
    with pytest.raises(FolderInUse):  # what stands in the way of connecting is told to the starter
        Writer(lambda: connect_writer(folder.database)).start()
    writer.stop()
    assert (writer.waiting, writer.oldest_wait) == (0, 0)
    assert stored(folder) == ["Ada", "Grace", "Mary", "Rosa"]


def test_a_work_that_raises_is_undone_alone_and_so_is_one_for_which_there_is_no_room(connect, folder, hold):
    def impatient():
        database = connect()
        database.select("PRAGMA busy_timeout = 20")
        return database

    def fail(db):
        db.insert(VOLUNTEER, name="half")
        raise ZeroDivisionError

    def shrink(db):
        db.select(f"PRAGMA max_page_count = {db.row('PRAGMA page_count')['page_count'] + 1}")

    (writer := Writer(impatient)).start()
    go = hold(writer)
    answers = [writer.submit(work) for work in (add("Ada"), fail, add("Grace"), add("Ada"), add("Mary"))]
    go.set()
    errors = [type(answer.exception(PATIENCE)).__name__ for answer in answers]
    assert errors == ["NoneType", "ZeroDivisionError", "NoneType", "IntegrityError", "NoneType"]
    writer.run(shrink)
    with pytest.raises(StorageFull):
        writer.run(add("x" * 100_000))
    assert (writer.failed, writer.found_no_room) == (None, True)
    writer.run(lambda db: db.select("PRAGMA max_page_count = 1000000"))
    stranger = sqlite3.connect(folder.database, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")  # which delays only for a while
    with pytest.raises(StoreBusy):
        writer.run(add("Emmy"))
    stranger.execute("ROLLBACK")
    stranger.close()
    writer.run(add("Rosa"))
    assert (writer.failed, writer.found_no_room) == (None, False)
    writer.stop()
    assert stored(folder) == ["Ada", "Grace", "Mary", "Rosa"]


@pytest.mark.parametrize("fault", [apsw.SQLITE_FULL, apsw.SQLITE_IOERR_SHMSIZE], ids=["full", "no-room-for-index"])
@pytest.mark.parametrize("is_large", [False, True])
def test_a_disk_that_is_full_acknowledges_nobody_and_the_writer_goes_on(failing, disk, folder, fault, is_large, hold):
    """SQLite spills a large transaction to the log before its commit; a disk that is full then takes all of it."""
    failing.run(add("before"))
    failing.run(lambda db: db.select("PRAGMA cache_size = 10"))
    go = hold(failing)
    answers = [failing.submit(add(str(number))) for number in range(3)]
    if is_large:
        answers.append(failing.submit(lambda db: [db.insert(VOLUNTEER, name=f"{n}" * 3_000) for n in range(40)]))
    answers.append(failing.submit(add("last")))
    disk.faults["write"] = fault
    go.set()
    assert {type(answer.exception(PATIENCE)) for answer in answers} == {StorageFull}
    assert failing.failed is None
    assert stored(folder, with_apsw) == ["before"]
    disk.faults.clear()
    assert failing.run(add("after")) > 0
    assert stored(folder, with_apsw) == ["before", "after"]


@pytest.mark.parametrize(("max_group", "syncs"), [(1, 12), (4, 3), (256, 1)])
def test_a_group_shares_one_trip_to_the_disk_and_reading_costs_none(disk, folder, now, max_group, syncs, hold):
    database = disk.connect(folder)
    migrate_database(database, None, now)
    database.execute(VOLUNTEER, name="first")  # the log has begun: its head is synced once more
    (writer := Writer(lambda: database, max_group=max_group)).start()  # apsw lets a connection change its thread

    def syncs_of(works, longest=PATIENCE, error=NoneType):
        go, before = hold(writer, longest), disk.syncs
        answers = [writer.submit(work) for work in works]
        go.set()
        assert {type(answer.exception(PATIENCE)) for answer in answers} == {error}
        return disk.syncs - before

    before = disk.syncs
    assert writer.run(lambda db: db.row("SELECT name FROM volunteer")) == {"name": "first"}
    assert disk.syncs == before
    reading = [lambda db: db.select("SELECT 1 AS one")] * max_group
    assert syncs_of([*(add(str(number)) for number in range(12)), *reading]) == syncs
    few = [add(name) for name in ("Ada", "Grace", "Mary")]
    assert syncs_of(few, longest=0.0) >= 3  # who waits for answers does not wait for a full group
    disk.faults["sync"] = apsw.SQLITE_IOERR_FSYNC
    syncs_of([add(name) for name in ("Emmy", "Rosa", "Lise")], error=StoreDamaged)  # those that wait, too
    writer.stop()


def test_stop_does_what_waits_of_many_threads_and_leaves_one_whole_file(connect, folder):
    (writer := Writer(connect)).start()

    def lane(number):
        for count in range(10):
            writer.run(add(f"{number}-{count}"))

    with ThreadPoolExecutor(8) as lanes:
        list(lanes.map(lane, range(8)))
    answers = [writer.submit(add(str(number))) for number in range(50)]
    writer.stop()
    assert all(answer.done() for answer in answers)
    assert not folder.database.with_name("axiom.db-wal").exists()
    assert len(stored(folder)) == 130
    writer.stop()
    with pytest.raises(StoreError, match="open"):
        writer.submit(add("late"))
    connect().close()  # the lock was given back


@pytest.mark.parametrize(
    ("action", "fault"),
    [("sync", apsw.SQLITE_IOERR_FSYNC), ("write", apsw.SQLITE_IOERR_WRITE), ("write", apsw.SQLITE_READONLY_DBMOVED)],
    ids=["fsync", "write", "file-moved"],
)
def test_a_disk_that_fails_is_never_tried_again(failing, disk, folder, action, fault):
    failing.run(add("before"))
    disk.faults[action] = fault
    with pytest.raises(StoreError, match=r"disk|written"):
        failing.run(add("lost"))
    assert isinstance(failing.failed, StoreError)
    disk.faults.clear()
    syncs = disk.syncs
    with pytest.raises(type(failing.failed)):
        failing.submit(add("after"))
    failing.stop()
    assert disk.syncs == syncs
    assert stored(folder, with_apsw) == ["before"]


KILLED = """
import itertools, sys, threading
from pathlib import Path
from axiom.store.engine.database import connect_writer
from axiom.store.writer import Writer

writer = Writer(lambda: connect_writer(Path(sys.argv[1])))
writer.start()
door = threading.Lock()

def lane(number):
    for count in itertools.count():
        name = f"{number}-{count}"
        writer.run(lambda db: db.insert("INSERT INTO volunteer (name, created_at) VALUES (:name, 0)", name=name))
        with door:
            print(name, flush=True)

for number in range(4):
    threading.Thread(target=lane, args=(number,)).start()
"""


def test_kill_9_takes_nothing_that_was_acknowledged(connect, folder):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder.database)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split("\n")
    process.wait(PATIENCE)
    process.stdout.close()
    acknowledged += rest[:-1]
    database = connect()  # and the lock died with its process
    assert database.row("PRAGMA integrity_check") == {"integrity_check": "ok"}
    names = {row["name"] for row in database.select("SELECT name FROM volunteer")}
    database.close()
    assert set(acknowledged) <= names
