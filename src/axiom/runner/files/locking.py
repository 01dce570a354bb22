import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axiom.runner.platform.system import system


@contextmanager
def locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        system.hold(handle)
        yield
    finally:
        os.close(handle)
