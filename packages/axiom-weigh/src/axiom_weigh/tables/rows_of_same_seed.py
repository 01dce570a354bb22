"""A seed counts once: which of its rows counts, and what do the others show?

A row that failed is no reason to take the next one, and of rows that differ none may be chosen: whoever sorts a table
by its values would choose the largest.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import pairwise

from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence.platforms import UNKNOWN_PLATFORM
from axiom_weigh.tables.seed_row import Row
from axiom_weigh.values import Agreements, Alarm, Outcome

_CLOSE = 1e-6  # relative: duplicates this near to each other agree
_TINY = 1e-12  # absolute: so near to each other are zeros that were rounded otherwise
_TORN = "its rows say different things"
_FAILED_FIRST = "it had failed before its value came"
_TRIED_AGAIN = (
    "failed before a value came, so no value: it may have failed for what its value was. Two further runs that agree "
    "make it count; so does the outcome lost, where the machine was at fault"
)


class Likeness(IntEnum):
    """How near two values of one seed are to each other."""

    EXACT = 0
    CLOSE = 1
    DIVERGENT = 2


@dataclass(kw_only=True, slots=True)
class CountNotes:
    """What is said on the way."""

    reasons: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedRows:
    """One row a seed, in the order in which they came."""

    rows: Sequence[Row]
    repeated: int  # rows of seeds that had counted already
    agreements: tuple[Agreements, ...]


def count_once(ordered: Sequence[Row], notes: CountNotes, *, is_issued: bool) -> CountedRows:
    """One row for each seed: what it says, or that nobody can tell."""
    first, again = _once(ordered)
    torn = _torn(first, again, is_issued)
    agreements = _compared(first, again, torn, notes)
    tried_again = _tried_again(ordered, is_issued).difference(torn)
    _name_seeds(tried_again, _TRIED_AGAIN, notes)
    rows = [_settled(row, torn, tried_again) for row in first.values()]
    return CountedRows(rows=rows, repeated=len(again), agreements=agreements)


def _once(ordered: Sequence[Row]) -> tuple[dict[str, Row], list[Row]]:
    """The row of each seed that counts: the first, unless it says nothing and another does. And the others.

    A seed stays in the block in which it was lost: that one waits for it, wherever it was computed again.
    """
    first: dict[str, Row] = {}
    again: list[Row] = []
    for row in ordered:
        counted = first.get(row.seed)
        if counted is None:
            first[row.seed] = row
        elif counted.says_nothing and not row.says_nothing:
            first[row.seed] = replace(row, block=counted.block)
            again.append(counted)
        else:
            again.append(row)
    return first, again


def _torn(first: Mapping[str, Row], again: Sequence[Row], is_issued: bool) -> set[str]:
    """Seeds whose rows say different things while nothing tells which of them came first.

    To take any of them would be to let somebody choose: the largest, where a table was sorted by its values.
    """
    return {
        other.seed
        for other in again
        if not other.says_nothing
        and other.design == (earlier := first[other.seed]).design
        and not (is_issued and earlier.issue != other.issue)
        and (
            (earlier.value is None) != (other.value is None)
            or _agreement(earlier.value, other.value) is Likeness.DIVERGENT
        )
    }


def _tried_again(ordered: Sequence[Row], is_issued: bool) -> set[str]:
    """Seeds that failed, were run again and have one value, which nothing shows to be the one that failed.

    Whoever runs a seed until it ends leaves out what makes it fail. A run that gives the same twice is sure to be the
    same computation.
    """
    failed: dict[str, list[int | None]] = {}
    values: dict[str, list[Row]] = {}
    for row in ordered:
        if row.says_nothing and not row.gives_way:
            failed.setdefault(row.seed, []).append(row.issue)
        elif row.value is not None:
            values.setdefault(row.seed, []).append(row)
    return {
        seed
        for seed, issues in failed.items()
        if (of_seed := values.get(seed))
        and not _is_the_same_twice(of_seed)
        and not (is_issued and all(_is_before(of_seed[0].issue, issue) for issue in issues))
    }


def _is_the_same_twice(rows: Sequence[Row]) -> bool:
    return any(
        row.design == other.design and _agreement(row.value, other.value) is not Likeness.DIVERGENT
        for row, other in pairwise(rows)
    )


def _is_before(issue: int | None, other: int | None) -> bool:
    return issue is not None and other is not None and issue < other


def _settled(row: Row, torn: Collection[str], tried_again: Collection[str]) -> Row:
    if row.seed in torn:
        return replace(row, value=None, outcome=Outcome.OK, why_missing=_TORN)
    if row.seed in tried_again:
        return replace(row, value=None, outcome=Outcome.FAILED, why_missing=_FAILED_FIRST)
    return row


def _compared(
    first: Mapping[str, Row], again: Sequence[Row], torn: Collection[str], notes: CountNotes
) -> tuple[Agreements, ...]:
    """Do the rows of one seed agree? Only another host shows anything by agreeing; whoever disagrees does."""
    pairs = [(first[row.seed], row) for row in again]
    same = [(earlier, other) for earlier, other in pairs if earlier.design == other.design]
    likenesses = [(earlier, other, _agreement(earlier.value, other.value)) for earlier, other in same]
    differing = {other.seed for _, other, how in likenesses if how is Likeness.DIVERGENT}
    if again:
        notes.reasons.append(f"{len(again)} further rows of the same seeds are left out: a seed counts once")
    if len(same) < len(pairs):
        notes.reasons.append(
            f"{len(pairs) - len(same)} of them are of other designs; seeds of their own would make them count"
        )
    _name_seeds(differing.difference(torn), "rows with different values, and the first counts", notes)
    _name_seeds(torn, "rows that say different things, and nothing tells which came first, so no value", notes)
    everybody = [*first.values(), *again]
    hosts, volunteers = ({getattr(row, name) for row in everybody} - {""} for name in ("host", "volunteer"))
    return _by_platforms(likenesses, who="volunteer" if len(volunteers) > 1 else "host" if len(hosts) > 1 else "")


def _name_seeds(seeds: Collection[str], what: str, notes: CountNotes) -> None:
    if seeds:
        shown = ", ".join(sorted(seeds)[:3]) + (", …" if len(seeds) > 3 else "")
        notes.flags.append(f"{tell_amount(len(seeds), 'seed')} {'has' if len(seeds) == 1 else 'have'} {what}: {shown}")


def _by_platforms(likenesses: Sequence[tuple[Row, Row, Likeness | None]], *, who: str) -> tuple[Agreements, ...]:
    """How many seeds agree between each two platforms; a seed as badly as the worst of its rows."""
    worst: dict[tuple[str, str], dict[str, Likeness]] = {}
    for earlier, other, how in likenesses:
        if how is Likeness.DIVERGENT or (how is not None and _is_elsewhere(earlier, other, who)):
            low, high = sorted((earlier.platform or UNKNOWN_PLATFORM, other.platform or UNKNOWN_PLATFORM))
            seeds = worst.setdefault((low, high), {})
            seeds[other.seed] = max(how, seeds.get(other.seed, how))
    return tuple(_counted(pair, list(seeds.values())) for pair, seeds in sorted(worst.items()))


def _is_elsewhere(row: Row, other: Row, who: str) -> bool:
    """Does it show anything that these agree? Volunteers, or hosts, must differ; one host alone may do it again."""
    return bool(row.host and other.host) and (not who or getattr(row, who) != getattr(other, who))


def _counted(pair: tuple[str, str], likenesses: Sequence[Likeness]) -> Agreements:
    """A table has no first values that could show a difference to be chaos, so every one is a disagreement."""
    exact, close, divergent = (likenesses.count(how) for how in Likeness)
    return Agreements(platforms=pair, exact=exact, close=close, divergent=divergent, disputed=divergent)


def _agreement(value: float | None, other: float | None) -> Likeness | None:
    if value is None or other is None:
        return None
    if value == other:
        return Likeness.EXACT
    return Likeness.CLOSE if math.isclose(value, other, rel_tol=_CLOSE, abs_tol=_TINY) else Likeness.DIVERGENT
