"""Looks through a queue for the tasks that this host may have, and cuts one into as many parts as suit it."""

from collections.abc import Sequence

from axiom.domain.value import value_class
from axiom.limits import tasks as limits
from axiom.rules.hosts.speed import seconds_on
from axiom.rules.tasks.assignment import TaskShare, may_compute_again
from axiom.server.dispatch.cache import KnownExperiment, WaitingSize
from axiom.server.dispatch.dispatch_context import DispatchContext
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
                if self._may_have(candidate, chosen):
                    chosen.append(candidate)
                elif not chosen:
                    skipped = candidate.task_id
            if len(page) < limit or len(chosen) >= amount:
                break
            after, limit = page[-1].task_id, _PAGE
        if skipped:
            context.cache.skip_up_to(volunteer_id, experiment_id, skipped, context.now)
        return chosen[:amount]

    def _may_have(self, wanted: WaitingTask, chosen: Sequence[WaitingTask]) -> bool:
        if not wanted.ordinal and wanted.quorum == 1 and wanted.checks_task_id is None:
            return True
        if any(other.workunit_id == wanted.workunit_id for other in chosen):
            return False
        db, volunteer_id, checked = self._context.db, self._context.host.volunteer_id, wanted.checks_task_id
        return may_compute_again(
            has_computed=checked is not None and waiting_tasks.has_computed_task(db, checked, volunteer_id),
            has_had=lambda: waiting_tasks.has_had_workunit(db, wanted.workunit_id, volunteer_id),
            is_ours=self._context.is_ours,
            is_alone=self._is_alone,
        )

    def _is_alone(self) -> bool:
        if self._alone is None:
            context = self._context
            self._alone = not hosts.has_other_hosts_since(
                context.db, context.host.volunteer_id, context.now - limits.ALONE_FOR
            )
        return self._alone
