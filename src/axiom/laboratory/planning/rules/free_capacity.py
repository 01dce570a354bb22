"""How many tasks of a kind can a host take now, and why not more?

A task takes a core and memory; one for a GPU takes a GPU and memory, and no core. Nothing is given beyond what fits at
the same moment, nor what would not be back by its deadline at the host's speed and availability.
"""

import math
from dataclasses import dataclass

from axiom.domain.planning import Need, Supply
from axiom.domain.releases import ANY_COMPUTER
from axiom.rules.hosts.large_hosts import why_too_small
from axiom.rules.hosts.speed import count_on

_LEAST_SPEED = 0.01  # of a core, in reference cores
_SHORT, _STEP = 0.01, 1.25  # of the deadline: shorter tasks are all alike; longer ones in steps of a quarter


@dataclass(slots=True)
class FreeCapacity:
    """What of a host is not in use, as it is filled."""

    cores: int
    memory_mb: int
    disk_mb: int | None
    tasks: int | None
    gpus: list[tuple[int, int]]  # memory of one, and how many are idle
    seconds: float  # of a reference core, that its cores have to do
    pace: float  # reference seconds that a core computes in a second
    total_memory_mb: int = 0
    on_one_core: bool = False
    is_ours: bool = False  # so that its tasks are packed by what each of them has alone

    def memory_for(self, need: Need) -> int:
        """What a task of the need adds to the memory in use."""
        return need.memory_mb * self.cores_for(need) - (need.shared_mb if self.is_ours else 0)

    def disk_for(self, need: Need) -> int:
        return need.disk_mb * self.cores_for(need)

    def cores_for(self, need: Need) -> int:
        return 1 if self.is_ours or self.on_one_core else need.cores


def compute_free_capacity(supply: Supply) -> FreeCapacity:
    """What is not in use before anything is given."""
    busy = supply.busy_gpus
    gpus = []
    for gpu in supply.gpus:
        idle = max(0, gpu.count - busy)
        busy = max(0, busy - gpu.count)
        if idle:
            gpus.append((gpu.memory_mb, idle))
    return FreeCapacity(
        cores=0 if supply.obstacle else max(0, supply.cores - supply.busy_cores),
        memory_mb=max(0, supply.memory_mb - supply.used_memory_mb),
        disk_mb=supply.disk_mb,
        tasks=supply.most_tasks,
        gpus=[] if supply.obstacle else gpus,
        seconds=supply.in_hand_seconds,
        total_memory_mb=supply.memory_mb,
        is_ours=supply.is_ours,
        on_one_core=supply.on_one_core,
        pace=max(_LEAST_SPEED, supply.speed) * count_on(supply.availability),
    )


def count_fitting_tasks(
    left: FreeCapacity, need: Need, *, cores: int, is_avx: bool, seconds: float, deadline: float | None
) -> int:
    """How many tasks of the need still fit. `cores` are all of the host, among which what it has in hand is shared."""
    if need.avx and not is_avx:
        return 0
    if need.rule is not ANY_COMPUTER and why_too_small(need.rule, cores=cores, memory_mb=left.total_memory_mb):
        return 0
    tasks = sum(n for memory, n in left.gpus if _is_enough(memory, need)) if need.gpu else left.cores
    if need.cores > 1:
        tasks //= left.cores_for(need)
        seconds /= left.cores_for(need)
    memory_mb = left.memory_for(need)
    if memory_mb > 0 and (fitting := left.memory_mb // memory_mb) < tasks:  # not `min`: it is asked millions of times
        tasks = fitting
    if left.disk_mb is not None and need.disk_mb > 0 and (fitting := left.disk_mb // left.disk_for(need)) < tasks:
        tasks = fitting
    if left.tasks is not None and left.tasks < tasks:
        tasks = left.tasks
    if tasks <= 0:
        return 0
    if deadline is not None and seconds + left.seconds / max(1, cores) > deadline * left.pace:
        return 0
    return tasks


def reserve_capacity(left: FreeCapacity, need: Need, tasks: int) -> None:
    """Note what so many tasks take, that were found to fit. They run at once, so none of them waits for another."""
    left.memory_mb -= left.memory_for(need) * tasks
    if left.disk_mb is not None:
        left.disk_mb -= left.disk_for(need) * tasks
    if left.tasks is not None:
        left.tasks -= tasks
    if not need.gpu:
        left.cores -= tasks * left.cores_for(need)
        return
    for place, (memory, idle) in sorted(enumerate(left.gpus), key=lambda entry: entry[1]):
        here = min(tasks, idle) if _is_enough(memory, need) else 0
        left.gpus[place] = (memory, idle - here)
        tasks -= here


def why_no_more(
    supply: Supply, left: FreeCapacity, need: Need, seconds: float, deadline: float | None, tasks: int = 0
) -> str:
    """What is in the way of one task more than are found to fit."""
    more = tasks + 1
    if why := why_too_small(need.rule, cores=supply.cores, memory_mb=supply.memory_mb):
        return f"a task {why}"
    if need.gpu and sum(n for memory, n in left.gpus if _is_enough(memory, need)) < more:
        size = f" with {need.gpu_memory_mb} MB" if need.gpu_memory_mb else ""
        return f"it has no {'more ' if tasks else ''}idle GPU{size}"
    if not need.gpu and left.cores < more * left.cores_for(need):
        return (
            why_all_busy(supply)
            if left.cores <= tasks
            else f"a task computes on {need.cores} cores, and too few are idle"
        )
    if need.avx and not supply.is_avx:
        return "its processor has no AVX"
    memory_mb = left.memory_for(need)
    if memory_mb * more > left.memory_mb:
        return f"a task needs {memory_mb} MB of memory, and {left.memory_mb - memory_mb * tasks} are free"
    disk_mb = left.disk_for(need)
    if left.disk_mb is not None and disk_mb * more > left.disk_mb:
        return f"a task needs {disk_mb} MB of disk, and {left.disk_mb - disk_mb * tasks} are free"
    if left.tasks is not None and left.tasks < more:
        return "it may have no more tasks for now, by its quota and its standing"
    if (
        deadline is not None
        and seconds / left.cores_for(need) + left.seconds / max(1, supply.cores) > deadline * left.pace
    ):
        return "a task would not be back by its deadline at the host's speed and availability"
    return ""


def why_all_busy(supply: Supply) -> str:
    """Why a host without an idle core takes nothing."""
    return "its one core has work" if supply.cores == 1 else f"all its {supply.cores} cores have work"


def coarsen_seconds(seconds: float, deadline: float | None) -> float:
    """How long a task takes, where its deadline may be near: rounded up, so that what is alike is looked at once."""
    if deadline is None or seconds <= _SHORT * deadline:
        return 0.0
    return _SHORT * deadline * _STEP ** math.ceil(math.log(seconds / (_SHORT * deadline), _STEP))


def _is_enough(memory_mb: int, need: Need) -> bool:
    return not memory_mb or memory_mb >= need.gpu_memory_mb  # 0: nobody has said
