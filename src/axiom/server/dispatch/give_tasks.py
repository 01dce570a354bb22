"""Takes tasks of the queues as `rules.tasks.assignment` shares them out, and puts each into an order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from axiom.rules.tasks.assignment import (
    ENOUGH,
    MEANT_FOR_OTHERS,
    RequestedWork,
    TaskShare,
    TasksInHand,
    WorkQueue,
    assign_tasks,
)
from axiom.server.dispatch.cache import KnownExperiment, WaitingSize
from axiom.server.dispatch.dispatch_context import DispatchContext
from axiom.server.dispatch.orders import UnclaimedTask, UnsignedOrder, claim_tasks, sign_orders, write_order
from axiom.server.dispatch.pick_and_cut_tasks import Sizing, TaskPicker
from axiom.server.dispatch.tasks_per_host import read_task_limits
from axiom.server.dispatch.work_request import GrantedTask
from axiom.store.tasks.waiting_tasks import WaitingTask


@dataclass(kw_only=True, slots=True)
class Deal:
    """Gives tasks of the queues to one host until it has what it asked for or no queue has any for it."""

    context: DispatchContext
    picker: TaskPicker
    queues: dict[int, WorkQueue]
    requested: RequestedWork  # what of it is left
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
                requested=self.requested,
                deadline=context.allowance.deadline,
                task_limits=task_limits,
                granted=len(granted),
            )
            taken = self._take_shares(decided.shares)
            granted += taken
            planned = sum(share.tasks for share in decided.shares)
            for_others = for_others or len(taken) != planned
            as_planned = len(taken) == planned and not self.is_more
            if not self.requested.is_any or (as_planned and not decided.is_enough):
                break
        if not self.requested.is_any:
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
            self.requested = self.context.remaining_request(self.requested, tasks)
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
        seconds, instances = (
            self.requested.gpus[share.gpu] if share.gpu else (self.requested.seconds, self.requested.instances)
        )
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
