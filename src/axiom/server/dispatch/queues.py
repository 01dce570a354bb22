"""What waits that a host may be given, and what each task of it would ask of that host."""

from axiom.limits import hosts as limits
from axiom.rules.hosts.reliability import PastTask, why_gpu_rests
from axiom.rules.hosts.runners import why_host_unsuited
from axiom.rules.tasks.assignment import GpuLoad, WorkQueue
from axiom.server.dispatch.asking_host import AskingHost
from axiom.server.dispatch.cache import KnownExperiment
from axiom.server.dispatch.rollout_limits import RolloutLimits
from axiom.store.tasks import queue
from axiom.store.tasks.queue import WaitingExperiment


class QueueReader:
    def __init__(self, asking: AskingHost, rollout: RolloutLimits) -> None:
        self._asking = asking
        self._rollout = rollout
        self._why_gpus_rest: str | None = None  # once that was looked up

    def read_queues(self) -> tuple[dict[int, WorkQueue], str]:
        """The queues by experiment; without one, why nothing of what waits is for this host, if that is so."""
        asking, queues, why = self._asking, {}, ""
        for waiting in queue.list_waiting_experiments(asking.db, asking.host.id):
            newest = asking.cache.experiments.get(waiting.experiment_id)
            if newest is None or not newest.is_ready:
                continue
            experiment = asking.offered[waiting.experiment_id]
            why = why_host_unsuited(experiment.name, is_simulated=asking.host.is_simulated)
            if not why:
                queues[experiment.id] = self._make_queue(experiment, waiting)
        return queues, "" if queues else why

    def _make_queue(self, experiment: KnownExperiment, waiting: WaitingExperiment) -> WorkQueue:
        asking, needs = self._asking, experiment.declared
        gpu = asking.pick_gpu(needs)
        own = gpu if needs.gpu else ""  # where nothing else may compute it
        load, quota = asking.load_task(experiment, own), self._rollout.quota_for(experiment, own)
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
            is_read=asking.cache.ours[experiment.id].is_ready,
            is_tried=experiment.is_ready,
            is_sealed=experiment.is_sealed(asking.now),
            rank=asking.cache.rank(experiment),
            last_turn=asking.cache.last_turn(experiment.id),
            room=quota.most,
            held_back=quota.held_back or (self._find_why_gpus_rest() if own else ""),
        )

    def _load_gpu(self, experiment: KnownExperiment, gpu: str) -> GpuLoad:
        load, quota = self._asking.load_task(experiment, gpu), self._rollout.quota_for(experiment, gpu)
        held_back = quota.held_back or self._find_why_gpus_rest()
        return GpuLoad(seconds=load.seconds, memory_mb=load.memory_mb, held_back=held_back)

    def _find_why_gpus_rest(self) -> str:
        if self._why_gpus_rest is None:
            tasks = queue.list_gpu_endings(self._asking.db, self._asking.host.id, limits.GPU_FAILURES)
            past = [PastTask(state=state, cause=cause, words=words) for state, cause, words, _ in tasks]
            self._why_gpus_rest = why_gpu_rests(past, self._asking.now - tasks[0][3]) if tasks else ""
        return self._why_gpus_rest
