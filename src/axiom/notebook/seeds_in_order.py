"""Which rows of anybody's table count, in which order, and what are the others?

A laboratory knows the order in which its seeds were issued and which of its blocks are closed. A table only says so:
what it does not say is taken so that it cannot make an effect of nothing, and every step leaves its sentence.
"""

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import pairwise, takewhile
from typing import overload

from axiom.decisions.evidence.weigh import UNKNOWN_PLATFORM, Home
from axiom.domain.amounts import counted
from axiom.domain.findings import Agreements, Observation
from axiom.domain.work import Outcome
from axiom.notebook.row import PlainRows, Row

_CLOSE = 1e-6  # relative: duplicates this near to each other agree
_TINY = 1e-12  # absolute: so near to each other are zeros that were rounded otherwise
_TORN = "its rows say different things"
_FAILED_FIRST = "it had failed before its value came"
_TRIED_AGAIN = (
    "failed before a value came, so no value: it may have failed for what its value was. Two further runs that agree "
    "make it count; so does the outcome lost, where the machine was at fault"
)
_BEGINNING = 8  # bytes of what is drawn for a seed: of a million seeds two seldom share them
_SELDOM = 20_000  # values that lie in the order of their size are remarkable where chance does it so seldom


class Likeness(IntEnum):
    """How near two values of one seed are to each other."""

    EXACT = 0
    CLOSE = 1
    DIVERGENT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Arranged:
    """Observations in the order in which they count, and what is known beside them."""

    is_issued: bool  # the table says in which order its seeds were issued
    observations: tuple[Observation, ...]
    ends: tuple[int, ...]  # after how many observations each closed block ends; empty without blocks
    homes: Mapping[int, Home]
    names: Mapping[tuple[str, int], str]  # of hosts and volunteers, which are numbers in what is concluded
    seeds: Sequence[str]  # of the observations
    agreements: tuple[Agreements, ...]
    repeated: int  # rows of seeds that had counted already
    waiting: int  # seeds that do not count yet
    reasons: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class _Words:
    """What is said on the way."""

    reasons: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


def arrange(rows: Sequence[Row], columns: Iterable[str]) -> Arranged:
    """Put rows into an order, count each seed once, and leave out what is not closed yet."""
    given, words = frozenset(columns), _Words()
    if isinstance(rows, PlainRows):
        order = _order_of_different(rows)
        if order is not None:
            return _arranged_plainly(rows, order, words)
        rows = list(rows)
    ordered = _in_order(rows, given, words)
    first, again = _once(ordered)
    torn = _torn(first, again, "issue" in given)
    agreements = _compared(first, again, torn, words)
    tried_again = _tried_again(ordered, "issue" in given).difference(torn)
    _name_seeds(tried_again, _TRIED_AGAIN, words)
    settled = [_settled(row, torn, tried_again) for row in first.values()]
    closed, ends = _closed(settled, given, words)
    homes, hosts, names = _homes(closed, given, words)
    return Arranged(
        is_issued="issue" in given,
        observations=tuple(_observation(number, row, hosts) for number, row in enumerate(closed)),
        ends=ends,
        homes=homes,
        names=names,
        seeds=tuple(row.seed for row in closed),
        agreements=agreements if homes else (),
        repeated=len(again),
        waiting=len(first) - len(closed),
        reasons=tuple(words.reasons),
        flags=tuple(words.flags),
    )


def _observation(number: int, row: Row, hosts: Mapping[str, int]) -> Observation:
    return Observation(
        replicate=number,
        value=row.value,
        hosts=(hosts[row.host],) if row.host in hosts else (),
        why_missing=row.why_missing,
        outcome=row.outcome,
        design=row.design,
    )


def _order_of_different(rows: PlainRows) -> Sequence[int] | None:
    """The order that is drawn from the seeds; None where one comes again, or the beginning of what is drawn does."""
    drawn = [_drawn(rows.seed(at))[:_BEGINNING] for at in range(len(rows))]
    order = array("q", sorted(range(len(drawn)), key=drawn.__getitem__))
    return None if any(drawn[one] == drawn[other] for one, other in pairwise(order)) else order


def _arranged_plainly(rows: PlainRows, order: Sequence[int], words: _Words) -> Arranged:
    """The same as of any rows, without an object for each: every seed has one row, and nothing else is known."""
    _say_drawn(words, within="")
    _say_out(sum(row.is_out for row in rows.others.values()), words)
    homes, hosts, names = _homes((), frozenset(), words)
    values, others = rows.values, rows.others
    return Arranged(
        is_issued=False,
        observations=tuple(
            [
                _observation(number, others[at], hosts)
                if at in others
                else Observation(replicate=number, value=values[at])
                for number, at in enumerate(order)
            ]
        ),
        ends=(),
        homes=homes,
        names=names,
        seeds=_SeedsOf(rows, order),
        agreements=(),
        repeated=0,
        waiting=0,
        reasons=tuple(words.reasons),
        flags=tuple(words.flags),
    )


class _SeedsOf(Sequence[str]):
    """The seeds of rows in an order, written when somebody asks for one."""

    def __init__(self, rows: PlainRows, order: Sequence[int]) -> None:
        self._rows = rows
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self._rows.seed(number) for number in self._order[at]]
        return self._rows.seed(self._order[at])


def _in_order(rows: Sequence[Row], given: frozenset[str], words: _Words) -> list[Row]:
    """By issue number, or in an order that nobody could choose; never by what was measured.

    Rows may stand in any order, also in that of their values, and nothing in them shows it for sure. An order that
    comes from the seeds alone is as good as chance.
    """
    if "issue" not in given:
        return _by_seeds(rows, "block" in given, words)
    place = _places(rows)
    ordered = sorted(rows, key=lambda row: (0, ()) if row.issue is None else (row.issue, place(row)))
    is_shared = len({row.issue for row in rows}) < len({row.seed for row in rows})
    drawn = ", and seeds of one number in an order drawn from them" if is_shared else ""
    words.reasons.append(f"in the order of the column issue{drawn}")
    _say_gaps([row.issue or 0 for row in ordered], words)
    if _is_sorted([row.value for row in ordered if row.value is not None]):
        words.flags.append(
            "the values lie in the order of their issue numbers; if they were numbered after sorting, leave the column "
            "issue out"
        )
    return ordered


def _by_seeds(rows: Sequence[Row], has_blocks: bool, words: _Words) -> list[Row]:
    """Block after block by their names, where there are any; of a seed, the order of the table says nothing either."""
    is_numbered = all(row.block.isdecimal() for row in rows)
    within_block = _places(rows)

    def place(row: Row) -> tuple[int | str, tuple[bytes, ...]]:
        block = (int(row.block) if is_numbered else row.block) if has_blocks else 0
        return block, within_block(row)

    within = "blocks by their names, and within each " if has_blocks else ""
    _say_drawn(words, within=within)
    return sorted(rows, key=place)


def _say_drawn(words: _Words, *, within: str) -> None:
    words.reasons.append(f"no column issue: {within}in an order drawn from the seeds, never from the values")


def _places(rows: Sequence[Row]) -> Callable[[Row], tuple[bytes, ...]]:
    """The place of each row in an order that nobody could choose: of its seed, then of its design, then its own."""
    times = Counter(row.seed for row in rows)

    def place(row: Row) -> tuple[bytes, ...]:
        if times[row.seed] == 1:
            return (_drawn(row.seed),)
        return _drawn(row.seed), _drawn(f"{row.design} {row.seed}"), _drawn(repr(replace(row, place=0)))

    return place


def _drawn(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _is_sorted(values: Sequence[float]) -> bool:
    """Do they lie in the order of their size, though chance has far more orders for them?"""
    rising = all(one <= other for one, other in pairwise(values))
    if not rising and not all(one >= other for one, other in pairwise(values)):
        return False
    equal = sum(math.lgamma(times + 1) for times in Counter(values).values())
    return math.lgamma(len(values) + 1) - equal > math.log(2 * _SELDOM)


def _say_gaps(issues: Sequence[int], words: _Words) -> None:
    if not issues:
        return
    absent = issues[-1] - issues[0] + 1 - len(set(issues))
    if absent:
        words.flags.append(
            f"{absent} issue numbers between {issues[0]} and {issues[-1]} are not in the table; those that were issued "
            "for this question need a row each, with an empty value"
        )


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
        and other.design == (one := first[other.seed]).design
        and not (is_issued and one.issue != other.issue)
        and ((one.value is None) != (other.value is None) or _agreement(one.value, other.value) is Likeness.DIVERGENT)
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
        one.design == other.design and _agreement(one.value, other.value) is not Likeness.DIVERGENT
        for one, other in pairwise(rows)
    )


def _is_before(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one < other


def _settled(row: Row, torn: Collection[str], tried_again: Collection[str]) -> Row:
    if row.seed in torn:
        return replace(row, value=None, outcome=Outcome.OK, why_missing=_TORN)
    if row.seed in tried_again:
        return replace(row, value=None, outcome=Outcome.FAILED, why_missing=_FAILED_FIRST)
    return row


def _compared(
    first: Mapping[str, Row], again: Sequence[Row], torn: Collection[str], words: _Words
) -> tuple[Agreements, ...]:
    """Do the rows of one seed agree? Only another host shows anything by agreeing; whoever disagrees does."""
    pairs = [(first[row.seed], row) for row in again]
    same = [(one, other) for one, other in pairs if one.design == other.design]
    found = [(one, other, _agreement(one.value, other.value)) for one, other in same]
    differing = {other.seed for _, other, how in found if how is Likeness.DIVERGENT}
    if again:
        words.reasons.append(f"{len(again)} further rows of the same seeds are left out: a seed counts once")
    if len(same) < len(pairs):
        words.reasons.append(
            f"{len(pairs) - len(same)} of them are of other designs; seeds of their own would make them count"
        )
    _name_seeds(differing.difference(torn), "rows with different values, and the first counts", words)
    _name_seeds(torn, "rows that say different things, and nothing tells which came first, so no value", words)
    return _by_platforms(found)


def _name_seeds(seeds: Collection[str], what: str, words: _Words) -> None:
    if seeds:
        shown = ", ".join(sorted(seeds)[:3]) + (", …" if len(seeds) > 3 else "")
        words.flags.append(f"{counted(len(seeds), 'seed')} {'has' if len(seeds) == 1 else 'have'} {what}: {shown}")


def _by_platforms(found: Sequence[tuple[Row, Row, Likeness | None]]) -> tuple[Agreements, ...]:
    """How many seeds agree between each two platforms; a seed as badly as the worst of its rows."""
    worst: dict[tuple[str, str], dict[str, Likeness]] = {}
    for one, other, how in found:
        is_elsewhere = bool(one.host and other.host and one.host != other.host)
        if how is Likeness.DIVERGENT or (how is not None and is_elsewhere):
            low, high = sorted((one.platform or UNKNOWN_PLATFORM, other.platform or UNKNOWN_PLATFORM))
            seeds = worst.setdefault((low, high), {})
            seeds[other.seed] = max(how, seeds.get(other.seed, how))
    return tuple(_counted(pair, list(seeds.values())) for pair, seeds in sorted(worst.items()))


def _counted(pair: tuple[str, str], found: Sequence[Likeness]) -> Agreements:
    """A table has no first values that could show a difference to be chaos, so every one is a disagreement."""
    exact, close, divergent = (found.count(how) for how in Likeness)
    return Agreements(platforms=pair, exact=exact, close=close, divergent=divergent, disputed=divergent)


def _agreement(one: float | None, other: float | None) -> Likeness | None:
    if one is None or other is None:
        return None
    if one == other:
        return Likeness.EXACT
    return Likeness.CLOSE if math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_TINY) else Likeness.DIVERGENT


def _closed(rows: Sequence[Row], given: frozenset[str], words: _Words) -> tuple[list[Row], tuple[int, ...]]:
    """The rows that may enter evidence: whatever comes before the first that is still out, in whole blocks.

    In an order that was drawn nothing comes after anything: whoever is still out is missing, at its worst.
    """
    if "block" in given:
        return _in_blocks(rows, words)
    out = sum(row.is_out for row in rows)
    if not out:
        return list(rows), ()
    if "issue" not in given:
        _say_out(out, words)
        return list(rows), ()
    closed = list(takewhile(lambda row: not row.is_out, rows))
    waiting = counted(len(rows) - len(closed), "seed")
    words.reasons.append(
        f"{waiting} left to wait: {rows[len(closed)].seed} is out, and what comes after it counts when it is back"
    )
    return closed, ()


def _say_out(out: int, words: _Words) -> None:
    if out:
        words.reasons.append(
            f"{counted(out, 'seed')} still out, counted as missing; with a column issue what is out can wait"
        )


def _in_blocks(rows: Sequence[Row], words: _Words) -> tuple[list[Row], tuple[int, ...]]:
    blocks: dict[str, list[Row]] = {}
    for row in rows:
        blocks.setdefault(row.block, []).append(row)
    size = max((len(members) for members in blocks.values()), default=0)
    closed: list[Row] = []
    ends: list[int] = []
    for name, members in blocks.items():
        if why := _open(members, size):
            words.reasons.append(
                f"{len(blocks) - len(ends)} of {len(blocks)} blocks wait: block {name} is not closed ({why}); a seed "
                "of which nothing will come needs a row with an empty value"
            )
            break
        closed += members
        ends.append(len(closed))
    return closed, tuple(ends)


def _open(members: Sequence[Row], size: int) -> str:
    """Why a block is not closed; empty when it is."""
    if out := sum(row.is_out for row in members):
        return f"{out} of its seeds are still out"
    return f"it has {len(members)} seeds, and the largest {size}" if len(members) < size else ""


def _homes(
    rows: Sequence[Row], given: frozenset[str], words: _Words
) -> tuple[dict[int, Home], dict[str, int], dict[tuple[str, int], str]]:
    """Numbers for the names of hosts and volunteers, in the order of the names."""
    if "host" not in given:
        words.reasons.append("no column host: nobody knows how many computers agree, so the grade stops at Moderate")
        return {}, {}, {}
    whose = {row.host: row for row in rows if row.host}
    theirs = {row.volunteer for row in whose.values()}
    if "volunteer" not in given or "" in theirs:
        why = "some hosts have no volunteer" if "volunteer" in given else "no column volunteer"
        words.reasons.append(f"{why}: all hosts are taken to be one volunteer's")
        theirs = {""}
    hosts = {name: number for number, name in enumerate(sorted(whose), start=1)}
    volunteers = {name: number for number, name in enumerate(sorted(theirs), start=1)}
    homes = {
        number: Home(
            host_id=number,
            volunteer_id=volunteers.get(whose[name].volunteer, 1),
            platform=whose[name].platform or UNKNOWN_PLATFORM,
        )
        for name, number in hosts.items()
    }
    names = {("host", number): name for name, number in hosts.items()}
    return homes, hosts, names | {("volunteer", number): name for name, number in volunteers.items() if name}
