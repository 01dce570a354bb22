"""One arm minus the other in each seed, from a row for each run or from a column for each arm.

A seed of which an arm is missing stays, without a value: the run may have died because of what it would have shown.
"""

import difflib
import struct
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from axiom_weigh.amounts import tell_amount
from axiom_weigh.errors import TableUnreadable, WrongUse
from axiom_weigh.tables.arrange_rows import TableContext, rows_in_order
from axiom_weigh.tables.copies_in_arms import copies_in_arms
from axiom_weigh.tables.find_columns import Columns, NamedColumns, columns_of, tell_names
from axiom_weigh.tables.parse_cell import ABSENT, BEYOND, NO_VALUE, join_parts, label_of
from axiom_weigh.tables.read_sheet import Sheet
from axiom_weigh.tables.rows_from_sheet import PLAIN_COLUMNS, Reader, Rows, counted_rows
from axiom_weigh.tables.rows_of_same_seed import CountedRows, CountNotes, count_once
from axiom_weigh.tables.seed_row import PlainRows, Row
from axiom_weigh.tables.suggested_command import likely_seed, peek_rows, whole_command
from axiom_weigh.values import COARSE, Outcome

_LARGEST_SINGLE = 3e38
_SINGLE_DIGITS, _CASES = 6, 1000  # of a decimal, and test cases of a share, that single precision still tells apart
_MOST_CASES = 10_000  # the same of double precision
_SHORT = 10  # characters of a decimal
_PER_CENT, _LEAST_PER_CENT = 100.0, 10.0  # a share of 1, and what is less than that is seldom an accuracy
_WORST = (None, Outcome.FAILED, Outcome.DIVERGED, Outcome.LATE, Outcome.OK)


@dataclass(kw_only=True)
class _Runs:
    """The rows of both arms, by their seed and design, and what is known of the rows of other arms."""

    arms: tuple[str, str]
    pairs: dict[tuple[str, str], tuple[list[Row], list[Row]]] = field(default_factory=dict)
    issues: list[int] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)  # rows of arms that are not compared
    seeds_of_others: set[str] = field(default_factory=set)

    def add(self, arm: int, row: Row) -> None:
        """Take a row of one of the two arms."""
        self.pairs.setdefault((row.seed, row.design), ([], []))[arm].append(row)


def differences_of(sheet: Sheet, named: NamedColumns) -> Rows:
    """A row for each pair. TableUnreadable says which cell cannot be read, WrongUse which word is missing."""
    columns = columns_of(sheet, named)
    sheet, first = peek_rows(sheet)
    read = Reader(sheet, columns)
    if columns.by is None:
        runs = _side_by_side(sheet, columns, read)
    elif named.of is None:
        raise _ask_for_arms(sheet, columns.by, read)
    else:
        runs = _one_below_the_other(sheet, columns.by, named.of, read)
    unpaired = _unpaired(sheet, columns, runs, is_asked=bool(named.pair))
    notes = CountNotes(reasons=[] if unpaired else [_meaning(sheet, columns, runs)])
    if columns.by is not None and not columns.seeds and (seed := likely_seed(sheet, first, sheet.columns[columns.by])):
        notes.flags.append(f"no runs are paired, though the column {seed} looks like their seed: add --seed {seed}")
    _say_others(runs, notes)
    settled, once = _settled(runs, columns, notes)
    values: tuple[array[float], array[float]] = array("d"), array("d")
    rows: PlainRows | list[Row] = PlainRows() if columns.by_name.keys() <= PLAIN_COLUMNS else []
    add = rows.append if isinstance(rows, list) else rows.add
    shared = copies_in_arms(settled, runs.arms, notes, are_paired=not unpaired)
    seen: set[str] = set()
    for (seed, design), arms in settled.items():
        words = shared.get((seed, design), ())
        add(_difference(seed, design, arms, runs.arms, words))
        is_copy = unpaired and not seen.isdisjoint(words)
        seen.update(words)
        numbers = [None if arm is None else arm.value for arm in arms]
        for place, number in enumerate(numbers):
            if number is not None and not is_copy and (unpaired or None not in numbers):
                values[place].append(number)
    if mixed := _shares_beside_per_cent(values):
        notes.flags.append(mixed)
    context = TableContext(
        reasons=tuple(notes.reasons),
        flags=tuple(notes.flags),
        alarms=tuple(notes.alarms),
        issues=runs.issues if "issue" in columns.by_name else None,
        repeated=once.repeated,
        agreements=once.agreements,
        fingerprint=COARSE,
    )
    name = f"{sheet.name}, {runs.arms[0]} minus {runs.arms[1]}"
    gone = sum(not _has_value([arm for arm in arms if arm is not None]) for arms in settled.values()) if unpaired else 0
    return replace(read.whole(rows, context), name=name, arms=values, unpaired=unpaired, gone=gone)


def _side_by_side(sheet: Sheet, columns: Columns, read: Reader) -> _Runs:
    ours, base = (sheet.columns[place] for place in columns.values)
    runs = _Runs(arms=(ours, base))
    for number, cells in read.noting(counted_rows(sheet)):
        for arm, place in enumerate(columns.values):
            runs.add(arm, read.row(number, cells, place))
        if (issue := read.issue(number, cells)) is not None:
            runs.issues.append(issue)
    return runs


def _one_below_the_other(sheet: Sheet, by: int, of: tuple[str, str], read: Reader) -> _Runs:
    """Rows of other arms are left out, and need not be readable, but that they were issued is known."""
    wanted = _wanted(of)
    runs = _Runs(arms=of)
    present = set()
    for number, cells in read.noting(counted_rows(sheet)):
        word = str(cells[by]).strip().casefold()
        label = word if word in wanted and word in ABSENT else read.label(by, number, cells)
        if label in wanted:
            present.add(label)
            row = read.row(number, cells)
            runs.add(wanted[label], row)
            issue = row.issue
        else:
            runs.others[label] += 1
            issue = _noted(runs, number, cells, read)
        if issue is not None:
            runs.issues.append(issue)
    for arm in [arm for arm, label in zip(of, wanted, strict=True) if label not in present]:
        names = {name.casefold(): name for name in (*runs.others, *present)}
        near = difflib.get_close_matches(arm.casefold(), names, 1, 0.5)
        hint = f"Did you mean {names[near[0]]}? " if near else ""
        raise TableUnreadable(
            f"{sheet.name}, column {sheet.columns[by]}: no row has {arm!r}. {hint}Nothing was weighed; there are: "
            f"{tell_names(sorted(names.values()))}."
        )
    return runs


def _wanted(of: tuple[str, str]) -> dict[str, int]:
    """Which arm a word of the table is; an arm may be called none."""
    wanted = {}
    for place, arm in enumerate(of):
        word = arm.strip().casefold()
        try:
            wanted[word if word in ABSENT else label_of(arm)] = place
        except ValueError as error:
            raise WrongUse(f"--of cannot name the arm {arm!r}: {error} Nothing was weighed.") from error
    if len(wanted) < len(of):
        raise WrongUse(f"--of names one arm twice, as {of[0]!r} and {of[1]!r}. Nothing was weighed; name two arms.")
    return wanted


def _noted(runs: _Runs, number: int, cells: Sequence[Any], read: Reader) -> int | None:
    """That this row of another arm was there, and when it was issued."""
    try:
        runs.seeds_of_others.add(read.seed(number, cells))
        return read.issue(number, cells)
    except TableUnreadable:
        return None


def _ask_for_arms(sheet: Sheet, by: int, read: Reader) -> WrongUse:
    """What is said where nobody said which arms are compared."""
    rows = list(counted_rows(sheet))
    arms = list(dict.fromkeys(read.label(by, number, cells) for number, cells in rows))
    column = sheet.columns[by]
    if len(arms) == 1:
        return WrongUse(
            f"{sheet.name}, column {column} has one arm alone, {arms[0]}. Nothing was weighed; name a column with two."
        )
    command = whole_command(sheet, [cells for _, cells in rows], by=column)
    return WrongUse(
        f"{sheet.name}, column {column}: --by says where the arms stand, and --of has to say which are compared, since "
        f"their order decides the sign. There are: {tell_names(sorted(arms))}. Nothing was weighed; name them in your "
        f"own order, or write {command}."
    )


def _unpaired(sheet: Sheet, columns: Columns, runs: _Runs, *, is_asked: bool) -> str:
    """Why nothing is paired; empty where something is. TableUnreadable, if that was asked for."""
    pairs = runs.pairs.values()
    if any(_has_value(ours) and _has_value(base) for ours, base in pairs):
        return ""
    if not all(any(_has_value(pair[arm]) for pair in pairs) for arm in (0, 1)):
        return ""  # of an arm without any value all is missing
    places = [*columns.seeds, *(place for name, place in columns.by_name.items() if name == "design")]
    paired = list(dict.fromkeys(sheet.columns[place] for place in places))
    both = f"{runs.arms[0]} and {runs.arms[1]}"
    if not is_asked:
        by = f"no {' and '.join(paired)} has" if columns.seeds else "no column names a seed, so none has"
        return f"{by} values of both {both}"
    raise TableUnreadable(
        f"{sheet.name}: nothing has values of both {both}, paired by {' and '.join(paired)}. Nothing was weighed; name "
        "with --pair the columns that are the same in both arms, such as the seed."
    )


def _has_value(rows: Sequence[Row]) -> bool:
    return any(row.value is not None for row in rows)


def _meaning(sheet: Sheet, columns: Columns, runs: _Runs) -> str:
    arms = f"{runs.arms[0]} minus {runs.arms[1]}"
    by = f" (column {sheet.columns[columns.by]})" if columns.by is not None else ""
    return f"each value is {arms}{by} of the same {' and '.join(sheet.columns[place] for place in columns.seeds)}"


def _say_others(runs: _Runs, notes: CountNotes) -> None:
    if runs.others:
        amount = tell_amount(runs.others.total(), "row")
        notes.reasons.append(f"{amount} of other arms left out: {tell_names(sorted(runs.others))}")
    if alone := sorted(runs.seeds_of_others - {seed for seed, _ in runs.pairs}):
        notes.flags.append(
            f"no row of either arm in {tell_amount(len(alone), 'seed')} that other arms have, so not counted: "
            f"{tell_names(alone)}; where an arm was started, give it a row with an empty value"
        )


def _settled(
    runs: _Runs, columns: Columns, notes: CountNotes
) -> tuple[dict[tuple[str, str], tuple[Row | None, Row | None]], CountedRows]:
    """One row for each arm of a pair, if there is any; where there are several, a seed counts once."""
    several: dict[tuple[str, str, int], str] = {}
    again = []
    for (seed, design), arms in runs.pairs.items():
        for arm, rows in enumerate(arms):
            if len(rows) > 1:
                name = join_parts([word for word in (seed, design, runs.arms[arm]) if word])
                several[seed, design, arm] = name
                again += [replace(row, seed=name) for row in rows]
    present = frozenset(columns.by_name)
    once = count_once(rows_in_order(again, present), notes, is_issued="issue" in present)
    of_name = {row.seed: row for row in once.rows}

    def row(key: tuple[str, str], arm: int) -> Row | None:
        name = several.get((*key, arm))
        if name is not None:
            return of_name[name]
        return next(iter(runs.pairs[key][arm]), None)

    return {key: (row(key, 0), row(key, 1)) for key in runs.pairs}, once


def _difference(
    seed: str,
    design: str,
    pair: tuple[Row | None, Row | None],
    names: tuple[str, str],
    shared: tuple[str, ...],
) -> Row:
    """One arm minus the other; without a value where an arm has none."""
    arms = tuple(arm for arm in pair if arm is not None)
    gone = [arm for arm in pair if arm is None or arm.value is None]
    issues = [arm.issue for arm in arms if arm.issue is not None]
    ours, base = pair
    value = None
    if ours is not None and base is not None and ours.value is not None and base.value is not None:
        value = _minus(ours.value, base.value)
    outcomes = {arm.outcome if arm is not None else None for arm in gone}
    return Row(
        place=arms[0].place,
        seed=seed,
        value=value,
        outcome=next(outcome for outcome in _WORST if outcome in (outcomes or {Outcome.OK})),
        why_missing=_why(pair, names),
        is_out=any(arm.is_out for arm in arms),
        is_lost=bool(gone) and all(arm is not None and arm.is_lost for arm in gone),
        issue=min(issues, default=None),
        block=" & ".join(dict.fromkeys(arm.block for arm in arms if arm.block)),
        design=design,
        arms=arms,
        shared=shared,
    )


def _why(pair: tuple[Row | None, Row | None], names: tuple[str, str]) -> str:
    whys = {
        name: NO_VALUE if arm is None else arm.why_missing
        for name, arm in zip(names, pair, strict=True)
        if arm is None or arm.value is None
    }
    if beyond := next((why for why in whys.values() if why in BEYOND), ""):
        return beyond  # as of a single value, for a mean is not weighed where one leaves its bounds
    if len(set(whys.values())) == 1:
        return f"{' and '.join(whys)}: {next(iter(whys.values()))}"
    return ", ".join(f"{name}: {why}" for name, why in whys.items())


def _shares_beside_per_cent(arms: Sequence[Sequence[float]]) -> str:
    """That all numbers are shares, or may be such in per cent: about a hundred times as large. Else it is empty."""
    numbers = [number for arm in arms for number in arm]
    if not numbers or not 0.0 < min(numbers) <= 1.0 < max(numbers) <= _PER_CENT:
        return ""
    (low, high), (other_low, other_high) = (
        (min(part), max(part))
        for part in ([number for number in numbers if (number <= 1.0) is is_share] for is_share in (True, False))
    )
    is_alike = other_low / 2.0 <= _PER_CENT * low <= _PER_CENT * high <= other_high * 2.0
    if other_low < _LEAST_PER_CENT or not is_alike:
        return ""
    return (
        f"some values lie from {low:.4g} to {high:.4g}, and all others from {other_low:.4g} to {other_high:.4g}: are "
        "the others in per cent? Then write all alike"
    )


def _minus(number: float, other: float) -> float:
    """The difference of two numbers as they were written: 0.9 - 0.8 is 0.1.

    Rounding would give it digits that nobody measured, and a difference of many digits that comes again looks copied.
    """
    short, other_short = repr(number), repr(other)
    if max(len(short), len(other_short)) <= _SHORT:  # almost always where numbers were rounded, and much faster
        return float(Decimal(short) - Decimal(other_short))
    return float(_as_written(number) - _as_written(other))


def _as_written(number: float) -> Fraction:
    """The decimal or share that a number was before it was rounded to binary digits."""
    if abs(number) < _LARGEST_SINGLE and _single(number) == number:
        short = f"{number:.{_SINGLE_DIGITS}g}"
        if _single(float(short)) == number:
            return Fraction(short)
        share = Fraction(number).limit_denominator(_CASES)
        if _single(float(share)) == number:
            return share
    share = Fraction(number).limit_denominator(_MOST_CASES)
    return share if float(share) == number else Fraction(repr(number))


def _single(number: float) -> float:
    single: float = struct.unpack("f", struct.pack("f", number))[0]
    return single
