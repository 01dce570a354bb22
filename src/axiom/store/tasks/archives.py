"""Which files hold what moved of tasks that closed long ago, and which tasks have let go of it.

That is the ticket, the output, and what the host said.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from axiom.domain.value import value_class
from axiom.store.engine import blobs
from axiom.store.engine.database import Database, to_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.tasks.sql_rules import IS_ALIVE, MAY_BE_REPORTED

_OF_TASK = """
SELECT a.* FROM task t JOIN archive a ON a.id = t.archive_id WHERE t.id = :task_id
"""
# The copies of a workunit move together, when the last of them that ended comes by: until then one may yet be compared
# with the others' outputs. A workunit that is open has a copy that has not ended. What expired or was taken back keeps
# its ticket, for its host may still report it; it then ends anew, and moves after the others. What was never sent has
# no ticket, and what has moved has none any more.
_NEXT = f"""
SELECT t.id, t.workunit_id, t.state, t.host_id, t.closed_at, t.ticket, t.message, t.output_digest,
    e.name AS experiment, e.version, l.closed_at AS last_closed_at, l.id AS last_task
FROM task l CROSS JOIN task t ON t.workunit_id = l.workunit_id JOIN experiment e ON e.id = t.experiment_id
WHERE l.closed_at >= :closed_at AND (l.closed_at, l.id, t.id) > (:closed_at, :last_task, :task_id)
    AND l.closed_at < :until AND NOT EXISTS (SELECT 1 FROM task o WHERE o.workunit_id = l.workunit_id
        AND (o.closed_at IS NULL OR (o.closed_at, o.id) > (l.closed_at, l.id)))
    AND NOT ({IS_ALIVE} OR {MAY_BE_REPORTED}) AND t.ticket IS NOT NULL
ORDER BY l.closed_at, l.id, t.id LIMIT :limit
"""
_ADD = """
INSERT INTO archive (month, part, digest, tasks, bytes, last_closed_at, last_task, made_at)
VALUES (:month, (SELECT count(*) + 1 FROM archive WHERE month = :month), :digest, :tasks, :bytes, :last_closed_at,
    :last_task, :made_at)
"""
_HELD = """
SELECT t.id, t.ticket, t.message, t.output_digest FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value
WHERE t.archive_id IS NULL
"""
# What hosts said of tasks that failed stays here, too: it is looked through for what goes wrong.
_LET_GO = """
UPDATE task SET ticket = NULL, message = CASE WHEN state = 'failed' THEN message ELSE '' END, archive_id = :archive_id
WHERE id IN (SELECT value FROM json_each(:ids)) AND archive_id IS NULL
"""


@value_class
class ArchiveFile:
    id: int
    month: str  # in which the last copies of its workunits closed, as 2026-08
    part: int
    digest: str
    tasks: int
    bytes: int
    made_at: datetime
    emptied_at: datetime | None  # when the last of its tasks had let go of its own; None before that

    @property
    def name(self) -> str:
        return self.month if self.part == 1 else f"{self.month}-{self.part}"


@value_class
class ArchivableTask:
    id: int
    workunit_id: int
    experiment: str
    version: int
    state: str
    host_id: int | None
    closed_at: datetime
    ticket: str
    message: str
    output_digest: str | None
    last_closed_at: datetime  # when the last copy of its workunit ended
    last_task: int  # that copy


def list_archive_files(db: Database) -> list[ArchiveFile]:
    return db.values(ArchiveFile, "SELECT * FROM archive ORDER BY id")


def find_task_archive(db: Database, task_id: int) -> ArchiveFile | None:
    return db.value(ArchiveFile, _OF_TASK, task_id=task_id)


def list_tasks_to_archive(
    db: Database, after: ArchivableTask | None, until: datetime, limit: int
) -> list[ArchivableTask]:
    if after is not None:
        closed_at, last_task, task_id = to_microseconds(after.last_closed_at), after.last_task, after.id
    else:  # a workunit's copies may fill the last file and go on in the next one
        row = db.row("SELECT last_closed_at, last_task FROM archive ORDER BY id DESC LIMIT 1")
        closed_at, last_task, task_id = (row["last_closed_at"], row["last_task"], 0) if row else (0, 0, 0)
    return db.values(
        ArchivableTask, _NEXT, closed_at=closed_at, last_task=last_task, task_id=task_id, until=until, limit=limit
    )


def add_archive_file(
    db: Database, *, month: str, digest: str, size: int, tasks: Sequence[ArchivableTask], now: datetime
) -> int:
    """A file of these tasks is stored as a blob; its number. They still have what it holds."""
    last = tasks[-1]
    return db.insert(
        _ADD,
        month=month,
        digest=digest,
        tasks=len(tasks),
        bytes=size,
        last_closed_at=last.last_closed_at,
        last_task=last.last_task,
        made_at=now,
    )


def read_unarchived_texts(db: Database, task_ids: Collection[int]) -> dict[int, tuple[str | None, str, str | None]]:
    rows = db.select(_HELD, ids=json.dumps(sorted(task_ids)))
    return {row["id"]: (row["ticket"], row["message"], row["output_digest"]) for row in rows}


def release_archived_tasks(
    db: Database, folder: Folder, archive_id: int, own: Mapping[int, str | None], now: datetime
) -> None:
    """These tasks, each with its output's digest, have their tickets and outputs in this file alone from now on."""
    db.execute(_LET_GO, archive_id=archive_id, ids=json.dumps(sorted(own)))
    for digest in own.values():
        if digest is not None:
            blobs.release_output_blob(db, folder, digest, now)


def mark_archive_emptied(db: Database, archive_id: int, now: datetime) -> None:
    db.execute("UPDATE archive SET emptied_at = :now WHERE id = :id AND emptied_at IS NULL", id=archive_id, now=now)
