"""Rollout limits: how many tasks of a partly released version a host may get. A full release has no limit."""

from datetime import datetime

from axiom.decisions.experiments.release_history import facts_of, unapproved
from axiom.decisions.experiments.release_stages import RolloutQuota, quota, release
from axiom.domain.fleet import Host
from axiom.domain.releases import Stage
from axiom.limits import experiments as limits
from axiom.server.dispatch.cache import DispatchCache, KnownExperiment
from axiom.server.dispatch.orders import Dispatch
from axiom.signed.tickets import parse
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, releases
from axiom.store.tasks.waiting import SentTask

_SYSTEMS = ("linux", "windows", "macos")  # another one is a host's own word


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
        state = self._cache.standing(experiment_id)
        halted = state.halted.get(bundle)
        return state.stopped(self._platform(gpu)) or (f"is paused, since {halted.reason}" if halted else "")

    def is_outdated(self, task: SentTask) -> bool:
        """Was its order for this bundle before it became the newest again? Its seal is another one by now."""
        if task.bundle_digest not in self._cache.standing(task.experiment_id).returned:
            return False
        stored = experiments.bundle(self._db, task.bundle_digest)
        return stored is not None and parse(task.ticket).serial != stored.serial

    def quota_for(self, experiment: KnownExperiment, gpu: str = "") -> RolloutQuota:
        """How many tasks of a version this host may get, for its processor or a kind of its GPUs, and why not more."""
        state, bundle = self._cache.standing(experiment.id), experiment.bundle
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
            self._db, digest, since=state.begun.get(digest), before=self._now - limits.RELEASE_TASK_OUT_FOR
        )
        facts = facts_of(sent, counts_hosts=fleet.is_alone)
        place = self._host.volunteer_id, self._platform(gpu)
        rollout = release(facts, fleet, reached)
        return quota(facts, fleet, rollout, place=place, is_ours=self._is_ours, now=self._now)

    def _platform(self, gpu: str) -> str:
        here = self._host.platform
        return str(here.with_gpu(gpu)) if here.system in _SYSTEMS else "another platform"
