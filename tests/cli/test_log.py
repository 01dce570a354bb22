"""What the log gets of a disk that is full: a line a minute, from whatever part, and everything else in full."""

import errno
import logging
import sqlite3
import time

import pytest

from axiom.errors import StorageFull
from axiom.service.access import log_to
from axiom.settings import Settings
from axiom.store.engine.folder import Folder


@pytest.fixture
def lines(tmp_path):
    root, before, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level
    raises = logging.raiseExceptions
    for handler in before:
        root.removeHandler(handler)
    log_to(Folder(path=tmp_path), Settings())
    yield lambda: (tmp_path / "logs" / "axiom.log").read_text().splitlines()
    logging.basicConfig(force=True, handlers=before, level=level)
    logging.raiseExceptions = raises


def fails(error: Exception, cause: Exception | None = None) -> None:
    error.__cause__ = cause
    logging.getLogger("axiom.jobs").error("job.failed", exc_info=error)


def full() -> sqlite3.Error:
    made = sqlite3.OperationalError("database or disk is full")
    made.sqlite_errorcode = sqlite3.SQLITE_FULL
    return made


def test_a_full_disk_is_one_line_a_minute_without_traces(lines, monkeypatch):
    now = time.monotonic()
    fails(OSError(errno.ENOSPC, "No space left on device"))
    fails(RuntimeError("a job failed"), full())
    fails(StorageFull("The disk is full."))
    logging.getLogger("axiom.front").warning("front.failed %s", StorageFull("The disk is full."))
    assert len(lines()) == 1
    fails(ValueError("a fault of ours"))
    assert "ValueError: a fault of ours" in lines()
    before = len(lines())
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    fails(full())
    assert len(lines()) == before + 1
