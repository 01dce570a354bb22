"""Every migration once, in order, each whole; and never on a database that is not ours."""

import sqlite3
from contextlib import closing

import pytest

from axiom.decisions.credit.tariffs import DEFAULT
from axiom.errors import CannotStart, FolderUnusable, StoreDamaged, StoreTooNew
from axiom.store.accounts import accounts
from axiom.store.credit import books, tariffs
from axiom.store.engine.database import at, connect_writer
from axiom.store.migrate import MIGRATIONS, Migration, check, migrate, migrations, schema

FIRST = Migration(number=1, name="0001_first", text="-- {id}; first\nCREATE TABLE a (id {id});\n")
SECOND = Migration(
    number=2, name="0002_second", text="CREATE TABLE b (id {id});\nINSERT INTO b VALUES (7);\n-- a last word; {id}\n"
)
BROKEN = Migration(number=2, name="0002_broken", text="CREATE TABLE b (id {id});\nINSERT INTO nowhere VALUES (1);\n")


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


def test_a_new_database_made_at_once_is_what_all_of_them_come_to(empty, tmp_path, now):
    with closing(connect_writer(tmp_path / "stepwise.db")) as stepwise:
        assert migrate(stepwise, None, now, migrations()) == migrate(empty, None, now)
        assert contents(stepwise) == contents(empty)
    assert migrate(empty, None, now, migrations()) == []


def contents(database):
    """Every table, index and trigger, and every row, but for how far numbers were counted that were never given."""
    made = database.select("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    counted = database.select("SELECT name, seq FROM sqlite_sequence WHERE seq > 0")
    rows = {name: database.select(f"SELECT * FROM {name}") for name in database.tables() - {"sqlite_sequence"}}  # noqa: S608
    return made, counted, rows


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


def test_the_schema_for_readers_is_current():
    assert (MIGRATIONS.parent / "schema.sql").read_text(encoding="utf-8") == schema(), (
        "run: python -m axiom.store.migrate > src/axiom/store/schema.sql"
    )


def test_a_database_that_lacks_a_migration_is_not_read(folder, now):
    database = connect_writer(folder.database)
    known = migrations()
    migrate(database, None, now, known[:-1])
    with pytest.raises(CannotStart, match=rf"lacks {known[-1].name}.* start the laboratory once"):
        check(database)
    migrate(database, None, now)
    check(database)
    database.execute("INSERT INTO migration VALUES (99, '0099_future', '', 0)")
    with pytest.raises(StoreTooNew, match="0099_future"):
        check(database)
    database.close()


def test_a_new_database_leaves_no_backup_of_nothing(folder, now):
    database = connect_writer(folder.database)
    assert len(migrate(database, folder, now)) > 1
    assert not folder.backups.exists()
    database.close()


def test_who_was_the_laboratory_itself_stays_it_and_nobody_else_becomes_it(empty, now):
    migrate(empty, None, now, migrations()[:7])
    for number, (name, email) in enumerate(
        [("Ann", "ann@example.org"), ("the laboratory itself", None), ("left", None)], start=1
    ):
        empty.execute(
            "INSERT INTO volunteer (id, name, created_at, email) VALUES (:number, :name, 0, :email)",
            number=number,
            name=name,
            email=email,
        )
    migrate(empty, None, now)
    assert empty.select("SELECT id, is_ours FROM volunteer ORDER BY id") == [
        {"id": 1, "is_ours": 0},
        {"id": 2, "is_ours": 1},
        {"id": 3, "is_ours": 0},
    ]
    assert accounts.ourselves(empty, now) == 2


def test_a_ledger_of_before_still_adds_up_and_pays_by_the_same_tariff(empty, now):
    known = migrations()
    place = next(number for number, each in enumerate(known) if each.name.endswith("_ledger"))
    migrate(empty, None, now, known[:place])
    empty.execute("PRAGMA foreign_keys = OFF")
    for sql in (
        "INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, host_id, created_at, is_paid) "
        "VALUES (1, 1, 1, 0, 'valid', 1, 0, 1)",
        "INSERT INTO tariff VALUES (1, 'core-seconds', 1, 10, 0)",
        "INSERT INTO award (id, task_id, reason, tariff_id, host_id, volunteer_id, amount, because, created_at) "
        "VALUES (1, 1, 'computed', 1, 1, 1, 5, '', 86400000001)",
        "INSERT INTO entry (award_id, account, amount) VALUES (1, 'laboratory', -5), (1, 'volunteer:1', 5)",
        "INSERT INTO balance VALUES ('volunteer', 1, 5, 0, 0), ('host', 1, 5, 0, 0)",
    ):
        empty.execute(sql)
    migrate(empty, None, now)
    assert [*books.problems(empty), *books.beyond_caps(empty)] == []
    assert tariffs.in_force(empty, now) == (1, DEFAULT)
    assert empty.select("SELECT * FROM daybook") == [
        {"day": 1, "tariff_id": 1, "reason": "computed", "tier": "core-seconds", "awards": 1, "amount": 5}
    ]
