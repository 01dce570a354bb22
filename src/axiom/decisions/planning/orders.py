"""How is a block cut into workunits, and how long does what waits keep the fleet busy?

What waits is counted in seconds of a core, and a task for no less than a short turn and no more than all that a core is
kept waiting for: a thousand short tasks are soon done, yet an order of them would run far ahead of what is known, and a
task of a day keeps one core busy and not ten. A task of a pilot stands for a whole turn: what comes of it orders what
is next, and pilots of everything at once would keep the first block waiting.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.decisions.experiments.release_stages import Stage
from axiom.decisions.planning.candidates import Candidate
from axiom.decisions.planning.task_size import UsualHosts, order_size
from axiom.domain.planning import Purpose
from axiom.domain.sessions import Allotment
from axiom.limits import tasks as limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Turns:
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

    def takes(self, tasks: int, seconds: float, stage: Stage = Stage.OPEN) -> float:
        """Seconds of cores that so many tasks stand for, of which each computes so long on a reference core."""
        shortest = self.turn if self.usual is None or stage is Stage.PILOT else limits.MANY_CORES_SECONDS
        return tasks * max(shortest, min(seconds, self.each_core))

    def waiting(self, one: Candidate) -> float:
        """The same for what waits of a candidate already."""
        each = one.waiting_seconds / one.unsent if one.unsent and one.waiting_seconds > 0 else self.turn
        return self.takes(one.unsent, each, one.stage)

    def workunits(self, one: Candidate, blocks: int, cores: int) -> list[tuple[int, int]]:
        """The missing part of a block, and whole ones after it: so many workunits, each of so many replicates.

        On the laboratory's own cores they are so small that every core has something of a block to do. A volunteer's
        host is given a part of one, where it should have less. Of what was never computed one replicate goes before all
        others: configs that fail do so once, and not on every core.
        """
        if one.is_untried:
            return [(1, 1)]
        size = order_size(one.replicate_seconds, block=one.block, usual=self.usual, task_seconds=self.task_seconds)
        missing = one.missing
        each = max(1, min(size.replicates, missing if self.usual else missing // max(1, cores), missing))
        parts = [(missing // each * blocks, each), (blocks, missing % each)]
        return [(workunits, replicates) for workunits, replicates in parts if workunits * replicates]


def parts_of(one: Candidate, replicates: float, usual: UsualHosts | None) -> int:
    """How many hosts may share a workunit of so many replicates, as it is cut when volunteers' hosts ask."""
    return 1 if usual is None else max(1, math.ceil(replicates / max(1, one.block // limits.HOSTS_SHARING)))


def pilot(one: Candidate) -> Allotment:
    """The tasks that a pilot still needs."""
    return Allotment(
        experiment_id=one.experiment_id,
        workunits=one.pilot_missing,
        replicates_each=1,
        registration_id=one.registration_id or None,
        purpose=Purpose.PILOT,
        core_seconds=one.pilot_missing * one.costs,
        reason=f"the pilot of {one.name}: so many tasks of one replicate before more goes out: {one.pilot_missing}",
    )


def order(one: Candidate, blocks: int, *, purpose: Purpose, why: str, turns: Turns, cores: int) -> list[Allotment]:
    """So many blocks of a candidate; of one that is begun, its missing part alone."""
    return [
        Allotment(
            experiment_id=one.experiment_id,
            workunits=workunits,
            replicates_each=replicates,
            registration_id=one.registration_id or None,
            purpose=purpose,
            core_seconds=workunits * replicates * one.costs,
            reason=why,
        )
        for workunits, replicates in turns.workunits(one, blocks, cores)
    ]


def replicates_of(allotments: Sequence[Allotment]) -> int:
    """How many replicates these are."""
    return sum(allotment.workunits * allotment.replicates_each for allotment in allotments)
