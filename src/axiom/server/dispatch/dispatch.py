"""Hands out work: first again what a host lost, then what `rules.tasks.assignment` gives it, each with an order."""

import logging
from collections.abc import Sequence
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.rules.tasks.assignment import NOTHING_ASKED, TasksInHand
from axiom.rules.tasks.tasks_per_host import Allowance, count_sent_today, quota_day_of
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch_context import DispatchContext
from axiom.server.dispatch.give_tasks import Deal
from axiom.server.dispatch.lost_tasks import resend_lost_tasks
from axiom.server.dispatch.pick_and_cut_tasks import TaskPicker
from axiom.server.dispatch.work_queues import QueueReader, RolloutLimits
from axiom.server.dispatch.work_request import DispatchSettings, GrantedTask, WorkGrant, WorkRequest
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.tasks.waiting_tasks import HeldTasks

log = logging.getLogger("axiom.dispatch")


def grant_tasks(
    db: Database,
    settings: DispatchSettings,
    cache: DispatchCache,
    host: Host,
    request: WorkRequest,
    now: datetime,
    *,
    allowance: Allowance,
) -> WorkGrant:
    cache.refresh(db)
    context = DispatchContext(
        db=db,
        settings=settings,
        cache=cache,
        host=host,
        request=request,
        allowance=allowance,
        now=now,
    )
    rollout = RolloutLimits(context)
    lost, out = resend_lost_tasks(context, rollout)
    granted, reason = _grant_new_tasks(context, rollout, out, lost)
    grant = WorkGrant(granted=tuple(granted), lost=lost, reason=reason)
    _record_grant(context, grant)
    return grant


def _grant_new_tasks(
    context: DispatchContext, rollout: RolloutLimits, out: Sequence[HeldTasks], lost: Sequence[GrantedTask]
) -> tuple[Sequence[GrantedTask], str]:
    """New tasks, and why not more. What was sent again counts as what was asked for."""
    requested = context.remaining_request(context.request, lost)
    if not requested.is_any:
        return (), f"{len(lost)} lost tasks sent again" if lost else NOTHING_ASKED
    in_hand = [_load_in_hand(context, tasks) for tasks in out]
    queues, why_nothing = QueueReader(context, rollout).read_queues()
    if why_nothing:
        return (), why_nothing
    deal = Deal(context=context, picker=TaskPicker(context), queues=queues, requested=requested)
    return deal.give_tasks(in_hand)


def _load_in_hand(context: DispatchContext, tasks: HeldTasks) -> TasksInHand:
    experiment = context.cache.experiments[tasks.experiment_id]
    load = context.load_task(experiment, tasks.gpu)
    return TasksInHand(
        tasks=len(tasks.ids),
        seconds=load.seconds,
        memory_mb=load.memory_mb,
        disk_mb=experiment.declared.disk_mb,
        cores=load.cores,
    )


def _record_grant(context: DispatchContext, grant: WorkGrant) -> None:
    host, granted = context.host, grant.granted
    if granted:
        day = quota_day_of(context.now)
        hosts.record_sent_tasks(context.db, host.id, day=day, sent=count_sent_today(host, context.now) + len(granted))
        log.debug("tasks.sent host=%d tasks=%s", host.id, [task.task for task in granted])
        return
    why = grant.reason if context.request.is_any and not grant.lost else ""
    if host.why_no_work != why and (why or grant.lost):
        hosts.record_no_work_reason(context.db, host.id, why)
