"""How many replicates enter evidence together? It is registered before the first seed and never changed.

A block says something about hosts only if several of them computed it, and it is looked at as a whole: too small, it
hangs on one host; too large, nothing is known until all of it is back. Nothing is settled before `SETTLED_AFTER`
replicates, so no block is larger: the first look can then settle a finding. Without that bound a light experiment, of
which thousands fill a task, would be looked at once, when all that will ever be ordered of it is back.
"""

from dataclasses import dataclass

from axiom.limits import registrations as registration_limits
from axiom.limits import tasks as task_limits
from axiom.rules.planning.task_size import replicates_per_workunit

MOST = registration_limits.SETTLED_AFTER


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
            replicates=registration_limits.BLOCK_ALONE,
            reason="the laboratory computes alone: it has no address for others, and no volunteer",
        )
    hosts = task_limits.HOSTS_SHARING
    filling = hosts * replicates_per_workunit(replicate_seconds, task_limits.USUAL_SECONDS)
    minutes = f"{task_limits.USUAL_SECONDS / 60:g}"
    tasks = f"{hosts} tasks of about {minutes} minutes, one for each of {hosts} volunteers, hold {filling}"
    if filling < registration_limits.BLOCK_OF_VOLUNTEERS:
        return BlockSize(
            replicates=registration_limits.BLOCK_OF_VOLUNTEERS,
            reason=f"{tasks}; with volunteers no block is smaller than {registration_limits.BLOCK_OF_VOLUNTEERS}",
        )
    if filling > MOST:
        return BlockSize(
            replicates=MOST, reason=f"{tasks}; no block is larger than {MOST}, with which a finding may be settled"
        )
    return BlockSize(replicates=filling, reason=tasks)
