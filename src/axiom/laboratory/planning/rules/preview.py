"""What would be ordered, what is it worth, where would it go? Everything of a plan at once."""

from collections.abc import Sequence
from dataclasses import replace

from axiom.domain.planning import Preview, Supply
from axiom.domain.rounds import Allotment, Plan
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.eligible import works_of
from axiom.laboratory.planning.rules.fill import fill, placements
from axiom.laboratory.planning.rules.value_of_information import worths
from axiom.laboratory.planning.rules.why_idle import awaited
from axiom_weigh.amounts import counted


def preview(
    candidates: Sequence[Candidate], supplies: Sequence[Supply], planned: Plan, *, deadline_seconds: float | None = None
) -> Preview:
    filling = fill(supplies, works_of(candidates, planned.allotments, supplies), deadline=deadline_seconds)
    names = {candidate.key: candidate.name for candidate in candidates}
    return Preview(plan=planned, worths=worths(candidates), placements=placements(filling, names, awaited(candidates)))


def with_tiles(planned: Plan, tiles: Sequence[Allotment]) -> Plan:
    """Add to a plan the tiles of maps, which are ordered besides."""
    tasks = counted(sum(allotment.workunits for allotment in tiles), "task")
    reason = f"{planned.reason}; {tasks} of tiles of maps besides"
    return replace(planned, allotments=(*planned.allotments, *tiles), reason=reason)
