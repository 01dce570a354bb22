"""Files that are there whole or not at all, and on the disk, whatever ends this process or the computer."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

DRAFT = ".new-"  # how a name begins under which nobody looks for anything
AS_UMASK = 0o666  # the mode of what is nobody's secret
_IS_POSIX = os.name == "posix"


@contextlib.contextmanager
def open_atomically(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """What is written here takes the place of what was there before; several processes may do so at once.

    A block that fails leaves what was there. What it leaves when its process dies begins with `DRAFT`.
    """
    draft = _fresh_draft(path)
    try:
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        if _IS_POSIX:  # Windows opens no folder
            fsync_path(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # what could not be written may not be there to delete either
            draft.unlink()
        raise


def write_atomically(path: Path, *parts: bytes, mode: int = 0o600) -> None:
    with open_atomically(path, mode) as file:
        file.writelines(parts)


def write_once(path: Path, body: bytes) -> None:
    """Write a private file under a name that is free; a FileExistsError where it is not."""
    draft = _fresh_draft(path)
    write_atomically(draft, body)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()
    fsync_path(path.parent)


def replace_durably(draft: Path, path: Path) -> None:
    """A finished file, or a folder whose files are on the disk, is so under this name."""
    fsync_path(draft)
    draft.replace(path)
    fsync_path(path.parent)


def fsync_path(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if _IS_POSIX else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fresh_draft(path: Path) -> Path:
    """A name beside this one that nothing has; `secrets` and `tempfile` take longer to import than all else here."""
    return path.with_name(f"{DRAFT}{os.urandom(8).hex()}.part")  # noqa: TID251  a name, and no number of any experiment
