"""Every migration once, in order, each whole; and never on a database that is not ours."""

import sqlite3
from contextlib import closing

import pytest

from axiom.errors import CannotStart, FolderUnusable, StoreDamaged, StoreTooNew
from axiom.store.engine.database import at, connect_writer
from axiom.store.migrate import MIGRATIONS, Migration, check, migrate, migrations

FIRST = Migration(number=1, name="0001_first", text="-- a word; first\nCREATE TABLE a (id);\n")
SECOND = Migration(
    number=2, name="0002_second", text="CREATE TABLE b (id);\nINSERT INTO b VALUES (7);\n-- a last word; and more\n"
)
BROKEN = Migration(number=2, name="0002_broken", text="CREATE TABLE b (id);\nINSERT INTO nowhere VALUES (1);\n")


@pytest.fixture
def empty(folder):
    database = connect_writer(folder.database)
    yield database
    database.close()


def test_the_files_are_numbered_without_a_gap():
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))
    assert len(migrations()) == len(list(MIGRATIONS.glob("*.sql")))


def test_each_is_applied_once_in_order(empty, now):
    assert migrate(empty, None, now, [FIRST]) == ["0001_first"]
    assert migrate(empty, None, now, [FIRST]) == []
    assert migrate(empty, None, now, [FIRST, SECOND]) == ["0002_second"]
    assert empty.tables() >= {"a", "b"}
    assert empty.select("SELECT number, name, applied_at FROM migration ORDER BY number") == [
        {"number": 1, "name": "0001_first", "applied_at": at(now)},
        {"number": 2, "name": "0002_second", "applied_at": at(now)},
    ]


def test_the_real_ones_apply_again_to_nothing(database, now):
    assert migrate(database, None, now) == []


def test_a_broken_one_leaves_the_database_as_it_was(empty, now):
    migrate(empty, None, now, [FIRST])
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(empty, None, now, [FIRST, BROKEN])
    assert "b" not in empty.tables()
    assert migrate(empty, None, now, [FIRST, SECOND]) == ["0002_second"]


def test_an_older_database_is_copied_first(empty, folder, now):
    migrate(empty, folder, now, [FIRST])
    assert not folder.backups.exists()
    empty.execute("INSERT INTO a VALUES (42)")
    migrate(empty, folder, now, [FIRST, SECOND])
    assert [path.name for path in folder.backups.iterdir()] == ["before-0002.db"]
    with closing(sqlite3.connect(folder.backups / "before-0002.db")) as backup:
        assert backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert backup.execute("SELECT id FROM a").fetchall() == [(42,)]
        assert backup.execute("SELECT name FROM sqlite_master WHERE name = 'b'").fetchall() == []


def test_however_many_migrations_it_lacks_it_is_copied_once(empty, folder, now):
    third = Migration(number=3, name="0003_third", text="CREATE TABLE c (id);\n")
    migrate(empty, folder, now, [FIRST])
    migrate(empty, folder, now, [FIRST, SECOND, third])
    assert [path.name for path in folder.backups.iterdir()] == ["before-0002.db"]


def test_without_a_copy_nothing_is_changed(empty, folder, now):
    migrate(empty, folder, now, [FIRST])
    folder.backups.write_text("in the way")
    with pytest.raises(FolderUnusable, match="cannot be copied"):
        migrate(empty, folder, now, [FIRST, SECOND])
    assert "b" not in empty.tables()


def test_a_newer_database_is_left_alone(empty, now):
    migrate(empty, None, now, [FIRST, SECOND])
    with pytest.raises(StoreTooNew, match=r"newer Axiom \(0002_second is unknown"):
        migrate(empty, None, now, [FIRST])


def test_an_edited_migration_is_noticed(empty, now):
    migrate(empty, None, now, [FIRST])
    edited = Migration(number=1, name="0001_first", text=FIRST.text + "CREATE TABLE more (id);\n")
    with pytest.raises(StoreDamaged, match="0001_first is not the one"):
        migrate(empty, None, now, [edited])


def test_a_missing_migration_is_noticed(empty, now):
    migrate(empty, None, now, [SECOND])
    with pytest.raises(StoreDamaged, match="0001_first is not the one"):
        migrate(empty, None, now, [FIRST, SECOND])


def test_a_database_of_somebody_else_is_left_alone(empty, now):
    empty.execute("CREATE TABLE bookmarks (id)")
    with pytest.raises(StoreDamaged, match="Axiom did not make it"):
        migrate(empty, None, now, [FIRST])
    assert empty.tables() == {"bookmarks"}


def test_a_database_that_lacks_a_migration_is_not_read(folder, now, newer_program):
    database = connect_writer(folder.database)
    migrate(database, None, now)
    newer_program()
    with pytest.raises(CannotStart, match=r"lacks 0098_more.* `axiom upgrade`"):
        check(database)
    migrate(database, None, now)
    check(database)
    database.execute("INSERT INTO migration VALUES (99, '0099_future', '', 0)")
    with pytest.raises(StoreTooNew, match="0099_future"):
        check(database)
    database.close()


def test_a_new_database_leaves_no_backup_of_nothing(folder, now):
    database = connect_writer(folder.database)
    assert migrate(database, folder, now)
    assert not folder.backups.exists()
    database.close()
