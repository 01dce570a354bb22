"""How large is a task? As long as it should compute on the host that it goes to, in whole replicates.

What is ordered is as large as the usual host should have it, and a host that should have less is given a part of it:
how fast a host is, is known only when it asks. A part and what is left of it are both as long as a task may be.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from axiom.domain.planning import Need, Supply
from axiom.limits import clusters as cluster_limits
from axiom.limits import tasks as task_limits

_WHOLE = 1.5  # times what is wanted: what is not longer is not cut, so that no rest is shorter than half of it
_NOTHING = Need()
_WHOLE_HERE = 2.5  # on the laboratory's own cores: up to 20 seconds where 8 are wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskLength:
    """How many seconds one core of a host should compute at a task, and up to how many it is left whole."""

    usual: float
    most: float
    least: float  # seconds; it is not made shorter than this so that others share a block
    is_shared: bool  # is a block to be shared by several hosts?
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSize:
    """So many replicates, and why."""

    replicates: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UsualHosts:
    """The volunteers' hosts, as far as the size of what is ordered for them depends on it."""

    speed: float  # reference-core seconds a second, of the core in the middle
    largest_speed: float = 0.0  # of the fastest host above `MANY_CORES`; 0 where there is none
    gpu_memory_mb: float = 0.0  # of the largest GPU; infinite where its client does not say, 0 where there is none

    def computes_at_once(self, need: Need) -> bool:
        """Would a GPU among them take a whole block of this as one batch?"""
        on_gpu = need.on_gpu or need
        return on_gpu.side_by_side and 0.0 < self.gpu_memory_mb >= on_gpu.gpu_memory_mb


def pilot_seconds(cores: int) -> float:
    """How long a task should be of pilots that have so many cores together."""
    return max(cluster_limits.TASK_SECONDS, cores / cluster_limits.TASKS_A_SECOND)


def choose_task_length(
    *, cores: int, is_ours: bool, is_first: bool, task_seconds: float, lent_seconds: float | None = None
) -> TaskLength:
    """How long a task for this host should be. `task_seconds` is what the operator wants on the laboratory's own.

    `lent_seconds` is how long one of a cluster's pilot should be; None for other hosts.
    """
    if is_ours:
        return TaskLength(
            usual=task_seconds,
            most=_WHOLE_HERE * task_seconds,
            least=0.0,
            is_shared=False,
            reason=f"about {task_seconds:g} seconds on the laboratory's own cores",
        )
    if is_first:
        return TaskLength(
            usual=task_limits.FIRST_SECONDS,
            most=_WHOLE * task_limits.FIRST_SECONDS,
            least=0.0,
            is_shared=True,
            reason=f"about {task_limits.FIRST_SECONDS:g} seconds, since it is the host's first "
            "and measures how fast it is",
        )
    if lent_seconds is not None:
        return TaskLength(
            usual=lent_seconds,
            most=_WHOLE * lent_seconds,
            least=0.0,
            is_shared=True,
            reason=f"about {lent_seconds:g} seconds, as pilots' tasks are",
        )
    return TaskLength(
        usual=task_limits.USUAL_SECONDS,
        most=_WHOLE * task_limits.USUAL_SECONDS,
        least=task_limits.MANY_CORES_SECONDS if cores > task_limits.MANY_CORES else 0.0,
        is_shared=True,
        reason=f"about {task_limits.USUAL_SECONDS / 60:g} minutes, as volunteers' tasks are",
    )


def task_size(length: TaskLength, *, replicate_seconds: float, unsent: int, block: int) -> TaskSize:
    """Decide how many of the replicates that are there a host is given, each of which takes it so many seconds.

    `block`: as many as enter evidence together.
    """
    seconds = max(replicate_seconds, 1e-6)
    limit = max(block // task_limits.HOSTS_SHARING, math.ceil(length.least / seconds)) if length.is_shared else unsent
    if unsent <= max(1.0, _WHOLE * limit) and (unsent == 1 or unsent * seconds <= length.most):
        return TaskSize(replicates=unsent, reason="it is no longer than a task may be")
    replicates = min(replicates_per_workunit(seconds, length.usual), max(1, limit))
    shared = (
        f", and {task_limits.HOSTS_SHARING} hosts share a block" if replicates == limit and length.is_shared else ""
    )
    return TaskSize(replicates=replicates, reason=f"{length.reason}{shared}")


def derive_usual_hosts(supplies: Iterable[Supply]) -> UsualHosts | None:
    """What volunteers' hosts are like; None where there are none, and the laboratory computes alone."""
    supplies = tuple(supplies)
    theirs = sorted((supply.speed, supply.cores) for supply in supplies if not supply.is_ours and supply.cores > 0)
    if not theirs:
        return None
    passed = list(accumulate(cores for _, cores in theirs))
    middle, _ = theirs[bisect_left(passed, passed[-1] / 2)]
    return UsualHosts(
        speed=middle,
        largest_speed=max((speed for speed, cores in theirs if cores > task_limits.MANY_CORES), default=0.0),
        gpu_memory_mb=max(
            (gpu.memory_mb or math.inf for supply in supplies if not supply.is_ours for gpu in supply.gpus), default=0.0
        ),
    )


def order_size(
    replicate_seconds: float, *, block: int, usual: UsualHosts | None, task_seconds: float, need: Need = _NOTHING
) -> TaskSize:
    """Decide how many replicates are ordered together, of which each takes so long on a reference core.

    Whoever should have less is given a part of it. At volunteers' hosts the cores that it needs share a task.
    """
    if usual is not None and usual.computes_at_once(need):
        on_a_core = replicates_per_workunit(replicate_seconds, task_limits.BATCH_SECONDS)
        return TaskSize(replicates=min(block, on_a_core), reason="a GPU computes a block at once")
    if usual is None:
        alone = replicates_per_workunit(replicate_seconds, task_seconds)
        return TaskSize(replicates=alone, reason=f"about {task_seconds:g} seconds on the laboratory's own cores")
    replicate_seconds /= need.cores
    filling = replicates_per_workunit(replicate_seconds, task_limits.USUAL_SECONDS * usual.speed)
    shared = max(1, block // task_limits.HOSTS_SHARING)
    many = math.ceil(task_limits.MANY_CORES_SECONDS * usual.largest_speed / max(replicate_seconds, 1e-6))
    most = min(block, task_limits.REPLICATES)
    if many > min(filling, shared):
        minutes = f"{task_limits.MANY_CORES_SECONDS / 60:g}"
        reason = f"about {minutes} minutes for the hosts of more than {task_limits.MANY_CORES} cores"
        return TaskSize(replicates=max(1, min(many, most)), reason=reason)
    if shared < filling:
        return TaskSize(replicates=shared, reason=f"{task_limits.HOSTS_SHARING} hosts share a block of {block}")
    return TaskSize(
        replicates=filling, reason=f"about {task_limits.USUAL_SECONDS / 60:g} minutes for the usual volunteer's host"
    )


def replicates_per_workunit(replicate_seconds: float, task_seconds: float) -> int:
    """How many whole replicates fill a task; at least one."""
    return max(1, min(task_limits.REPLICATES, math.floor(task_seconds / max(replicate_seconds, 1e-6) + 0.5)))
