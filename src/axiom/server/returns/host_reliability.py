"""How far each host is trusted, kept up to date with what became of its tasks."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.domain.value import value_class
from axiom.domain.work import TaskState
from axiom.rules.hosts.outvoted_hosts import standing_after_doubt, standing_after_outvote
from axiom.rules.hosts.reliability import PastTask, update_reliability
from axiom.rules.hosts.speed import learn_host_speed
from axiom.server.returns.learn_costs import Fits, MeasuredTask
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts, notices
from axiom.store.tasks import tasks as task_store
from axiom_weigh.grouping import group_pairs

log = logging.getLogger("axiom.standings")

INVALID = "invalid"
DIFFERS = "differs"
_LATELY = 100  # tasks of which a notice tells
_BECAUSE = "This is often caused by overclocking, memory errors or a full disk."


@value_class
class ClosedTask:
    task_id: int
    host_id: int | None
    state: TaskState
    cause: str
    sent_at: datetime | None
    ended_at: datetime | None
    spent: MeasuredTask | None = None


def update_standings(db: Database, closed: Sequence[ClosedTask], now: datetime) -> None:
    fits = Fits(db)
    for host_id, ended in group_pairs((task.host_id, task) for task in closed if task.host_id is not None).items():
        host = hosts.find_host(db, host_id)
        if host is not None:
            _update_standing(db, host, ended, fits)
            if any(task.state is TaskState.INVALID for task in ended):
                tell(db, host_id, INVALID, now)
    fits.keep(now)


def _update_standing(db: Database, host: Host, tasks: Sequence[ClosedTask], fits: Fits) -> None:
    standing, speed = host.standing, host.speed
    for task in tasks:
        turnaround = (task.ended_at - task.sent_at).total_seconds() if task.ended_at and task.sent_at else None
        how = PastTask(state=task.state, cause=task.cause, turnaround_seconds=turnaround)
        standing = update_reliability(standing, how).standing
        if task.state is TaskState.VALID and task.spent is not None:
            # What its kind is known to be slower at must not make the host look slow at everything.
            expected = task.spent.declared_seconds * fits.learn(host, speed, task.spent)
            if not task.spent.gpu:  # how fast a GPU is says nothing of a core
                speed = learn_host_speed(speed, expected_seconds=expected, elapsed_seconds=task.spent.elapsed_seconds)
    if standing != host.standing or speed != host.speed:
        hosts.set_standing(db, host.id, standing, speed=speed)


def doubt_hosts(db: Database, host_ids: Collection[int]) -> None:
    for host_id in host_ids:
        host = hosts.find_host(db, host_id)
        if host is not None and host.standing.valid_in_row:
            hosts.set_standing(db, host_id, standing_after_doubt(host.standing))


def record_outvote(db: Database, host_id: int, now: datetime) -> None:
    host = hosts.find_host(db, host_id)
    if host is not None:
        decided = standing_after_outvote(host.standing, now)
        log.info("host.outvoted host=%d %s", host_id, decided.reason)
        hosts.set_outvoted(db, host_id, decided.standing)
        tell(db, host_id, DIFFERS, now)


def tell(db: Database, host_id: int, kind: str, now: datetime) -> None:
    host = hosts.find_host(db, host_id)
    if host is None:
        return
    ends = task_store.count_recent_task_states(db, host_id, _LATELY)
    what = {
        INVALID: "returned a result that is not what was ordered",
        DIFFERS: "returned a result that two other computers do not confirm",
    }[kind]
    bad = sum(amount for state, amount in ends.items() if state is TaskState.INVALID)
    text = f"Your computer {host.name} {what}; {bad} of its last {sum(ends.values())} tasks were not valid. {_BECAUSE}"
    notices.add_notice(db, host_id, kind, text, now)
