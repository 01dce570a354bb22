"""Tasks that are out for long, and hosts as far as they may look wrong. It only reads."""

from collections.abc import Iterator
from datetime import datetime

from axiom.domain.failures import ObservedHost
from axiom.domain.work import BriefTask
from axiom.store.engine.database import Database, to_microseconds
from axiom.store.tasks.sql_rules import BRIEF_TASK

# The sign keeps SQLite from walking all tasks by their number: few of them are out.
_OUT_SINCE = f"""
SELECT {BRIEF_TASK} FROM task t
WHERE t.state = 'sent' AND t.sent_at < :before AND +t.id > :after ORDER BY +t.id LIMIT :limit
"""
# Of hosts that were not heard from for long and have nothing, nothing can look wrong; a crowd is new.
_SEEN = """
SELECT h.id AS host_id, h.volunteer_id, h.cpid, h.created_at, h.seen_at, h.quota, h.valid_in_row,
    h.rpc_seqno AS contacts, v.is_ours,
    (SELECT count(*) FROM task t WHERE t.host_id = h.id AND t.state = 'sent') AS out,
    (SELECT min(t.sent_at) FROM task t WHERE t.host_id = h.id AND t.state = 'sent') AS oldest_sent
FROM host h JOIN volunteer v ON v.id = h.volunteer_id
WHERE h.seen_at >= :since OR EXISTS (SELECT 1 FROM task t WHERE t.host_id = h.id AND t.state = 'sent')
ORDER BY h.id
"""
_AT_ONCE = 5_000


def list_long_sent_tasks(db: Database, before: datetime) -> Iterator[list[BriefTask]]:
    after = 0
    while tasks := db.values(BriefTask, _OUT_SINCE, before=to_microseconds(before), after=after, limit=_AT_ONCE):
        after = tasks[-1].id
        yield tasks


def list_observed_hosts(db: Database, since: datetime) -> list[ObservedHost]:
    return db.values(ObservedHost, _SEEN, since=to_microseconds(since))
