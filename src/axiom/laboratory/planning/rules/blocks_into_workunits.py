"""How is a block cut into workunits, and how long does what waits keep the fleet busy?

What waits is counted in seconds of a core, and a task for no less than a short turn and no more than all that a core is
kept waiting for: a thousand short tasks are soon done, yet an order of them would run far ahead of what is known, and a
task of a day keeps one core busy and not ten. A task of a pilot stands for a whole turn: what comes of it orders what
is next, and pilots of everything at once would keep the first block waiting.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.planning import Purpose
from axiom.domain.releases import Stage
from axiom.domain.rounds import Allotment
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.limits import tasks as limits
from axiom.rules.planning.task_size import UsualHosts, order_size


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderSizing:
    """How large tasks are here, and how many of them a core is kept waiting for."""

    per_core: int
    task_seconds: float  # on the laboratory's own cores
    usual: UsualHosts | None = None  # what volunteers' hosts are like; None where there are none

    @property
    def turn(self) -> float:
        """Seconds of a core that a task should take."""
        return self.task_seconds if self.usual is None else limits.USUAL_SECONDS

    @property
    def each_core(self) -> float:
        """Seconds for which there should be work for each core."""
        return self.per_core * self.turn

    def cores_of(self, candidate: Candidate) -> int:
        """On how many cores a task of it computes."""
        return 1 if self.usual is None else candidate.need.cores

    def takes(self, candidate: Candidate, tasks: int, seconds: float, stage: Stage = Stage.OPEN) -> float:
        """Seconds of cores that so many tasks stand for, of which each computes so long on a reference core."""
        cores = self.cores_of(candidate)
        shortest = self.turn if self.usual is None or stage is Stage.PILOT else limits.MANY_CORES_SECONDS
        return tasks * cores * max(shortest, min(seconds / cores, self.each_core))

    def waiting(self, candidate: Candidate) -> float:
        """Seconds of cores that stand for what waits of a candidate already."""
        seconds = (
            candidate.waiting_seconds / candidate.unsent
            if candidate.unsent and candidate.waiting_seconds > 0
            else self.turn
        )
        return self.takes(candidate, candidate.unsent, seconds, candidate.stage)

    def workunits(self, candidate: Candidate, blocks: int, cores: int) -> list[tuple[int, int]]:
        """The missing part of a block, and whole ones after it: so many workunits, each of so many replicates.

        On the laboratory's own cores they are so small that every core has something of a block to do. A volunteer's
        host is given a part of one, where it should have less; a GPU that computes side by side has a block. Of what
        was never computed one replicate goes before all others: configs that fail do so once, and not on every core.
        """
        if candidate.is_untried:
            return [(1, 1)]
        size = order_size(
            candidate.replicate_seconds,
            block=candidate.block,
            usual=self.usual,
            task_seconds=self.task_seconds,
            need=candidate.need,
        )
        missing = candidate.missing
        replicates = max(1, min(size.replicates, missing if self.usual else missing // max(1, cores), missing))
        parts = [(missing // replicates * blocks, replicates), (blocks, missing % replicates)]
        return [(workunits, replicates) for workunits, replicates in parts if workunits * replicates]


def count_workunit_parts(candidate: Candidate, replicates: float, usual: UsualHosts | None) -> int:
    """How many hosts may share a workunit of so many replicates, as it is cut when volunteers' hosts ask."""
    return 1 if usual is None else max(1, math.ceil(replicates / max(1, candidate.block // limits.HOSTS_SHARING)))


def order_pilot(candidate: Candidate) -> Allotment:
    return Allotment(
        experiment_id=candidate.experiment_id,
        workunits=candidate.pilot_missing,
        replicates_each=1,
        registration_id=candidate.registration_id or None,
        purpose=Purpose.PILOT,
        core_seconds=candidate.pilot_missing * candidate.costs,
        reason=f"the pilot of {candidate.name}: so many tasks of one replicate before more goes out: "
        f"{candidate.pilot_missing}",
    )


def order_blocks(
    candidate: Candidate, blocks: int, *, purpose: Purpose, why: str, turns: OrderSizing, cores: int
) -> list[Allotment]:
    """So many blocks of a candidate; of one that is begun, its missing part alone."""
    return [
        Allotment(
            experiment_id=candidate.experiment_id,
            workunits=workunits,
            replicates_each=replicates,
            registration_id=candidate.registration_id or None,
            purpose=purpose,
            core_seconds=workunits * replicates * candidate.costs,
            reason=why,
        )
        for workunits, replicates in turns.workunits(candidate, blocks, cores)
    ]


def count_replicates(allotments: Sequence[Allotment]) -> int:
    return sum(allotment.workunits * allotment.replicates_each for allotment in allotments)
