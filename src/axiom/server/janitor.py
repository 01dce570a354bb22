"""Deletes what nothing refers to any more, so that the disk holds what the rows say and no more."""

import logging
from datetime import datetime, timedelta

from axiom.store import accounts, blobs, progress, uploads
from axiom.store.database import Database
from axiom.store.folder import Folder

log = logging.getLogger("axiom.janitor")

_UNREPORTED = timedelta(days=30)  # far beyond every deadline: nobody will report what came so long ago
_SLICE = 1_000


def clean(db: Database, folder: Folder, now: datetime) -> int:
    """Delete files whose row was never committed, a day after they were written, and what else has run out.

    How many files there were.
    """
    forgotten = _forget_uploads(db, now)
    signed_out = accounts.expire_sign_ins(db, now)
    progress.sweep(db)
    deleted = blobs.sweep(db, folder, now)
    if deleted or forgotten or signed_out:
        log.info("janitor.deleted files=%d uploads=%d sign_ins=%d", deleted, forgotten, signed_out)
    return deleted


def _forget_uploads(db: Database, now: datetime) -> int:
    """Outputs that were brought and never reported, or of tasks that failed all the same."""
    forgotten = 0
    while old := uploads.older(db, now - _UNREPORTED, _SLICE):
        uploads.forget(db, [one.task_id for one in old])
        for one in old:
            blobs.forget(db, one.digest)
        forgotten += len(old)
    return forgotten
