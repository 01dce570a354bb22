"""Rollout limits: how many tasks of a partly released version a host may get. A full release has no limit."""

from datetime import datetime

from axiom.decisions.experiments.release_history import facts_of, unapproved
from axiom.decisions.experiments.release_stages import (
    SILENT_FOR,
    Let,
    ReleaseRecord,
    RolloutRoom,
    release,
    room,
)
from axiom.domain.fleet import Host
from axiom.domain.releases import Stage
from axiom.domain.value import value
from axiom.server.dispatch.cache import DispatchCache, KnownExperiment
from axiom.server.dispatch.orders import Dispatch
from axiom.signed.tickets import parse
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, releases
from axiom.store.tasks.waiting import SentTask

_SYSTEMS = ("linux", "windows", "macos")  # another one is a host's own word


@value
class RolloutQuota:
    """How many tasks of a version one host may get."""

    most: int | None  # None is no limit
    held_back: str  # why it may get none
    is_staged: bool  # its tasks count for the stage


_UNLIMITED = RolloutQuota(most=None, held_back="", is_staged=False)


class RolloutLimits:
    """The rollout stages of all versions, as they apply to one host."""

    def __init__(self, db: Database, dispatch: Dispatch, known: DispatchCache, host: Host, now: datetime) -> None:
        self._db = db
        self._dispatch = dispatch
        self._known = known
        self._host = host
        self._now = now
        self._is_ours = host.volunteer_id == dispatch.ourselves

    def stopped(self, experiment_id: int, bundle: str, gpu: str = "") -> str:
        """The reason why this bundle of a version must not go to this host, not even again; empty where it may.

        `gpu`: to its GPU of this kind, which is a platform of its own; empty for its processor.
        """
        if self._known.is_unfit(bundle, self._now):
            return "waits, since its bundle is damaged here"
        known = self._known.standing(experiment_id)
        said = known.halted.get(bundle)
        return known.stopped(self._platform(gpu)) or (f"is paused, since {said.reason}" if said else "")

    def is_outdated(self, task: SentTask) -> bool:
        """Was its order for this bundle before it became the newest again? Its seal is another one by now."""
        if task.bundle_digest not in self._known.standing(task.experiment_id).returned:
            return False
        stored = experiments.bundle(self._db, task.bundle_digest)
        return stored is not None and parse(task.ticket).serial != stored.serial

    def quota_for(self, experiment: KnownExperiment, gpu: str = "") -> RolloutQuota:
        """How many tasks of a version this host may get, for its processor or a kind of its GPUs, and why not more."""
        known, bundle = self._known.standing(experiment.id), experiment.bundle
        if stopped := self.stopped(experiment.id, bundle.digest if bundle else "", gpu):
            return RolloutQuota(most=0, held_back=stopped, is_staged=False)
        if bundle is None:
            return _UNLIMITED  # it has no bundle that this host may have, as it is told
        waits = "" if self._is_ours else unapproved(known, bundle.digest, self._dispatch.approvals)
        if waits:
            return RolloutQuota(most=0, held_back=waits, is_staged=False)
        reached = known.stage(bundle.digest)
        if reached is Stage.OPEN or (reached is not None and self._is_ours):
            return _UNLIMITED
        found = self._room(bundle.digest, reached, known.begun.get(bundle.digest), gpu)
        held_back = "" if found.most is None or found.most else found.reason
        return RolloutQuota(most=found.most, held_back=held_back, is_staged=found.most is not None)

    def _platform(self, gpu: str) -> str:
        here = self._host.platform
        return str(here.with_gpu(gpu)) if here.system in _SYSTEMS else "another platform"

    def _room(self, bundle: str, reached: Stage | None, begun: datetime | None, gpu: str) -> RolloutRoom:
        facts, let = self._stage(bundle, reached, begun)
        platform = self._platform(gpu)
        if why := let.held.get(platform):
            return RolloutRoom(most=0, reason=f"is held back on computers of the kind {platform}: {why}")
        fleet, volunteer = self._known.fleet(self._db, self._now), self._host.volunteer_id
        if why := let.benched.get((volunteer, platform)):
            return RolloutRoom(most=0, reason=why)
        return room(facts, fleet, let, volunteer=volunteer, is_ours=self._is_ours, now=self._now)

    def _stage(self, bundle: str, reached: Stage | None, begun: datetime | None) -> tuple[ReleaseRecord, Let]:
        sent = releases.sent(self._db, bundle, since=begun, before=self._now - SILENT_FOR)
        facts = facts_of(sent, counts_hosts=self._known.is_alone(self._db, self._now))
        return facts, release(facts, self._known.fleet(self._db, self._now), reached)
