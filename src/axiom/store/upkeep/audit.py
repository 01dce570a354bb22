"""The audit: the hash-chained list of commands, who gave them, why, and the answer."""

from dataclasses import asdict, dataclass
from datetime import datetime

from axiom.store.engine.database import Database, Row, at, moment
from axiom.store.engine.hash_chains import Chain

_SPENT = """
SELECT coalesce(sum(workunits), 0) AS workunits, coalesce(sum(aborts), 0) AS aborts,
    coalesce(sum(core_seconds), 0) AS core_seconds
FROM audit WHERE caller = :caller AND at >= :since AND dry_run = 0 AND outcome = 'done'
"""
# A log that was refused is not counted: its author learns by that what may not stand there.
_OFTEN = """
caller = :caller AND command = :command AND at >= :since AND dry_run = :dry_run
    AND (outcome = 'done' OR command <> 'log.write')
"""
_GIVEN = f"SELECT count(*) AS amount FROM audit WHERE {_OFTEN}"
_GIVEN_BEFORE = f"""
SELECT at FROM audit WHERE {_OFTEN}
ORDER BY at DESC LIMIT 1 OFFSET :others
"""
_PUBLISHER = """
SELECT caller, arguments ->> '$.by' AS author FROM audit
WHERE command = 'experiment.publish' AND outcome = 'done' AND dry_run = 0 AND arguments ->> '$.experiment' = :experiment
ORDER BY id LIMIT 1
"""
_REFUSED = """
SELECT count(*) AS amount FROM audit WHERE caller = :caller AND at >= :since AND outcome = 'refused'
"""
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
_CHAIN = Chain(
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


def append(db: Database, entry: AuditEntry, now: datetime) -> str:
    facts = asdict(entry) | {"at": at(now), "dry_run": int(entry.dry_run)}
    link = _CHAIN.link(db, facts)
    db.add("audit", **facts, **link)
    return link["hash"]


def by_key(db: Database, caller: str, key: str) -> Row | None:
    return db.row("SELECT * FROM audit WHERE caller = :caller AND key = :key", caller=caller, key=key)


def spent(db: Database, caller: str, since: datetime) -> Row:
    row = db.row(_SPENT, caller=caller, since=at(since))
    return row if row is not None else {"workunits": 0, "aborts": 0, "core_seconds": 0.0}


def times_given(db: Database, caller: str, command: str, since: datetime, *, dry_run: bool) -> int:
    """How often this caller has given this command since then, done or refused; in earnest, or as dry runs."""
    return db.number(_GIVEN, caller=caller, command=command, since=at(since), dry_run=int(dry_run))


def given_before(
    db: Database, caller: str, command: str, since: datetime, others: int, *, dry_run: bool
) -> datetime | None:
    filters = {"caller": caller, "command": command, "dry_run": int(dry_run)}
    return db.scalar(moment, _GIVEN_BEFORE, **filters, since=at(since), others=others)


def publisher(db: Database, experiment: str) -> str | None:
    """Who was the first to publish an experiment of this name, as far as somebody gave the command."""
    return db.scalar(str, _PUBLISHER, experiment=experiment)


def author(db: Database, experiment: str) -> str | None:
    """In whose name an experiment of this name was first published, as far as somebody gave the command."""
    row = db.row(_PUBLISHER, experiment=experiment)
    return str(row["author"]) if row and row["author"] else None


def refused(db: Database, caller: str, since: datetime) -> int:
    return db.number(_REFUSED, caller=caller, since=at(since))


def of_programs(db: Database, since: datetime, until: datetime) -> list[Row]:
    return db.select(_OF_PROGRAMS, since=at(since), until=at(until))


def alike(
    db: Database, caller: str, command: str, arguments: str, *, dry_run: bool, since: datetime, limit: int
) -> list[Row]:
    filters = {"caller": caller, "command": command, "arguments": arguments, "dry_run": int(dry_run)}
    return db.select(_ALIKE, **filters, since=at(since), limit=limit)


def latest_done(db: Database, command: str) -> Row | None:
    return db.row(_LATEST_DONE, command=command)


def latest(db: Database, limit: int) -> list[Row]:
    return db.select("SELECT * FROM audit ORDER BY id DESC LIMIT :limit", limit=limit)


def broken_links(db: Database) -> list[str]:
    return _CHAIN.problems(db, _CHAIN.rows(db))


def length(db: Database) -> int:
    return db.number("SELECT count(*) AS amount FROM audit")
