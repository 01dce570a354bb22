"""What a host may have of a version that is still being let out, and of which version it may have nothing at all."""

from axiom.domain.releases import Stage
from axiom.limits import experiments as limits
from axiom.rules.experiments.release_history import sum_release_tasks, why_unapproved
from axiom.rules.experiments.release_stages import RolloutQuota, compute_rollout_quota, decide_rollout
from axiom.server.dispatch.asking_host import AskingHost
from axiom.server.dispatch.cache import KnownExperiment
from axiom.signed.tickets import parse_own_ticket
from axiom.store.experiments import experiments, preflights, releases
from axiom.store.tasks.queue import SentTask

_SYSTEMS = ("linux", "windows", "macos")  # another one is a host's own word


class RolloutLimits:
    def __init__(self, asking: AskingHost) -> None:
        self._asking = asking

    def may_have(self, task: SentTask) -> bool:
        """Nobody gets anything untried, nor what was stopped since it was sent, not even again."""
        asking, bundle = self._asking, task.bundle_digest
        has_passed = preflights.has_bundle_passed(asking.db, bundle, is_ours=asking.is_ours)
        return has_passed and not self._why_stopped(task.experiment_id, bundle, task.gpu)

    def is_outdated(self, task: SentTask) -> bool:
        """Was its order for this bundle before it became the newest again? Its seal is another one by now."""
        if task.bundle_digest not in self._asking.cache.release_state(task.experiment_id).returned:
            return False
        stored = experiments.find_bundle(self._asking.db, task.bundle_digest)
        return stored is not None and parse_own_ticket(task.ticket).serial != stored.serial

    def quota_for(self, experiment: KnownExperiment, gpu: str = "") -> RolloutQuota:
        asking, bundle = self._asking, experiment.bundle
        state = asking.cache.release_state(experiment.id)
        digest = bundle.digest if bundle else ""
        waits = "" if asking.is_ours or not bundle else why_unapproved(state, digest, asking.settings.approvals)
        if why := self._why_stopped(experiment.id, digest, gpu) or waits:
            return RolloutQuota(most=0, reason=why)
        reached = state.stage(digest)
        # Without a bundle that it may have it is told so elsewhere.
        if bundle is None or reached is Stage.OPEN or (reached is not None and asking.is_ours):
            return RolloutQuota()
        fleet = asking.cache.fleet(asking.db, asking.now)
        before = asking.now - limits.RELEASE_TASK_OUT_FOR
        sent = releases.list_sent_tasks(asking.db, digest, since=state.begun.get(digest), before=before)
        facts = sum_release_tasks(sent, counts_hosts=fleet.is_alone)
        place = asking.host.volunteer_id, self._platform(gpu)
        rollout = decide_rollout(facts, fleet, reached)
        return compute_rollout_quota(facts, fleet, rollout, place=place, is_ours=asking.is_ours, now=asking.now)

    def _why_stopped(self, experiment_id: int, bundle: str, gpu: str) -> str:
        """Why this bundle of a version must not go to this host, to its GPU of this kind if one is named."""
        if self._asking.cache.is_unfit(bundle, self._asking.now):
            return "waits, since its bundle is damaged here"
        state = self._asking.cache.release_state(experiment_id)
        halted = state.halted.get(bundle)
        return state.stopped(self._platform(gpu)) or (f"is paused, since {halted.reason}" if halted else "")

    def _platform(self, gpu: str) -> str:
        here = self._asking.host.platform
        return str(here.with_gpu(gpu)) if here.system in _SYSTEMS else "another platform"
