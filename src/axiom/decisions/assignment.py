"""Which work does this host get? Experiments take turns; nothing goes to a host that cannot hold it."""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.fleet import Host


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """What waits of one experiment, and what a task of it asks of a host."""

    experiment_id: int
    name: str
    unsent: int
    in_progress: int
    memory_mb: int
    avx: bool
    last_turn: int = 0  # when a task of it was last sent, in microseconds; 0 is never


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """The experiments to take one task from, best first, and why these (or why none)."""

    experiments: tuple[int, ...]
    reason: str


def assign(host: Host, queues: Sequence[Queue], *, held: int, free_memory_mb: int) -> Assignment:
    """Rank the experiments for one more task on this host, which holds `held` tasks already."""
    if held >= host.capacity.cores:
        return Assignment(experiments=(), reason=f"all {host.capacity.cores} cores of this host have a task")
    waiting = [queue for queue in queues if queue.unsent > 0]
    if not waiting:
        return Assignment(experiments=(), reason="no work is waiting at the moment")
    fitting, obstacles = [], []
    for queue in waiting:
        obstacle = _obstacle(host, queue, free_memory_mb)
        if obstacle:
            obstacles.append(f"{queue.name} {obstacle}")
        else:
            fitting.append(queue)
    if not fitting:
        return Assignment(experiments=(), reason="; ".join(obstacles))
    # Among equals the one whose turn was longest ago: else the first of them would keep a lone core for ever.
    fitting.sort(key=lambda queue: (queue.in_progress, queue.last_turn, queue.experiment_id))
    return Assignment(
        experiments=tuple(queue.experiment_id for queue in fitting),
        reason=f"{fitting[0].name} has the fewest tasks out ({fitting[0].in_progress}), and it is its turn",
    )


def _obstacle(host: Host, queue: Queue, free_memory_mb: int) -> str:
    if queue.memory_mb > free_memory_mb:
        return f"needs {queue.memory_mb} MB a task and {free_memory_mb} MB are free"
    if queue.avx and host.platform.instructions == "none":
        return "needs a processor with AVX"
    return ""
