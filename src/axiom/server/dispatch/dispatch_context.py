"""A host that asks for work, and what a task would be to it: how long, on how many cores, in how much memory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.domain.value import value_class
from axiom.rules.hosts.learned_costs import class_of_host
from axiom.rules.hosts.speed import elapsed_on, seconds_on
from axiom.rules.planning.task_size import TaskLength, choose_task_length, task_size
from axiom.rules.tasks.assignment import RequestedWork, choose_gpu_kind
from axiom.rules.tasks.deadlines import TaskTerm, decide_task_term
from axiom.rules.tasks.tasks_per_host import Allowance
from axiom.server.dispatch.cache import DispatchCache, KnownExperiment, OrderForm, WaitingSize
from axiom.server.dispatch.work_request import DispatchSettings, GrantedTask, WorkRequest
from axiom.signed.manifests import Manifest
from axiom.store.engine.database import Database
from axiom.store.tasks.waiting_tasks import SentTask, WaitingTask


@value_class
class TaskLoad:
    """What a task of an experiment, as they come, is to a host."""

    parts: int  # that the host makes of one that waits
    seconds: float  # of a reference core, for each part
    memory_mb: int
    cores: int


@value_class
class TaskEffort:
    """What one task is to a host."""

    declared_seconds: float  # of a reference core
    seconds: float  # … expected of this kind of host
    memory_mb: int
    cores: int


@dataclass(kw_only=True, slots=True)
class DispatchContext:
    """One request for work, for as long as the transaction that answers it."""

    db: Database
    settings: DispatchSettings
    cache: DispatchCache
    host: Host
    request: WorkRequest
    allowance: Allowance
    now: datetime
    is_ours: bool = field(init=False)
    offered: Mapping[int, KnownExperiment] = field(init=False)  # those of which it may have new tasks
    term: TaskTerm = field(init=False)  # of what it is given now
    _factors: dict[tuple[int, str], float] = field(default_factory=dict)
    _elapsed: dict[float, float] = field(default_factory=dict)
    _lengths: dict[bool, TaskLength] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.is_ours = self.host.volunteer_id == self.settings.ourselves
        self.offered = self.cache.offered(is_ours=self.is_ours)
        self.term = decide_task_term(self.now, allowed=self.settings.deadline, grace=self.settings.grace)

    def pick_gpu(self, needs: Manifest) -> str:
        return choose_gpu_kind(self.host, needs.gpu_memory, self.request.programs) or "" if needs.uses_gpus else ""

    def load_task(self, experiment: KnownExperiment, gpu: str) -> TaskLoad:
        size = self.cache.size(experiment)
        seconds = self.expected_seconds(experiment, size.seconds, gpu)
        parts = self.count_parts(experiment, size, seconds, gpu)
        return TaskLoad(
            parts=parts,
            seconds=seconds / parts,
            memory_mb=self.memory_mb(experiment.declared, gpu),
            cores=self.cores(experiment.declared, gpu),
        )

    def measure_effort(
        self, experiment: KnownExperiment, task: WaitingTask | SentTask, replicate_seconds: float, gpu: str
    ) -> TaskEffort:
        declared = replicate_seconds * len(task.replicates)
        return TaskEffort(
            declared_seconds=declared,
            cores=self.cores(experiment.declared, gpu, task),
            memory_mb=self.memory_mb(experiment.declared, gpu),
            seconds=self.expected_seconds(experiment, declared, gpu),
        )

    def memory_mb(self, needs: Manifest, gpu: str) -> int:
        """What a task adds to the memory in use: on a host of our own less than what its processes may hold."""
        return needs.memory_on(gpu) - (needs.shared_mb if self.is_ours else 0)

    def cores(self, needs: Manifest, gpu: str, task: WaitingTask | SentTask | None = None) -> int:
        """On how many cores a task computes here: on those it asks for where a client is told so, else on one.

        This very task on one, if it has fewer cells than that.
        """
        if gpu or needs.cores == 1 or self.is_ours or not self.request.on_several_cores:
            return 1
        is_small = task is not None and len(json.loads(task.configs)) * len(task.replicates) < needs.cores
        return 1 if is_small else needs.cores

    def expected_seconds(self, experiment: KnownExperiment, seconds: float, gpu: str) -> float:
        """Of a reference core, where so many are declared."""
        factor = self._factors.get((experiment.id, gpu))
        if factor is None:
            kind = class_of_host(self.host, gpu)
            factor = self.cache.cost(self.db, experiment.id, kind, self.now).factor_for(self.host.id)
            self._factors[experiment.id, gpu] = factor
        return seconds * factor

    def elapsed_seconds(self, seconds: float) -> float:
        if seconds not in self._elapsed:
            self._elapsed[seconds] = elapsed_on(self.host, seconds)
        return self._elapsed[seconds]

    def count_parts(self, experiment: KnownExperiment, size: WaitingSize, seconds: float, gpu: str) -> int:
        """How many tasks a waiting one becomes for this host: one for a GPU that computes all of it side by side."""
        if size.replicates == 1 or (gpu and experiment.declared.side_by_side):
            return 1
        seconds_each = seconds / size.replicates / self.cores(experiment.declared, gpu)
        return -(-size.replicates // self.replicates_for(size.replicates, size.block, seconds_each))

    def replicates_for(self, unsent: int, block: int, replicate_seconds: float, *, is_first: bool = False) -> int:
        """How many of so many replicates make a task of the length that this host should have."""
        if is_first not in self._lengths:
            self._lengths[is_first] = choose_task_length(
                cores=self.host.capacity.cores,
                is_ours=self.is_ours,
                is_first=is_first,
                task_seconds=self.settings.task_seconds,
                lent_seconds=self.allowance.lent_seconds,
            )
        seconds = seconds_on(self.host, replicate_seconds)
        return task_size(self._lengths[is_first], replicate_seconds=seconds, unsent=unsent, block=block).replicates

    def order_form(self, experiment: KnownExperiment, task: WaitingTask | SentTask, gpu: str) -> OrderForm:
        lab = self.settings.lab, self.settings.trust
        return self.cache.form(self.db, lab, experiment, task.registration_id, task.configs, gpu)

    def remaining_request(self, requested: RequestedWork, granted: Sequence[GrantedTask]) -> RequestedWork:
        if not granted:
            return requested
        wanted = {"": (requested.seconds, requested.instances), **requested.gpus}
        for task in granted:
            seconds, instances = wanted.get(task.gpu, (0.0, 0.0))
            wanted[task.gpu] = seconds - self.elapsed_seconds(task.seconds), instances - task.cores
        seconds, instances = wanted.pop("")
        return replace(requested, seconds=seconds, instances=instances, gpus=wanted, most=requested.most - len(granted))
