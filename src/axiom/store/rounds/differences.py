"""What changed from one session to a newer one: tasks, credit, verdicts and grades, versions."""

from axiom.domain.rounds import Round
from axiom.store.engine.database import Database, Row, to_microseconds
from axiom.store.rounds.rounds import read_round_window

_CLOSED = """
SELECT state, count(*) AS tasks FROM task WHERE closed_at >= :since AND closed_at < :until GROUP BY state ORDER BY state
"""
_CREDIT = """
SELECT coalesce(sum(awards), 0) AS awards, coalesce(sum(amount), 0) AS amount FROM settlement
WHERE session_id > :older AND session_id <= :newer
"""
_SESSIONS = "SELECT count(*) AS sessions FROM session WHERE told <> '' AND id > :older AND id <= :newer"
# The newest line of each finding's history by the end of either session; what no session has written is older.
_MOVED = """
SELECT f.id AS number, f.estimand, e.name, e.version, n.verdict, n.grade, n.seeds, o.verdict AS old_verdict,
    o.grade AS old_grade, o.seeds AS old_seeds
FROM finding f JOIN experiment e ON e.id = f.experiment_id
JOIN evidence n ON n.finding_number = f.id AND n.line = (SELECT max(line) FROM evidence
    WHERE finding_number = f.id AND coalesce(session_id, 0) <= :newer)
LEFT JOIN evidence o ON o.finding_number = f.id AND o.line = (SELECT max(line) FROM evidence
    WHERE finding_number = f.id AND coalesce(session_id, 0) <= :older)
WHERE f.id IN (SELECT finding_number FROM evidence WHERE session_id > :older AND session_id <= :newer)
    AND (o.id IS NULL OR o.verdict <> n.verdict OR o.grade <> n.grade)
ORDER BY f.id
"""
_VERSIONS = """
SELECT name, version, created_at, retired_at, recalled_at, why FROM experiment
WHERE (created_at >= :since AND created_at < :until) OR (retired_at >= :since AND retired_at < :until)
    OR (recalled_at >= :since AND recalled_at < :until)
ORDER BY id
"""


def count_tasks_closed_between(db: Database, older: Round, newer: Round) -> dict[str, int]:
    since, until = read_round_window(db, older).until, read_round_window(db, newer).until
    return {
        row["state"]: int(row["tasks"])
        for row in db.select(_CLOSED, since=to_microseconds(since), until=to_microseconds(until))
    }


def sum_credit_between(db: Database, older: Round, newer: Round) -> tuple[int, int]:
    (row,) = db.select(_CREDIT, older=older.id, newer=newer.id)
    return int(row["awards"]), int(row["amount"])


def count_sessions_between(db: Database, older: Round, newer: Round) -> int:
    return db.number(_SESSIONS, older=older.id, newer=newer.id)


def list_moved_findings(db: Database, older: Round, newer: Round) -> list[Row]:
    return db.select(_MOVED, older=older.id, newer=newer.id)


def list_version_events(db: Database, older: Round, newer: Round) -> list[Row]:
    since, until = read_round_window(db, older).until, read_round_window(db, newer).until
    return db.select(_VERSIONS, since=to_microseconds(since), until=to_microseconds(until))
