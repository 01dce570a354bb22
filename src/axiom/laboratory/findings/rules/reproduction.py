"""How well did a seed reproduce where it was computed again? Bit for bit, within tolerance, or not; by platforms."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.work import Outcome, Reproduction, Result
from axiom.rules.tasks.agreement import are_numbers_near, pair_measures
from axiom_weigh.values import Agreements


@dataclass(frozen=True, kw_only=True, slots=True)
class ReproducedCell:
    """One cell that was computed again, as it is kept: of which seed, where, and how well."""

    replicate: int
    platforms: tuple[str, str]
    reproduction: Reproduction
    opinion: int  # the task that computed it again
    confirms: int  # another that had, and says the same as this one against the value in evidence; 0: none


def classify_reproduction(result: Result, other: Result, *, tolerance: float) -> Reproduction | None:
    """How two computations of the same cell compare; None where there is nothing to compare.

    The end of a chaotic training differs between honest processors, its first values do not. So an end that differs
    after first values that agree is no lie; where nothing but an end is there, it has to be the same.
    """
    if Outcome.LATE in {result.outcome, other.outcome}:
        return None
    early = list(zip(result.early, other.early, strict=False))
    if not all(are_numbers_near(*pair, tolerance) for pair in early):
        return Reproduction.DISPUTED
    ends = list(pair_measures(result, other)) + list(pair_measures(other, result))
    is_same = result.outcome is other.outcome
    if not early and not ends and is_same:
        return None
    if is_same and result.early == other.early and all(first == second for first, second in ends):
        return Reproduction.EXACT
    if is_same and all(are_numbers_near(*pair, tolerance) for pair in ends):
        return Reproduction.CLOSE
    return Reproduction.CHAOTIC if early else Reproduction.DISPUTED


def find_confirming_task(first: Result, again: Result, others: Sequence[Result], *, tolerance: float) -> int:
    """Which task had repeated this cell before, disputes the first value as this one does, and says the same; or 0."""
    for other in others if classify_reproduction(first, again, tolerance=tolerance) is Reproduction.DISPUTED else ():
        is_alike = classify_reproduction(again, other, tolerance=tolerance) not in (None, Reproduction.DISPUTED)
        if is_alike and classify_reproduction(first, other, tolerance=tolerance) is Reproduction.DISPUTED:
            return other.task_id
    return 0


def sum_agreements(counts: Iterable[Agreements]) -> tuple[Agreements, ...]:
    """Counts of different seeds together, by platforms."""
    by_platforms: dict[tuple[str, str], Agreements] = {}
    for count in counts:
        by_platforms[count.platforms] = _plus(
            by_platforms.get(count.platforms, Agreements(platforms=count.platforms)), count, 1
        )
    return tuple(by_platforms[platforms] for platforms in sorted(by_platforms))


def recount_agreements(
    counts: Iterable[Agreements], before: Sequence[ReproducedCell], new: Sequence[ReproducedCell]
) -> tuple[Agreements, ...]:
    """Which counts are others now that these were compared; `before` is what was known of the same seeds."""
    earlier = {count.platforms: count for count in counts}
    as_counted = {agreement.platforms: agreement for agreement in count_agreements(before)}
    changed = []
    as_is = {agreement.platforms: agreement for agreement in count_agreements([*before, *new])}
    for platforms in sorted(as_counted.keys() | as_is.keys()):
        empty = Agreements(platforms=platforms)
        was = earlier.get(platforms, empty)
        now = _plus(_plus(was, as_is.get(platforms, empty), 1), as_counted.get(platforms, empty), -1)
        changed += [now] if now != was else []
    return tuple(changed)


def count_agreements(cells: Iterable[ReproducedCell]) -> tuple[Agreements, ...]:
    """Count seeds for each pair of platforms, the same one twice included. A seed counts as its worst cell.

    Where two tasks repeated a seed and one of them alone differs from the start, it is outvoted: the value in evidence
    has been confirmed, and what disagrees with it says something about a host, not about the seed. Where both differ
    and say the same, the value itself is outvoted and leaves the evidence, so that its seed tells nothing here.
    """
    worst: dict[tuple[tuple[str, str], int], Reproduction] = {}
    for cell in _without_outvoted(list(cells)):
        first, second = sorted(cell.platforms)
        key = (first, second), cell.replicate
        worst[key] = max(
            worst.get(key, cell.reproduction), cell.reproduction, key=lambda reproduction: reproduction.rank
        )
    counted: dict[tuple[str, str], Counter[Reproduction]] = {}
    for (platforms, _), reproduction in worst.items():
        counted.setdefault(platforms, Counter())[reproduction] += 1
    return tuple(_agreements(platforms, counts) for platforms, counts in sorted(counted.items()))


def _without_outvoted(cells: Sequence[ReproducedCell]) -> list[ReproducedCell]:
    gone = {cell.replicate for cell in cells if cell.confirms}
    opinions: dict[int, dict[int, bool]] = {}
    for cell in cells:
        disputes = opinions.setdefault(cell.replicate, {})
        disputes[cell.opinion] = disputes.get(cell.opinion, False) or cell.reproduction is Reproduction.DISPUTED
    outvoted = {
        (replicate, odd)
        for replicate, disputes in opinions.items()
        if len(disputes) > 1 and list(disputes.values()).count(True) == 1
        for odd, is_disputed in disputes.items()
        if is_disputed
    }
    return [cell for cell in cells if cell.replicate not in gone and (cell.replicate, cell.opinion) not in outvoted]


def _plus(total: Agreements, other: Agreements, times: int) -> Agreements:
    return Agreements(
        platforms=total.platforms,
        exact=total.exact + times * other.exact,
        close=total.close + times * other.close,
        divergent=total.divergent + times * other.divergent,
        disputed=total.disputed + times * other.disputed,
    )


def _agreements(platforms: tuple[str, str], counts: Mapping[Reproduction, int]) -> Agreements:
    disputed = counts[Reproduction.DISPUTED]
    return Agreements(
        platforms=platforms,
        exact=counts[Reproduction.EXACT],
        close=counts[Reproduction.CLOSE],
        divergent=counts[Reproduction.CHAOTIC] + disputed,
        disputed=disputed,
    )
