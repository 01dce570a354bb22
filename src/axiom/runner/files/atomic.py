"""Files of the runner's own that are there whole or not at all, whatever ends this process or the computer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axiom.runner.platform.system import system

DRAFT = ".new-"  # how a name begins under which nobody looks for anything


def write_atomically(path: Path, *parts: bytes) -> None:
    """Put these bytes in place of what was there before; several processes may place the same file at once."""
    import tempfile  # names of drafts are wanted by whoever places nothing, too

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=DRAFT)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def hold_file_lock(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        system.hold(handle)
        yield
    finally:
        os.close(handle)
