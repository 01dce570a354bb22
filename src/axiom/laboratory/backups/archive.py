"""Tickets and outputs of tasks that closed long ago move out of the database, into one Parquet file a month.

With them goes what hosts said of tasks that did not fail. A file is whole and on the disk before a row names it, and it
is read back before a task lets go of its own. So whenever the process dies, all of it stands in the database or in a
file that the database names, and the next round goes on from there. All of it is in the journal, the file's bytes too:
a restored laboratory and a follower have the same files.

What pages, findings and checks read (states, times, results, early values) stays where it is.
"""

import functools
import hashlib
import importlib
import importlib.util
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from axiom.domain.value import value_class
from axiom.errors import CannotStart, NotFound, StoreDamaged
from axiom.limits import backups as limits
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.tasks import archives
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks.archives import ArchivableTask, ArchiveFile
from axiom.store.views import tasks
from axiom.store.writer import Writer

log = logging.getLogger("axiom.archive")

_ROWS = 1_000  # of a file that are read at once: to find one task, no more is looked at
_READ = 500  # tasks in one question
_Proven = tuple[int, tuple[str, str, str | None]]  # a task; its ticket, its message and its output's digest
_AT_ONCE = 100  # tasks that let go in one turn of the writer, for which requests wait


@value_class
class StoredTaskOutput:
    """What ordered a task and what its host brought, wherever that lies."""

    ticket: str | None
    output: bytes | None
    message: str  # the host's own words
    archive: ArchiveFile | None  # the file that holds them; None where the database does


def is_possible() -> bool:
    """Is the package here that reads and writes these files?"""
    return importlib.util.find_spec("pyarrow") is not None


def due_before(now: datetime, days: float) -> datetime:
    """Months that ended before this moment move: a file holds a month, so a task waits for the end of its own."""
    return (now - timedelta(days=days)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def is_archiving_due(db: Database, now: datetime, days: float) -> bool:
    """Does something wait to be moved?"""
    return bool(archives.list_tasks_to_archive(db, None, due_before(now, days), 1)) or any(
        archive.emptied_at is None for archive in archives.list_archive_files(db)
    )


def archive_old_outputs(
    writer: Writer, folder: Folder, now: Callable[[], datetime], days: float, stop: Callable[[], bool] = lambda: False
) -> int:
    """Move everything that is due, and what an earlier round did not end; how many files that made."""
    with Connections(folder=folder).reader() as db:
        unfinished = [stored for stored in archives.list_archive_files(db) if stored.emptied_at is None]
    for stored in unfinished:
        _empty(writer, folder, stored, now, stop)
    made = 0
    while not stop() and (archive := _write_next(writer, folder, now(), due_before(now(), days))) is not None:
        _empty(writer, folder, archive, now, stop)
        made += 1
    return made


def read_task_output(db: Database, folder: Folder, task_id: int) -> StoredTaskOutput:
    """A task's ticket and output, proven."""
    task = task_store.find_task(db, task_id)
    if task is None:
        raise NotFound(f"There is no task {task_id}. `axiom task list` shows what there is.")
    archive = archives.find_task_archive(db, task_id)
    if archive is None:
        output = blobs.read_blob(db, folder, task.output_digest) if task.output_digest else None
        return StoredTaskOutput(
            ticket=task.ticket, output=output, message=tasks.read_task_end(db, task_id).message, archive=None
        )
    row = next((row for row in _rows(folder, archive, only=task_id) if row["task"] == task_id), None)
    if row is None or _digest(row["output"]) != task.output_digest:
        raise _differs(folder, archive, task_id)
    return StoredTaskOutput(ticket=row["ticket"], output=row["output"], message=row["message"], archive=archive)


def _write_next(writer: Writer, folder: Folder, now: datetime, until: datetime) -> ArchiveFile | None:
    """The next file is stored, and its tasks still have all that it holds; None where nothing is due."""
    with Connections(folder=folder).follower() as db:
        rows = list(_next_rows(db, folder, until))
    if not rows:
        return None
    old, month = [task for task, _ in rows], f"{rows[0][0].last_closed_at:%Y-%m}"
    body = _parquet(sorted(rows, key=lambda row: row[0].id))
    blobs.write_blob_file(folder, hashlib.sha256(body).hexdigest(), body, now)  # so that the writer waits for no disk

    def store(db: Database) -> ArchiveFile:
        digest = blobs.store_blob(db, folder, body, now, as_file=True)
        number = archives.add_archive_file(db, month=month, digest=digest, size=len(body), tasks=old, now=now)
        return next(archive for archive in archives.list_archive_files(db) if archive.id == number)

    archive = writer.run(store)
    log.info("archive.written name=%s tasks=%d bytes=%d", archive.name, archive.tasks, archive.bytes)
    return archive


def _next_rows(db: Database, folder: Folder, until: datetime) -> Iterator[tuple[ArchivableTask, bytes | None]]:
    """The tasks of the next file with their outputs: of one month, as many as one file holds."""
    last: ArchivableTask | None = None
    size = 0
    while batch := archives.list_tasks_to_archive(db, last, until, _READ):
        for task in batch:
            if last is not None and (
                size >= limits.ARCHIVE_PART_BYTES or f"{task.last_closed_at:%Y-%m}" != f"{last.last_closed_at:%Y-%m}"
            ):
                return
            output = blobs.read_blob(db, folder, task.output_digest) if task.output_digest else None
            size += len(task.ticket) + len(task.message) + len(output or b"")
            yield task, output
            last = task


def _empty(
    writer: Writer, folder: Folder, archive: ArchiveFile, now: Callable[[], datetime], stop: Callable[[], bool]
) -> None:
    """Every task of this file has let go of what the file, read from the disk, has."""
    proven = _proven_rows(folder, archive)
    while rows := list(itertools.islice(proven, _AT_ONCE)):
        if stop():
            return
        writer.run(functools.partial(_let_go, folder=folder, archive=archive, rows=rows, now=now()))
    writer.run(lambda db: archives.mark_archive_emptied(db, archive.id, now()))


def _let_go(db: Database, *, folder: Folder, archive: ArchiveFile, rows: Sequence[_Proven], now: datetime) -> None:
    digests = archives.read_unarchived_texts(db, [task for task, _ in rows])
    for task, (ticket, message, digest) in rows:
        # A message is forgotten when its host's owner erases the account, also while this file is written.
        if task in digests and digests[task] not in {(ticket, message, digest), (ticket, "", digest)}:
            raise _differs(folder, archive, task)
    own = {task: digest for task, (_, _, digest) in digests.items()}
    archives.release_archived_tasks(db, folder, archive.id, own, now)


def _proven_rows(folder: Folder, archive: ArchiveFile) -> Iterator[_Proven]:
    """Each task of a file with its ticket and the digest of its output, from a file that is what was written."""
    path = blobs.blob_path(folder, archive.digest)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoreDamaged(
            f"The archive {archive.name} cannot be read ({path}: {error.strerror}). No task let go of anything more; "
            "put the file back from a backup."
        ) from error
    if digest != archive.digest:
        raise _differs(folder, archive, 0)
    for row in _rows(folder, archive):
        yield row["task"], (row["ticket"], row["message"], _digest(row["output"]))


def _rows(folder: Folder, archive: ArchiveFile, only: int | None = None) -> Iterator[dict[str, Any]]:
    """Task, ticket, message and output of each task in a file; of `only` one, the few rows among which it is."""
    parquet = _package("pyarrow.parquet")
    try:
        with parquet.ParquetFile(blobs.blob_path(folder, archive.digest)) as file:
            for group in range(file.num_row_groups):
                statistics = file.metadata.row_group(group).column(0).statistics
                if only is None or statistics is None or statistics.min <= only <= statistics.max:
                    yield from file.read_row_group(group, columns=["task", "ticket", "message", "output"]).to_pylist()
    except (OSError, ValueError) as error:  # Arrow's own are among these
        raise _differs(folder, archive, only or 0) from error


def _parquet(rows: Sequence[tuple[ArchivableTask, bytes | None]]) -> bytes:
    arrow, parquet = _package("pyarrow"), _package("pyarrow.parquet")
    old = [task for task, _ in rows]
    whole, text = arrow.int64(), arrow.string()
    columns = {
        "task": ([task.id for task in old], whole),
        "workunit": ([task.workunit_id for task in old], whole),
        "experiment": ([task.experiment for task in old], text),
        "version": ([task.version for task in old], whole),
        "state": ([task.state for task in old], text),
        "host": ([task.host_id for task in old], whole),
        "closed_at": ([task.closed_at for task in old], arrow.timestamp("us", tz="UTC")),
        "ticket": ([task.ticket for task in old], text),
        "message": ([task.message for task in old], text),
        "output_digest": ([task.output_digest for task in old], text),
        "output": ([output for _, output in rows], arrow.binary()),
    }
    table = arrow.table({name: arrow.array(values, type=kind) for name, (values, kind) in columns.items()})
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd", row_group_size=_ROWS, use_dictionary=["experiment", "state"])
    return bytes(sink.getvalue())


def _package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CannotStart(
            "The archive's files are Parquet, and the package pyarrow is not installed, which reads them. Nothing was "
            "changed; install Axiom's wheel with its extra `data` (docs/howto/archive.md)."
        ) from error


def _digest(output: bytes | None) -> str | None:
    return None if output is None else hashlib.sha256(output).hexdigest()


def _differs(folder: Folder, archive: ArchiveFile, task_id: int) -> StoreDamaged:
    what = f"what it says of task {task_id}" if task_id else "it"
    path: Path = blobs.blob_path(folder, archive.digest)
    return StoreDamaged(
        f"The archive {archive.name} is damaged: {what} is not what was stored ({path}). It was not used, and no task "
        "let go of anything more; put the file back from a backup."
    )
