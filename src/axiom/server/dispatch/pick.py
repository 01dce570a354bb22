"""Picks among waiting tasks those that one host may have, and cuts them where it should have smaller ones."""

from collections.abc import Sequence
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.domain.releases import Stage
from axiom.domain.value import value
from axiom.limits import experiments as experiment_limits
from axiom.limits import tasks as limits
from axiom.rules.experiments.release_history import facts_of, unapproved
from axiom.rules.experiments.release_stages import RolloutQuota, quota, release
from axiom.rules.hosts.speed import seconds_on
from axiom.rules.planning.task_size import Length, length_for, task_size
from axiom.server.dispatch.cache import DispatchCache, KnownExperiment, WaitingSize
from axiom.server.dispatch.orders import Dispatch
from axiom.signed.tickets import parse
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, releases
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks, waiting_tasks
from axiom.store.tasks.waiting_tasks import SentTask, WaitingTask

_MOST_PAGES = 8  # of tasks that this volunteer may not have, before the next question goes on behind them
_PAGE = 32
_SYSTEMS = ("linux", "windows", "macos")  # another one is a host's own word


@value
class Sizing:
    replicate_seconds: float  # of a reference core, expected of a replicate
    block: int
    cores: int  # on which a task computes
    seconds: float  # that are still wanted, of this host's cores together
    least: float  # tasks that are wanted however long they take
    most: int


class Picker:
    def __init__(
        self,
        db: Database,
        dispatch: Dispatch,
        cache: DispatchCache,
        host: Host,
        now: datetime,
        lent_seconds: float | None = None,
    ) -> None:
        self._lent_seconds = lent_seconds
        self._db = db
        self._dispatch = dispatch
        self._cache = cache
        self._host = host
        self._now = now
        self._alone: bool | None = None
        self._lengths: dict[bool, Length] = {}
        self.is_first = not host.standing.quota_day  # nothing was ever given to it

    def choose(self, experiment: KnownExperiment, amount: int, *, is_meant: bool) -> list[WaitingTask]:
        meant = waiting_tasks.targeted(self._db, experiment.id, self._host.id, limit=amount) if is_meant else []
        return meant + self._open(experiment.id, amount - len(meant)) if len(meant) < amount else meant

    def parts(self, size: WaitingSize, expected: float, cores: int) -> int:
        if size.replicates == 1:
            return 1
        seconds = expected / size.replicates / cores
        return -(-size.replicates // self._replicates_for(size.replicates, size.block, seconds))

    def cut(self, experiment: KnownExperiment, wanted: WaitingTask, sizing: Sizing) -> tuple[list[WaitingTask], int]:
        """The tasks that a waiting one makes for this host, at least one, and how many more there would be.

        A check of another stays as it is, and so does what somebody else has a copy of.
        """
        if wanted.ordinal or wanted.checks_task_id is not None:
            return [wanted], 0
        if wanted.quorum > 1 and waiting_tasks.has_copies(self._db, wanted.workunit_id):
            return [wanted], 0
        sizes, left = self._sizes(len(wanted.replicates), sizing)
        if len(sizes) == 1 and not left:
            return [wanted], 0
        parts, rest = tasks.split(self._db, experiment.id, wanted, sizes if left else sizes[:-1], self._now)
        if not left:
            return [*parts, rest], 0
        return parts, self.parts(
            WaitingSize(seconds=0.0, replicates=left, block=sizing.block), sizing.replicate_seconds * left, sizing.cores
        )

    def _sizes(self, left: int, sizing: Sizing) -> tuple[list[int], int]:
        sizes: list[int] = []
        seconds = sizing.seconds
        while left and (not sizes or (len(sizes) < sizing.most and (seconds > 0 or len(sizes) < sizing.least))):
            seconds_each = sizing.replicate_seconds / sizing.cores
            sizes.append(self._replicates_for(left, sizing.block, seconds_each, is_first=self.is_first))
            self.is_first = False
            left -= sizes[-1]
            seconds -= seconds_on(self._host, sizing.replicate_seconds * sizes[-1])
        return sizes, left

    def _replicates_for(self, unsent: int, block: int, replicate_seconds: float, *, is_first: bool = False) -> int:
        if is_first not in self._lengths:
            self._lengths[is_first] = length_for(
                cores=self._host.capacity.cores,
                is_ours=self._host.volunteer_id == self._dispatch.ourselves,
                is_first=is_first,
                task_seconds=self._dispatch.task_seconds,
                lent_seconds=self._lent_seconds,
            )
        seconds = seconds_on(self._host, replicate_seconds)
        return task_size(self._lengths[is_first], replicate_seconds=seconds, unsent=unsent, block=block).replicates

    def _open(self, experiment_id: int, amount: int) -> list[WaitingTask]:
        volunteer_id = self._host.volunteer_id
        after = self._cache.passed(volunteer_id, experiment_id, self._now)
        chosen: list[WaitingTask] = []
        limit, passed = amount, 0
        for _ in range(_MOST_PAGES):
            page = waiting_tasks.candidates(self._db, experiment_id, after=after, limit=limit)
            for candidate in page:
                if not self._is_barred(candidate, chosen):
                    chosen.append(candidate)
                elif not chosen:
                    passed = candidate.task_id
            if len(page) < limit or len(chosen) >= amount:
                break
            after, limit = page[-1].task_id, _PAGE
        if passed:
            self._cache.pass_by(volunteer_id, experiment_id, passed, self._now)
        return chosen[:amount]

    def _is_barred(self, wanted: WaitingTask, chosen: Sequence[WaitingTask]) -> bool:
        if not wanted.ordinal and wanted.quorum == 1 and wanted.checks_task_id is None:
            return False
        db, volunteer_id = self._db, self._host.volunteer_id
        if any(other.workunit_id == wanted.workunit_id for other in chosen):
            return True
        if wanted.checks_task_id is not None and waiting_tasks.computed(db, wanted.checks_task_id, volunteer_id):
            return not (volunteer_id == self._dispatch.ourselves and self._is_alone())
        return waiting_tasks.had_before(db, wanted.workunit_id, volunteer_id) and not self._is_alone()

    def _is_alone(self) -> bool:
        if self._alone is None:
            since = self._now - limits.ALONE_FOR
            self._alone = not hosts.others_since(self._db, self._host.volunteer_id, since)
        return self._alone


class RolloutLimits:
    def __init__(self, db: Database, dispatch: Dispatch, cache: DispatchCache, host: Host, now: datetime) -> None:
        self._db = db
        self._dispatch = dispatch
        self._cache = cache
        self._host = host
        self._now = now
        self._is_ours = host.volunteer_id == dispatch.ourselves

    def stopped(self, experiment_id: int, bundle: str, gpu: str = "") -> str:
        """The reason why this bundle of a version must not go to this host, not even again; empty where it may.

        `gpu`: to its GPU of this kind, which is a platform of its own; empty for its processor.
        """
        if self._cache.is_unfit(bundle, self._now):
            return "waits, since its bundle is damaged here"
        state = self._cache.release_state(experiment_id)
        halted = state.halted.get(bundle)
        return state.stopped(self._platform(gpu)) or (f"is paused, since {halted.reason}" if halted else "")

    def is_outdated(self, task: SentTask) -> bool:
        """Was its order for this bundle before it became the newest again? Its seal is another one by now."""
        if task.bundle_digest not in self._cache.release_state(task.experiment_id).returned:
            return False
        stored = experiments.bundle(self._db, task.bundle_digest)
        return stored is not None and parse(task.ticket).serial != stored.serial

    def quota_for(self, experiment: KnownExperiment, gpu: str = "") -> RolloutQuota:
        state, bundle = self._cache.release_state(experiment.id), experiment.bundle
        digest = bundle.digest if bundle else ""
        waits = "" if self._is_ours or not bundle else unapproved(state, digest, self._dispatch.approvals)
        if why := self.stopped(experiment.id, digest, gpu) or waits:
            return RolloutQuota(most=0, reason=why)
        reached = state.stage(digest)
        # Without a bundle that it may have it is told so elsewhere.
        if bundle is None or reached is Stage.OPEN or (reached is not None and self._is_ours):
            return RolloutQuota()
        fleet = self._cache.fleet(self._db, self._now)
        sent = releases.sent(
            self._db, digest, since=state.begun.get(digest), before=self._now - experiment_limits.RELEASE_TASK_OUT_FOR
        )
        facts = facts_of(sent, counts_hosts=fleet.is_alone)
        place = self._host.volunteer_id, self._platform(gpu)
        rollout = release(facts, fleet, reached)
        return quota(facts, fleet, rollout, place=place, is_ours=self._is_ours, now=self._now)

    def _platform(self, gpu: str) -> str:
        here = self._host.platform
        return str(here.with_gpu(gpu)) if here.system in _SYSTEMS else "another platform"
