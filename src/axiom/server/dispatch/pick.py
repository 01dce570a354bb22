"""Picks among waiting tasks those that one host may have, and cuts them where it should have smaller ones."""

from collections.abc import Sequence

from axiom.domain.value import value_class
from axiom.limits import tasks as limits
from axiom.rules.hosts.speed import seconds_on
from axiom.rules.tasks.assignment import TaskShare
from axiom.server.dispatch.asking_host import AskingHost
from axiom.server.dispatch.cache import KnownExperiment, WaitingSize
from axiom.store.hosts import hosts
from axiom.store.tasks import queue, workunits
from axiom.store.tasks.queue import WaitingTask

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
    def __init__(self, asking: AskingHost) -> None:
        self._asking = asking
        self._alone: bool | None = None
        self.is_first = not asking.host.standing.quota_day  # nothing was ever given to it

    def pick_tasks(self, experiment: KnownExperiment, share: TaskShare, *, is_meant: bool) -> list[WaitingTask]:
        """What could be taken; what the host has from before a restore has an order of its own and stays as it is.

        What has failed somewhere is tried again on a core, if it can be: GPUs that cannot compute use up no workunit.
        """
        asking, amount = self._asking, share.tasks
        meant = queue.list_targeted_tasks(asking.db, experiment.id, asking.host.id, limit=amount) if is_meant else []
        candidates = meant + self._pick_open(experiment.id, amount - len(meant)) if len(meant) < amount else meant
        holding, is_for_any = asking.request.holding or frozenset(), not (share.gpu and experiment.declared.may_use_gpu)
        return [task for task in candidates if task.task_id not in holding and (is_for_any or not task.ordinal)]

    def cut_task(
        self, experiment: KnownExperiment, wanted: WaitingTask, sizing: Sizing
    ) -> tuple[list[WaitingTask], int]:
        """The tasks that a waiting one makes for this host, at least one, and how many more there would be.

        A check of another stays as it is, and so does what somebody else has a copy of.
        """
        asking = self._asking
        if wanted.ordinal or wanted.checks_task_id is not None:
            return [wanted], 0
        if wanted.quorum > 1 and queue.has_workunit_copies(asking.db, wanted.workunit_id):
            return [wanted], 0
        sizes, left = self._size_parts(len(wanted.replicates), sizing)
        if len(sizes) == 1 and not left:
            return [wanted], 0
        parts, rest = workunits.split_workunit(
            asking.db, experiment.id, wanted, sizes if left else sizes[:-1], asking.now
        )
        if not left:
            return [*parts, rest], 0
        uncut = WaitingSize(seconds=0.0, replicates=left, block=sizing.block)
        return parts, asking.count_parts(experiment, uncut, sizing.replicate_seconds * left, sizing.gpu)

    def _size_parts(self, left: int, sizing: Sizing) -> tuple[list[int], int]:
        sizes: list[int] = []
        seconds = sizing.seconds
        while left and (not sizes or (len(sizes) < sizing.most and (seconds > 0 or len(sizes) < sizing.least))):
            seconds_each = sizing.replicate_seconds / sizing.cores
            sizes.append(self._asking.replicates_for(left, sizing.block, seconds_each, is_first=self.is_first))
            self.is_first = False
            left -= sizes[-1]
            seconds -= seconds_on(self._asking.host, sizing.replicate_seconds * sizes[-1])
        return sizes, left

    def _pick_open(self, experiment_id: int, amount: int) -> list[WaitingTask]:
        """What is meant for nobody in particular."""
        asking, volunteer_id = self._asking, self._asking.host.volunteer_id
        after = asking.cache.passed(volunteer_id, experiment_id, asking.now)
        chosen: list[WaitingTask] = []
        limit, passed = amount, 0
        for _ in range(_MOST_PAGES):
            page = queue.list_candidate_tasks(asking.db, experiment_id, after=after, limit=limit)
            for candidate in page:
                if not self._is_barred(candidate, chosen):
                    chosen.append(candidate)
                elif not chosen:
                    passed = candidate.task_id
            if len(page) < limit or len(chosen) >= amount:
                break
            after, limit = page[-1].task_id, _PAGE
        if passed:
            asking.cache.pass_by(volunteer_id, experiment_id, passed, asking.now)
        return chosen[:amount]

    def _is_barred(self, wanted: WaitingTask, chosen: Sequence[WaitingTask]) -> bool:
        if not wanted.ordinal and wanted.quorum == 1 and wanted.checks_task_id is None:
            return False
        db, volunteer_id = self._asking.db, self._asking.host.volunteer_id
        if any(other.workunit_id == wanted.workunit_id for other in chosen):
            return True
        if wanted.checks_task_id is not None and queue.has_computed_task(db, wanted.checks_task_id, volunteer_id):
            return not (self._asking.is_ours and self._is_alone())
        return queue.has_had_workunit(db, wanted.workunit_id, volunteer_id) and not self._is_alone()

    def _is_alone(self) -> bool:
        if self._alone is None:
            asking = self._asking
            self._alone = not hosts.has_other_hosts_since(
                asking.db, asking.host.volunteer_id, asking.now - limits.ALONE_FOR
            )
        return self._alone
