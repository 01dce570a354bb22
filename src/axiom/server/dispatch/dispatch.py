"""Hands out work: first again what a host lost, then what `rules.tasks.assignment` gives it, each with an order."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.domain.work import TaskState, WorkunitState
from axiom.rules.tasks.assignment import (
    NOTHING_ASKED,
    Allowance,
    TasksInHand,
    choose_gpu_kind,
    count_sent_today,
    quota_day_of,
)
from axiom.server.dispatch.asking_host import AskingHost
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.deal import Deal, TaskPicker
from axiom.server.dispatch.orders import repeat_order
from axiom.server.dispatch.queues import QueueReader, RolloutLimits
from axiom.server.dispatch.work_request import DispatchSettings, GrantedTask, WorkGrant, WorkRequest
from axiom.server.returns.transitioner import transit_many
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.tasks import queue as task_queue
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks.queue import HeldTasks, SentTask

_LOOKED_AT_ONCE = 32
log = logging.getLogger("axiom.dispatch")


def grant_tasks(
    db: Database,
    settings: DispatchSettings,
    cache: DispatchCache,
    host: Host,
    request: WorkRequest,
    now: datetime,
    *,
    allowance: Allowance | None = None,
) -> WorkGrant:
    cache.refresh(db)
    asking = AskingHost(
        db=db,
        settings=settings,
        cache=cache,
        host=host,
        request=request,
        allowance=allowance or settings.volunteers,
        now=now,
    )
    rollout = RolloutLimits(asking)
    lost, out = _resend_lost_tasks(asking, rollout, task_queue.list_held_tasks(db, host.id))
    granted, reason = _grant_new_tasks(asking, rollout, out, lost)
    grant = WorkGrant(granted=tuple(granted), lost=lost, reason=reason)
    _record_grant(asking, grant)
    return grant


def _resend_lost_tasks(
    asking: AskingHost, rollout: RolloutLimits, out: Sequence[HeldTasks]
) -> tuple[tuple[GrantedTask, ...], Sequence[HeldTasks]]:
    """What our books say this host has and it does not; and what by our books it has once closed tasks are back."""
    most, holding = asking.request.most, asking.request.holding
    if holding is None or most <= 0:
        return (), out
    lost: list[GrantedTask] = []
    closed: dict[int, int] = {}
    for task in task_queue.read_sent_tasks(asking.db, _list_missing(out, holding)[: max(most, _LOOKED_AT_ONCE)]):
        if task.workunit_state is not WorkunitState.OPEN or rollout.is_outdated(task):
            closed[task.task_id] = task.workunit_id
        elif len(lost) < most and rollout.may_have(task) and _can_compute(asking, task):
            lost.append(repeat_order(asking, task))
    if not closed:
        return tuple(lost), out
    _take_back(asking, closed)
    return tuple(lost), task_queue.list_held_tasks(asking.db, asking.host.id)


def _list_missing(out: Sequence[HeldTasks], holding: Collection[int]) -> list[int]:
    return sorted(set[int]().union(*(tasks.ids for tasks in out)).difference(holding))


def _can_compute(asking: AskingHost, task: SentTask) -> bool:
    programs = asking.request.programs
    if not task.gpu:
        return "" in programs
    needs = asking.cache.experiments[task.experiment_id].declared
    return choose_gpu_kind(asking.host, needs.gpu_memory, programs & {task.gpu}) is not None


def _take_back(asking: AskingHost, closed: Mapping[int, int]) -> None:
    """What was closed while its host lost it is not sent again, and holds none of the host's cores any more."""
    reason = "its host lost it, and it is wanted no more or not in this form"
    back = [task for task in task_store.list_tasks_at_host(asking.db, asking.host.id) if task.id in closed]
    task_store.set_task_states(asking.db, [(task, TaskState.ABORTED, reason) for task in back], asking.now)
    transit_many(asking.db, closed.values(), asking.now)


def _grant_new_tasks(
    asking: AskingHost, rollout: RolloutLimits, out: Sequence[HeldTasks], lost: Sequence[GrantedTask]
) -> tuple[Sequence[GrantedTask], str]:
    """New tasks, and why not more. What was sent again counts as what was asked for."""
    wish = asking.remaining_wish(asking.request, lost)
    if not wish.is_any:
        return (), f"{len(lost)} lost tasks sent again" if lost else NOTHING_ASKED
    in_hand = [_load_in_hand(asking, tasks) for tasks in out]
    queues, why_nothing = QueueReader(asking, rollout).read_queues()
    if why_nothing:
        return (), why_nothing
    deal = Deal(asking=asking, picker=TaskPicker(asking), queues=queues, wish=wish)
    return deal.give_tasks(in_hand)


def _load_in_hand(asking: AskingHost, tasks: HeldTasks) -> TasksInHand:
    experiment = asking.cache.experiments[tasks.experiment_id]
    load = asking.load_task(experiment, tasks.gpu)
    return TasksInHand(
        tasks=len(tasks.ids),
        seconds=load.seconds,
        memory_mb=load.memory_mb,
        disk_mb=experiment.declared.disk_mb,
        cores=load.cores,
    )


def _record_grant(asking: AskingHost, grant: WorkGrant) -> None:
    host, granted = asking.host, grant.granted
    if granted:
        day = quota_day_of(asking.now)
        hosts.record_sent_tasks(asking.db, host.id, day=day, sent=count_sent_today(host, asking.now) + len(granted))
        log.debug("tasks.sent host=%d tasks=%s", host.id, [task.task for task in granted])
        return
    why = grant.reason if asking.request.is_any and not grant.lost else ""
    if host.why_no_work != why and (why or grant.lost):
        hosts.record_no_work_reason(asking.db, host.id, why)
