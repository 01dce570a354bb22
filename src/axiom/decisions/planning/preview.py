"""What would be ordered, what is it worth, where would it go? Everything of a plan at once."""

from collections.abc import Sequence
from dataclasses import replace

from axiom.decisions.planning.candidates import Candidate
from axiom.decisions.planning.eligible import works_of
from axiom.decisions.planning.fill import fill, placements
from axiom.decisions.planning.plan import plan
from axiom.decisions.planning.value_of_information import worths
from axiom.decisions.planning.why_idle import awaited
from axiom.domain.planning import Preview, Supply, Wishes
from axiom.domain.sessions import Allotment
from axiom.limits import planning as limits
from axiom_weigh.amounts import counted

_WISHES = Wishes()


def preview(
    candidates: Sequence[Candidate],
    supplies: Sequence[Supply],
    *,
    per_core: int,
    task_seconds: float,
    wishes: Wishes = _WISHES,
    floor: float = limits.WORTH_FLOOR,
    lately: Sequence[Allotment] = (),
    deadline_seconds: float | None = None,
    key: str = "",
) -> Preview:
    cores = sum(supply.cores for supply in supplies if not supply.obstacle)
    planned = plan(
        candidates,
        cores=cores,
        per_core=per_core,
        task_seconds=task_seconds,
        supplies=supplies,
        wishes=wishes,
        floor=floor,
        lately=lately,
        deadline_seconds=deadline_seconds,
        key=key,
    )
    works = works_of(candidates, planned.allotments, supplies)
    filling = fill(supplies, works, deadline=deadline_seconds, key=key)
    return Preview(
        plan=planned,
        worths=worths(candidates),
        placements=placements(filling, _names(candidates), awaited(candidates)),
    )


def with_tiles(
    preview: Preview,
    candidates: Sequence[Candidate],
    supplies: Sequence[Supply],
    tiles: Sequence[Allotment],
    *,
    deadline_seconds: float | None = None,
    key: str = "",
) -> Preview:
    """Add to a preview the tiles of maps, which are ordered besides, and where they would go."""
    allotments = (*preview.plan.allotments, *tiles)
    filling = fill(supplies, works_of(candidates, allotments, supplies), deadline=deadline_seconds, key=key)
    tasks = counted(sum(allotment.workunits for allotment in tiles), "task")
    return replace(
        preview,
        plan=replace(
            preview.plan, allotments=allotments, reason=f"{preview.plan.reason}; {tasks} of tiles of maps besides"
        ),
        placements=placements(filling, _names(candidates), awaited(candidates)),
    )


def _names(candidates: Sequence[Candidate]) -> dict[tuple[int, int], str]:
    return {candidate.key: candidate.name for candidate in candidates}
