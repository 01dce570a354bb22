"""Every migration once, in order, each whole; and never on a database that is not ours."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.errors import CannotStart, FolderUnusable, StoreDamaged, StoreTooNew
from axiom.store.engine.database import connect_writer, to_microseconds
from axiom.store.migrate import (
    MIGRATIONS,
    Migration,
    delete_migration_backups,
    migrate_database,
    read_migrations,
    require_current_schema,
)

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


def test_a_copy_from_before_an_upgrade_goes_when_its_time_is_over(folder, now):
    folder.backups.mkdir()
    old, new = folder.backups / "before-0002.db", folder.backups / "before-0003.db"
    for path, moment in ((old, now - timedelta(seconds=1)), (new, now)):
        path.touch()
        os.utime(path, (moment.timestamp(), moment.timestamp()))
    delete_migration_backups(folder, now)
    assert list(folder.backups.iterdir()) == [new]


def test_each_is_applied_once_in_order(empty, folder, now):
    assert [migration.number for migration in read_migrations()] == list(range(1, len(read_migrations()) + 1))
    assert len(read_migrations()) == len(list(MIGRATIONS.glob("*.sql")))
    assert migrate_database(empty, None, now, [FIRST]) == ["0001_first"]
    assert migrate_database(empty, None, now, [FIRST]) == []
    assert migrate_database(empty, None, now, [FIRST, SECOND]) == ["0002_second"]
    assert empty.tables() >= {"a", "b"}
    assert empty.select("SELECT number, name, applied_at FROM migration ORDER BY number") == [
        {"number": 1, "name": "0001_first", "applied_at": to_microseconds(now)},
        {"number": 2, "name": "0002_second", "applied_at": to_microseconds(now)},
    ]
    empty.close()
    folder.database.unlink()
    with closing(connect_writer(folder.database)) as database:
        assert len(migrate_database(database, folder, now)) == len(read_migrations())
        assert migrate_database(database, folder, now) == []
        assert not folder.backups.exists()


def test_an_older_database_is_copied_first_and_a_broken_migration_changes_nothing(empty, folder, now):
    migrate_database(empty, folder, now, [FIRST])
    assert not folder.backups.exists()
    empty.execute("INSERT INTO a VALUES (42)")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate_database(empty, None, now, [FIRST, BROKEN])
    folder.backups.write_text("in the way")
    with pytest.raises(FolderUnusable, match="copied"):
        migrate_database(empty, folder, now, [FIRST, SECOND])
    assert "b" not in empty.tables()
    folder.backups.unlink()
    third = Migration(number=3, name="0003_third", text="CREATE TABLE c (id);\n")
    assert migrate_database(empty, folder, now, [FIRST, SECOND, third]) == ["0002_second", "0003_third"]
    assert [path.name for path in folder.backups.iterdir()] == ["before-0002.db"]
    with closing(sqlite3.connect(folder.backups / "before-0002.db")) as backup:
        assert backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert backup.execute("SELECT id FROM a").fetchall() == [(42,)]
        assert backup.execute("SELECT name FROM sqlite_master WHERE name = 'b'").fetchall() == []


@pytest.mark.parametrize(
    ("made", "known", "error", "fact"),
    [
        ([FIRST, SECOND], [FIRST], StoreTooNew, "0002_second"),
        ([FIRST], [replace(FIRST, text="CREATE TABLE more (id);\n")], StoreDamaged, "0001_first"),
        ([SECOND], [FIRST, SECOND], StoreDamaged, "0001_first"),
        (None, [FIRST], StoreDamaged, "no list"),
    ],
)
def test_a_database_that_others_made_is_left_alone(empty, now, made, known, error, fact):
    if made is None:
        empty.execute("CREATE TABLE bookmarks (id)")
    else:
        migrate_database(empty, None, now, made)
    before = empty.tables()
    with pytest.raises(error, match=fact):
        migrate_database(empty, None, now, known)
    assert empty.tables() == before


def test_a_database_that_lacks_a_migration_is_not_read(database, now, newer_program):
    newer_program()
    with pytest.raises(CannotStart, match="0098_more"):
        require_current_schema(database)
    migrate_database(database, None, now)
    require_current_schema(database)
    database.execute("INSERT INTO migration VALUES (99, '0099_future', '', 0)")
    with pytest.raises(StoreTooNew, match="0099_future"):
        require_current_schema(database)


def test_a_task_whose_award_waited_for_a_cap_is_paid_later_and_once(empty, folder, now):
    migrate_database(empty, None, now, read_migrations()[:18])
    empty.execute("PRAGMA foreign_keys = OFF")
    common = {"reason": "computed", "host": 1, "amount": 5, "because": "a test", "now": to_microseconds(now)}
    for task, booked_at in ((1, None), (2, to_microseconds(now))):
        empty.execute(
            "INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, created_at, is_paid) "
            "VALUES (:id, :id, 1, 0, 'valid', :now, 1)",
            id=task,
            now=to_microseconds(now),
        )
        empty.execute(
            "INSERT INTO pending_award (task_id, reason, tariff_id, host_id, volunteer_id, tier, amount, because, "
            "created_at, booked_at) VALUES (:id, :reason, 1, :host, 1, '', :amount, :because, :now, :booked_at)",
            id=task,
            booked_at=booked_at,
            **common,
        )
    migrate_database(empty, folder, now, read_migrations()[:19])
    rows = empty.select("SELECT id, is_paid FROM task ORDER BY id")
    assert [(row["id"], row["is_paid"]) for row in rows] == [(1, 0), (2, 1)]
    assert "pending_award" not in empty.tables()


def test_only_what_the_hint_of_a_placebo_refused_is_tried_again(empty, folder, now):
    migrate_database(empty, folder, now, read_migrations()[:32])
    empty.execute("PRAGMA foreign_keys = OFF")
    leak = "G7, placebo: gap does not show that its placebo is without effect. Does something of the arm leak?"
    for bundle, passed, reason in (("a", 0, leak), ("b", 0, "G6, cost: needs says too little."), ("c", 1, "all gates")):
        empty.execute(
            "INSERT INTO preflight (bundle_digest, gates, passed, reason, platform, report, created_at)"
            " VALUES (:bundle, 'gates-3', :passed, :reason, '', '', 0)",
            bundle=bundle,
            passed=passed,
            reason=reason,
        )
    migrate_database(empty, folder, now, read_migrations()[:33])
    left = empty.select("SELECT bundle_digest AS bundle FROM preflight ORDER BY bundle_digest")
    assert [row["bundle"] for row in left] == ["b", "c"]
