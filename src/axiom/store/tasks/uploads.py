"""Outputs that volunteers' clients have brought and whose reports are awaited. Their bytes are blobs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from axiom.domain.value import value_class
from axiom.store.engine.database import Database, as_value, to_microseconds
from axiom.store.tasks.sql_rules import MAY_BE_REPORTED

# A task whose output was reported is closed to uploads: what a report vouched for is never exchanged. So is one that
# ended without an output, whose host could bring what it likes otherwise; but not yet one that an operator aborted,
# which its host may have finished before it heard of that. One that waits may be known to its host from before an older
# copy of this database was restored.
_CLOSED_TO_UPLOADS = f"(t.output_digest IS NOT NULL OR NOT (t.state = 'unsent' OR {MAY_BE_REPORTED}))"
_RECORD = f"""
INSERT INTO upload (task_id, name, digest, size, md5, received_at)
SELECT :task_id, :name, :digest, :size, :md5, :received_at
WHERE NOT EXISTS (SELECT 1 FROM task t WHERE t.id = :task_id AND {_CLOSED_TO_UPLOADS})
ON CONFLICT (task_id) DO UPDATE SET
    name = excluded.name, digest = excluded.digest, size = excluded.size, md5 = excluded.md5,
    received_at = excluded.received_at
"""
_OF = "SELECT u.* FROM json_each(:task_ids) j CROSS JOIN upload u ON u.task_id = j.value"
_FORGET = "DELETE FROM upload WHERE task_id IN (SELECT value FROM json_each(:task_ids))"
_UNWANTED = f"""
SELECT u.* FROM upload u LEFT JOIN task t ON t.id = u.task_id
WHERE u.received_at < :before OR (u.received_at < :lately AND {_CLOSED_TO_UPLOADS})
ORDER BY u.task_id LIMIT :limit
"""
_CLOSED = f"""
SELECT t.id, t.output_digest FROM json_each(:task_ids) j CROSS JOIN task t ON t.id = j.value
WHERE {_CLOSED_TO_UPLOADS}
"""
# CROSS JOIN, here as above, has SQLite begin with what is on the left: it would look through all tasks otherwise.
# Clients upload what a failed task left, too. Nobody will report it, so its host could do nothing against its counting:
# it counts no longer than it lies here.
_BYTES_OF_OTHER_TASKS = f"""
SELECT coalesce(sum(u.size), 0) AS bytes FROM upload u CROSS JOIN task t ON t.id = u.task_id
WHERE t.host_id = (SELECT host_id FROM task WHERE id = :task_id) AND u.task_id <> :task_id
    AND ({MAY_BE_REPORTED} OR u.received_at >= :lately)
"""
_OF_SAME_HOST = """
SELECT t.id FROM json_each(:task_ids) j CROSS JOIN task t ON t.id = j.value
WHERE t.host_id = (SELECT host_id FROM task WHERE id = :task_id)
"""


@value_class
class StoredUpload:
    task_id: int
    name: str
    digest: str
    size: int
    md5: str
    received_at: datetime


def record_uploads(db: Database, arrived: Sequence[StoredUpload]) -> None:
    """The outputs of these tasks have arrived, each in place of one before it; not where one was reported already."""
    db.execute_many(_RECORD, map(asdict, arrived))


def list_tasks_closed_to_uploads(db: Database, task_ids: Iterable[int]) -> dict[int, str | None]:
    return {row["id"]: row["output_digest"] for row in db.select(_CLOSED, task_ids=json.dumps(list(task_ids)))}


def read_uploads(db: Database, task_ids: Iterable[int]) -> dict[int, StoredUpload]:
    return {row["task_id"]: as_value(StoredUpload, row) for row in db.select(_OF, task_ids=json.dumps(list(task_ids)))}


def delete_uploads(db: Database, task_ids: Iterable[int]) -> None:
    """These tasks are reported, or nobody waits for them any more; their blobs stay for whoever needs them."""
    db.execute(_FORGET, task_ids=json.dumps(list(task_ids)))


def list_unwanted_uploads(db: Database, before: datetime, lately: datetime, limit: int) -> list[StoredUpload]:
    return db.values(
        StoredUpload, _UNWANTED, before=to_microseconds(before), lately=to_microseconds(lately), limit=limit
    )


def sum_other_upload_bytes(db: Database, task_id: int, lately: datetime) -> int:
    """How much the host of this task has brought for other tasks and may still report, or has brought since then."""
    return db.number(_BYTES_OF_OTHER_TASKS, task_id=task_id, lately=to_microseconds(lately))


def list_tasks_of_same_host(db: Database, task_id: int, task_ids: Iterable[int]) -> set[int]:
    return set(db.column(int, _OF_SAME_HOST, task_id=task_id, task_ids=json.dumps(list(task_ids))))
