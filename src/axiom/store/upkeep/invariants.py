"""What must hold after every fault, as queries for whatever breaks it. Numbers as in docs/explanation/promises.md."""

import json
from collections import Counter
from collections.abc import Mapping

from axiom.store.engine.database import Database
from axiom.store.registrations import seed_secrets
from axiom.store.tasks import workunits
from axiom.store.tasks.sql_rules import IS_IN_VAIN

_LOST_OUTPUT = """
SELECT id FROM task WHERE output_digest IS NOT NULL AND archive_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM blob WHERE digest = task.output_digest)
"""
# A blob that is counted too low would be deleted under those who still hold it.
_UNCOUNTED = """
SELECT id FROM task WHERE output_digest IS NOT NULL AND archive_id IS NULL
    AND EXISTS (SELECT 1 FROM blob WHERE digest = task.output_digest AND brought = 0)
UNION ALL
SELECT task_id AS id FROM upload WHERE NOT EXISTS (SELECT 1 FROM blob WHERE digest = upload.digest AND brought > 0)
"""
_TOO_FEW = """
SELECT held.amount - counted.amount AS id
FROM (SELECT coalesce(sum(brought), 0) AS amount FROM blob) counted,
    (SELECT (SELECT count(*) FROM task WHERE output_digest IS NOT NULL AND archive_id IS NULL)
        + (SELECT count(*) FROM upload) AS amount) held
WHERE counted.amount < held.amount
"""
_UNPROVEN = "SELECT id FROM task WHERE state IN ('returned', 'valid') AND (exit_status <> 0 OR output_digest IS NULL)"
_VALID = """
SELECT t.id, w.replicates, w.configs, w.quorum > 1 AND w.state <> 'done' AS is_held,
    (SELECT count(*) FROM result r WHERE r.task_id = t.id) AS results,
    (SELECT count(*) FROM duplicate d WHERE d.task_id = t.id) AS duplicates
FROM task t JOIN workunit w ON w.id = t.workunit_id WHERE t.state = 'valid' AND t.id > :after ORDER BY t.id LIMIT 1000
"""
_UNSENT_RESULT = """
SELECT r.id FROM result r JOIN task t ON t.id = r.task_id
WHERE t.state <> 'valid' OR t.host_id IS NULL OR (t.ticket IS NULL AND t.archive_id IS NULL) OR t.sent_at IS NULL
    OR t.returned_at < t.sent_at OR t.experiment_id <> r.experiment_id
"""
_WRONG_TARGET = """
SELECT id FROM task WHERE target_host_id IS NOT NULL AND host_id IS NOT NULL AND host_id <> target_host_id
UNION
SELECT t.id FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.target_host_id IS NOT NULL AND t.host_id IS NOT NULL AND t.host_id <> w.target_host_id
"""
# A check goes to the laboratory itself where nobody else was heard from for a week. Of that week only a trace is left.
_SELF_CHECKED = """
SELECT t.id FROM workunit w JOIN task t ON t.workunit_id = w.id JOIN host h ON h.id = t.host_id
JOIN volunteer v ON v.id = h.volunteer_id JOIN task c ON c.id = w.checks_task_id JOIN host o ON o.id = c.host_id
WHERE w.checks_task_id IS NOT NULL AND o.volunteer_id = h.volunteer_id AND (v.is_ours = 0 OR EXISTS (
    SELECT 1 FROM host x WHERE x.volunteer_id <> h.volunteer_id AND x.is_simulated = 0 AND x.cores > 0 AND (
        x.created_at BETWEEN t.sent_at - :week AND t.sent_at OR x.seen_at BETWEEN t.sent_at - :week AND t.sent_at
        OR EXISTS (SELECT 1 FROM task y WHERE y.host_id = x.id
            AND (y.sent_at BETWEEN t.sent_at - :week AND t.sent_at
                OR y.returned_at BETWEEN t.sent_at - :week AND t.sent_at)))))
"""
_WEEK = 7 * 86_400 * 1_000_000  # microseconds
_CROWDED = f"""
SELECT w.id FROM workunit w JOIN task t ON t.workunit_id = w.id
WHERE w.state = 'open' AND NOT {IS_IN_VAIN} GROUP BY w.id, w.quorum
HAVING sum(CASE WHEN w.quorum > 1 AND t.agreement = 'differs' THEN 0 ELSE 1 END) > w.quorum
    AND sum(CASE WHEN t.state = 'valid' AND (w.quorum = 1 OR t.agreement <> 'differs') THEN 1 ELSE 0 END) < w.quorum
    AND sum(CASE WHEN t.state = 'unsent' THEN 1 ELSE 0 END) > 0
"""
_WRONG_SEED = """
SELECT r.id FROM result r JOIN replicate p ON p.experiment_id = r.experiment_id AND p.number = r.replicate
WHERE r.seed <> p.seed
"""
_PARTS = """
SELECT o.id AS id, o.replicates AS kept, o.configs AS configs, o.registration_id AS registration_id,
    json_group_array(json_object('id', w.id, 'numbers', json(w.replicates), 'is_alike', w.configs = o.configs
        AND w.registration_id = o.registration_id AND w.experiment_id = o.experiment_id)) AS parts
FROM workunit w JOIN workunit o ON o.id = w.split_from WHERE w.split_from IS NOT NULL GROUP BY o.id ORDER BY o.id
"""
# Where parts were made, each number that was issued to a registration is still ordered by some workunit of it.
_LOST = """
SELECT p.number AS id FROM replicate p
WHERE p.registration_id IN (SELECT registration_id FROM workunit WHERE split_from IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM workunit w JOIN json_each(w.replicates) j
        WHERE w.registration_id = p.registration_id AND w.highest >= p.number AND j.value = p.number)
"""
_TIMELESS = "SELECT id FROM task WHERE state = 'sent' AND (deadline IS NULL OR host_id IS NULL)"
_REVIVED = """
SELECT t.id FROM task t JOIN workunit w ON w.id = t.workunit_id
WHERE w.state <> 'open' AND (t.state = 'unsent' OR t.created_at > w.closed_at OR t.sent_at > w.closed_at)
"""
_SENT_RETIRED = """
SELECT t.id FROM task t JOIN experiment e ON e.id = t.experiment_id
WHERE e.retired_at IS NOT NULL AND t.sent_at > e.retired_at
"""
_UNREGISTERED = """
SELECT w.id FROM workunit w JOIN registration r ON r.id = w.registration_id
WHERE r.experiment_id <> w.experiment_id OR r.created_at > w.created_at
"""
_FORETOLD_LATE = """
SELECT p.id FROM prediction p WHERE p.hash IS NOT NULL AND EXISTS (
    SELECT 1 FROM workunit w JOIN task t ON t.workunit_id = w.id
    WHERE w.registration_id = p.registration_id AND t.returned_at < p.created_at AND t.output_digest IS NOT NULL)
"""
_MISPLACED = """
SELECT r.id FROM result r JOIN replicate p ON p.experiment_id = r.experiment_id AND p.number = r.replicate
JOIN task t ON t.id = r.task_id JOIN workunit w ON w.id = t.workunit_id WHERE w.registration_id <> p.registration_id
"""
# What comes back to a laboratory that forgot it is out for no moment.
_UNTRIED = """
SELECT t.id FROM task t JOIN host h ON h.id = t.host_id JOIN volunteer v ON v.id = h.volunteer_id
WHERE t.state = 'sent'
    AND NOT EXISTS (SELECT 1 FROM preflight p
        WHERE p.bundle_digest = t.bundle_digest AND p.passed = 1 AND (p.ours_only = 0 OR v.is_ours = 1))
"""

_MOST = 1_000  # of one kind: the first are enough to know what is broken


def check_report_invariant(db: Database) -> list[str]:
    """I1: every acknowledged report is here once, with its payload and all of its cells."""
    sentences = {
        "task {} was acknowledged, and its output is gone": _LOST_OUTPUT,
        "the output of task {} is held, and its blob does not say so": _UNCOUNTED,
        "outputs are held by {} more tasks and uploads than their blobs say": _TOO_FEW,
        "task {} counts as success without a proof": _UNPROVEN,
    }
    problems, after = _problems(db, sentences), 0
    while rows := db.select(_VALID, after=after):
        for row in rows:
            wanted = len(json.loads(row["replicates"])) * len(json.loads(row["configs"]))
            if row["is_held"] and not row["results"] + row["duplicates"]:
                continue  # a copy, of which not enough agree yet
            if row["results"] + row["duplicates"] != wanted:
                problems.append(
                    f"task {row['id']} was ordered {wanted} cells and has {row['results']} results and "
                    f"{row['duplicates']} duplicates"
                )
        after = rows[-1]["id"]
    return problems


def check_dispatch_invariant(db: Database) -> list[str]:
    """I2: no result without a dispatch of its task to that host with a ticket."""
    return _problems(db, {"result {} belongs to no task that was sent and proven": _UNSENT_RESULT})


def check_target_invariant(db: Database) -> list[str]:
    """I5: targeted work only on its target, checks at somebody else where there is any, no more tasks than wanted."""
    sentences = {
        "task {} is on another host than the one it is meant for": _WRONG_TARGET,
        "task {} checks a task of the very volunteer who has it": _SELF_CHECKED,
        "workunit {} has more living tasks than it needs": _CROWDED,
    }
    return _problems(db, sentences, week=_WEEK)


def check_seed_invariant(db: Database) -> list[str]:
    """I6: every replicate has its own seed and every result the seed of its replicate."""
    problems = _problems(db, {"result {} was computed with a seed that is not its replicate's": _WRONG_SEED})
    return problems + seed_secrets.list_wrong_seeds(db) + _split_wrongly(db)


def check_liveness_invariant(db: Database) -> list[str]:
    """I7: every workunit that is not closed has something that will move it."""
    sentences = {
        "workunit {} is open and nothing is done for it": workunits.UNATTENDED,
        "task {} is out without a host or a deadline": _TIMELESS,
    }
    return _problems(db, sentences, limit=_MOST)


def check_closure_invariant(db: Database) -> list[str]:
    """I8: what is closed or retired is not sent and not created again; what is ordered was registered before."""
    sentences = {
        "task {} lives on after its workunit was closed": _REVIVED,
        "task {} was sent after its experiment was retired": _SENT_RETIRED,
        "workunit {} was ordered before or beside its registration": _UNREGISTERED,
        "result {} is of a replicate that another registration was given": _MISPLACED,
        "prediction {} was made when a result was back": _FORETOLD_LATE,
    }
    return _problems(db, sentences)


def check_preflight_invariant(db: Database) -> list[str]:
    """I14: what hosts have was tried before it was sent."""
    return _problems(db, {"task {} is out, and its bundle has not passed what its host demands": _UNTRIED})


def _split_wrongly(db: Database) -> list[str]:
    """No replicate is lost or ordered twice where a workunit gave some of its own away."""
    problems = []
    for row in db.select(_PARTS):
        kept_numbers = Counter(json.loads(row["kept"]))
        for part in json.loads(row["parts"]):
            kept_numbers.update(part["numbers"])
            if not part["is_alike"]:
                problems.append(f"workunit {part['id']} is a part of {row['id']} and orders other cells")
        problems += [
            f"replicate {replicate} is in two parts of workunit {row['id']}"
            for replicate in kept_numbers
            if kept_numbers[replicate] > 1
        ]
    return problems + _problems(db, {"replicate {} was issued, and no workunit orders it": _LOST})


def _problems(db: Database, sentences: Mapping[str, str], **values: object) -> list[str]:
    """Each sentence for every row that its question finds, with the number of the row."""
    return [sentence.format(row["id"]) for sentence, sql in sentences.items() for row in db.select(sql, **values)]
