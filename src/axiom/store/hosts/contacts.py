"""What a scheduler must know at each contact: whose key it is, which host, how its tasks stand. It only reads."""

import json
from collections.abc import Sequence

from axiom.domain.fleet import Account, Host, Volunteer
from axiom.domain.ledger import Balance
from axiom.domain.value import value
from axiom.domain.work import TaskState, WorkunitState
from axiom.store.accounts import accounts
from axiom.store.accounts.accounts import Preferred
from axiom.store.engine.database import Database, Row
from axiom.store.hosts import hosts

_CALLER = """
SELECT v.*, m.name AS team_name, b.total, b.recent, b.recent_at
FROM volunteer v LEFT JOIN team m ON m.id = v.team_id
    LEFT JOIN balance b ON b.holder = 'volunteer' AND b.holder_id = v.id
WHERE v.id = coalesce(
    (SELECT id FROM volunteer WHERE key_digest = :digest), (SELECT id FROM volunteer WHERE weak_digest = :digest))
"""
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
    """Who holds a key, with all that every contact of one of their hosts is told."""

    volunteer: Volunteer
    account: Account
    preferred: Preferred
    team_name: str  # empty for one who belongs to none
    balance: Balance | None


@value
class StoredHost:
    """A host with what is only of use at its next contact."""

    host: Host
    rpc_seqno: int
    facts_digest: str
    balance: Balance | None


@value
class Stand:
    """How a task stands that a client says it has."""

    host_id: int | None
    state: TaskState
    workunit: WorkunitState


def caller(db: Database, key_digest: str) -> AccountHolder | None:
    """Whose account key or weak key has this SHA-256."""
    row = db.one(_CALLER, digest=key_digest)
    if row is None:
        return None
    return AccountHolder(
        volunteer=accounts.volunteer_of(row),
        account=accounts.account_of(row),
        preferred=accounts.preferred_of(row),
        team_name=row["team_name"] or "",
        balance=_balance(row),
    )


def stored_host(db: Database, host_id: int) -> StoredHost | None:
    """The host with this id and how its last contact left it."""
    row = db.one(_HOST, id=host_id)
    if row is None:
        return None
    return StoredHost(
        host=hosts.host_of(row), rpc_seqno=row["rpc_seqno"], facts_digest=row["facts_digest"], balance=_balance(row)
    )


def stands(db: Database, task_ids: Sequence[int]) -> dict[int, Stand]:
    """How these tasks stand; those that were never made are left out."""
    rows = db.select(_STANDS, ids=json.dumps(list(task_ids)))
    return {
        row["id"]: Stand(host_id=row["host_id"], state=TaskState(row["state"]), workunit=WorkunitState(row["workunit"]))
        for row in rows
    }


def _balance(row: Row) -> Balance | None:
    if row["total"] is None:
        return None
    return Balance(total=row["total"], recent=row["recent"], recent_at=row["recent_at"])
