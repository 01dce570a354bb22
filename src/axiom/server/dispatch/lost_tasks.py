"""Sends again what a host lost, or takes it back where nobody waits for it any more."""

from collections.abc import Collection, Sequence

from axiom.domain.work import TaskState, WorkunitState, task_name
from axiom.rules.tasks.assignment import choose_gpu_kind
from axiom.server.dispatch.asking_host import AskingHost
from axiom.server.dispatch.orders import repeat_order
from axiom.server.dispatch.rollout_limits import RolloutLimits
from axiom.server.dispatch.work_request import GrantedTask
from axiom.server.returns.transitioner import transit
from axiom.store.experiments import experiments
from axiom.store.tasks import queue
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks.queue import HeldTasks, SentTask

_LOOKED_AT_ONCE = 32


def resend_lost_tasks(
    asking: AskingHost, rollout: RolloutLimits, out: Sequence[HeldTasks]
) -> tuple[tuple[GrantedTask, ...], Sequence[HeldTasks]]:
    """What our books say this host has and it does not; and what by our books it has once closed tasks are back."""
    most, holding = asking.request.most, asking.request.holding
    if holding is None or most <= 0:
        return (), out
    lost: list[GrantedTask] = []
    is_any_closed = False
    for task in queue.read_sent_tasks(asking.db, _list_missing(out, holding)[: max(most, _LOOKED_AT_ONCE)]):
        if task.workunit_state is not WorkunitState.OPEN or rollout.is_outdated(task):
            _take_back(asking, task)
            is_any_closed = True
        elif len(lost) < most and rollout.may_have(task) and _can_compute(asking, task):
            lost.append(_grant_again(asking, task))
    return tuple(lost), queue.list_held_tasks(asking.db, asking.host.id) if is_any_closed else out


def _list_missing(out: Sequence[HeldTasks], holding: Collection[int]) -> list[int]:
    return sorted(set[int]().union(*(tasks.ids for tasks in out)).difference(holding))


def _can_compute(asking: AskingHost, task: SentTask) -> bool:
    programs = asking.request.programs
    if not task.gpu:
        return "" in programs
    needs = asking.cache.experiments[task.experiment_id].declared
    return choose_gpu_kind(asking.host, needs.gpu_memory, programs & {task.gpu}) is not None


def _grant_again(asking: AskingHost, task: SentTask) -> GrantedTask:
    experiment = asking.cache.experiments[task.experiment_id]
    needs, bundle = experiment.declared, experiment.bundle
    replicate_seconds = asking.order_form(experiment, task, task.gpu).replicate_seconds if bundle else needs.seconds
    declared = replicate_seconds * len(task.replicates)
    if bundle is None or bundle.digest != task.bundle_digest:
        bundle = experiments.find_bundle(asking.db, task.bundle_digest)
    return GrantedTask(
        task=task.task_id,
        workunit=task.workunit_id,
        experiment=experiment.id,
        name=task_name(experiment.name, experiment.version, task.workunit_id, task.task_id),
        order=repeat_order(experiment, task, asking.host.id),
        seconds=asking.expected_seconds(experiment, declared, task.gpu),
        declared_seconds=declared,
        memory_mb=asking.memory_mb(needs, task.gpu),
        disk_mb=needs.disk_mb,
        deadline=task.deadline,
        bundle=task.bundle_digest,
        seal=bundle.seal if bundle else "",
        gpu=task.gpu,
        cores=asking.cores(needs, task.gpu, task),
        times_longer=experiment.rule.times_longer,
    )


def _take_back(asking: AskingHost, task: SentTask) -> None:
    """What was closed while its host lost it is not sent again, and holds none of the host's cores any more."""
    stored = task_store.find_task(asking.db, task.task_id)
    if stored is not None:
        reason = "its host lost it, and it is wanted no more or not in this form"
        task_store.set_task_state(asking.db, stored, TaskState.ABORTED, reason, asking.now)
        transit(asking.db, task.workunit_id, asking.now)
