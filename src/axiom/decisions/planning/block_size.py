"""How many replicates enter evidence together? It is registered before the first seed and never changed.

A block says something about hosts only if several of them computed it, and it is looked at as a whole: too small, it
hangs on one host; too large, nothing is known until all of it is back. Nothing is settled before `SETTLED_SEEDS`
replicates, so no block is larger: the first look can then settle a finding. Without that bound a light experiment, of
which thousands fill a task, would be looked at once, when all that will ever be ordered of it is back.
"""

from dataclasses import dataclass

from axiom.decisions.planning.stopping import SETTLED_SEEDS
from axiom.decisions.planning.task_size import replicates_per_workunit
from axiom.limits import tasks as limits

ALONE = 8  # whatever the size of its tasks: who computes at home sees the first interval soonest
LEAST = 16  # where volunteers compute
MOST = SETTLED_SEEDS


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockSize:
    """So many replicates, and why."""

    replicates: int
    reason: str


def block_size(replicate_seconds: float, *, has_address: bool, has_volunteers: bool) -> BlockSize:
    """Decide the size of the blocks of a new registration, of which a replicate takes so long on a reference core.

    `has_address`: the operator chose an address under which others find the laboratory; then it is made for them, also
    before the first of them is there. `has_volunteers`: somebody else has an account, whether or not it was chosen.
    """
    if not (has_address or has_volunteers):
        return BlockSize(
            replicates=ALONE,
            reason="the laboratory computes alone: it has no address for others, and no volunteer",
        )
    hosts = limits.HOSTS_SHARING
    filling = hosts * replicates_per_workunit(replicate_seconds, limits.USUAL_SECONDS)
    minutes = f"{limits.USUAL_SECONDS / 60:g}"
    tasks = f"{hosts} tasks of about {minutes} minutes, one for each of {hosts} volunteers, hold {filling}"
    if filling < LEAST:
        return BlockSize(replicates=LEAST, reason=f"{tasks}; with volunteers no block is smaller than {LEAST}")
    if filling > MOST:
        return BlockSize(
            replicates=MOST, reason=f"{tasks}; no block is larger than {MOST}, with which a finding may be settled"
        )
    return BlockSize(replicates=filling, reason=tasks)
