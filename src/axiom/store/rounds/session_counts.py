"""What the steps of a round count: each number of a log is a query here or in another module of the store."""

from dataclasses import dataclass
from datetime import datetime

from axiom.domain.rounds import Window
from axiom.store.engine.database import Database, Row, from_microseconds, to_microseconds
from axiom.store.findings import evidence
from axiom.store.tasks.sql_rules import WAS_TAKEN_BACK
from axiom_weigh.values import Evidence

_STOPPED_BEFORE = """
SELECT json_extract(facts, '$.experiment') AS experiment, json_extract(facts, '$.reason') AS reason FROM note
WHERE session_id = (SELECT max(id) FROM session WHERE id < :session_id) AND kind = 'experiment.stopped'
"""
_HEARD = """
SELECT count(*) AS hosts, coalesce(sum(cores), 0) AS cores FROM host WHERE seen_at >= :since AND is_simulated = 0
"""
_FETCHING = """
SELECT count(*) AS hosts FROM host h WHERE h.seen_at >= :since AND h.is_simulated = 0 AND :since <= (
    SELECT t.sent_at FROM task t WHERE t.host_id = h.id AND t.sent_at IS NOT NULL ORDER BY t.id DESC LIMIT 1)
"""
_CLASSES = """
SELECT h.cores, h.gpus <> '[]' AS has_gpu, count(*) AS hosts, sum((SELECT count(*) FROM task t
    WHERE t.state = 'sent' AND t.host_id = h.id)) AS tasks
FROM host h WHERE h.seen_at >= :since AND h.is_simulated = 0
GROUP BY h.cores, h.gpus <> '[]' ORDER BY h.cores DESC, has_gpu DESC
"""
_WHY_IDLE = """
SELECT h.why_no_work AS why, count(*) AS hosts FROM host h
WHERE h.seen_at >= :since AND h.is_simulated = 0 AND h.why_no_work <> ''
    AND NOT EXISTS (SELECT 1 FROM task t WHERE t.state = 'sent' AND t.host_id = h.id)
GROUP BY h.why_no_work ORDER BY count(*) DESC, h.why_no_work
"""
_BY_HOST = """
SELECT host_id, count(*) AS tasks, sum(CASE WHEN state = 'valid' THEN 1 ELSE 0 END) AS valid,
    avg(elapsed_seconds) AS seconds
FROM task WHERE closed_at >= :since AND closed_at < :until AND host_id IS NOT NULL
GROUP BY host_id ORDER BY valid DESC, tasks DESC, host_id
"""
_LOOKED_INTO = """
SELECT count(*) AS tasks FROM task
WHERE closed_at >= :since AND closed_at < :until AND output_digest IS NOT NULL
    AND state IN ('valid', 'invalid', 'failed')
"""
_IS_CONTRADICTED = "(t.state IN ('invalid', 'failed') AND t.exit_status = 0)"  # its host said that all went well
_CONTRADICTED = f"""
SELECT e.name, e.version, t.state, t.reason, count(*) AS tasks FROM task t JOIN experiment e ON e.id = t.experiment_id
WHERE t.closed_at >= :since AND t.closed_at < :until AND {_IS_CONTRADICTED}
GROUP BY e.id, e.name, e.version, t.state, t.reason ORDER BY count(*) DESC, e.id, t.state, t.reason
"""
_REPAIRED = """
SELECT e.id, e.name, e.version, o.digest AS old, b.digest AS new,
    (SELECT coalesce(sum(amount), 0) FROM ending WHERE experiment_id = e.id AND bundle_digest = o.digest) AS tasks,
    (SELECT coalesce(sum(amount), 0) FROM ending WHERE experiment_id = e.id AND bundle_digest = o.digest
        AND cause <> 'success') AS failed
FROM bundle b JOIN experiment e ON e.id = b.experiment_id
JOIN bundle o ON o.experiment_id = b.experiment_id AND o.serial = b.serial - 1
WHERE b.created_at >= :since AND b.created_at < :until ORDER BY b.id
"""
_TRIED = """
SELECT e.name, e.version, p.bundle_digest, p.gates, p.passed, p.reason, p.platform FROM preflight p
JOIN bundle b ON b.digest = p.bundle_digest JOIN experiment e ON e.id = b.experiment_id
WHERE p.created_at >= :since AND p.created_at < :until ORDER BY p.created_at, b.id, p.gates
"""
_GRADED = """
SELECT v.grade, count(*) AS findings FROM finding f JOIN evidence v ON v.finding_number = f.id
    AND v.line = (SELECT max(line) FROM evidence WHERE finding_number = f.id)
WHERE f.status <> 'recalled' GROUP BY v.grade
"""
_AWAITING = """
SELECT count(*) AS findings FROM finding f
WHERE f.status <> 'recalled' AND NOT EXISTS (SELECT 1 FROM evidence WHERE finding_number = f.id)
"""
_WEIGHED = """
SELECT v.finding_number AS number, max(v.line) AS line, min(v.line) AS first FROM evidence v
WHERE v.session_id > :after AND v.session_id <= :until GROUP BY v.finding_number ORDER BY v.finding_number
"""
_OPEN_FINDINGS = """
SELECT f.id AS number, f.experiment_id, e.name, e.version, f.estimand, r.id AS registration_id, r.body
FROM finding f JOIN experiment e ON e.id = f.experiment_id JOIN registration r ON r.id = f.registration_id
WHERE f.status = 'open' AND e.retired_at IS NULL AND e.recalled_at IS NULL ORDER BY f.id
"""
_LATELY = """
SELECT count(*) AS cells, min(created_at) AS first, max(created_at) AS last FROM (
    SELECT created_at FROM result WHERE experiment_id = :experiment_id ORDER BY id DESC LIMIT 200) AS newest
"""
_ORDERED = """
SELECT e.name, e.version, count(*) AS workunits, count(DISTINCT w.target_host_id) AS hosts, min(w.id) AS first,
    max(w.id) AS last
FROM workunit w JOIN experiment e ON e.id = w.experiment_id WHERE w.id > :after AND w.checks_task_id IS NULL
    AND w.split_from IS NULL
GROUP BY e.id, e.name, e.version ORDER BY e.id
"""
_TAKEN_BACK = f"""
SELECT e.name, e.version, CASE w.state WHEN 'cancelled' THEN w.reason ELSE t.reason END AS reason,
    count(DISTINCT CASE w.state WHEN 'cancelled' THEN w.id END) AS workunits, count(*) AS tasks,
    count(t.sent_at) AS sent
FROM task t JOIN workunit w ON w.id = t.workunit_id JOIN experiment e ON e.id = t.experiment_id
WHERE t.closed_at >= :since AND t.closed_at < :until AND {WAS_TAKEN_BACK}
GROUP BY e.id, e.name, e.version, 3 ORDER BY e.id, 3
"""
_TASKS = f"""
SELECT t.id, e.name, e.version, t.state, t.host_id, t.cpu_seconds, t.elapsed_seconds, t.reason, t.closed_at,
    t.gpu
FROM task t JOIN experiment e ON e.id = t.experiment_id
WHERE t.closed_at >= :since AND t.closed_at < :until AND (:experiment = '' OR :experiment = e.name
    OR :experiment = e.name || '@' || CAST(e.version AS TEXT))
    AND (:state = '' OR t.state = :state) AND (:host = 0 OR t.host_id = :host)
    AND (:contradicted = 0 OR {_IS_CONTRADICTED})
ORDER BY t.closed_at, t.id LIMIT :limit
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFilter:
    experiment: str = ""
    state: str = ""
    host: int = 0
    contradicted: bool = False  # its host said that all went well, and its output says otherwise


def count_seen_hosts(db: Database, since: datetime) -> tuple[int, int]:
    (row,) = db.select(_HEARD, since=to_microseconds(since))
    return int(row["hosts"]), int(row["cores"])


def count_fetching_hosts(db: Database, since: datetime) -> int:
    return db.number(_FETCHING, since=to_microseconds(since))


def list_host_classes(db: Database, since: datetime) -> list[Row]:
    return db.select(_CLASSES, since=to_microseconds(since))


def count_idle_hosts_by_reason(db: Database, since: datetime) -> list[Row]:
    return db.select(_WHY_IDLE, since=to_microseconds(since))


def count_tasks_closed_since(db: Database, since: datetime) -> int:
    return db.number("SELECT count(*) AS tasks FROM task WHERE closed_at >= :since", since=to_microseconds(since))


def list_task_counts_by_host(db: Database, window: Window) -> list[Row]:
    return db.select(_BY_HOST, since=to_microseconds(window.since), until=to_microseconds(window.until))


def count_examined_tasks(db: Database, window: Window) -> int:
    return db.number(_LOOKED_INTO, since=to_microseconds(window.since), until=to_microseconds(window.until))


def list_contradiction_counts(db: Database, window: Window) -> list[Row]:
    return db.select(_CONTRADICTED, since=to_microseconds(window.since), until=to_microseconds(window.until))


def list_repaired_bundles(db: Database, window: Window) -> list[Row]:
    return db.select(_REPAIRED, since=to_microseconds(window.since), until=to_microseconds(window.until))


def list_new_orders(db: Database, after: int) -> list[Row]:
    """What was ordered behind this workunit, by whomever; checks of what came back are no orders."""
    return db.select(_ORDERED, after=after)


def find_last_order_time(db: Database) -> datetime | None:
    return db.scalar(from_microseconds, "SELECT created_at FROM workunit ORDER BY id DESC LIMIT 1")


def list_stopped_versions(db: Database, session_id: int) -> set[tuple[str, str]]:
    """The versions that the session before this one has stopped itself, and has told of, with why."""
    return {(row["experiment"], row["reason"]) for row in db.select(_STOPPED_BEFORE, session_id=session_id)}


def list_abort_counts(db: Database, window: Window) -> list[Row]:
    return db.select(_TAKEN_BACK, since=to_microseconds(window.since), until=to_microseconds(window.until))


def list_preflights_in_window(db: Database, window: Window) -> list[Row]:
    return db.select(_TRIED, since=to_microseconds(window.since), until=to_microseconds(window.until))


def count_findings_by_grade(db: Database) -> dict[str, int]:
    return {row["grade"]: int(row["findings"]) for row in db.select(_GRADED)}


def count_unweighed_findings(db: Database) -> int:
    return db.number(_AWAITING)


def list_newly_weighed_findings(db: Database, after: int, until: int) -> list[Row]:
    return db.select(_WEIGHED, after=after, until=until)


def count_paid_tasks(db: Database) -> int:
    return db.number("SELECT coalesce(sum(awards), 0) AS tasks FROM daybook WHERE reason = 'computed'")


def list_closed_tasks(db: Database, window: Window, filters: TaskFilter, limit: int) -> list[Row]:
    return db.select(
        _TASKS,
        since=to_microseconds(window.since),
        until=to_microseconds(window.until),
        experiment=filters.experiment,
        state=filters.state,
        host=filters.host,
        contradicted=int(filters.contradicted),
        limit=limit,
    )


def find_evidence_line(db: Database, number: int, place: int) -> Evidence | None:
    sql = "SELECT * FROM evidence WHERE finding_number = :number AND line = :line"
    return db.read_row(evidence.parse_evidence, sql, number=number, line=place)


def list_open_findings(db: Database) -> list[Row]:
    return db.select(_OPEN_FINDINGS)


def read_recent_result_span(db: Database, experiment_id: int) -> Row:
    (row,) = db.select(_LATELY, experiment_id=experiment_id)
    return row
