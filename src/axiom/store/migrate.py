"""Bring a database to the form that this program knows: each file of `migrations/` once, in order.

A migration is one transaction, so a power cut leaves the database before it or after it. An older database is copied
first. A file that was in a release is never changed: what comes after it is a further file.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from axiom.errors import CannotStart, FolderUnusable, StorageFull, StoreDamaged, StoreTooNew
from axiom.store.accounts import accounts, teams
from axiom.store.engine.database import Database, copy_database
from axiom.store.engine.folder import Folder

MIGRATIONS = Path(__file__).parent / "migrations"

_STEPS = {
    "0025_looks_of_names": (accounts.fill_volunteer_looks, teams.fill_team_looks)
}  # of a migration, which SQL cannot do
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)"""
_APPLIED = "SELECT number, name, checksum FROM migration ORDER BY number"
_PARTS = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file, so that a later edit does not go unnoticed."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        statement = ""
        for line in self.text.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""


def read_migrations() -> list[Migration]:
    return [
        Migration(number=int(path.stem[:4]), name=path.stem, text=path.read_text(encoding="utf-8"))
        for path in sorted(MIGRATIONS.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    ]


def migrate_database(
    database: Database, folder: Folder | None, now: datetime, shipped: list[Migration] | None = None
) -> list[str]:
    """The database has every known migration (those of this program, if none are given); the names that it lacked."""
    wanted = read_migrations() if shipped is None else shipped
    applied = _applied(database, wanted)
    missing = [migration for migration in wanted if migration.number not in applied]
    if applied and missing and folder is not None:
        _back_up(folder, missing[0].name)  # one copy however many come after it: each is as large as the database
    for migration in missing:
        with database.transaction():
            _apply(database, migration, now)
    return [migration.name for migration in missing]


def list_pending_migrations(database: Database) -> list[str]:
    shipped = read_migrations()
    applied = _applied(database, shipped)
    return [migration.name for migration in shipped if migration.number not in applied]


def migration_backup_path(folder: Folder, name: str) -> Path:
    return folder.backups / f"before-{name[:4]}.db"


def delete_migration_backups(folder: Folder, before: datetime) -> None:
    """They hold accounts that were erased since."""
    for path in folder.backups.glob("before-*.db"):
        if path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)


def require_current_schema(database: Database) -> None:
    if missing := list_pending_migrations(database):
        raise CannotStart(
            f"This database was made by an older Axiom and lacks {', '.join(missing)}. Nothing was read or changed; "
            "`axiom upgrade` copies the database and brings it up to date, as does the laboratory's next start."
        )


def list_foreign_objects(database: Database) -> list[str]:
    """What stands in this database that no migration of it made: a trigger of somebody's would act at every change."""
    wanted = read_migrations()
    applied = _applied(database, wanted)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate_database(
            Database(connection), None, _EPOCH, [migration for migration in wanted if migration.number in applied]
        )
        ours = {row["sql"] for row in Database(connection).select(_PARTS)}
    strangers = [row for row in database.select(_PARTS) if row["sql"] not in ours]
    return [row["name"] for row in strangers] if applied else ["a database without a laboratory"]


def _applied(database: Database, shipped: list[Migration]) -> set[int]:
    tables = database.tables() - {"sqlite_sequence"}
    if tables and "migration" not in tables:
        raise StoreDamaged(
            "This database has tables but no list of migrations, so Axiom did not make it. Nothing was changed; "
            "choose another data folder."
        )
    applied = {row["number"]: row for row in database.select(_APPLIED)} if tables else {}
    newest = shipped[-1].number if shipped else 0
    if unknown := [row["name"] for number, row in applied.items() if number > newest]:
        raise StoreTooNew(
            f"This database was written by a newer Axiom ({unknown[-1]} is unknown here). Nothing was changed; "
            "start that version, or restore the backup from before its upgrade."
        )
    for migration in shipped:
        row = applied.get(migration.number)
        gap = row is None and any(number > migration.number for number in applied)
        if gap or (row is not None and row["checksum"] != migration.checksum):
            raise StoreDamaged(
                f"Migration {migration.name} is not the one that made this database, so what its tables mean is "
                "unknown. Nothing was changed; install Axiom again, or restore a backup."
            )
    return set(applied)


def _back_up(folder: Folder, name: str) -> None:
    try:
        folder.backups.mkdir(mode=0o700, exist_ok=True)
        copy_database(folder.database, migration_backup_path(folder, name))
    except StorageFull as error:
        raise StorageFull(
            f"There is no room for a copy of the database before {name}. Nothing was changed; "
            "free some space and start again."
        ) from error
    except OSError as error:
        raise FolderUnusable(
            f"The database cannot be copied to {folder.backups} before {name}: {error.strerror}. Nothing was changed."
        ) from error


def _apply(database: Database, migration: Migration, now: datetime) -> None:
    database.execute(_TABLE)
    for statement in migration.statements():
        database.execute(statement)
    for step in _STEPS.get(migration.name, ()):
        step(database)
    facts = {"number": migration.number, "name": migration.name, "checksum": migration.checksum}
    database.add("migration", **facts, applied_at=now)
