"""How much of what it may do in a day a caller has used up, and which of its commands count, as the audit tells."""

from datetime import datetime

from axiom.store.engine.database import Database, Row, from_microseconds, to_microseconds

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
_REFUSED = """
SELECT count(*) AS amount FROM audit WHERE caller = :caller AND at >= :since AND outcome = 'refused'
"""


def sum_caller_spending(db: Database, caller: str, since: datetime) -> Row:
    row = db.row(_SPENT, caller=caller, since=to_microseconds(since))
    return row if row is not None else {"workunits": 0, "aborts": 0, "core_seconds": 0.0}


def count_commands_given(db: Database, caller: str, command: str, since: datetime, *, dry_run: bool) -> int:
    """How often this caller has given this command since then, done or refused; in earnest, or as dry runs."""
    return db.number(_GIVEN, caller=caller, command=command, since=to_microseconds(since), dry_run=int(dry_run))


def find_earlier_command_time(
    db: Database, caller: str, command: str, since: datetime, others: int, *, dry_run: bool
) -> datetime | None:
    filters = {"caller": caller, "command": command, "dry_run": int(dry_run)}
    return db.scalar(from_microseconds, _GIVEN_BEFORE, **filters, since=to_microseconds(since), others=others)


def count_refused_commands(db: Database, caller: str, since: datetime) -> int:
    return db.number(_REFUSED, caller=caller, since=to_microseconds(since))
