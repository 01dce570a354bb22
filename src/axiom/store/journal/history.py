"""Where a database stands: in which history, after how many groups of changes, and the digest that sums them all up.

Each group's digest covers the one before. So two databases with the same digest went through the same changes, and a
journal fits a database if it has the database's digest at the database's position.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, to_microseconds

SKIPPED = 1_000_000  # how many numbers are left out where some may have been given that nobody remembers here

_MADE = "SELECT number, checksum, applied_at FROM migration ORDER BY number"
_RESERVE = "UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = :name"
_SKIP_UNUSED = """
INSERT INTO sqlite_sequence (name, seq)
SELECT name, :skipped FROM sqlite_master
WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence) ORDER BY name"""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalPoint:
    history: str
    position: int
    digest: bytes


def read_journal_point(db: Database) -> JournalPoint | None:
    row = db.row("SELECT history, position, digest FROM journal") if "journal" in db.tables() else None
    if row is None:
        return None
    return JournalPoint(history=row["history"], position=row["position"], digest=bytes.fromhex(row["digest"]))


def begin_history(db: Database) -> JournalPoint:
    """A history of this database's own begins here, named after how and when its tables were made."""
    made = [(row["number"], row["checksum"], row["applied_at"]) for row in db.select(_MADE)]
    digest = hashlib.sha256(repr(made).encode()).digest()
    with db.transaction():
        db.add("journal", id=1, history=digest.hex(), position=0, digest=digest.hex())
    return JournalPoint(history=digest.hex(), position=0, digest=digest)


def advance_journal_point(db: Database, position: int, digest: bytes) -> None:
    db.execute("UPDATE journal SET position = :position, digest = :digest", position=position, digest=digest.hex())


def interrupt_history(db: Database) -> None:
    """Something was changed that no journal holds, so none can be followed across this point."""
    point = read_journal_point(db)
    if point is not None:
        with db.transaction():
            advance_journal_point(db, point.position + 1, hashlib.sha256(point.digest + b"interrupted").digest())


def fork_history(db: Database, now: datetime) -> None:
    """Another history goes on from here, and gives no number that the one before may have given after this point."""
    with db.transaction():
        db.execute("UPDATE sqlite_sequence SET seq = seq + :skipped", skipped=SKIPPED)
        db.execute(_SKIP_UNUSED, skipped=SKIPPED)
        point = read_journal_point(db)
        if point is not None:
            digest = hashlib.sha256(point.digest + f"parted {to_microseconds(now)}".encode()).hexdigest()
            db.execute("UPDATE journal SET history = :history, digest = :digest", history=digest, digest=digest)


def reserve_numbers(db: Database, numbers: Mapping[str, int]) -> None:
    """Whatever is added to these tables from now on has a number above these."""
    counted = db.column(str, "SELECT name FROM sqlite_sequence ORDER BY name")
    db.add_all("sqlite_sequence", [{"name": name, "seq": 0} for name in numbers if name not in counted])
    db.execute_many(_RESERVE, [{"name": name, "number": number} for name, number in numbers.items()])


def last_number(db: Database, table: str) -> int:
    """The last number of this table that was given or left out; every later one is still to be given."""
    return db.number("SELECT seq FROM sqlite_sequence WHERE name = :name", name=table)


def was_history_forked_since(db: Database, table: str, number: int) -> bool:
    """Did another history go on after this number was given? Certain as long as it gave fewer than were left out."""
    return number + SKIPPED <= last_number(db, table)
