"""The audit: the hash-chained list of commands, who gave them, why, and the answer."""

from dataclasses import asdict, dataclass
from datetime import datetime

from axiom.store.engine.database import Database, Row, to_microseconds
from axiom.store.engine.hash_chains import HashChain

_ALIKE = """
SELECT answer, outcome FROM audit
WHERE caller = :caller AND command = :command AND arguments = :arguments AND dry_run = :dry_run AND at >= :since
ORDER BY id DESC LIMIT :limit
"""
_LATEST_DONE = """
SELECT * FROM audit WHERE command = :command AND outcome = 'done' AND dry_run = 0 ORDER BY id DESC LIMIT 1
"""
_OF_PROGRAMS = """
SELECT caller, model, count(*) AS commands, sum(CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END) AS refused
FROM audit WHERE caller LIKE 'program:%' AND at >= :since AND at < :until AND dry_run = 0
GROUP BY caller, model ORDER BY caller
"""
_CHAIN = HashChain(
    table="audit",
    covered=("at", "caller", "command", "arguments", "dry_run", "key", "outcome", "answer", "workunits", "aborts"),
    where_known=("model", "prompt", "core_seconds"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    caller: str
    command: str
    arguments: str  # canonical JSON
    dry_run: bool
    key: str | None
    outcome: str  # done or refused
    answer: str  # canonical JSON
    workunits: int = 0
    aborts: int = 0
    core_seconds: float | None = None  # that it ordered at most; None of what orders nothing
    model: str | None = None
    prompt: str | None = None


def append_audit_entry(db: Database, entry: AuditEntry, now: datetime) -> str:
    facts = asdict(entry) | {"at": to_microseconds(now), "dry_run": int(entry.dry_run)}
    link = _CHAIN.link(db, facts)
    db.add("audit", **facts, **link)
    return link["hash"]


def find_audit_by_key(db: Database, caller: str, key: str) -> Row | None:
    return db.row("SELECT * FROM audit WHERE caller = :caller AND key = :key", caller=caller, key=key)


def list_program_commands(db: Database, since: datetime, until: datetime) -> list[Row]:
    return db.select(_OF_PROGRAMS, since=to_microseconds(since), until=to_microseconds(until))


def list_alike_commands(
    db: Database, caller: str, command: str, arguments: str, *, dry_run: bool, since: datetime, limit: int
) -> list[Row]:
    filters = {"caller": caller, "command": command, "arguments": arguments, "dry_run": int(dry_run)}
    return db.select(_ALIKE, **filters, since=to_microseconds(since), limit=limit)


def find_latest_done_command(db: Database, command: str) -> Row | None:
    return db.row(_LATEST_DONE, command=command)


def list_audit_entries(db: Database, limit: int) -> list[Row]:
    return db.select("SELECT * FROM audit ORDER BY id DESC LIMIT :limit", limit=limit)


def check_audit_chain(db: Database) -> list[str]:
    return _CHAIN.problems(db, _CHAIN.rows(db))


def count_audit_entries(db: Database) -> int:
    return db.number("SELECT count(*) AS amount FROM audit")
