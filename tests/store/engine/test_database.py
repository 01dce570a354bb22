"""One connection: what goes in comes out, and what must not happen is refused."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.work import Outcome, Result, WorkunitState
from axiom.errors import FolderInUse, FolderUnusable, StorageFull, StoreDamaged, StoreError
from axiom.store.engine import counters
from axiom.store.engine.database import (
    Database,
    connect_reader,
    connect_writer,
    from_microseconds,
    from_optional_microseconds,
    to_microseconds,
)
from axiom.store.experiments import experiments
from axiom.store.tasks import results, workunits

VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, 0)"
WITH_ID = "INSERT INTO volunteer (id, name, created_at) VALUES (:id, :name, 0)"


def names(database):
    return [row["name"] for row in database.select("SELECT name FROM volunteer ORDER BY id")]


@pytest.fixture(params=["sqlite3", "apsw"])
def plain(request, folder):
    """A small table through either binding of SQLite, which must behave alike."""
    if request.param == "sqlite3":
        database = connect_writer(folder.database)
    else:
        database = Database(apsw.Connection(str(folder.database)))
    database.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, body BLOB)")
    yield database
    database.close()


def test_both_bindings_answer_alike(plain):
    class Colour(StrEnum):
        RED = "red"

    assert plain.insert("INSERT INTO thing (name, body) VALUES (:name, :body)", name=Colour.RED, body=b"\0\xff") == 1
    plain.execute_many(ADD, ({"name": name} for name in ("green", "blue")))
    for above, amount in ((1, 2), (99, 0)):
        assert plain.execute("UPDATE thing SET body = :body WHERE id > :id", body=b"", id=above) == amount
    rows = [{"id": 1, "name": "red", "body": b"\0\xff"}, {"id": 2, "name": "green", "body": b""}]
    assert plain.select("SELECT * FROM thing WHERE id < 3 ORDER BY id") == rows
    assert plain.row("SELECT name FROM thing WHERE id = :id", id=99) is None
    assert plain.fetch_tuples("SELECT name, id FROM thing WHERE id <= :id ORDER BY id", id=2) == [
        ("red", 1),
        ("green", 2),
    ]
    assert plain.fetch_tuples("SELECT id FROM thing WHERE id = 9") == []
    with pytest.raises(StoreError):
        plain.fetch_tuples("DELETE FROM thing RETURNING id")
    assert plain.select("DELETE FROM thing WHERE id = 3 RETURNING name") == [{"name": "blue"}]


ADD = "INSERT INTO thing (name) VALUES (:name)"


def fail_in_a_savepoint(database):
    with database.savepoint():
        database.execute(ADD, name="second")
        with database.savepoint():
            database.execute(ADD, name="third")
        raise ZeroDivisionError


def things(plain):
    return [row["name"] for row in plain.select("SELECT name FROM thing ORDER BY id")]


def test_a_savepoint_undoes_its_own_part_and_is_a_transaction_where_there_is_none(plain):
    with plain.transaction():
        plain.execute(ADD, name="first")
        with pytest.raises(ZeroDivisionError):
            fail_in_a_savepoint(plain)
        plain.execute(ADD, name="fourth")
    with pytest.raises(ZeroDivisionError):
        fail_in_a_savepoint(plain)
    with plain.savepoint():
        plain.execute(ADD, name="fifth")
    assert not plain.in_transaction
    assert things(plain) == ["first", "fourth", "fifth"]


def test_a_full_disk_is_called_so_and_ends_its_transaction(plain):
    pages, large = plain.row("PRAGMA page_count")["page_count"], bytes(100_000)
    plain.select(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull):
        plain.execute("INSERT INTO thing (body) VALUES (:body)", body=large)

    def swallow_its_end():
        with plain.transaction():
            plain.execute(ADD, name="first")
            with contextlib.suppress(StorageFull):
                plain.execute("INSERT OR ROLLBACK INTO thing (body) VALUES (:body)", body=large)
            with contextlib.suppress(StoreError):
                plain.execute(ADD, name="second")

    with pytest.raises(StoreError, match="ended early"):
        swallow_its_end()
    assert things(plain) == []
    plain.select("PRAGMA max_page_count = 1000000")
    assert plain.insert("INSERT INTO thing (body) VALUES (:body)", body=large) > 0


def test_a_row_has_an_id_of_its_own_of_64_bits_and_a_broken_constraint_stays_one(database, connect):
    first = database.insert(VOLUNTEER, name="Ada")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database.execute(VOLUNTEER, name="Ada")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        database.execute("INSERT INTO replicate (experiment_id, number, registration_id, seed) VALUES (99, 0, 99, 0)")
    with pytest.raises(StoreError, match="made 0"):
        database.insert("INSERT INTO volunteer (name, created_at) SELECT 'Bob', 0 WHERE 1 = 0")
    database.execute("DELETE FROM volunteer")
    database.close()
    database = connect()
    assert database.insert(VOLUNTEER, name="Ada") > first
    for number in (2**31 + 1, 2**53 + 1, 2**63 - 2):
        assert database.insert(WITH_ID, id=number, name=f"{number}") == number
    assert database.insert(VOLUNTEER, name="Grace") == 2**63 - 1
    assert database.row("SELECT max(id) AS id FROM volunteer") == {"id": 2**63 - 1}
    database.close()


@settings(max_examples=20)
@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])))
def test_a_moment_comes_back_to_the_microsecond(when):
    assert (from_microseconds(to_microseconds(when)), from_microseconds(to_microseconds(when)).tzinfo) == (when, UTC)


def test_a_time_is_stored_as_microseconds_and_one_without_a_zone_is_refused(database, now):
    assert (from_optional_microseconds(None), from_optional_microseconds(to_microseconds(now))) == (None, now)
    naive, insert = datetime(2026, 3, 2), "INSERT INTO volunteer (name, created_at) VALUES ('Ada', :at)"  # noqa: DTZ001
    for refuse in (lambda: to_microseconds(naive), lambda: database.execute(insert, at=naive)):
        with pytest.raises(ValueError, match="time zone"):
            refuse()
    database.execute(insert, at=now)
    assert database.row("SELECT created_at FROM volunteer") == {"created_at": to_microseconds(now)}


def test_a_reader_sees_what_is_committed_and_can_write_nothing(database, folder):
    reader = connect_reader(folder.database)
    with database.transaction():
        database.execute(VOLUNTEER, name="Ada")
        assert names(reader) == []
    assert names(reader) == ["Ada"]
    for sql in ("DELETE FROM volunteer", "CREATE TABLE more (id)"):
        with pytest.raises(StoreError):
            reader.execute(sql)
    reader.select("PRAGMA query_only = OFF")
    with pytest.raises(StoreError):
        reader.execute("DELETE FROM volunteer")  # the file itself is open for reading alone
    with reader.snapshot():
        assert names(reader) == ["Ada"]
        database.execute(VOLUNTEER, name="Bob")
        with reader.snapshot():
            assert names(reader) == ["Ada"]
    assert names(reader) == names(database) == ["Ada", "Bob"]
    with pytest.raises(ValueError, match="stop"), reader.snapshot():
        raise ValueError("stop")
    assert not reader.in_transaction
    reader.close()


def test_there_is_one_writable_connection_which_is_durable_and_closed_to_others(database, folder, connect):
    settings = ("synchronous", "foreign_keys", "journal_mode", "busy_timeout")
    values = [next(iter(database.row(f"PRAGMA {setting}").values())) for setting in settings]
    assert values == [2, 1, "wal", 5_000]
    database.execute(VOLUNTEER, name="Ada")
    files = list(folder.path.glob("axiom.db*"))
    assert len(files) >= 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    with pytest.raises(FolderInUse):
        connect_writer(folder.database)
    database.close()
    folder.database.chmod(0o644)
    connect().close()
    assert folder.database.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_database_is_called_damaged_and_a_path_may_be_odd(folder, tmp_path):
    folder.database.write_bytes(b"not a database" * 100)
    for _ in range(2):  # the second time shows that the first gave its lock back
        with pytest.raises(StoreDamaged):
            connect_writer(folder.database)
    assert folder.database.read_bytes() == b"not a database" * 100
    for connect in (connect_writer, connect_reader):
        with pytest.raises(FolderUnusable, match="nowhere"):
            connect(tmp_path / "nowhere" / "axiom.db")
    (path := tmp_path / "50% off? #1 ümlaut").mkdir()
    with pytest.raises(FolderUnusable, match="nowhere"):
        connect_writer(path / "axiom.db", vfs="nowhere")
    with contextlib.closing(connect_writer(path / "axiom.db", vfs="unix-excl")) as database:
        database.execute("CREATE TABLE thing (id)")
        assert database.tables() == {"thing"}
    assert (path / "axiom.db").is_file()


def test_a_counter_that_was_not_kept_is_named(ordered, now, taken_back):
    experiments.issue_replicates(ordered, experiments.find_experiment(ordered, 1), 1, 1, now)
    about = {"experiment_id": 1, "registration_id": 1, "configs": [0], "max_failures": 3}
    workunits.add_workunits(ordered, replicates=[[0], [1]], **about, now=now)
    workunits.close_workunits(ordered, [(workunits.find_workunit(ordered, 2), WorkunitState.DONE, "")], now)
    cell = {"task_id": 1, "experiment_id": 1, "replicate": 0, "config": 0, "seed": 5, "early": (), "cpu_seconds": 0.0}
    results.record_results(ordered, [Result(**cell, outcome=Outcome.LATE, measures=None)], now)
    for amount in (5, -2):
        counters.add_to_counter(ordered, "volunteer", 0, "known", amount)  # counted by nobody here
    assert counters.read_counters(ordered)["volunteer", 0, "known"] == 3
    counters.add_to_counter(ordered, "task", 1, "sent", 0)
    assert counters.list_counter_problems(ordered) == []
    counted = {("task", "unsent"): 3, ("task", "sent"): 0, ("workunit", "open"): 2, ("result", "late"): 1}
    for (noun, state), there in counted.items():
        with taken_back(ordered):
            counters.add_to_counter(ordered, noun, 1, state, 1)
            problem = f"counter {noun} {state} of experiment 1 says {there + 1}, there are {there}"
            assert counters.list_counter_problems(ordered) == [problem]
    ordered.execute("DELETE FROM counter WHERE noun = 'task'")
    assert counters.list_counter_problems(ordered) == ["counter task unsent of experiment 1 says 0, there are 3"]
