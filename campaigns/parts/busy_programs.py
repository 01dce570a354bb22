"""Programs beside which something is measured: of normal priority, each in a session of its own, and never waiting."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def busy(amount: int) -> Iterator[list[int]]:
    """The numbers of so many processes that take all that they get, until the body ends."""
    command = [sys.executable, "-I", "-c", "while True: pass"]
    running = [subprocess.Popen(command, start_new_session=True) for _ in range(amount)]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
