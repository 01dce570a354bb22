"""The audit: the hash-chained list of commands, who gave them, why, and the answer."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.store import counters
from axiom.store.database import Database, Row, at

FIRST = "0" * 64

_HEAD = "SELECT hash FROM audit ORDER BY id DESC LIMIT 1"
_ALL = "SELECT * FROM audit ORDER BY id"
_LATEST = "SELECT * FROM audit ORDER BY id DESC LIMIT :limit"
_BY_KEY = "SELECT * FROM audit WHERE caller = :caller AND key = :key"
_SPENT = """
SELECT coalesce(sum(workunits), 0) AS workunits, coalesce(sum(aborts), 0) AS aborts
FROM audit WHERE caller = :caller AND at >= :since AND dry_run = 0 AND outcome = 'done'
"""
_ADD = """
INSERT INTO audit (at, caller, command, arguments, dry_run, key, outcome, answer, workunits, aborts,
    previous_hash, hash)
VALUES (:at, :caller, :command, :arguments, :dry_run, :key, :outcome, :answer, :workunits, :aborts,
    :previous_hash, :hash)
"""
_COUNTER = ("audit", 0, "written")  # without it, cutting off the newest entries would leave a chain that holds
_COVERED = ("at", "caller", "command", "arguments", "dry_run", "key", "outcome", "answer", "workunits", "aborts")


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """One command as it is remembered."""

    caller: str
    command: str
    arguments: str  # canonical JSON
    dry_run: bool
    key: str | None
    outcome: str  # done or refused
    answer: str  # canonical JSON
    workunits: int = 0
    aborts: int = 0


def append(db: Database, entry: Audited, now: datetime) -> str:
    """Add a link to the chain and return its hash."""
    head = db.one(_HEAD)
    previous = head["hash"] if head else FIRST
    facts: dict[str, Any] = {
        "at": at(now),
        "caller": entry.caller,
        "command": entry.command,
        "arguments": entry.arguments,
        "dry_run": int(entry.dry_run),
        "key": entry.key,
        "outcome": entry.outcome,
        "answer": entry.answer,
        "workunits": entry.workunits,
        "aborts": entry.aborts,
    }
    link = _hash(previous, facts)
    db.insert(_ADD, **facts, previous_hash=previous, hash=link)
    counters.add(db, *_COUNTER, 1)
    return link


def by_key(db: Database, caller: str, key: str) -> Row | None:
    """The command that this caller gave under this idempotency key."""
    return db.one(_BY_KEY, caller=caller, key=key)


def spent(db: Database, caller: str, since: datetime) -> Row:
    """How many workunits and aborts this caller has had since then."""
    row = db.one(_SPENT, caller=caller, since=at(since))
    return row if row is not None else {"workunits": 0, "aborts": 0}


def latest(db: Database, limit: int) -> list[Row]:
    """The newest commands, newest first."""
    return db.select(_LATEST, limit=limit)


def broken_links(db: Database) -> list[str]:
    """Every place at which the chain does not hold."""
    problems, previous = [], FIRST
    for row in db.select(_ALL):
        if row["previous_hash"] != previous:
            problems.append(f"audit {row['id']} does not follow the entry before it: one was removed or inserted")
        if row["hash"] != _hash(row["previous_hash"], {name: row[name] for name in _COVERED}):
            problems.append(f"audit {row['id']} was altered after it was written")
        previous = row["hash"]
    kept = counters.read(db).get(_COUNTER, 0)
    if kept != length(db):
        problems.append(f"the audit holds {length(db)} entries, and {kept} were written: the newest were removed")
    return problems


def length(db: Database) -> int:
    """How many links the chain has."""
    row = db.one("SELECT count(*) AS amount FROM audit")
    return int(row["amount"]) if row else 0


def _hash(previous: str, facts: dict[str, Any]) -> str:
    text = json.dumps([previous, facts], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"axiom-audit-1|{text}".encode()).hexdigest()
