"""Do enough copies of a task agree, so that their results count? For tasks of which several are wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.work import Agreement
from axiom.rules.tasks.duplicates import TaskVote, compare_cells


@dataclass(frozen=True, kw_only=True, slots=True)
class QuorumResult:
    """What valid copies of a task show of each other.

    `agreeing` are as many as were wanted, or more, that say the same: their results count. Before that there are none.
    """

    agreements: Mapping[int, Agreement]
    agreeing: tuple[int, ...] = ()
    reason: str

    @property
    def odd(self) -> tuple[int, ...]:
        """The copies against which enough others agree."""
        differing = (task_id for task_id, agreement in self.agreements.items() if agreement is Agreement.DIFFERS)
        return tuple(differing) if self.agreeing else ()


def judge_quorum(opinions: Sequence[TaskVote], wanted: int, *, early: float) -> QuorumResult:
    """Decide from the valid copies, oldest first. `early` is how far early values of honest hosts may lie apart.

    Those that agree with one copy are together, and the largest such group counts once it has as many as are wanted.
    Until then its members wait for more, and the others differ; where no two agree, each of them differs.
    """
    groups = [tuple(other.task_id for other in opinions if _is_alike(opinion, other, early)) for opinion in opinions]
    largest = max(groups, key=len, default=())
    everybody = [opinion.task_id for opinion in opinions]
    reason = f"of {len(everybody)} copies that came back {len(largest)} say the same, and {wanted} must"
    if len(largest) >= wanted:
        return QuorumResult(agreements=_marks(everybody, largest, Agreement.AGREES), agreeing=largest, reason=reason)
    together = largest if len(largest) > 1 or len(everybody) == 1 else ()
    return QuorumResult(agreements=_marks(everybody, together, Agreement.WAITING), reason=reason)


def _is_alike(opinion: TaskVote, other: TaskVote, early: float) -> bool:
    """Do they say the same? Where nothing can be compared, at least that each cell ended in the same way."""
    if opinion is other:
        return True
    agrees = compare_cells(opinion.cells, other.cells, early=early).agrees
    return _endings(opinion) == _endings(other) if agrees is None else agrees


def _endings(opinion: TaskVote) -> dict[tuple[int, int], str]:
    return {(cell.replicate, cell.config): cell.outcome for cell in opinion.cells}


def _marks(everybody: Sequence[int], together: Sequence[int], agreement: Agreement) -> dict[int, Agreement]:
    return {task_id: agreement if task_id in together else Agreement.DIFFERS for task_id in everybody}
