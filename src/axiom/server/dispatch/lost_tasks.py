"""Sends a host again what it was sent and has no more, as long as it is wanted; what is not, is taken back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from axiom.domain.work import TaskState, WorkunitState
from axiom.rules.tasks.assignment import choose_gpu_kind
from axiom.server.dispatch.dispatch_context import DispatchContext
from axiom.server.dispatch.orders import repeat_order
from axiom.server.dispatch.work_queues import RolloutLimits
from axiom.server.dispatch.work_request import GrantedTask
from axiom.server.returns.transitioner import transit_many
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import waiting_tasks
from axiom.store.tasks.waiting_tasks import HeldTasks, SentTask

_LOOKED_AT_ONCE = 32


def resend_lost_tasks(
    context: DispatchContext, rollout: RolloutLimits
) -> tuple[tuple[GrantedTask, ...], Sequence[HeldTasks]]:
    """What this host has by our books alone, and what it has by ours once closed tasks are taken back."""
    out = waiting_tasks.list_held_tasks(context.db, context.host.id)
    most, holding = context.request.most, context.request.holding
    if holding is None or most <= 0:
        return (), out
    by_our_books = {task_id for tasks in out for task_id in tasks.ids}
    lost: list[GrantedTask] = []
    closed: dict[int, int] = {}
    for task in _read_lost_tasks(context, sorted(by_our_books - holding)):
        if len(lost) >= most:
            break
        if task.workunit_state is not WorkunitState.OPEN or rollout.is_outdated(task):
            closed[task.task_id] = task.workunit_id
        elif rollout.may_have(task) and _can_compute(context, task):
            lost.append(repeat_order(context, task))
    if not closed:
        return tuple(lost), out
    _take_back(context, closed)
    still_out = [replace(tasks, ids=tasks.ids - closed.keys()) for tasks in out]
    return tuple(lost), [tasks for tasks in still_out if tasks.ids]


def _read_lost_tasks(context: DispatchContext, task_ids: Sequence[int]) -> Iterator[SentTask]:
    """Part after part: few are read where the first can come again, and all where they cannot."""
    for begin in range(0, len(task_ids), _LOOKED_AT_ONCE):
        yield from waiting_tasks.read_sent_tasks(context.db, task_ids[begin : begin + _LOOKED_AT_ONCE])


def _can_compute(context: DispatchContext, task: SentTask) -> bool:
    programs = context.request.programs
    if not task.gpu:
        return "" in programs
    needs = context.cache.experiments[task.experiment_id].declared
    return choose_gpu_kind(context.host, needs.gpu_memory, programs & {task.gpu}) is not None


def _take_back(context: DispatchContext, closed: Mapping[int, int]) -> None:
    """What was closed while its host lost it is not sent again, and holds none of the host's cores any more."""
    reason = "its host lost it, and it is wanted no more or not in this form"
    back = [task for task in task_store.list_tasks_at_host(context.db, context.host.id) if task.id in closed]
    task_store.set_task_states(context.db, [(task, TaskState.ABORTED, reason) for task in back], context.now)
    transit_many(context.db, closed.values(), context.now)
