"""Has some tasks computed again at another volunteer, and writes down whether the two agree.

A check is a workunit of its own: the workunit of the checked task closes with its first valid task, so no block waits.
"""

import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from axiom.domain.work import Agreement, ComparedTask, Result, Task
from axiom.limits import tasks as limits
from axiom.rules.hosts.outvoted_hosts import is_watched
from axiom.rules.tasks.agreement import DuplicateVerdict, TaskVote, is_newly_odd, weigh_checks
from axiom.rules.tasks.recheck_rate import check_rate, is_checked
from axiom.server.returns import host_reliability
from axiom.server.returns.transitioner import transit_many
from axiom.signed.manifests import stored_manifest
from axiom.signed.signing_key import SigningKey
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import results, workunits
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks.tasks import UnprovenTask

log = logging.getLogger("axiom.checking")

_SLICE = 500


def secret_of(key: SigningKey) -> bytes:
    """What nobody can tell who does not have the laboratory's ticket key: a signature of it is always the same."""
    return hashlib.sha256(key.sign(b"axiom-check-1")).digest()


def order_rechecks(
    db: Database,
    secret: bytes,
    proven: Sequence[UnprovenTask],
    now: datetime,
    *,
    doubtful: Collection[int] = (),
) -> list[int]:
    """Order the checks of those of these new proven tasks that are to be checked; the workunits made.

    Doubtful tasks are checked whatever was drawn.

    A task that a person wanted on one host is left alone, and so is one whose volunteer computes alone here, or whose
    host was only simulated. How often others are checked follows from what their hosts have shown.
    """
    computers = _Hosts(db, now)
    drawn = [
        candidate.task
        for candidate in proven
        if candidate.checks_task_id is None
        and not (candidate.is_targeted or candidate.is_simulated)
        and (candidate.task.id in doubtful or computers.is_drawn(secret, candidate.task))
        and computers.has_others(candidate.volunteer_id)
    ]
    return compute_again(db, drawn, now)


class _Hosts:
    def __init__(self, db: Database, now: datetime) -> None:
        self._db = db
        self._since = now - limits.RECHECKED_BY_HEARD_FROM
        self._watched = {host.id for host in host_store.list_outvoted_hosts(db) if is_watched(host.standing, now)}
        self._compared: dict[int | None, list[ComparedTask]] = {}
        self._others: dict[int, bool] = {}

    def is_drawn(self, secret: bytes, task: Task) -> bool:
        """Is this task checked? Then it counts as a comparison that is under way."""
        if task.host_id not in self._compared:
            self._compared[task.host_id] = task_store.list_compared_tasks(
                self._db, task.host_id, limits.COMPARISONS_LOOKED_AT
            )
        compared = self._compared[task.host_id]
        rate = check_rate(task.experiment_id, compared, is_watched=task.host_id in self._watched)
        if not is_checked(secret, task.id, rate.one_in):
            return False
        log.debug("check.drawn task=%d one_in=%d %s", task.id, rate.one_in, rate.reason)
        compared.insert(0, ComparedTask(experiment_id=task.experiment_id, agreement=Agreement.WAITING))
        return True

    def has_others(self, volunteer_id: int | None) -> bool:
        if volunteer_id is None:
            return False
        if volunteer_id not in self._others:
            self._others[volunteer_id] = host_store.has_other_hosts_since(self._db, volunteer_id, self._since)
        return self._others[volunteer_id]


def compute_again(db: Database, tasks: Sequence[Task], now: datetime) -> list[int]:
    """Order a check of each of these tasks, but of a version that was withdrawn; the workunits made."""
    versions = {number: experiments.find_experiment(db, number) for number in {task.experiment_id for task in tasks}}
    still_open = {number for number, version in versions.items() if version and version.status == "open"}
    wanted = [task for task in tasks if task.experiment_id in still_open]
    made = [workunits.order_check(db, task, now) for task in wanted]
    if made:
        task_store.set_task_agreements(db, dict.fromkeys((task.id for task in wanted), Agreement.WAITING))
        transit_many(db, made, now)
    return made


def close_checks(
    db: Database, done: Sequence[UnprovenTask], cells: Mapping[int, Sequence[Result]], now: datetime
) -> None:
    for check in done:
        if check.checks_task_id is not None:
            _close_check(db, check, check.checks_task_id, tuple(cells[check.task.id]), now)


def give_up(db: Database, now: datetime) -> int:
    stale = workunits.list_stale_checks(db, now - limits.RECHECK_WAITS_FOR, _SLICE)
    workunits.request_aborts(db, stale, "no other volunteer's host was there to check it")
    transit_many(db, stale, now)
    return len(stale)


def _close_check(
    db: Database, check: UnprovenTask, checked_id: int, brought: tuple[Result, ...], now: datetime
) -> None:
    checked = task_store.find_task(db, checked_id)
    experiment = experiments.find_experiment(db, checked.experiment_id) if checked else None
    if checked is None or experiment is None:
        return
    repeated = {**results.list_duplicate_results(db, checked_id), check.task.id: brought}
    host_by_check = dict(task_store.list_valid_checks(db, checked_id)) | {check.task.id: check.task.host_id}
    opinions = [TaskVote(task_id=task_id, cells=tuple(repeated.get(task_id, ()))) for task_id in sorted(host_by_check)]
    first = TaskVote(task_id=checked_id, cells=tuple(results.list_task_results(db, checked_id)))
    decided = weigh_checks(first, opinions, early=stored_manifest(experiment.manifest).tolerance)
    is_anew = is_newly_odd(decided, _agreements(db, [checked_id, *host_by_check]))
    task_store.set_task_agreements(
        db, {task_id: str(agreement or "") for task_id, agreement in decided.agreements.items()}
    )
    if Agreement.DIFFERS in decided.agreements.values():
        log.info("check.differs task=%d %s", checked_id, decided.reason)
        hosts = host_by_check | {checked_id: checked.host_id}
        _doubt(db, checked, hosts, decided, now)
        odd = hosts.get(decided.odd) if decided.odd is not None else None
        if odd is not None and is_anew:  # one more who confirms the others does not make it wrong once more
            host_reliability.record_outvote(db, odd, now)


def _agreements(db: Database, task_ids: Sequence[int]) -> dict[int, str]:
    both = Agreement.AGREES, Agreement.DIFFERS
    return {
        task_id: agreement
        for agreement in both
        for task_id in task_store.list_tasks_by_agreement(db, task_ids, agreement)
    }


def _doubt(
    db: Database, checked: Task, hosts: Mapping[int, int | None], decided: DuplicateVerdict, now: datetime
) -> None:
    """Nobody in such a dispute has anything in a row, and a third opinion is asked for once."""
    differing = [task_id for task_id, agreement in decided.agreements.items() if agreement is Agreement.DIFFERS]
    host_reliability.doubt_hosts(db, {host for task_id in differing if (host := hosts[task_id]) is not None})
    if decided.needs_third:
        compute_again(db, [checked], now)
