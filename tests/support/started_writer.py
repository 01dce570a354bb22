"""A writer for tests that ask what stands before one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axiom.store.connections import Connections
from axiom.store.writer import Writer


@contextmanager
def started_writer(lab: Any) -> Iterator[Writer]:
    """The laboratory's own connection is closed: from here on the writer changes its records."""
    lab.db.close()
    writer = Writer(Connections(folder=lab.folder).writer)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
