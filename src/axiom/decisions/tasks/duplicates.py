"""Do two computations of the same cells agree, and who is wrong? So that lying and broken hosts are found out."""

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
class Opinion:
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


def settle(checked: Opinion, checks: Sequence[Opinion], *, early: float) -> DuplicateVerdict:
    """Decide from the checked task and its checks: one or two, and more where one comes after its deadline.

    `early` is how far early values of two honest hosts may lie apart, relative to the larger: the experiment says it.
    """
    opinions = [checked, *checks]
    pairs = {
        (first.task_id, second.task_id): compare(first.cells, second.cells, early=early)
        for first, second in itertools.combinations(opinions, 2)
    }
    differing = [pair for pair, found in pairs.items() if found.agrees is False]
    agreeing = [pair for pair, found in pairs.items() if found.agrees]
    everybody = [opinion.task_id for opinion in opinions]
    if not differing:
        says = Agreement.AGREES if agreeing else None
        return DuplicateVerdict(agreements=dict.fromkeys(everybody, says), reason=next(iter(pairs.values())).reason)
    why = pairs[differing[0]].reason
    odd = next((task_id for task_id in everybody if _is_odd(task_id, agreeing, differing)), None)
    if odd is not None:
        found = dict.fromkeys(everybody, Agreement.AGREES) | {odd: Agreement.DIFFERS}
        return DuplicateVerdict(agreements=found, odd=odd, reason=f"{len(everybody) - 1} against task {odd}: {why}")
    if len(agreeing) > len(differing):  # close to both of two that lie just apart
        return DuplicateVerdict(
            agreements=dict.fromkeys(everybody, Agreement.AGREES), reason=f"most of them agree; {why}"
        )
    return DuplicateVerdict(
        agreements=dict.fromkeys(everybody, Agreement.DIFFERS), needs_third=len(opinions) == 2, reason=why
    )


def is_found_out(settled: DuplicateVerdict, before: Mapping[int, str]) -> bool:
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


def compare(first: Sequence[Result], second: Sequence[Result], *, early: float) -> ComparedCells:
    """Compare cell by cell.

    The early values decide wherever something was trained: the end of a chaotic training differs between honest
    hosts. Only when most of the ends lie far apart, too, does that count. Where nothing was trained, the measures must
    be the same.
    """
    other = {(cell.replicate, cell.config): cell for cell in second}
    pairs = [(cell, other[cell.replicate, cell.config]) for cell in first if (cell.replicate, cell.config) in other]
    compared, apart = 0, 0
    for one, two in pairs:
        said = _cell(one, two, early)
        if said is False:
            return ComparedCells(agrees=False, reason=f"replicate {one.replicate}, config {one.config} came out apart")
        compared += said is not None
        apart += _ends_apart(one, two)
    if not compared:
        return ComparedCells(agrees=None, reason="nothing in them can be compared")
    if 2 * apart > compared:
        return ComparedCells(agrees=False, reason=f"the measures of {apart} of {compared} cells are far apart")
    return ComparedCells(agrees=True, reason=f"{compared} cells agree")


def _cell(one: Result, two: Result, early: float) -> bool | None:
    """Do the two agree as far as they must? None where there is nothing to compare."""
    if one.early and two.early:  # a cell that was stopped early has fewer
        return all(near(*pair, early) for pair in zip(one.early, two.early, strict=False))
    if (one.early or two.early) and {one.outcome, two.outcome} <= _ENDED:
        return False  # what was trained to its end has its early values
    if one.early or two.early or Outcome.LATE in {one.outcome, two.outcome}:
        return None
    if one.outcome is not two.outcome:
        return False
    return all(near(*pair, _EXACT) for pair in numbers(one, two))


def _ends_apart(one: Result, two: Result) -> bool:
    """Are most of a cell's measures far apart?"""
    found = [near(*pair, _LOOSE) for pair in numbers(one, two)]
    return 2 * found.count(False) > len(found)


def numbers(one: Result, two: Result) -> Iterator[tuple[float, float]]:
    """The measures that both have, as pairs of numbers; one that only the other lacks is infinitely far away."""
    if one.measures is None or two.measures is None:
        return
    for name, value in one.measures.items():
        yield from _pairs(value, two.measures.get(name))


def _pairs(one: object, two: object) -> Iterator[tuple[float, float]]:
    if isinstance(one, list) and isinstance(two, list):
        for pair in itertools.zip_longest(one, two):
            yield from _pairs(*pair)
    elif isinstance(one, int | float) and isinstance(two, int | float):
        yield float(one), float(two)
    elif isinstance(one, str) and isinstance(two, str):
        return  # pixels at a border differ between honest hosts; the other measures of a tile tell how much
    elif one is not None or two is not None:
        yield 0.0, math.inf


def near(one: float, two: float, tolerance: float) -> bool:
    """Do two numbers lie so near, relative to the larger?"""
    return abs(one - two) <= max(_TINY, tolerance * max(abs(one), abs(two))) if math.isfinite(one - two) else False
