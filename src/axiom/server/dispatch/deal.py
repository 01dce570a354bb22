"""Gives tasks of the queues to one host: those that it may have, cut where it should have smaller ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from axiom.domain.value import value_class
from axiom.limits import tasks as limits
from axiom.rules.hosts.speed import seconds_on
from axiom.rules.tasks.assignment import (
    ENOUGH,
    MEANT_FOR_OTHERS,
    RequestedWork,
    TaskShare,
    TasksInHand,
    WorkQueue,
    assign_tasks,
)
from axiom.server.dispatch.allowances import read_task_limits
from axiom.server.dispatch.cache import KnownExperiment, WaitingSize
from axiom.server.dispatch.dispatch_context import DispatchContext
from axiom.server.dispatch.orders import UnclaimedTask, UnsignedOrder, claim_tasks, sign_orders, write_order
from axiom.server.dispatch.work_request import GrantedTask
from axiom.store.hosts import hosts
from axiom.store.tasks import waiting_tasks, workunits
from axiom.store.tasks.waiting_tasks import WaitingTask

_MOST_PAGES = 8  # of tasks that this volunteer may not have, before the next question goes on behind them
_PAGE = 32


@value_class
class Sizing:
    gpu: str
    replicate_seconds: float  # of a reference core, expected of a replicate
    block: int
    cores: int  # on which a task computes
    seconds: float  # that are still wanted, of this host's cores together
    least: float  # tasks that are wanted however long they take
    most: int


class TaskPicker:
    def __init__(self, context: DispatchContext) -> None:
        self._context = context
        self._alone: bool | None = None
        self.is_first = not context.host.standing.quota_day  # nothing was ever given to it

    def pick_tasks(self, experiment: KnownExperiment, share: TaskShare, *, is_meant: bool) -> list[WaitingTask]:
        """What could be taken; what the host has from before a restore has an order of its own and stays as it is.

        What has failed somewhere is tried again on a core, if it can be: GPUs that cannot compute use up no workunit.
        """
        context, amount = self._context, share.tasks
        meant = (
            waiting_tasks.list_targeted_tasks(context.db, experiment.id, context.host.id, limit=amount)
            if is_meant
            else []
        )
        candidates = meant + self._pick_open(experiment.id, amount - len(meant)) if len(meant) < amount else meant
        holding, is_for_any = (
            context.request.holding or frozenset(),
            not (share.gpu and experiment.declared.may_use_gpu),
        )
        return [task for task in candidates if task.task_id not in holding and (is_for_any or not task.ordinal)]

    def cut_task(
        self, experiment: KnownExperiment, wanted: WaitingTask, sizing: Sizing
    ) -> tuple[list[WaitingTask], int]:
        """The tasks that a waiting one makes for this host, at least one, and how many more there would be.

        A check of another stays as it is, and so does what somebody else has a copy of.
        """
        context = self._context
        if wanted.ordinal or wanted.checks_task_id is not None:
            return [wanted], 0
        if wanted.quorum > 1 and waiting_tasks.has_workunit_copies(context.db, wanted.workunit_id):
            return [wanted], 0
        sizes, left = self._size_parts(len(wanted.replicates), sizing)
        if len(sizes) == 1 and not left:
            return [wanted], 0
        parts, rest = workunits.split_workunit(
            context.db, experiment.id, wanted, sizes if left else sizes[:-1], context.now
        )
        if not left:
            return [*parts, rest], 0
        uncut = WaitingSize(seconds=0.0, replicates=left, block=sizing.block)
        return parts, context.count_parts(experiment, uncut, sizing.replicate_seconds * left, sizing.gpu)

    def _size_parts(self, left: int, sizing: Sizing) -> tuple[list[int], int]:
        sizes: list[int] = []
        seconds = sizing.seconds
        while left and (not sizes or (len(sizes) < sizing.most and (seconds > 0 or len(sizes) < sizing.least))):
            seconds_each = sizing.replicate_seconds / sizing.cores
            sizes.append(self._context.replicates_for(left, sizing.block, seconds_each, is_first=self.is_first))
            self.is_first = False
            left -= sizes[-1]
            seconds -= seconds_on(self._context.host, sizing.replicate_seconds * sizes[-1])
        return sizes, left

    def _pick_open(self, experiment_id: int, amount: int) -> list[WaitingTask]:
        """What is meant for nobody in particular."""
        context, volunteer_id = self._context, self._context.host.volunteer_id
        after = context.cache.skipped_up_to(volunteer_id, experiment_id, context.now)
        chosen: list[WaitingTask] = []
        limit, skipped = amount, 0
        for _ in range(_MOST_PAGES):
            page = waiting_tasks.list_candidate_tasks(context.db, experiment_id, after=after, limit=limit)
            for candidate in page:
                if not self._is_barred(candidate, chosen):
                    chosen.append(candidate)
                elif not chosen:
                    skipped = candidate.task_id
            if len(page) < limit or len(chosen) >= amount:
                break
            after, limit = page[-1].task_id, _PAGE
        if skipped:
            context.cache.skip_up_to(volunteer_id, experiment_id, skipped, context.now)
        return chosen[:amount]

    def _is_barred(self, wanted: WaitingTask, chosen: Sequence[WaitingTask]) -> bool:
        if not wanted.ordinal and wanted.quorum == 1 and wanted.checks_task_id is None:
            return False
        db, volunteer_id = self._context.db, self._context.host.volunteer_id
        if any(other.workunit_id == wanted.workunit_id for other in chosen):
            return True
        if wanted.checks_task_id is not None and waiting_tasks.has_computed_task(
            db, wanted.checks_task_id, volunteer_id
        ):
            return not (self._context.is_ours and self._is_alone())
        return waiting_tasks.has_had_workunit(db, wanted.workunit_id, volunteer_id) and not self._is_alone()

    def _is_alone(self) -> bool:
        if self._alone is None:
            context = self._context
            self._alone = not hosts.has_other_hosts_since(
                context.db, context.host.volunteer_id, context.now - limits.ALONE_FOR
            )
        return self._alone


@dataclass(kw_only=True, slots=True)
class Deal:
    """Gives tasks of the queues to one host until its wish is fulfilled or no queue has any for it."""

    context: DispatchContext
    picker: TaskPicker
    queues: dict[int, WorkQueue]
    wish: RequestedWork  # what of it is left
    is_more: bool = False  # is more there than was thought, since what waits was cut into smaller tasks?

    def give_tasks(self, in_hand: Sequence[TasksInHand]) -> tuple[list[GrantedTask], str]:
        context, out = self.context, sum(batch.tasks for batch in in_hand)
        task_limits = read_task_limits(context.db, context.host, context.allowance, out, context.now)
        granted: list[GrantedTask] = []
        for_others = False
        while True:
            self.is_more = False
            decided = assign_tasks(
                context.host,
                list(self.queues.values()),
                in_hand=[*in_hand, *map(_as_in_hand, granted)],
                wish=self.wish,
                deadline=context.allowance.deadline,
                task_limits=[limit.after(len(granted)) for limit in task_limits],
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
                claim_tasks(self.context, unclaimed)
                unclaimed = []
            claims = self._take_share(share)
            unclaimed += claims
            tasks = [claim.task for claim in claims]
            taken += tasks
            self.wish = self.context.remaining_wish(self.wish, tasks)
        claim_tasks(self.context, unclaimed)
        return taken

    def _take_share(self, share: TaskShare) -> list[UnclaimedTask]:
        """So many tasks of one queue, or fewer when they are larger than was thought. Then it gives no more."""
        context, queue = self.context, self.queues[share.experiment_id]
        experiment = context.offered[share.experiment_id]
        picked = self.picker.pick_tasks(experiment, share, is_meant=queue.is_meant)
        written, used, cut_off = self._write_orders(experiment, share, picked)
        if used:
            self.picker.is_first = False
            context.cache.note_size(experiment, _measure_task(context, experiment, picked[used - 1]))
        claims = sign_orders(context, experiment, written, share.gpu, is_staged=queue.room is not None)
        self._shorten_queue(queue, share, len(claims), waiting=cut_off + len(picked) - used)
        return claims

    def _write_orders(
        self, experiment: KnownExperiment, share: TaskShare, picked: Sequence[WaitingTask]
    ) -> tuple[list[UnsignedOrder], int, int]:
        """Orders that fill a share; of how many of the picked tasks they are made, and how many parts were cut off."""
        context = self.context
        seconds, instances = self.wish.gpus[share.gpu] if share.gpu else (self.wish.seconds, self.wish.instances)
        cores = context.cores(experiment.declared, share.gpu)
        instances /= cores  # tasks, from here on
        written: list[UnsignedOrder] = []
        used = cut_off = 0
        for wanted in picked:
            if len(written) >= share.tasks or (seconds <= 0 and len(written) >= instances):
                break
            form, parts, used = context.order_form(experiment, wanted, share.gpu), [wanted], used + 1
            if len(wanted.replicates) > 1 and not (share.gpu and experiment.declared.side_by_side):
                sizing = Sizing(
                    gpu=share.gpu,
                    replicate_seconds=context.expected_seconds(experiment, form.replicate_seconds, share.gpu),
                    block=form.block,
                    cores=cores,
                    seconds=seconds,
                    least=instances - len(written),
                    most=share.tasks - len(written),
                )
                parts, rest = self.picker.cut_task(experiment, wanted, sizing)
                cut_off += rest
            for part in parts:
                order = write_order(context, experiment, form, part, share.gpu)
                if order is not None:
                    written.append(order)
                    seconds -= context.elapsed_seconds(order.effort.seconds)
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


def _measure_task(context: DispatchContext, experiment: KnownExperiment, task: WaitingTask) -> WaitingSize:
    form, replicates = context.order_form(experiment, task, ""), len(task.replicates)
    return WaitingSize(seconds=form.replicate_seconds * replicates, replicates=replicates, block=form.block)


def _as_in_hand(task: GrantedTask) -> TasksInHand:
    return TasksInHand(tasks=1, seconds=task.seconds, memory_mb=task.memory_mb, disk_mb=task.disk_mb, cores=task.cores)
