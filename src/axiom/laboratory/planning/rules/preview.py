"""What would be ordered, what is it worth, where would it go? Everything of a plan at once."""

from collections.abc import Sequence
from dataclasses import replace

from axiom.domain.planning import Preview, Supply
from axiom.domain.rounds import Allotment, Plan
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.filled_hosts import fill_hosts, list_placements
from axiom.laboratory.planning.rules.goals import describe_goal
from axiom.laboratory.planning.rules.value_of_information import compute_worths, sum_work_above_floor
from axiom.laboratory.planning.rules.waiting_work import list_waiting_work
from axiom.laboratory.planning.rules.why_cores_idle import describe_awaited_work
from axiom.limits import planning as limits
from axiom_weigh.amounts import tell_amount


def compose_preview(
    candidates: Sequence[Candidate],
    supplies: Sequence[Supply],
    planned: Plan,
    *,
    deadline_seconds: float | None = None,
    floor: float = limits.WORTH_FLOOR,
) -> Preview:
    filling = fill_hosts(
        supplies, list_waiting_work(candidates, planned.allotments, supplies), deadline=deadline_seconds
    )
    names = {candidate.key: candidate.name for candidate in candidates}
    above = sum_work_above_floor(candidates, floor)
    return Preview(
        plan=planned,
        above=above,
        goals=tuple(map(describe_goal, (candidate for candidate in candidates if candidate.is_approved))),
        worths=compute_worths(candidates),
        placements=list_placements(filling, names, describe_awaited_work(candidates, below=above.below)),
    )


def add_tiles_to_plan(planned: Plan, tiles: Sequence[Allotment]) -> Plan:
    """Add to a plan the tiles of maps, which are ordered besides."""
    tasks = tell_amount(sum(allotment.workunits for allotment in tiles), "task")
    reason = f"{planned.reason}; {tasks} of tiles of maps besides"
    return replace(planned, allotments=(*planned.allotments, *tiles), reason=reason)
