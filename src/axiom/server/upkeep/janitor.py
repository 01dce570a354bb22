"""The daily cleaning: deletes files without a row, and rows whose time is over."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from axiom.limits import backups as backup_limits
from axiom.limits import mail as mail_limits
from axiom.limits import server as server_limits
from axiom.limits import tasks as task_limits
from axiom.runner.files.bundle_folders import forget_unused
from axiom.server.upkeep.jobs import Job
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.mail import outbox
from axiom.store.migrate import delete_migration_backups
from axiom.store.tasks import progress, uploads
from axiom.store.upkeep import cleanings
from axiom.store.upkeep.cleanings import CleaningCounts
from axiom.store.writer import Writer

log = logging.getLogger("axiom.janitor")

_SLICE = 1_000


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """What seemed to be needed no more. The writer looks at each again before it goes."""

    files: Sequence[Path]
    blobs: Sequence[str]


def leftovers(db: Database, folder: Folder, now: datetime) -> Leftovers:
    return Leftovers(
        files=blobs.list_orphan_files(db, folder, now - blobs.GRACE),
        blobs=blobs.list_unneeded_blobs(db, now - task_limits.OLD_FILES_FOR),
    )


def read_leftovers(folder: Folder, now: datetime) -> Leftovers:
    """The same without the writer, which should not wait for it: it takes long where much is stored."""
    with Connections(folder=folder).follower() as db:
        return leftovers(db, folder, now)


def clean_job(writer: Writer, folder: Folder, now: Callable[[], datetime]) -> Job:
    def clean_up() -> None:
        leftovers = read_leftovers(folder, now())
        writer.run(lambda db: clean(db, folder, now(), leftovers))
        delete_migration_backups(folder, now() - backup_limits.UPGRADE_COPY_FOR)

    return Job(name="clean", every=86_400.0, work=clean_up)


def clean(db: Database, folder: Folder, now: datetime, to_delete: Leftovers | None = None) -> CleaningCounts:
    """Delete files whose row was never committed, a day after they were written, and what else has run out.

    Files go before rows do: those of rows that go now have their day, so that none is missing if this is undone. What
    was deleted is written down, also when it was nothing. `to_delete`: what `read_leftovers` has just returned.
    """
    to_delete = to_delete or leftovers(db, folder, now)
    files = blobs.delete_orphan_files(db, to_delete.files, now - blobs.GRACE)
    signed_out = accounts.expire_sign_ins(db, now)
    progress.delete_stale_progress(db)
    outbox.delete_sent_messages(db, now - mail_limits.SENT_MAIL_FOR)
    swept = CleaningCounts(
        files=files,
        uploads=_forget_uploads(db, folder, now),
        blobs=_forget_unneeded(db, folder, now, to_delete.blobs),
        sign_ins=signed_out,
        caches=forget_unused(folder.engine / "cache", task_limits.COMPILED_KEPT_FOR.total_seconds()),
    )
    cleanings.record_cleaning(db, swept, now)
    if swept.is_any:
        log.info(
            "janitor.deleted files=%d uploads=%d blobs=%d sign_ins=%d caches=%d",
            *(swept.files, swept.uploads, swept.blobs, swept.sign_ins, swept.caches),
        )
    return swept


def _forget_uploads(db: Database, folder: Folder, now: datetime) -> int:
    forgotten = 0
    while old := uploads.list_unwanted_uploads(
        db, now - task_limits.UNREPORTED_OUTPUT_FOR, now - server_limits.FAILED_OUTPUT_FOR, _SLICE
    ):
        uploads.delete_uploads(db, [upload.task_id for upload in old])
        for upload in old:
            blobs.release_output_blob(db, folder, upload.digest, now)
        forgotten += len(old)
    return forgotten


def _forget_unneeded(db: Database, folder: Folder, now: datetime, unneeded: Sequence[str]) -> int:
    seals = {hashlib.sha256(bundle.seal.encode()).hexdigest() for bundle in experiments.list_bundles(db)}
    return sum(digest not in seals and blobs.delete_unused_blob(db, folder, digest, now) for digest in unneeded)
