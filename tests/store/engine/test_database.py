"""One connection: what goes in comes out, and what must not happen is refused."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.errors import FolderInUse, FolderUnusable, StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.store.engine.database import Database, at, connect_reader, connect_writer, maybe_moment, moment

VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, 0)"
WITH_ID = "INSERT INTO volunteer (id, name, created_at) VALUES (:id, :name, 0)"
NAMES = "SELECT name FROM volunteer ORDER BY id"


def names(database):
    return [row["name"] for row in database.select(NAMES)]


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
    plain.many("INSERT INTO thing (name) VALUES (:name)", ({"name": name} for name in ("green", "blue")))
    assert plain.execute("UPDATE thing SET body = :body WHERE id > :id", body=b"", id=1) == 2
    assert plain.execute("UPDATE thing SET body = :body WHERE id > :id", body=b"", id=99) == 0
    assert plain.select("SELECT * FROM thing WHERE id < 3 ORDER BY id") == [
        {"id": 1, "name": "red", "body": b"\0\xff"},
        {"id": 2, "name": "green", "body": b""},
    ]
    assert plain.one("SELECT name FROM thing WHERE id = :id", id=99) is None
    assert plain.select("DELETE FROM thing WHERE id = 3 RETURNING name") == [{"name": "blue"}]


def test_bare_rows_have_no_names_and_come_of_questions_alone(plain):
    plain.many("INSERT INTO thing (name) VALUES (:name)", ({"name": name} for name in ("green", "blue")))
    assert plain.bare("SELECT name, id, body FROM thing WHERE id <= :id ORDER BY id", id=2) == [
        ("green", 1, None),
        ("blue", 2, None),
    ]
    assert plain.bare("SELECT id FROM thing WHERE id = 9") == []
    with pytest.raises(StoreError, match="use `select`"):
        plain.bare("DELETE FROM thing RETURNING id")
    assert plain.one("SELECT count(*) AS amount FROM thing") == {"amount": 2}


ADD = "INSERT INTO thing (name) VALUES (:name)"


def fail_in_a_savepoint(database):
    with database.savepoint():
        database.execute(ADD, name="second")
        with database.savepoint():
            database.execute(ADD, name="third")
        raise ZeroDivisionError


def lose_the_transaction(database):
    with database.transaction():
        database.execute(ADD, name="first")
        database._connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
        with contextlib.suppress(StoreError):
            database.execute(ADD, name="second")


def test_a_savepoint_undoes_its_own_part_alone(plain):
    with plain.transaction():
        plain.execute(ADD, name="first")
        with pytest.raises(ZeroDivisionError):
            fail_in_a_savepoint(plain)
        plain.execute(ADD, name="fourth")
    assert [row["name"] for row in plain.select("SELECT name FROM thing ORDER BY id")] == ["first", "fourth"]


def test_a_savepoint_outside_a_transaction_is_one(plain):
    with pytest.raises(ZeroDivisionError):
        fail_in_a_savepoint(plain)
    with plain.savepoint():
        plain.execute(ADD, name="first")
    assert not plain.in_transaction
    assert plain.select("SELECT name FROM thing") == [{"name": "first"}]


def test_a_body_that_swallows_the_end_of_its_transaction_stores_nothing_more(plain):
    with pytest.raises(StoreError, match="ended early"):
        lose_the_transaction(plain)
    assert plain.select("SELECT * FROM thing") == []
    plain.execute(ADD, name="third")
    assert plain.one("SELECT name FROM thing") == {"name": "third"}


def test_a_full_disk_is_called_so(plain):
    pages = plain.one("PRAGMA page_count")["page_count"]
    plain.select(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull, match="disk is full"):
        plain.execute("INSERT INTO thing (body) VALUES (:body)", body=bytes(100_000))
    plain.select("PRAGMA max_page_count = 1000000")
    assert plain.insert("INSERT INTO thing (body) VALUES (:body)", body=bytes(100_000)) > 0


def test_a_broken_constraint_stays_what_it_is(database):
    database.execute(VOLUNTEER, name="Ada")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database.execute(VOLUNTEER, name="Ada")


def test_foreign_keys_hold(database):
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        database.execute("INSERT INTO replicate (experiment_id, number, registration_id, seed) VALUES (99, 0, 99, 0)")


@pytest.mark.parametrize("number", [2**31 + 1, 2**53 + 1, 2**63 - 2])
def test_an_id_has_all_its_64_bits(database, number):
    assert database.insert(WITH_ID, id=number, name="Ada") == number
    assert database.one("SELECT id FROM volunteer") == {"id": number}
    assert database.insert(VOLUNTEER, name="Grace") == number + 1


def test_an_id_is_never_used_twice(database, connect):
    first = database.insert(VOLUNTEER, name="Ada")
    database.execute("DELETE FROM volunteer")
    assert database.insert(VOLUNTEER, name="Grace") > first
    database.execute("DELETE FROM volunteer")
    database.close()
    again = connect()
    assert again.insert(VOLUNTEER, name="Mary") > first + 1
    again.close()


def test_an_insert_that_makes_no_row_has_no_id(database):
    with pytest.raises(StoreError, match="made 0"):
        database.insert("INSERT INTO volunteer (name, created_at) SELECT 'Ada', 0 WHERE 1 = 0")


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])))
def test_a_moment_comes_back_to_the_microsecond(when):
    assert moment(at(when)) == when
    assert moment(at(when)).tzinfo is UTC


def test_no_moment_is_no_number():
    assert maybe_moment(None) is None
    assert maybe_moment(at(datetime(2026, 1, 1, tzinfo=UTC))) == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused(database):
    naive = datetime(2026, 3, 2)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="names no time zone"):
        at(naive)
    with pytest.raises(ValueError, match="names no time zone"):
        database.execute("INSERT INTO volunteer (name, created_at) VALUES ('Ada', :at)", at=naive)
    assert names(database) == []


def test_a_time_among_the_values_is_stored_as_microseconds(database, now):
    database.execute("INSERT INTO volunteer (name, created_at) VALUES ('Ada', :at)", at=now)
    assert database.one("SELECT created_at FROM volunteer") == {"created_at": at(now)}


@pytest.mark.parametrize(
    ("setting", "value"), [("synchronous", 2), ("foreign_keys", 1), ("journal_mode", "wal"), ("busy_timeout", 5_000)]
)
def test_the_writable_connection_is_durable(database, setting, value):
    assert list(database.one(f"PRAGMA {setting}").values()) == [value]


def test_a_reader_sees_what_is_committed_and_can_write_nothing(database, folder):
    reader = connect_reader(folder.database)
    with database.transaction():
        database.execute(VOLUNTEER, name="Ada")
        assert names(reader) == []
    assert names(reader) == ["Ada"]
    for sql in ("DELETE FROM volunteer", "CREATE TABLE more (id)"):
        with pytest.raises(StoreError, match="cannot be written"):
            reader.execute(sql)
    reader.select("PRAGMA query_only = OFF")
    with pytest.raises(StoreError, match="cannot be written"):
        reader.execute("DELETE FROM volunteer")  # the file itself is open for reading alone
    reader.close()
    assert names(database) == ["Ada"]


def test_there_is_one_writable_connection(database, folder, connect):
    with pytest.raises(FolderInUse, match="already has its one writable connection"):
        connect_writer(folder.database)
    database.close()
    connect().close()


def test_a_stranger_who_holds_the_database_is_named(database, folder):
    database.select("PRAGMA busy_timeout = 20")
    stranger = sqlite3.connect(folder.database, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="Another program"):
        database.execute(VOLUNTEER, name="Ada")
    stranger.execute("ROLLBACK")
    stranger.close()
    database.execute(VOLUNTEER, name="Ada")


def test_a_file_that_is_no_database_is_called_damaged_and_stays_as_it_was(folder):
    folder.database.write_bytes(b"not a database" * 100)
    for _ in range(2):  # the second time shows that the first gave its lock back
        with pytest.raises(StoreDamaged, match="not a database"):
            connect_writer(folder.database)
    assert folder.database.read_bytes() == b"not a database" * 100


@pytest.mark.parametrize("connect", [connect_writer, connect_reader])
def test_a_database_that_cannot_be_opened_is_told_in_a_sentence(tmp_path, connect):
    with pytest.raises(FolderUnusable, match=r"nowhere.axiom\.db"):
        connect(tmp_path / "nowhere" / "axiom.db")


def test_a_path_with_odd_letters_is_a_path(tmp_path):
    path = tmp_path / "50% off? #1 ümlaut"
    path.mkdir()
    database = connect_writer(path / "axiom.db")
    database.execute("CREATE TABLE thing (id)")
    assert database.tables() == {"thing"}
    database.close()
    assert (path / "axiom.db").is_file()


def test_another_way_to_the_disk_can_be_named(folder):
    with pytest.raises(FolderUnusable, match="no such vfs: nowhere"):
        connect_writer(folder.database, vfs="nowhere")
    connect_writer(folder.database, vfs="unix-excl").close()


def test_a_snapshot_does_not_see_what_is_written_meanwhile(database, folder):
    reader = connect_reader(folder.database)
    database.execute(VOLUNTEER, name="Ada")
    with reader.snapshot():
        assert names(reader) == ["Ada"]
        database.execute(VOLUNTEER, name="Bob")
        with reader.snapshot():
            assert names(reader) == ["Ada"]
    assert names(reader) == ["Ada", "Bob"]
    with pytest.raises(ValueError, match="stop"), reader.snapshot():
        raise ValueError("stop")
    assert not reader.in_transaction
    reader.close()


def test_the_files_of_a_database_are_its_keepers_alone(database, folder):
    database.execute(VOLUNTEER, name="Ada")
    files = list(folder.path.glob("axiom.db*"))
    assert len(files) >= 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_files_that_were_open_to_others_are_closed_to_them(connect, folder):
    connect().close()
    folder.database.chmod(0o644)
    connect().close()
    assert folder.database.stat().st_mode & 0o777 == 0o600
