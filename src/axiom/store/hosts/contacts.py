"""What a scheduler must know at each contact: whose key it is, which host, how its tasks stand. It only reads."""

import json
from collections.abc import Sequence
from datetime import datetime

from axiom.domain.credit import Balance
from axiom.domain.fleet import Account, Host, Volunteer
from axiom.domain.value import value
from axiom.domain.work import TaskState, WorkunitState
from axiom.limits import hosts as limits
from axiom.store.accounts import accounts
from axiom.store.accounts.accounts import VolunteerPreferences
from axiom.store.engine.database import Database, Row, as_value, at
from axiom.store.hosts import hosts

# Nearly every contact needs all of it, so it is one question; the host's part is empty where the number is nobody's.
_CONTACT = """
SELECT v.id, v.name, v.created_at, v.team_id, v.country, v.website, v.venue, v.is_ours, v.is_simulated, v.email,
    v.password, v.password_serial, v.key_serial, v.cross_id, v.is_exported, v.shows_hosts, v.preferences,
    v.preferences_at, v.project_preferences, m.name AS team_name, b.total, b.recent, b.recent_at,
    EXISTS (SELECT 1 FROM notice n WHERE n.host_id = :host_id AND (n.told_at IS NULL OR n.told_at > :since)),
    h.id, h.volunteer_id, h.name, h.system, h.processor, h.instructions, h.cores, h.memory_mb, h.disk_mb, h.gpus,
    h.created_at, h.seen_at, h.flops, h.speed, h.availability, h.venue, h.valid_in_row, h.quota, h.quota_day,
    h.sent_that_day, h.turnaround_seconds, h.why_no_work, h.is_simulated, h.outvoted, h.outvoted_at, h.rpc_seqno,
    h.facts_digest, c.total, c.recent, c.recent_at
FROM volunteer v LEFT JOIN team m ON m.id = v.team_id
    LEFT JOIN balance b ON b.holder = 'volunteer' AND b.holder_id = v.id
    LEFT JOIN host h ON h.id = :host_id LEFT JOIN balance c ON c.holder = 'host' AND c.holder_id = h.id
WHERE v.id = coalesce(
    (SELECT id FROM volunteer WHERE key_digest = :digest), (SELECT id FROM volunteer WHERE weak_digest = :digest))
"""
_OF_CALLER = (
    *("id", "name", "created_at", "team_id", "country", "website", "venue", "is_ours", "is_simulated", "email"),
    *("password", "password_serial", "key_serial", "cross_id", "is_exported", "shows_hosts", "preferences"),
    *("preferences_at", "project_preferences", "team_name", "total", "recent", "recent_at"),
)
_OF_HOST = (
    *("id", "volunteer_id", "name", "system", "processor", "instructions", "cores", "memory_mb", "disk_mb", "gpus"),
    *("created_at", "seen_at", "flops", "speed", "availability", "venue", "valid_in_row", "quota", "quota_day"),
    *("sent_that_day", "turnaround_seconds", "why_no_work", "is_simulated", "outvoted", "outvoted_at", "rpc_seqno"),
    *("facts_digest", "total", "recent", "recent_at"),
)
_NOTICE, _HOST_ID = len(_OF_CALLER), len(_OF_CALLER) + 1  # their places in a row
_HOST = """
SELECT h.id, h.volunteer_id, h.name, h.system, h.processor, h.instructions, h.cores, h.memory_mb, h.disk_mb, h.gpus,
    h.created_at, h.seen_at, h.flops, h.speed, h.availability, h.venue, h.valid_in_row, h.quota, h.quota_day,
    h.sent_that_day, h.turnaround_seconds, h.why_no_work, h.is_simulated, h.rpc_seqno, h.outvoted, h.outvoted_at,
    h.facts_digest, b.total, b.recent, b.recent_at
FROM host h LEFT JOIN balance b ON b.holder = 'host' AND b.holder_id = h.id WHERE h.id = :id
"""
_STANDS = """
SELECT t.id, t.host_id, t.state, w.state AS workunit
FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value JOIN workunit w ON w.id = t.workunit_id
"""


@value
class AccountHolder:
    volunteer: Volunteer
    account: Account
    preferred: VolunteerPreferences
    team_name: str  # empty for one who belongs to none
    balance: Balance | None


@value
class StoredHost:
    host: Host
    rpc_seqno: int
    facts_digest: str
    balance: Balance | None


@value
class Contact:
    """Who speaks, and which host its number means: whoever's that is."""

    caller: AccountHolder
    host: StoredHost | None
    has_notices: bool  # is there something to say to the owner of the host?


@value
class TaskStanding:
    host_id: int | None
    state: TaskState
    workunit: WorkunitState


def contact(db: Database, key_digest: str, host_id: int, now: datetime) -> Contact | None:
    rows = db.bare(_CONTACT, digest=key_digest, host_id=host_id, since=at(now - limits.NOTICE_SHOWN_FOR))
    if not rows:
        return None
    (row,) = rows
    host = None if row[_HOST_ID] is None else _stored_host(dict(zip(_OF_HOST, row[_HOST_ID:], strict=True)))
    return Contact(caller=_holder(dict(zip(_OF_CALLER, row, strict=False))), host=host, has_notices=bool(row[_NOTICE]))


def stored_host(db: Database, host_id: int) -> StoredHost | None:
    row = db.one(_HOST, id=host_id)
    return _stored_host(row) if row else None


def _holder(row: Row) -> AccountHolder:
    return AccountHolder(
        volunteer=as_value(Volunteer, row),
        account=as_value(Account, row),
        preferred=accounts.preferred_of(row),
        team_name=row["team_name"] or "",
        balance=_balance(row),
    )


def _stored_host(row: Row) -> StoredHost:
    return StoredHost(
        host=hosts.host_of(row), rpc_seqno=row["rpc_seqno"], facts_digest=row["facts_digest"], balance=_balance(row)
    )


def stands(db: Database, task_ids: Sequence[int]) -> dict[int, TaskStanding]:
    rows = db.select(_STANDS, ids=json.dumps(list(task_ids)))
    return {row["id"]: as_value(TaskStanding, row) for row in rows}


def _balance(row: Row) -> Balance | None:
    if row["total"] is None:
        return None
    return as_value(Balance, row)
