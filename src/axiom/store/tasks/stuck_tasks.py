"""Tasks that are out for long, and hosts as far as they may look wrong. It only reads."""

from collections.abc import Iterator
from datetime import datetime

from axiom.domain.failures import ObservedHost
from axiom.domain.work import Task, TaskState
from axiom.store.engine.database import (
    Database,
    as_value,
    from_microseconds,
    from_optional_microseconds,
    to_microseconds,
)

# The sign keeps SQLite from walking all tasks by their number: few of them are out.
_OUT_SINCE = """
SELECT id, workunit_id, experiment_id, ordinal, created_at, host_id, sent_at, deadline FROM task
WHERE state = 'sent' AND sent_at < :before AND +id > :after ORDER BY +id LIMIT :limit
"""
# Of hosts that were not heard from for long and have nothing, nothing can look wrong; a crowd is new.
_SEEN = """
SELECT h.id, h.volunteer_id, h.cpid, h.created_at, h.seen_at, h.quota, h.valid_in_row, h.rpc_seqno, v.is_ours,
    (SELECT count(*) FROM task t WHERE t.host_id = h.id AND t.state = 'sent') AS has,
    (SELECT min(t.sent_at) FROM task t WHERE t.host_id = h.id AND t.state = 'sent') AS oldest_sent
FROM host h JOIN volunteer v ON v.id = h.volunteer_id
WHERE h.seen_at >= :since OR EXISTS (SELECT 1 FROM task t WHERE t.host_id = h.id AND t.state = 'sent')
ORDER BY h.id
"""
_AT_ONCE = 5_000


def list_long_sent_tasks(db: Database, before: datetime) -> Iterator[list[Task]]:
    after = 0
    while rows := db.select(_OUT_SINCE, before=to_microseconds(before), after=after, limit=_AT_ONCE):
        after = rows[-1]["id"]
        yield [
            Task(
                id=row["id"],
                workunit_id=row["workunit_id"],
                experiment_id=row["experiment_id"],
                ordinal=row["ordinal"],
                state=TaskState.SENT,
                created_at=from_microseconds(row["created_at"]),
                host_id=row["host_id"],
                sent_at=from_optional_microseconds(row["sent_at"]),
                deadline=from_optional_microseconds(row["deadline"]),
            )
            for row in rows
        ]


def list_observed_hosts(db: Database, since: datetime) -> list[ObservedHost]:
    return [
        as_value(ObservedHost, row, host_id=row["id"], out=row["has"], contacts=row["rpc_seqno"])
        for row in db.select(_SEEN, since=to_microseconds(since))
    ]
