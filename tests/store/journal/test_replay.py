"""An older copy of the database and the journal are the newest database, row by row."""

import contextlib
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.errors import StoreError
from axiom.limits import backups as limits
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader
from axiom.store.journal.replay import JournalEnd
from axiom.store.migrate import Migration, migrate_database, read_migrations

VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, 0)"


def test_an_older_copy_and_the_journal_are_the_newest_database(kept, behind, tmp_path):
    other = behind.older(tmp_path / "other")
    replayed = behind.brought_up()
    assert (replayed.groups, replayed.changes, replayed.ending) == (4, 4, JournalEnd.END)
    assert replayed.until == kept.now
    assert behind.everything() == kept.everything()
    assert behind.brought_up().groups == 0
    with kept.opened() as db:
        for name in ("Ada", "Hedy", "Ada", "Maria"):  # one that is ignored uses up a number
            with db.transaction():
                db.execute(f"{VOLUNTEER} ON CONFLICT (name) DO NOTHING", name=name)
    assert behind.brought_up().ending is JournalEnd.END
    assert behind.everything() == kept.everything()
    other.add("Sonja")  # a start brings it up by itself
    assert other.names() == [*kept.names(), "Sonja"]


THING = "CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, name BIGINT UNIQUE, body)"
INSERT = "INSERT INTO thing (name, body) VALUES (:name, :body)"
IGNORE = f"{INSERT} ON CONFLICT DO NOTHING"
UPSERT = f"{INSERT} ON CONFLICT (name) DO UPDATE SET body = excluded.body RETURNING body"
ATOMS = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=9), st.binary(max_size=9), st.booleans()
)
KINDS = ["insert", "ignore", "upsert", "update", "delete", "many", "file", "swallow", "fail"]
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9), ATOMS), max_size=6)


def do(db, kept, kind, number, atom):
    """A step of a work: some fail, and some of those failures are swallowed."""
    thing = {"name": number, "body": atom}
    rows = [{"name": 100 + number, "body": atom}, {"body": atom, "name": number}]
    match kind:
        case "insert":
            db.insert(INSERT, **thing)
        case "ignore":
            db.execute(IGNORE, **thing)
        case "upsert":
            db.select(UPSERT, **thing)
        case "update":
            db.execute("UPDATE thing SET body = :body WHERE name > :name", **thing)
        case "delete":
            db.execute("DELETE FROM thing WHERE name = :name", name=number)
        case "many":
            db.execute_many(INSERT, rows)
        case "swallow":
            with contextlib.suppress(sqlite3.IntegrityError):
                db.execute_many(INSERT, rows)
        case "file":
            blobs.store_blob(db, kept.folder, bytes([number]) * (blobs.LIMIT + 1), kept.now)
        case "fail":
            db.execute("INSERT INTO thing (id) VALUES ('no number')")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    works=st.lists(st.tuples(STEPS, STEPS), max_size=8),
    copied_before=st.integers(0, 8),
    restarts=st.sets(st.integers(0, 8), max_size=2),
    segment_bytes=st.sampled_from([1, 400, limits.SEGMENT_BYTES]),
)
def test_any_works_are_the_same_after_a_replay(
    make, now, tmp_path_factory, works, copied_before, restarts, segment_bytes
):
    place = tmp_path_factory.mktemp("any")
    kept = make(place / "lab", now, THING)
    db = kept.connect(segment_bytes=segment_bytes)
    copied = None
    for number, group in enumerate(works):
        if number == copied_before:
            copied = kept.older(place / "older")
        if number in restarts:
            db.close()
            db = kept.connect(segment_bytes=segment_bytes)
        with db.transaction():
            for steps in group:
                with contextlib.suppress(sqlite3.IntegrityError), db.savepoint():
                    for step in steps:
                        do(db, kept, *step)
    db.close()
    copied = copied or kept.older(place / "older")
    assert copied.brought_up().ending is JournalEnd.END
    assert copied.everything() == kept.everything()
    reader = connect_reader(copied.folder.database)
    assert blobs.list_blob_problems(reader, copied.folder) == []
    reader.close()


def test_a_migration_is_in_the_journal_like_any_change(kept, behind, now):
    number = read_migrations()[-1].number + 1
    text = "ALTER TABLE volunteer ADD COLUMN height BIGINT;\n-- new\nCREATE TABLE thing (id INTEGER PRIMARY KEY);\n"
    new = Migration(number=number, name=f"{number:04}_thing", text=text)
    with kept.opened() as db:
        migrate_database(db, None, now, [*read_migrations(), new])
        with db.transaction():
            db.execute("UPDATE volunteer SET height = id")
    assert behind.brought_up().ending is JournalEnd.END
    assert behind.everything() == kept.everything()


def test_what_changes_nothing_is_not_written_down(kept):
    kept.add("Ada")
    size = kept.files()[0].stat().st_size
    with kept.opened() as db:
        with db.transaction():
            assert db.select("SELECT name FROM volunteer") == [{"name": "Ada"}]
            assert db.execute("UPDATE volunteer SET name = 'x' WHERE name = 'y'") == 0
            assert db.execute("DELETE FROM volunteer WHERE name = 'y'") == 0
            with contextlib.suppress(sqlite3.IntegrityError), db.savepoint():
                db.insert(VOLUNTEER, name="Grace")
                db.insert(VOLUNTEER, name="Ada")
        with contextlib.suppress(sqlite3.IntegrityError), db.transaction():
            db.insert(VOLUNTEER, name="Grace")
            db.insert(VOLUNTEER, name="Ada")
    assert kept.files()[0].stat().st_size == size


class Unwritten:
    """SQLite knows what it is, and the journal does not."""

    def __conform__(self, _protocol):
        return "Grace"


def test_what_the_journal_cannot_hold_is_refused_and_not_stored(kept):
    with kept.opened() as db:
        for change in (db.execute, db.select, db.insert):
            with pytest.raises(StoreError, match="journal"):
                change(VOLUNTEER, name="Ada")
        with pytest.raises(StoreError, match="journal"), db.savepoint():
            db.execute(VOLUNTEER, name="Ada")
        with pytest.raises(StoreError, match="journal"):
            db.execute_many(VOLUNTEER, [{"name": "Ada"}])
        with pytest.raises(StoreError, match="VACUUM"), db.transaction():
            db.execute("VACUUM")
        with pytest.raises(TypeError), db.transaction():
            db.execute(VOLUNTEER, name=Unwritten())
    kept.add("Ada", *map(str, range(20)))
    assert len(kept.names()) == 21
    assert kept.files()[0].read_bytes().count(VOLUNTEER.encode()) == 1
