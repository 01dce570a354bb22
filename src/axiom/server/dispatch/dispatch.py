"""Hands out work: first again what a host lost, then what `rules.tasks.assignment` gives it, each with an order."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.rules.hosts.reliability import QUOTA_LASTS
from axiom.rules.tasks.assignment import (
    ENOUGH,
    MEANT_FOR_OTHERS,
    NOTHING_ASKED,
    Allowance,
    RequestedWork,
    TaskShare,
    TasksInHand,
    WorkQueue,
    assign_tasks,
    count_sent_today,
    hourly_quota,
    quota_day_of,
)
from axiom.server.dispatch.asking_host import AskingHost
from axiom.server.dispatch.cache import DispatchCache, KnownExperiment, WaitingSize
from axiom.server.dispatch.lost_tasks import resend_lost_tasks
from axiom.server.dispatch.orders import UnclaimedTask, UnsignedOrder, claim_tasks, sign_orders, write_order
from axiom.server.dispatch.pick import Sizing, TaskPicker
from axiom.server.dispatch.queues import QueueReader
from axiom.server.dispatch.rollout_limits import RolloutLimits
from axiom.server.dispatch.work_request import DispatchSettings, GrantedTask, WorkGrant, WorkRequest
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.tasks import queue as task_queue
from axiom.store.tasks.queue import HeldTasks, WaitingTask

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
    lost, out = resend_lost_tasks(asking, rollout, task_queue.list_held_tasks(db, host.id))
    granted, reason = _grant_new_tasks(asking, rollout, out, lost)
    grant = WorkGrant(granted=tuple(granted), lost=lost, reason=reason)
    _record_grant(asking, grant)
    return grant


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
    deal = _Deal(asking=asking, picker=TaskPicker(asking), queues=queues, wish=wish)
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


@dataclass(kw_only=True, slots=True)
class _Deal:
    """Gives tasks of the queues to one host until its wish is fulfilled or no queue has any for it."""

    asking: AskingHost
    picker: TaskPicker
    queues: dict[int, WorkQueue]
    wish: RequestedWork  # what of it is left
    is_more: bool = False  # is more there than was thought, since what waits was cut into smaller tasks?

    def give_tasks(self, in_hand: Sequence[TasksInHand]) -> tuple[list[GrantedTask], str]:
        sent = count_sent_today(self.asking.host, self.asking.now), _count_sent_lately(self.asking)
        granted: list[GrantedTask] = []
        for_others = False
        while True:
            self.is_more = False
            decided = assign_tasks(
                self.asking.host,
                list(self.queues.values()),
                in_hand=[*in_hand, *map(_as_in_hand, granted)],
                wish=self.wish,
                allowance=self.asking.allowance,
                sent_today=sent[0] + len(granted),
                sent_lately=sent[1] + len(granted),
            )
            taken = self._take_shares(decided.shares)
            granted += taken
            planned = sum(share.tasks for share in decided.shares)
            for_others = for_others or len(taken) != planned
            as_planned = len(taken) == planned and not self.is_more
            if not self.wish.is_any or (as_planned and not decided.is_enough):
                break
        if not self.wish.is_any:
            return granted, ENOUGH
        nothing = for_others and not granted and not any(queue.unsent for queue in self.queues.values())
        return granted, MEANT_FOR_OTHERS if nothing else decided.reason

    def _take_shares(self, shares: Sequence[TaskShare]) -> list[GrantedTask]:
        taken: list[GrantedTask] = []
        unclaimed: list[UnclaimedTask] = []
        for share in shares:
            if any(claim.task.experiment == share.experiment_id for claim in unclaimed):
                # It has some for its GPU already: what is to be its cores' must be other tasks.
                claim_tasks(self.asking, unclaimed)
                unclaimed = []
            claims = self._take_share(share)
            unclaimed += claims
            tasks = [claim.task for claim in claims]
            taken += tasks
            self.wish = self.asking.remaining_wish(self.wish, tasks)
        claim_tasks(self.asking, unclaimed)
        return taken

    def _take_share(self, share: TaskShare) -> list[UnclaimedTask]:
        """So many tasks of one queue, or fewer when they are larger than was thought. Then it gives no more."""
        asking, queue = self.asking, self.queues[share.experiment_id]
        experiment = asking.offered[share.experiment_id]
        picked = self.picker.pick_tasks(experiment, share, is_meant=queue.is_meant)
        written, used, cut_off = self._write_orders(experiment, share, picked)
        if used:
            self.picker.is_first = False
            asking.cache.note_size(experiment, _measure_task(asking, experiment, picked[used - 1]))
        claims = sign_orders(asking, experiment, written, share.gpu, is_staged=queue.room is not None)
        self._shorten_queue(queue, share, len(claims), waiting=cut_off + len(picked) - used)
        return claims

    def _write_orders(
        self, experiment: KnownExperiment, share: TaskShare, picked: Sequence[WaitingTask]
    ) -> tuple[list[UnsignedOrder], int, int]:
        """Orders that fill a share; of how many of the picked tasks they are made, and how many parts were cut off."""
        asking = self.asking
        seconds, instances = self.wish.gpus[share.gpu] if share.gpu else (self.wish.seconds, self.wish.instances)
        cores = asking.cores(experiment.declared, share.gpu)
        instances /= cores  # tasks, from here on
        written: list[UnsignedOrder] = []
        used = cut_off = 0
        for wanted in picked:
            if len(written) >= share.tasks or (seconds <= 0 and len(written) >= instances):
                break
            form, parts, used = asking.order_form(experiment, wanted, share.gpu), [wanted], used + 1
            if len(wanted.replicates) > 1 and not (share.gpu and experiment.declared.side_by_side):
                sizing = Sizing(
                    gpu=share.gpu,
                    replicate_seconds=asking.expected_seconds(experiment, form.replicate_seconds, share.gpu),
                    block=form.block,
                    cores=cores,
                    seconds=seconds,
                    least=instances - len(written),
                    most=share.tasks - len(written),
                )
                parts, rest = self.picker.cut_task(experiment, wanted, sizing)
                cut_off += rest
            for part in parts:
                order = write_order(asking, experiment, form, part, share.gpu)
                if order is not None:
                    written.append(order)
                    seconds -= asking.elapsed_seconds(order.seconds)
        return written, used, cut_off

    def _shorten_queue(self, queue: WorkQueue, share: TaskShare, amount: int, *, waiting: int) -> None:
        """So many were given of it; at least `waiting` tasks are there, which may be more than was thought."""
        left = queue.unsent - amount if amount == share.tasks else 0
        if amount == share.tasks and left < waiting:
            left, self.is_more = waiting, True
        room = None if queue.room is None else queue.room - amount
        left = left if room is None else min(left, room)
        shorter = replace(queue, unsent=left, in_progress=queue.in_progress + amount, room=room)
        self.queues[queue.experiment_id] = shorter


def _count_sent_lately(asking: AskingHost) -> int:
    """How many tasks it had within the hour, as far as its quota asks: most hosts have none."""
    quota = hourly_quota(asking.host, asking.allowance)
    if quota is None:
        return 0
    return task_queue.count_tasks_sent_since(asking.db, asking.host.id, asking.now - QUOTA_LASTS, limit=2 * quota)


def _measure_task(asking: AskingHost, experiment: KnownExperiment, task: WaitingTask) -> WaitingSize:
    form, replicates = asking.order_form(experiment, task, ""), len(task.replicates)
    return WaitingSize(seconds=form.replicate_seconds * replicates, replicates=replicates, block=form.block)


def _as_in_hand(task: GrantedTask) -> TasksInHand:
    return TasksInHand(tasks=1, seconds=task.seconds, memory_mb=task.memory_mb, disk_mb=task.disk_mb, cores=task.cores)
