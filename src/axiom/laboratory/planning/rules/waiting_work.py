"""Which of the tasks that wait and that are ordered may go to whom?"""

from collections.abc import Sequence
from dataclasses import replace

from axiom.domain.planning import Supply
from axiom.domain.releases import Stage
from axiom.domain.rounds import Allotment
from axiom.laboratory.planning.rules.blocks_into_workunits import count_workunit_parts
from axiom.laboratory.planning.rules.candidates import Candidate, is_stopped
from axiom.laboratory.planning.rules.filled_hosts import WaitingWork
from axiom.limits import experiments as limits
from axiom.rules.planning.task_size import UsualHosts, derive_usual_hosts


def list_waiting_work(
    candidates: Sequence[Candidate], allotments: Sequence[Allotment], supplies: Sequence[Supply] = ()
) -> list[WaitingWork]:
    """What waits and what is ordered, in the tasks in which hosts get it."""
    by_key, usual = {candidate.key: candidate for candidate in candidates}, derive_usual_hosts(supplies)
    waiting = [(candidate, _work(candidate, candidate.unsent, _size(candidate), usual)) for candidate in candidates]
    ordered = [
        (candidate, _work(candidate, allotment.workunits, allotment.replicates_each, usual))
        for allotment in allotments
        if (candidate := by_key.get((allotment.experiment_id, allotment.registration_id or 0))) is not None
    ]
    few = {candidate.experiment_id: most_tasks_let_out(candidate) for candidate in candidates}
    return [part for candidate, work in (*waiting, *ordered) for part in _let_out(candidate, work, few)]


def _let_out(candidate: Candidate, work: WaitingWork, few: dict[int, int | None]) -> list[WaitingWork]:
    """What hosts may have of it: of a version that is being let out few tasks at volunteers, the others at our own."""
    if is_stopped(candidate):
        return []
    left = few[candidate.experiment_id]
    if left is None:
        return [work]
    tasks = min(left, work.tasks)
    few[candidate.experiment_id] = left - tasks
    rest = work.tasks - tasks if candidate.stage.takes_blocks else 0
    return [replace(work, tasks=tasks), replace(work, tasks=rest, is_ours=True)]


def most_tasks_let_out(candidate: Candidate) -> int | None:
    """How many tasks of it go to whoever asks; None is any number. Beyond a pilot our own hosts may have all."""
    return limits.PILOT_TASKS if candidate.stage is Stage.PILOT else candidate.theirs


def _work(candidate: Candidate, workunits: int, replicates: float, usual: UsualHosts | None) -> WaitingWork:
    parts = count_workunit_parts(candidate, replicates, usual)
    return WaitingWork(
        key=candidate.key,
        name=candidate.name,
        tasks=workunits * parts,
        need=candidate.need,
        seconds=replicates / parts * candidate.costs,
    )


def _size(candidate: Candidate) -> float:
    """Replicates of a workunit that waits, on average."""
    return (
        candidate.waiting_seconds / candidate.unsent / candidate.costs
        if candidate.unsent and candidate.waiting_seconds > 0
        else 1.0
    )
