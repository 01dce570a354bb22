"""Waits for what comes of a laboratory's next change, which its database tells at once and for next to nothing."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from patience import PATIENCE

_ANYWAY = 0.25  # seconds after which one looks also where nothing was stored: not all that is shown is


def wait_for_change(
    data: Path, reached: Callable[[], Any], missed: Callable[[], str], patience: float = PATIENCE
) -> Any:
    """What `reached` gives once it gives something: asked anew after each change of the database in this folder."""
    until = time.monotonic() + patience
    with _version(data) as version:
        before = version()
        while not (found := reached()):
            assert time.monotonic() < until, f"not reached within {patience:.0f} s: {missed()}"
            anyway = time.monotonic() + _ANYWAY
            while (now := version()) == before and time.monotonic() < anyway:
                time.sleep(0.01)
            before = now
        return found


@contextlib.contextmanager
def _version(data: Path) -> Iterator[Callable[[], int]]:
    """What SQLite counts up with each change that others make; it may be that there is no database yet."""
    with contextlib.ExitStack() as held:
        connections: list[sqlite3.Connection] = []

        def version() -> int:
            try:
                if not connections:
                    line = sqlite3.connect(f"file:{data / 'axiom.db'}?mode=ro", uri=True)
                    connections.append(held.enter_context(contextlib.closing(line)))
                return int(connections[0].execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.OperationalError:
                return 0

        yield version
