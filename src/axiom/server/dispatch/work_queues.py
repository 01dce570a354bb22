"""What waits that a host may be given while versions are let out, and what each task of it would ask of that host."""

from axiom.domain.releases import Stage
from axiom.limits import experiments as experiment_limits
from axiom.limits import hosts as limits
from axiom.rules.experiments.counted_endings import sum_release_tasks
from axiom.rules.experiments.release_stages import RolloutQuota, compute_rollout_quota, decide_rollout, why_unapproved
from axiom.rules.hosts.reliability import PastTask, why_gpu_rests
from axiom.rules.hosts.suitable_runners import why_host_unsuited
from axiom.rules.tasks.assignment import GpuLoad, WorkQueue
from axiom.server.dispatch.cache import KnownExperiment
from axiom.server.dispatch.dispatch_context import DispatchContext
from axiom.store.experiments import releases
from axiom.store.tasks import waiting_tasks
from axiom.store.tasks.waiting_tasks import SentTask, WaitingExperiment


class RolloutLimits:
    def __init__(self, context: DispatchContext) -> None:
        self._context = context

    def may_have(self, task: SentTask) -> bool:
        """Nobody gets anything untried, nor what was stopped since it was sent, not even again."""
        is_tried = task.ours_only is not None and (self._context.is_ours or not task.ours_only)
        return is_tried and not self._why_stopped(task.experiment_id, task.bundle_digest, task.gpu)

    def is_outdated(self, task: SentTask) -> bool:
        """Was its order for this bundle before it became the newest again? Its seal is another one by now."""
        returned_at = self._context.cache.release_state(task.experiment_id).returned.get(task.bundle_digest)
        return returned_at is not None and task.sent_at <= returned_at

    def quota_for(self, experiment: KnownExperiment, gpu: str = "") -> RolloutQuota:
        context, bundle = self._context, experiment.bundle
        state = context.cache.release_state(experiment.id)
        digest = bundle.digest if bundle else ""
        waits = "" if context.is_ours or not bundle else why_unapproved(state, digest, context.settings.approvals)
        if why := self._why_stopped(experiment.id, digest, gpu) or waits:
            return RolloutQuota(most=0, reason=why)
        reached = state.stage(digest)
        # Without a bundle that it may have it is told so elsewhere.
        if bundle is None or reached is Stage.OPEN or (reached is not None and context.is_ours):
            return RolloutQuota()
        fleet = context.cache.fleet(context.db, context.now)
        before = context.now - experiment_limits.RELEASE_TASK_OUT_FOR
        sent = releases.list_sent_tasks(context.db, digest, since=state.begun.get(digest), before=before)
        facts = sum_release_tasks(sent, counts_hosts=fleet.is_alone)
        place = context.host.volunteer_id, context.host.platform.counted_as(gpu)
        rollout = decide_rollout(facts, fleet, reached)
        return compute_rollout_quota(facts, fleet, rollout, place=place, is_ours=context.is_ours, now=context.now)

    def _why_stopped(self, experiment_id: int, bundle: str, gpu: str) -> str:
        """Why this bundle of a version must not go to this host, to its GPU of this kind if one is named."""
        if self._context.cache.is_unfit(bundle, self._context.now):
            return "waits, since its bundle is damaged here"
        state, platform = self._context.cache.release_state(experiment_id), self._context.host.platform.counted_as(gpu)
        halted = state.halted.get(bundle)
        return state.stopped(platform) or (f"is paused, since {halted.reason}" if halted else "")


class QueueReader:
    def __init__(self, context: DispatchContext, rollout: RolloutLimits) -> None:
        self._context = context
        self._rollout = rollout
        self._why_gpus_rest: str | None = None  # once that was looked up

    def read_queues(self) -> tuple[dict[int, WorkQueue], str]:
        """The queues by experiment; without one, why nothing of what waits is for this host, if that is so."""
        context, queues, why = self._context, {}, ""
        for waiting in waiting_tasks.list_waiting_experiments(context.db, context.host.id):
            newest = context.cache.experiments.get(waiting.experiment_id)
            if newest is None or not newest.is_ready:
                continue
            experiment = context.offered[waiting.experiment_id]
            why = why_host_unsuited(experiment.name, is_simulated=context.host.is_simulated)
            if not why:
                queues[experiment.id] = self._make_queue(experiment, waiting)
        return queues, "" if queues else why

    def _make_queue(self, experiment: KnownExperiment, waiting: WaitingExperiment) -> WorkQueue:
        context, needs = self._context, experiment.declared
        gpu = context.pick_gpu(needs)
        own = gpu if needs.gpu else ""  # where nothing else may compute it
        load, quota = context.load_task(experiment, own), self._rollout.quota_for(experiment, own)
        unsent = waiting.unsent * load.parts
        return WorkQueue(
            experiment_id=experiment.id,
            name=experiment.name,
            unsent=min(unsent, quota.most or unsent),
            in_progress=waiting.in_progress,
            seconds=load.seconds,
            memory_mb=load.memory_mb,
            cores=load.cores,
            disk_mb=needs.disk_mb,
            rule=experiment.rule,
            avx=needs.avx,
            gpu=needs.gpu,
            gpu_memory_mb=needs.gpu_memory,
            on_gpu=self._load_gpu(experiment, gpu) if needs.may_use_gpu and gpu else None,
            is_meant=waiting.is_meant,
            is_read=context.cache.ours[experiment.id].is_ready,
            is_tried=experiment.is_ready,
            is_sealed=experiment.is_sealed(context.now),
            rank=context.cache.rank(experiment),
            last_turn=context.cache.last_turn(experiment.id),
            room=quota.most,
            held_back=quota.held_back or (self._find_why_gpus_rest() if own else ""),
        )

    def _load_gpu(self, experiment: KnownExperiment, gpu: str) -> GpuLoad:
        load, quota = self._context.load_task(experiment, gpu), self._rollout.quota_for(experiment, gpu)
        held_back = quota.held_back or self._find_why_gpus_rest()
        return GpuLoad(seconds=load.seconds, memory_mb=load.memory_mb, held_back=held_back)

    def _find_why_gpus_rest(self) -> str:
        if self._why_gpus_rest is None:
            tasks = waiting_tasks.list_gpu_endings(self._context.db, self._context.host.id, limits.GPU_FAILURES)
            past = [PastTask(state=state, cause=cause, words=words) for state, cause, words, _ in tasks]
            self._why_gpus_rest = why_gpu_rests(past, self._context.now - tasks[0][3]) if tasks else ""
        return self._why_gpus_rest
