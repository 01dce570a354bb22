"""What is awaited before a core gets more: one reason why cores are idle, in words, for the page of the plan."""

from collections.abc import Sequence

from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.new_designs import FIRST_IS_OUT
from axiom_weigh.amounts import tell_amount

_LET_OUT = {
    Stage.PILOT: "in the pilot, of which more goes out once the first tasks are valid",
    Stage.WIDER: "in the wider pilot, of which more goes out once enough tasks are valid",
}


def describe_awaited_work(candidates: Sequence[Candidate], *, below: int = 0) -> str:
    """The versions of which more would be ordered or let out once something is back; empty where there are none.

    `below`: designs of which nothing more is worth the floor, for which cores rest rather than compute them.
    """
    by_stage: dict[Stage, set[int]] = {stage: set() for stage in _LET_OUT}
    begun: set[int] = set()
    for candidate in candidates:
        if (
            candidate.stage in by_stage
            and candidate.unsent + candidate.in_progress + candidate.pilot_missing > 0
            and not candidate.fault
        ):
            by_stage[candidate.stage].add(candidate.experiment_id)
        elif candidate.stage not in by_stage and (candidate.in_progress or FIRST_IS_OUT in candidate.fault):
            begun.add(candidate.experiment_id)
    parts = [
        f"{tell_amount(len(versions), 'version')} {_LET_OUT[stage]}" for stage, versions in by_stage.items() if versions
    ]
    parts += [f"what is out of {tell_amount(len(begun), 'version')}, and what may follow from it"] if begun else []
    parts += [f"better questions: of {tell_amount(below, 'design')} nothing more is worth the floor"] if below else []
    return "; ".join(parts)
