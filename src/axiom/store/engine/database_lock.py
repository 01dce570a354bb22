"""A database belongs to one keeper: at most one process writes to it, and nobody else reads its files."""

import functools
import os
from collections.abc import Callable
from pathlib import Path

from axiom.errors import FolderInUse, FolderUnusable
from axiom.runner.files.file_lock import take_file_lock


def restrict_database_files(path: Path) -> None:
    """The file is there and its keeper's alone; SQLite gives what lies beside it the same mode.

    An existing file is never opened here: closing it would end every lock that this process has on it.
    """
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    for file in (path, wal_path(path), path.with_name(path.name + "-shm")):
        if file.exists():
            file.chmod(0o600)


def wal_path(path: Path) -> Path:
    """Where SQLite keeps what was committed and is not in the database itself yet."""
    return path.with_name(path.name + "-wal")


def lock_database_writer(path: Path) -> Callable[[], None]:
    """Hold the lock of the one who writes to this database; what is returned lets go of it."""
    try:
        lock = take_file_lock(path.with_name(path.name + "-writer"))
    except OSError as error:
        raise FolderUnusable(
            f"The database {path} cannot be written: {error.strerror}. Nothing was changed; "
            "check the folder's path and its permissions."
        ) from error
    if lock is None:
        raise FolderInUse(
            f"The database {path} already has its one writable connection; a second could damage it. "
            "Nothing was changed; send the change to the process that holds it, or stop that process."
        )
    return functools.partial(os.close, lock)
