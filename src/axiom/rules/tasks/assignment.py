"""Which work does this host get, how much of it, and why not more? And who computes a check or another copy?

Experiments take turns, and nothing goes to a host that cannot hold it or would not be done in time. A task takes memory
and disk while it runs; of what a host has in hand, as many tasks run at once as it has cores, and that may be the
largest of them.
"""

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from axiom.domain.fleet import OUR_GPUS, Host
from axiom.domain.releases import ANY_COMPUTER, TaskRule
from axiom.domain.value import value_class
from axiom.locale.languages import mark
from axiom.rules.hosts.large_hosts import why_too_small
from axiom.rules.hosts.memory_and_disk import HostRoom
from axiom.rules.hosts.outvoted_hosts import is_barred
from axiom.rules.hosts.speed import elapsed_on
from axiom.rules.tasks.tasks_per_host import TaskLimit

_BARRED = mark(
    "two other computers agreed twice on what this one had computed otherwise; it gets no more work until "
    "whoever runs the laboratory trusts it again"
)
NOTHING_ASKED = mark("no work was asked for")
ENOUGH = mark("this is as much as was asked for")
NOTHING_WAITS = mark("no work is waiting at the moment")
NONE_OF_THE_KIND = mark("no work of the kind that was asked for is waiting at the moment")
NO_MORE_OF_THE_KIND = mark("no more work of the kind that was asked for is waiting at the moment")
MEANT_FOR_OTHERS = mark("all waiting work is meant for other computers")
# Reasons that nobody can mend at the computer.
NO_FAULT = frozenset({NOTHING_WAITS, NONE_OF_THE_KIND, NO_MORE_OF_THE_KIND, MEANT_FOR_OTHERS})


@dataclass(frozen=True, kw_only=True, slots=True)
class GpuLoad:
    """What a task is to a host where one of its GPUs computes it in place of a core."""

    seconds: float  # of a reference core, that it counts as there
    memory_mb: int  # of the host, beside that of the GPU
    held_back: str = ""  # why it may have nothing of it on its GPU now


@value_class
class WorkQueue:
    """What waits of one experiment, and what a task of it asks of a host."""

    experiment_id: int
    name: str
    unsent: int
    in_progress: int
    seconds: float  # of a reference core, for a task as they come
    memory_mb: int  # for each of its cores
    disk_mb: int = 100  # for each of its cores
    cores: int = 1  # on which a task of it computes here, unless a GPU does
    rule: TaskRule = ANY_COMPUTER
    avx: bool = False
    gpu: bool = False  # a GPU alone may compute it
    gpu_memory_mb: int = 0  # there, beside the memory of the host
    on_gpu: GpuLoad | None = None  # where a core may compute it and a GPU as well: what a task of it is there
    is_meant: bool = False  # some of it is meant for this host alone
    is_read: bool = True  # it passed what the laboratory's own hosts demand
    is_tried: bool = True  # it passed what this host demands: all gates, where it is not one of the laboratory's own
    is_sealed: bool = True  # the seal of its bundle has not run out
    rank: float = 0.0  # those of a lower one go first; nearly always all have the same
    last_turn: int = 0  # when a task of it was last sent, in microseconds; 0 is never
    room: int | None = None  # more of it this host may not have while it is let out; None is any number
    held_back: str = ""  # why it may have nothing of it now


@value_class
class TasksInHand:
    tasks: int
    seconds: float  # of a reference core, each
    memory_mb: int  # for each of its cores
    disk_mb: int
    cores: int = 1


@value_class
class RequestedWork:
    """What a host asks for: so many seconds of work, at least so many busy cores, never more than `most` tasks."""

    seconds: float
    instances: float
    most: int
    gpus: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # kind to seconds and instances
    cpu: bool = True  # its volunteer lets its processor compute for us
    programs: Collection[str] = ("", OUR_GPUS)  # the kinds of GPU on which a program of its computes; "" is without

    @property
    def is_any(self) -> bool:
        """Is anything asked for at all?"""
        return self.seconds > 0 or self.instances > 0 or any(max(wanted) > 0 for wanted in self.gpus.values())


@value_class
class TaskShare:
    """So many tasks of one experiment, on a GPU of this kind or on the processor."""

    experiment_id: int
    tasks: int
    gpu: str = ""


@value_class
class _Place:
    """Where in a host a task would compute, with what nothing that is given changes."""

    kind: str | None  # of GPU, empty for the processor; None where there is none that it needs
    elapsed: float  # how long a task takes there, on one core
    memory_mb: int  # for each core
    cores: int = 1
    obstacle: str = ""  # why none of it can be given


@value_class
class Assignment:
    """What to take from which experiment, best first, and why not more."""

    shares: tuple[TaskShare, ...]
    reason: str
    is_enough: bool = False  # with these the host has what it asked for


def assign_tasks(
    host: Host,
    queues: Sequence[WorkQueue],
    *,
    in_hand: Sequence[TasksInHand],
    requested: RequestedWork,
    deadline: timedelta | None,
    task_limits: Sequence[TaskLimit],
    granted: int = 0,
) -> Assignment:
    """Share out what waits among what the host asks for, one task after the other.

    `deadline`: by which a task must be done; None where it does not matter. `granted`: so many of what `task_limits`
    leave have been given since they were asked for, and are in hand.
    """
    if not requested.is_any:
        return Assignment(shares=(), reason=NOTHING_ASKED)
    if is_barred(host.standing):
        return Assignment(shares=(), reason=_BARRED)
    if no_program := host.platform.why_no_program:
        return Assignment(shares=(), reason=no_program)
    filling = _HostFill(host, in_hand, requested, deadline, task_limits, granted)
    # Among equals the one whose turn was longest ago: else the first of them would keep a lone core for ever.
    heap = [
        ((not queue.is_meant, queue.rank), queue.in_progress, queue.last_turn, queue.experiment_id, queue.unsent, queue)
        for queue in queues
        if queue.unsent > 0
    ]
    if not heap:
        return Assignment(shares=(), reason=NOTHING_WAITS)
    heapq.heapify(heap)
    while heap and not filling.end():
        first, out, turn, number, left, queue = heapq.heappop(heap)
        if filling.take(queue) and left > 1:
            heapq.heappush(heap, (first, out + 1, turn, number, left - 1, queue))
    shares = tuple(
        TaskShare(experiment_id=number, tasks=tasks, gpu=gpu) for (number, gpu), tasks in filling.shares.items()
    )
    return Assignment(shares=shares, reason=filling.reason(), is_enough=filling.is_enough())


def choose_gpu_kind(host: Host, memory_mb: int, kinds: Collection[str]) -> str | None:
    for gpu in host.capacity.gpus:
        if gpu.kind in kinds and (not gpu.memory_mb or gpu.memory_mb >= memory_mb):  # 0: its client does not say
            return gpu.kind
    return None


def may_compute_again(
    *, has_computed: bool, has_had: Callable[[], bool], is_ours: bool, is_alone: Callable[[], bool]
) -> bool:
    """May a host have what a host of another volunteer should compute: a check, a copy, or what has failed?

    `has_computed`: its volunteer computed what this checks, or checks it already. The laboratory alone may check
    itself, while nobody else computes here. `has_had`: its volunteer had a task of the workunit. Whoever computes here
    alone may try it again.
    """
    if has_computed:
        return is_ours and is_alone()
    return not has_had() or is_alone()


class _HostFill:
    def __init__(
        self,
        host: Host,
        in_hand: Sequence[TasksInHand],
        requested: RequestedWork,
        deadline: timedelta | None,
        task_limits: Sequence[TaskLimit],
        granted: int,
    ) -> None:
        self.shares: dict[tuple[int, str], int] = {}
        self._host = host
        self._requested = requested
        self._deadline = deadline
        self._cores = host.capacity.cores
        self._given = 0
        self._task_limits = task_limits
        self._granted = granted
        self._memory = HostRoom(
            host.capacity.memory_mb, self._cores, [(batch.memory_mb, batch.tasks * batch.cores) for batch in in_hand]
        )
        self._disk = HostRoom(
            host.capacity.disk_mb, self._cores, [(batch.disk_mb, batch.tasks * batch.cores) for batch in in_hand]
        )
        # How long the cores have to do with what is in hand.
        self._busy = sum(elapsed_on(host, batch.seconds) * batch.tasks for batch in in_hand) / max(1, self._cores)
        self._wanted = {"": [requested.seconds, requested.instances]} | {
            kind: list(two) for kind, two in requested.gpus.items()
        }
        self._obstacles: dict[str, str] = {}
        self._places: dict[int, tuple[_Place, ...]] = {}  # of each queue, the better one first

    def end(self) -> bool:
        """Is nothing more to be given, whatever waits?"""
        return self.is_enough() or bool(self._stop())

    def is_enough(self) -> bool:
        return all(self._is_met(kind) for kind in self._wanted)

    def take(self, queue: WorkQueue) -> bool:
        """One task of this queue is given; if none can be, the queue is of no use any more."""
        if queue.experiment_id not in self._places:
            self._places[queue.experiment_id] = self._first_look(queue)
        places = self._places[queue.experiment_id]
        for place in places:
            if len(places) > 1 and self._is_met(place.kind or ""):
                continue  # what is not asked for there is in nobody's way
            obstacle = place.obstacle or self._no_room(queue, place)
            if place.kind is None or obstacle:
                self._obstacles[queue.name] = obstacle
            elif not self._is_met(place.kind):
                self._give(queue, place, place.kind)
                return True
        return False

    def _give(self, queue: WorkQueue, place: _Place, kind: str) -> None:
        self._memory.put(place.memory_mb, place.cores)
        self._disk.put(queue.disk_mb, place.cores)
        self._busy += place.elapsed / max(1, self._cores)
        self._wanted[kind][0] -= place.elapsed
        self._wanted[kind][1] -= place.cores
        self._given += 1
        key = (queue.experiment_id, kind)
        self.shares[key] = self.shares.get(key, 0) + 1

    def reason(self) -> str:
        """Why this much and not more."""
        if self.is_enough():
            return ENOUGH
        if stop := self._stop():
            return stop
        if self._obstacles:
            (name, obstacle), *others = self._obstacles.items()
            more = f"; {len(others)} more that wait do not fit either" if others else ""
            return f"{name} {obstacle}{more}"
        return NO_MORE_OF_THE_KIND if self._given else NONE_OF_THE_KIND

    def _stop(self) -> str:
        all_given = self._granted + self._given
        reached = (limit.reason for limit in self._task_limits if limit.left <= all_given)
        enough = mark("one answer brings no more than this; ask again") if self._given >= self._requested.most else ""
        return next(reached, enough)

    def _first_look(self, queue: WorkQueue) -> tuple[_Place, ...]:
        """Where a task of it may compute: what a GPU may compute as well as a core goes to a GPU that is asked for."""
        elapsed = elapsed_on(self._host, queue.seconds)
        if queue.gpu:
            kind = choose_gpu_kind(self._host, queue.gpu_memory_mb, self._requested.programs)
            obstacle = self._no_gpu(queue) if kind is None else queue.held_back or self._unfit(queue)
            return (_Place(kind=kind, elapsed=elapsed, memory_mb=queue.memory_mb, obstacle=obstacle),)
        obstacle = queue.held_back or self._unfit(queue) or self._no_core(queue)
        core = _Place(kind="", elapsed=elapsed, memory_mb=queue.memory_mb, cores=queue.cores, obstacle=obstacle)
        load = queue.on_gpu
        kind = choose_gpu_kind(self._host, queue.gpu_memory_mb, self._requested.programs) if load else None
        if load is None or not kind or self._is_met(kind):
            return (core,)
        return (
            _Place(
                kind=kind,
                elapsed=elapsed_on(self._host, load.seconds),
                memory_mb=load.memory_mb,
                obstacle=load.held_back or self._unfit(queue),
            ),
            core,
        )

    def _unfit(self, queue: WorkQueue) -> str:
        if unready := _unready(queue):
            return unready
        if queue.avx and not self._host.platform.has_avx:
            return "needs a processor with AVX"
        capacity = self._host.capacity
        return why_too_small(queue.rule, cores=capacity.cores, memory_mb=capacity.memory_mb)

    def _no_core(self, queue: WorkQueue) -> str:
        if not self._requested.cpu:
            return "computes on the processor, and your preferences allow no such work"
        if "" not in self._requested.programs:
            return "computes on the processor, for which your computer has no program"
        if queue.cores > self._cores:
            return f"computes on {queue.cores} cores at once, and your computer lends {self._cores}"
        return ""

    def _no_room(self, queue: WorkQueue, place: _Place) -> str:
        free, needed = self._memory.free_for(place.cores), place.memory_mb * place.cores
        if free is not None and needed > free:
            return f"needs {needed} MB of memory a task, and {free} MB are free by your preferences"
        free, needed = self._disk.free_for(place.cores), queue.disk_mb * place.cores
        if free is not None and needed > free:
            return f"needs {needed} MB of disk a task, and {free} MB are free by your preferences"
        deadline = self._deadline
        if deadline is not None and self._busy + place.elapsed / place.cores > deadline.total_seconds():
            return "would not be done by its deadline at your computer's speed and availability"
        return ""

    def _no_gpu(self, queue: WorkQueue) -> str:
        kinds = " or ".join(sorted(kind for kind in self._requested.programs if kind))
        if not kinds:
            return "computes on a GPU, for which there is no program for your computer"
        return f"needs a GPU of {kinds}" + (f" with {queue.gpu_memory_mb} MB" if queue.gpu_memory_mb else "")

    def _is_met(self, kind: str) -> bool:
        seconds, tasks = self._wanted.get(kind, (0.0, 0.0))
        return seconds <= 0 and tasks <= 0


def _unready(queue: WorkQueue) -> str:
    """Why this host, or any, may have nothing of it yet."""
    if not queue.is_sealed:
        return "waits for a seal, since that of its bundle has run out and no computer would take it"
    if not queue.is_read:
        return "passed not even the gates of the laboratory's own computers, before which it goes to nobody"
    if not queue.is_tried:
        return "waits for its preflight, before which it goes to no volunteer"
    return ""
