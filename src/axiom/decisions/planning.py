"""What is ordered next, so that no core is idle and none has too much waiting?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.sessions import Allotment

MOST_REPLICATES = 64  # of one workunit: what a host may lose at once stays small


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One experiment's share of the queue, and what a replicate of it costs."""

    experiment_id: int
    name: str
    unsent: int
    replicate_seconds: float  # on one reference core, over the whole sweep


def replicates_per_workunit(replicate_seconds: float, task_seconds: float) -> int:
    """As many whole replicates as fill a task; at least one."""
    return max(1, min(MOST_REPLICATES, math.floor(task_seconds / max(replicate_seconds, 1e-6) + 0.5)))


def top_up(standings: Sequence[Standing], *, cores: int, per_core: int, task_seconds: float) -> list[Allotment]:
    """Order so much of each experiment that all of them wait in equal parts, `per_core` tasks a core in all.

    An experiment is filled up when less than half of its part is left, so that orders are few and not single.
    """
    if not standings or cores < 1:
        return []
    share = max(1, math.ceil(cores * per_core / len(standings)))
    return [
        Allotment(
            experiment_id=standing.experiment_id,
            workunits=share - standing.unsent,
            replicates_each=replicates_per_workunit(standing.replicate_seconds, task_seconds),
            reason=f"{standing.unsent} of {share} tasks of {standing.name} wait for {cores} cores",
        )
        for standing in standings
        if 2 * standing.unsent < share
    ]
