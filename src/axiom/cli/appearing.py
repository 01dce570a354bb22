"""Files that appear when they are whole, so that nobody finds half of one."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from axiom.errors import FolderUnusable


@contextlib.contextmanager
def appearing(file: Path) -> Iterator[Path]:
    """A name to write to; the file appears when it is whole."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        unfinished.replace(file)
    except OSError as error:
        raise FolderUnusable(
            f"{file} cannot be written: {error.strerror}. What was there before is as it was; choose another place."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
