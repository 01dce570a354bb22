"""What may be sent to a host: what waits, and what it has and had before. It only reads, and never by a scan."""

from collections.abc import Sequence
from datetime import datetime

from axiom.domain.failure_causes import Cause
from axiom.domain.value import value_class
from axiom.domain.work import TaskState, WorkunitState
from axiom.store.engine.database import Database, from_microseconds, to_microseconds

_WAITING = """
SELECT c.experiment_id, c.amount AS unsent,
    coalesce((SELECT amount FROM counter o
        WHERE o.noun = 'task' AND o.experiment_id = c.experiment_id AND o.state = 'sent'), 0) AS in_progress,
    EXISTS (SELECT 1 FROM task t
        WHERE t.state = 'unsent' AND t.experiment_id = c.experiment_id AND t.target_host_id = :host_id) AS is_meant
FROM counter c WHERE c.noun = 'task' AND c.state = 'unsent' AND c.amount > 0
"""
_UNSENT = """
SELECT t.id AS task_id, t.workunit_id, t.ordinal, t.target_host_id, w.registration_id, w.replicates, w.configs,
    w.quorum, w.checks_task_id
FROM task t JOIN workunit w ON w.id = t.workunit_id
WHERE t.state = 'unsent' AND t.experiment_id = :experiment_id
"""
_OPEN = f"{_UNSENT} AND t.target_host_id IS NULL AND t.id > :after ORDER BY t.id LIMIT :limit"
_TARGETED = f"{_UNSENT} AND t.target_host_id = :host_id ORDER BY t.id LIMIT :limit"
_HELD = """
SELECT experiment_id, gpu, count(*) AS tasks, group_concat(id) AS ids FROM task
WHERE host_id = :host_id AND state = 'sent' GROUP BY experiment_id, gpu
"""
_SENT_SINCE = """
SELECT count(*) AS amount FROM task WHERE host_id = :host_id AND sent_at > :since AND id > coalesce(
    (SELECT id FROM task WHERE host_id = :host_id AND sent_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET :limit), 0)
"""
_ENDED_ON_GPUS = """
SELECT state, cause, message, closed_at FROM task
WHERE host_id = :host_id AND gpu <> '' AND closed_at IS NOT NULL AND state IN ('valid', 'failed', 'invalid')
ORDER BY closed_at DESC LIMIT :limit
"""
# Of somebody's very many hosts those are looked at that came last: the others have had time to show something.
_OUT_TO_SIBLINGS = """
SELECT t.id FROM host h CROSS JOIN task t ON t.host_id = h.id AND t.state = 'sent'
WHERE h.volunteer_id = :volunteer_id AND h.valid_in_row = 0 AND h.id <> :host_id AND h.id > coalesce(
    (SELECT id FROM host WHERE volunteer_id = :volunteer_id ORDER BY id DESC LIMIT 1 OFFSET 1000), 0)
LIMIT :limit
"""
_SENT = """
SELECT t.id AS task_id, t.workunit_id, t.experiment_id, t.bundle_digest, t.ticket, t.sent_at, t.deadline, t.gpu,
    w.registration_id, w.replicates, w.configs, w.state AS workunit_state, coalesce(b.seal, '') AS seal,
    (SELECT min(p.ours_only) FROM preflight p WHERE p.bundle_digest = t.bundle_digest AND p.passed = 1) AS ours_only
FROM task t JOIN workunit w ON w.id = t.workunit_id LEFT JOIN bundle b ON b.digest = t.bundle_digest
WHERE t.id = :id
"""
_HAD_BEFORE = """
SELECT 1 FROM task t JOIN host h ON h.id = t.host_id
WHERE t.workunit_id = :workunit_id AND h.volunteer_id = :volunteer_id
    AND NOT (t.cause = :cause AND EXISTS (SELECT 1 FROM cluster c WHERE c.volunteer_id = h.volunteer_id)) LIMIT 1
"""
_HAS_COPIES = "SELECT 1 FROM task WHERE workunit_id = :workunit_id AND ordinal > 0 LIMIT 1"
_COMPUTED = """
SELECT 1 FROM task t JOIN host h ON h.id = t.host_id WHERE t.id = :id AND h.volunteer_id = :volunteer_id
UNION ALL
SELECT 1 FROM workunit w JOIN task t ON t.workunit_id = w.id JOIN host h ON h.id = t.host_id
WHERE w.checks_task_id = :id AND h.volunteer_id = :volunteer_id
LIMIT 1
"""


@value_class
class WaitingExperiment:
    experiment_id: int
    unsent: int
    in_progress: int
    is_meant: bool  # some of it for this host alone


@value_class
class WaitingTask:
    task_id: int
    workunit_id: int
    ordinal: int
    target_host_id: int | None
    registration_id: int
    replicates: tuple[int, ...]
    configs: str  # as it is stored: many workunits say the same
    quorum: int
    checks_task_id: int | None


@value_class
class HeldTasks:
    experiment_id: int
    gpu: str
    ids: frozenset[int]


@value_class
class SentTask:
    task_id: int
    workunit_id: int
    experiment_id: int
    bundle_digest: str
    ticket: str
    sent_at: datetime
    deadline: datetime
    registration_id: int
    replicates: tuple[int, ...]
    configs: str
    workunit_state: WorkunitState
    gpu: str  # the kind of GPU to which it was sent; empty for the processor
    seal: str
    ours_only: bool | None  # has its bundle passed what is asked for our own hosts alone? None: it never passed


def list_waiting_experiments(db: Database, host_id: int) -> list[WaitingExperiment]:
    return db.values(WaitingExperiment, _WAITING, host_id=host_id)


def list_candidate_tasks(db: Database, experiment_id: int, *, after: int, limit: int) -> list[WaitingTask]:
    return db.values(WaitingTask, _OPEN, experiment_id=experiment_id, after=after, limit=limit)


def list_targeted_tasks(db: Database, experiment_id: int, host_id: int, *, limit: int) -> list[WaitingTask]:
    return db.values(WaitingTask, _TARGETED, experiment_id=experiment_id, host_id=host_id, limit=limit)


def list_held_tasks(db: Database, host_id: int) -> list[HeldTasks]:
    """What is out to this host, by experiment and kind of GPU. One row each, so that hundreds of tasks cost little."""
    return [
        HeldTasks(experiment_id=row["experiment_id"], gpu=row["gpu"], ids=frozenset(map(int, row["ids"].split(","))))
        for row in db.select(_HELD, host_id=host_id)
    ]


def count_tasks_sent_since(db: Database, host_id: int, since: datetime, *, quota: int | None) -> int:
    """How many tasks a host got, as far as its quota asks; of most hosts, which have none, nobody does."""
    if quota is None:
        return 0
    return db.number(_SENT_SINCE, host_id=host_id, since=to_microseconds(since), limit=2 * quota)


def list_gpu_endings(db: Database, host_id: int, limit: int) -> list[tuple[TaskState, str, str, datetime]]:
    """State, cause, the host's words and end of the newest tasks that its GPUs are done with, well or badly."""
    rows = db.select(_ENDED_ON_GPUS, host_id=host_id, limit=limit)
    return [
        (TaskState(row["state"]), row["cause"], row["message"], from_microseconds(row["closed_at"])) for row in rows
    ]


def count_sibling_tasks(db: Database, volunteer_id: int, host_id: int, *, most: int) -> int:
    """How many tasks are out to other hosts of this volunteer that have nothing to show, as far as `most`."""
    return len(db.select(_OUT_TO_SIBLINGS, volunteer_id=volunteer_id, host_id=host_id, limit=most))


def read_sent_tasks(db: Database, task_ids: Sequence[int]) -> list[SentTask]:
    """These tasks, and what is to be known of their bundles before a host gets them again."""
    return [task for task_id in task_ids for task in db.values(SentTask, _SENT, id=task_id)]


def has_had_workunit(db: Database, workunit_id: int, volunteer_id: int) -> bool:
    """Was a task of this workunit ever sent to a host of this volunteer?

    A whole cluster is one volunteer, so what one of its pilots gave back may go to another.
    """
    return db.row(_HAD_BEFORE, workunit_id=workunit_id, volunteer_id=volunteer_id, cause=Cause.TAKEN_BACK) is not None


def has_workunit_copies(db: Database, workunit_id: int) -> bool:
    return db.row(_HAS_COPIES, workunit_id=workunit_id) is not None


def has_computed_task(db: Database, task_id: int, volunteer_id: int) -> bool:
    """Was this task, or one that checks it, sent to a host of this volunteer?"""
    return db.row(_COMPUTED, id=task_id, volunteer_id=volunteer_id) is not None
