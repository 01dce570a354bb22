"""Which rows of anybody's table count, in which order, and what are the others?

A laboratory knows the order in which its seeds were issued and which of its blocks are closed. A table only says so:
what it does not say is taken so that it cannot make an effect of nothing, and every step leaves its sentence. Seeds
count in the order in which the table names them first, so a table to which rows were added begins as it did before.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import overload

import numpy as np

from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence.platforms import UNKNOWN_PLATFORM
from axiom_weigh.evidence.weigh_claim import Home
from axiom_weigh.grouping import group_pairs
from axiom_weigh.tables.dependent_seeds import check_independence
from axiom_weigh.tables.one_law import law_by_place
from axiom_weigh.tables.rows_of_same_seed import CountNotes, count_once
from axiom_weigh.tables.run_order_column import OrderOfRuns
from axiom_weigh.tables.seed_row import PlainRows, Row, list_row_values
from axiom_weigh.tables.undeclared_numbers import Doubt
from axiom_weigh.values import EVERY_NUMBER, Agreements, Alarm, Observation

LOST = "its machine was at fault, as the table says"
_LINES = 4096  # that are written at once
_AS_THE_TABLE = "no column issue: in the order in which the table names seeds first"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderedObservations:
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
    alarms: tuple[Alarm, ...]  # of arms, and of the order in which seeds were run, nobody else knows
    doubt: Doubt | None  # why nothing is weighed
    reasons: tuple[str, ...]
    flags: tuple[str, ...]

    def digest(self, seeds: int | None = None) -> str:
        """The SHA-256 of the first so many seeds, or of all, each with its value, in the order in which they count."""
        read = hashlib.sha256()
        counting = zip(self.seeds[:seeds], self.observations[:seeds], strict=True)
        lines = (f"{seed!r} {observation.value!r}\n" for seed, observation in counting)
        while part := "".join(islice(lines, _LINES)):
            read.update(part.encode("utf-8", "surrogatepass"))
        return read.hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class TableContext:
    """What is known of a table beside its rows."""

    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()  # of the arms
    issues: Sequence[int] | None = None  # of all that was issued, where that is more than the rows
    repeated: int = 0
    agreements: tuple[Agreements, ...] = ()
    order: OrderOfRuns | None = None
    fingerprint: str = ""  # of all values; of differences that they are no computation, and their arms are looked at


_NO_CONTEXT = TableContext()


def arrange_rows(
    rows: Sequence[Row], columns: Iterable[str], context: TableContext = _NO_CONTEXT
) -> OrderedObservations:
    """Put rows into an order, count each seed once, and leave out what is not closed yet."""
    present, notes = frozenset(columns), CountNotes(reasons=list(context.reasons), flags=list(context.flags))
    if isinstance(rows, PlainRows):
        if _are_different(rows):
            return _arranged_plainly(rows, notes, context)
        rows = list(rows)
    ordered = rows_in_order(rows, present)
    _say_order(ordered, present, notes, context)
    once = count_once(ordered, notes, is_issued="issue" in present)
    closed, ends = _closed(once.rows, present, notes)
    homes, hosts, names = _homes(closed, present, notes)
    doubt, alarms = _independence(closed, notes, context, is_issued="issue" in present)
    return OrderedObservations(
        is_issued="issue" in present,
        observations=_observations(closed, hosts, context.fingerprint),
        ends=ends,
        homes=homes,
        names=names,
        seeds=tuple(row.seed for row in closed),
        agreements=(*context.agreements, *once.agreements) if homes else (),
        repeated=context.repeated + once.repeated,
        waiting=len(once.rows) - len(closed),
        alarms=(*context.alarms, *alarms),
        doubt=doubt,
        reasons=tuple(notes.reasons),
        flags=tuple(notes.flags),
    )


def _observations(rows: Iterable[Row], hosts: Mapping[str, int], fingerprint: str) -> tuple[Observation, ...]:
    first: dict[str, int] = {}
    return tuple([_observation(number, row, hosts, first, fingerprint) for number, row in enumerate(rows)])


def _observation(
    number: int, row: Row, hosts: Mapping[str, int], first: dict[str, int], fingerprint: str
) -> Observation:
    """One row; where one of its arms has the number of an earlier one, it says so. First: who had such a number."""
    before = [(first[shared], shared) for shared in row.shared if first.setdefault(shared, number) != number]
    return Observation(
        replicate=number,
        value=row.value,
        hosts=tuple(hosts[name] for name in row.hosts if name in hosts),
        why_missing=LOST if row.is_lost and row.value is None else row.why_missing,
        outcome=row.outcome,
        design=row.design,
        fingerprint=fingerprint,
        repeats=f"{EVERY_NUMBER} of replicate {before[0][0]} in {before[0][1]}" if before else "",
    )


def _are_different(rows: PlainRows) -> bool:
    """Has each row a seed of its own? Of a million, numbers that stand for them are compared; two seldom share one."""
    if not rows.others:
        return len(np.unique(np.frombuffer(rows.seeds, dtype=np.int64))) == len(rows)
    seeds = np.fromiter((hash(rows.seed(at)) for at in range(len(rows))), dtype=np.int64, count=len(rows))
    return len(np.unique(seeds)) == len(rows)


def _arranged_plainly(rows: PlainRows, notes: CountNotes, context: TableContext) -> OrderedObservations:
    """The same as of any rows, without an object for each: every seed has one row, and nothing else is known."""
    notes.reasons.append(_AS_THE_TABLE)
    _say_out(sum(row.is_out for row in rows.others.values()), notes)
    homes, hosts, names = _homes((), frozenset(), notes)
    doubt, alarms = _independence(rows, notes, context, is_issued=False)
    values, others = rows.values, rows.others
    first: dict[str, int] = {}
    return OrderedObservations(
        is_issued=False,
        observations=tuple(
            [
                _observation(number, others[number], hosts, first, context.fingerprint)
                if number in others
                else Observation(replicate=number, value=value, fingerprint=context.fingerprint)
                for number, value in enumerate(values)
            ]
        ),
        ends=(),
        homes=homes,
        names=names,
        seeds=_LazySeeds(rows),
        agreements=(),
        repeated=context.repeated,
        waiting=0,
        alarms=(*context.alarms, *alarms),
        doubt=doubt,
        reasons=tuple(notes.reasons),
        flags=tuple(notes.flags),
    )


class _LazySeeds(Sequence[str]):
    """The seeds of rows, written when somebody asks for one."""

    def __init__(self, rows: PlainRows) -> None:
        self._seeds, self._others = rows.seeds, rows.others  # the values of a million rows are let go

    def __len__(self) -> int:
        return len(self._seeds)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self._seed(number) for number in range(*at.indices(len(self)))]
        return self._seed(range(len(self))[at])

    def _seed(self, number: int) -> str:
        return self._others[number].seed if number in self._others else str(self._seeds[number])


def rows_in_order(rows: Sequence[Row], columns: Collection[str]) -> list[Row]:
    """By issue number, or as the table has them; of a seed with several designs first the one that is first by name.

    Which design counts would else be up to whoever sorts a table by its values.
    """
    is_issued, first = "issue" in columns, dict[str, int]()
    for row in rows:
        first.setdefault(row.seed, len(first))
    return sorted(rows, key=lambda row: (row.issue or 0 if is_issued else 0, first[row.seed], row.design))


def _say_order(ordered: Sequence[Row], columns: frozenset[str], notes: CountNotes, context: TableContext) -> None:
    if "issue" not in columns:
        notes.reasons.append(_AS_THE_TABLE)
        return
    is_shared = len({row.issue for row in ordered}) < len({row.seed for row in ordered})
    notes.reasons.append(
        f"in the order of the column issue{', and seeds of one number as the table has them' * is_shared}"
    )
    _say_gaps([row.issue or 0 for row in ordered] if context.issues is None else sorted(context.issues), notes)


def _say_gaps(issues: Sequence[int], notes: CountNotes) -> None:
    if not issues:
        return
    absent = issues[-1] - issues[0] + 1 - len(set(issues))
    if absent:
        notes.flags.append(
            f"{absent} issue numbers between {issues[0]} and {issues[-1]} are not in the table; those that were issued "
            "for this question need a row each, with an empty value"
        )


def _closed(rows: Sequence[Row], columns: frozenset[str], notes: CountNotes) -> tuple[list[Row], tuple[int, ...]]:
    """The rows that may enter evidence: whatever comes before the first that is still out, in whole blocks.

    Without issue numbers nobody knows what was started after it: whoever is still out is missing, at its worst.
    """
    if "block" in columns:
        return _in_blocks(rows, notes)
    out = sum(row.is_out for row in rows)
    if not out:
        return list(rows), ()
    if "issue" not in columns:
        _say_out(out, notes)
        return list(rows), ()
    closed = list(takewhile(lambda row: not row.is_out, rows))
    waiting = tell_amount(len(rows) - len(closed), "seed")
    notes.reasons.append(
        f"{waiting} left to wait: {rows[len(closed)].seed} is out, and what comes after it counts when it is back"
    )
    return closed, ()


def _say_out(out: int, notes: CountNotes) -> None:
    if out:
        notes.reasons.append(
            f"{tell_amount(out, 'seed')} still out, counted as missing; with a column issue what is out can wait"
        )


def _in_blocks(rows: Sequence[Row], notes: CountNotes) -> tuple[list[Row], tuple[int, ...]]:
    blocks = group_pairs((row.block, row) for row in rows)
    size = max((len(members) for members in blocks.values()), default=0)
    closed: list[Row] = []
    ends: list[int] = []
    for name, members in blocks.items():
        if why := _open(members, size):
            notes.reasons.append(
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


def _independence(
    rows: Sequence[Row], notes: CountNotes, context: TableContext, *, is_issued: bool
) -> tuple[Doubt | None, tuple[Alarm, ...]]:
    """What the order in which values count shows, and that in which they were run, where a column tells."""
    values = [value for _, value, _ in list_row_values(rows) if value is not None]
    by_moment = context.order.ordered(list_row_values(rows)) if context.order is not None and not is_issued else []
    words, alarms, doubt = check_independence("issue" if is_issued else "", values)
    if context.order is not None and by_moment:
        words, alarms, doubt_of_runs = check_independence(context.order.column, by_moment)
        doubt = doubt or doubt_of_runs
    notes.reasons.append(words)
    is_plain = isinstance(rows, PlainRows)  # of no design
    designs = [""] * len(values) if is_plain else [row.design for row in rows if row.value is not None]
    return doubt or law_by_place(values, designs), alarms


def _homes(
    rows: Sequence[Row], columns: frozenset[str], notes: CountNotes
) -> tuple[dict[int, Home], dict[str, int], dict[tuple[str, int], str]]:
    """Numbers for the names of hosts and volunteers, in the order of the names."""
    if "host" not in columns:
        notes.reasons.append(
            "no column host: nobody knows how many computers agree, so the grade stops at Moderate; name the hosts, or "
            "the batches, as host, and it is looked at whether seeds of one are alike"
        )
        return {}, {}, {}
    whose = {arm.host: arm for row in rows for arm in row.arms or (row,) if arm.host}
    theirs = {row.volunteer for row in whose.values()}
    if "volunteer" not in columns or "" in theirs:
        why = "some hosts have no volunteer" if "volunteer" in columns else "no column volunteer"
        notes.reasons.append(f"{why}: all hosts are taken to be one volunteer's")
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
