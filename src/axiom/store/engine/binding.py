"""What SQLite's errors mean for us."""

import sqlite3

from axiom.errors import StorageFull, StoreBusy, StoreDamaged, StoreError

BUSY_MS = 5_000  # how long to wait for a lock that only a stranger to this program can hold

_SHARED_MEMORY_SIZE = sqlite3.SQLITE_IOERR_SHMSIZE  # the index beside the log could not grow: no room


def explain(error: Exception) -> None:
    """Raise what an error means for us, if that is known."""
    known = foreseen(error)
    if known is not None:
        raise known from error


def foreseen(error: Exception) -> StoreError | None:
    """What SQLite's error means for us; None for a mistake in our own SQL or a broken constraint."""
    code = getattr(error, "sqlite_errorcode", getattr(error, "extendedresult", 0))
    kind = code & 0xFF
    # A failed fsync is never a mere lack of room, even when that was its cause: what it left behind is unknown.
    if kind == sqlite3.SQLITE_FULL or code == _SHARED_MEMORY_SIZE:
        return StorageFull(
            "The disk is full. Nothing of this change was stored and nobody was told that it was; "
            "free some space, and what was refused can be sent again."
        )
    if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StoreBusy(
            f"Another program held the database for {BUSY_MS // 1000} seconds. Nothing of this change was stored; "
            "close that program and send the change again."
        )
    if kind in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreDamaged(
            f"The disk or the database failed ({error}). Nothing of this change was acknowledged; "
            "check the disk, then start Axiom again: it reads back what is truly there, or restore a backup."
        )
    if kind in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
        return StoreError(f"The database cannot be written here ({error}). Nothing was stored.")
    return None
