"""Deletes what nothing refers to any more, so that the disk holds what the rows say and no more."""

import logging
from datetime import datetime

from axiom.store import blobs
from axiom.store.database import Database
from axiom.store.folder import Folder

log = logging.getLogger("axiom.janitor")


def clean(db: Database, folder: Folder, now: datetime) -> int:
    """Delete files whose row was never committed, a day after they were written."""
    deleted = blobs.sweep(db, folder, now)
    if deleted:
        log.info("janitor.deleted files=%d", deleted)
    return deleted
