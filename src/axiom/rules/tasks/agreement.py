"""Do computations of the same cells agree, and who is wrong? So that lying and broken hosts are found out.

Of some tasks several copies are wanted; the others are computed again elsewhere as often
as what their host computed before asks for.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.work import Agreement, Outcome, Result

_EXACT = 1e-9  # the same where nothing was trained: processors round the last digits differently
_LOOSE = 0.5  # the same for what a whole training ends with
_ENDED = {Outcome.OK, Outcome.DIVERGED}
_TINY = 1e-12  # below this a number is nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedCells:
    """Do two computations of the same cells agree (None: nothing could be compared), and why?"""

    agrees: bool | None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskVote:
    """What one task says about the cells."""

    task_id: int
    cells: tuple[Result, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicateVerdict:
    """What the checks of a task have shown of each of them.

    `odd` is the task that stands alone against all others; `needs_third` asks for one more opinion.
    """

    agreements: Mapping[int, Agreement | None]
    odd: int | None = None
    needs_third: bool = False
    reason: str


def weigh_checks(checked: TaskVote, checks: Sequence[TaskVote], *, early: float) -> DuplicateVerdict:
    """Decide from the checked task and its checks: one or two, and more where one comes after its deadline.

    `early` is how far early values of two honest hosts may lie apart, relative to the larger: the experiment says it.
    """
    opinions = [checked, *checks]
    pairs = {
        (first.task_id, second.task_id): compare_cells(first.cells, second.cells, early=early)
        for first, second in itertools.combinations(opinions, 2)
    }
    differing = [pair for pair, compared in pairs.items() if compared.agrees is False]
    agreeing = [pair for pair, compared in pairs.items() if compared.agrees]
    everybody = [opinion.task_id for opinion in opinions]
    if not differing:
        says = Agreement.AGREES if agreeing else None
        return DuplicateVerdict(agreements=dict.fromkeys(everybody, says), reason=next(iter(pairs.values())).reason)
    why = pairs[differing[0]].reason
    odd = next((task_id for task_id in everybody if _is_odd(task_id, agreeing, differing)), None)
    if odd is not None:
        agreements = dict.fromkeys(everybody, Agreement.AGREES) | {odd: Agreement.DIFFERS}
        return DuplicateVerdict(
            agreements=agreements, odd=odd, reason=f"{len(everybody) - 1} against task {odd}: {why}"
        )
    if len(agreeing) > len(differing):  # close to both of two that lie just apart
        return DuplicateVerdict(
            agreements=dict.fromkeys(everybody, Agreement.AGREES), reason=f"most of them agree; {why}"
        )
    return DuplicateVerdict(
        agreements=dict.fromkeys(everybody, Agreement.DIFFERS), needs_third=len(opinions) == 2, reason=why
    )


def is_newly_odd(settled: DuplicateVerdict, before: Mapping[int, str]) -> bool:
    """Is somebody odd who was not already? `before` is what earlier checks had shown of each task.

    Only where one is odd do some differ and others agree: all who are in an open dispute differ.
    """
    if settled.odd is None:
        return False
    return before.get(settled.odd) != Agreement.DIFFERS or Agreement.AGREES not in before.values()


def _is_odd(task_id: int, agreeing: Sequence[tuple[int, int]], differing: Sequence[tuple[int, int]]) -> bool:
    """Does it differ from two who agree, while nobody agrees with it and no two others differ?"""
    against = {other for pair in differing if task_id in pair for other in pair}
    is_alone = all(task_id in pair for pair in differing) and not any(task_id in pair for pair in agreeing)
    return is_alone and any(against.issuperset(pair) for pair in agreeing)


def compare_cells(first: Sequence[Result], second: Sequence[Result], *, early: float) -> ComparedCells:
    """Compare cell by cell.

    The early values decide wherever something was trained: the end of a chaotic training differs between honest
    hosts. Only when most of the ends lie far apart, too, does that count. Where nothing was trained, the measures must
    be the same.
    """
    other = {(cell.replicate, cell.config): cell for cell in second}
    pairs = [(cell, other[cell.replicate, cell.config]) for cell in first if (cell.replicate, cell.config) in other]
    compared, apart = 0, 0
    for cell, opposite in pairs:
        agrees = _agrees(cell, opposite, early)
        if agrees is False:
            return ComparedCells(
                agrees=False, reason=f"replicate {cell.replicate}, config {cell.config} came out apart"
            )
        compared += agrees is not None
        apart += _ends_apart(cell, opposite)
    if not compared:
        return ComparedCells(agrees=None, reason="nothing in them can be compared")
    if 2 * apart > compared:
        return ComparedCells(agrees=False, reason=f"the measures of {apart} of {compared} cells are far apart")
    return ComparedCells(agrees=True, reason=f"{compared} cells agree")


def _agrees(first: Result, second: Result, early: float) -> bool | None:
    """Do the two agree as far as they must? None where there is nothing to compare."""
    if first.early and second.early:  # a cell that was stopped early has fewer
        return all(are_numbers_near(*pair, early) for pair in zip(first.early, second.early, strict=False))
    if (first.early or second.early) and {first.outcome, second.outcome} <= _ENDED:
        return False  # what was trained to its end has its early values
    if first.early or second.early or Outcome.LATE in {first.outcome, second.outcome}:
        return None
    if first.outcome is not second.outcome:
        return False
    return all(are_numbers_near(*pair, _EXACT) for pair in pair_measures(first, second))


def _ends_apart(first: Result, second: Result) -> bool:
    """Are most of a cell's measures far apart?"""
    alike = [are_numbers_near(*pair, _LOOSE) for pair in pair_measures(first, second)]
    return 2 * alike.count(False) > len(alike)


def pair_measures(first: Result, second: Result) -> Iterator[tuple[float, float]]:
    """The measures that both have, as pairs of numbers; one that only the other lacks is infinitely far away."""
    if first.measures is None or second.measures is None:
        return
    for name, value in first.measures.items():
        yield from _pairs(value, second.measures.get(name))


def _pairs(first: object, second: object) -> Iterator[tuple[float, float]]:
    if isinstance(first, list) and isinstance(second, list):
        for pair in itertools.zip_longest(first, second):
            yield from _pairs(*pair)
    elif isinstance(first, int | float) and isinstance(second, int | float):
        yield float(first), float(second)
    elif isinstance(first, str) and isinstance(second, str):
        return  # pixels at a border differ between honest hosts; the other measures of a tile tell how much
    elif first is not None or second is not None:
        yield 0.0, math.inf


def are_numbers_near(first: float, second: float, tolerance: float) -> bool:
    """Do two numbers lie so near, relative to the larger?"""
    return (
        abs(first - second) <= max(_TINY, tolerance * max(abs(first), abs(second)))
        if math.isfinite(first - second)
        else False
    )


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
