"""Locks on files, which are the kernel's: they end with their process, however that ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axiom.runner.platform.system import system


def take_file_lock(path: Path) -> int | None:
    """Lock a file, made where there is none, until what is returned is closed; None where somebody else holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if system.take(handle):
        return handle
    os.close(handle)
    return None


@contextmanager
def hold_file_lock(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        system.hold(handle)
        yield
    finally:
        os.close(handle)
