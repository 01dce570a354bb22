"""The whole command that would weigh a table, made from its own columns and words: what an error tells to write."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any

from axiom_weigh.errors import TableUnreadable
from axiom_weigh.grouping import group_pairs
from axiom_weigh.tables.parse_cell import ABSENT, label_of, number_text, parsed_number, real_number, says_an_end
from axiom_weigh.tables.read_sheet import KNOWN, Sheet
from axiom_weigh.tables.usual_column_names import ALSO_SEEDS, ARMS, BOOKKEEPING, DESIGNS, LESS_LIKELY, MEASURES, SEEDS

_PEEKED, _LOOKED_AT = 1_000, 10_000  # rows of a table that is weighed, and of one that is refused
_MOST_ARMS = 12
_FOUND = ("seed", "params.seed", "config.seed")  # without --seed
_SETTINGS = ("params.", "config.")
_GROUPS = re.compile(r"(?:metrics|summary)\.", re.IGNORECASE)
_OURS = re.compile(r"ours?|proposed|new|mine|treat|neu|nouveau", re.IGNORECASE)
_BASE = re.compile(r"bas[ei]|control|vanilla|default|reference|plain|old|none|standard|placebo|\balt\b", re.IGNORECASE)
_OF_PYTHON = ("the table", "two arms")


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What the first rows say of a column."""

    name: str
    cells: Sequence[Any]

    @cached_property
    def labels(self) -> list[str]:
        return [_word(cell) for cell in self.cells]

    @cached_property
    def words(self) -> list[str]:
        return [word for word in dict.fromkeys(self.labels) if word.casefold() not in ABSENT]

    @cached_property
    def numbers(self) -> list[float] | None:
        """None: something in it is no number."""
        return _numbers(self.cells)

    @property
    def is_setting(self) -> bool:
        return self.name.lower().startswith(_SETTINGS)

    @property
    def is_other(self) -> bool:
        """Is it known what it is, and neither seed nor value nor arm?"""
        return self.name.lower() in KNOWN or bool(BOOKKEEPING.fullmatch(self.name))

    @property
    def is_measure(self) -> bool:
        return bool(_GROUPS.match(self.name) or MEASURES.search(self.name))

    @property
    def is_called_seed(self) -> bool:
        return bool(SEEDS.search(self.name) or ALSO_SEEDS.fullmatch(self.name))

    @property
    def is_fractional(self) -> bool:
        return any(number != int(number) for number in self.numbers or () if abs(number) < 1e15)


def peek_rows(sheet: Sheet) -> tuple[Sheet, list[Sequence[Any]]]:
    """The first rows, and a sheet that still has them."""
    rows = list(islice(sheet.rows, _PEEKED))
    return replace(sheet, rows=chain(rows, sheet.rows)), [cells for _, cells in rows]


def whole_command(sheet: Sheet, rows: Sequence[Sequence[Any]] | None = None, *, by: str | None = None) -> str:
    """The command, or in Python the call, that compares the arms of this table; empty where it has no numbers.

    It stands in backticks, and what has to be known of it comes behind. Without rows the sheet's own are read, so that
    nothing is left of it. `by` is where the arms stand, if it is known.
    """
    if rows is None:
        try:
            rows = [cells for _, cells in islice(sheet.rows, _LOOKED_AT)]
        except TableUnreadable:
            return ""
    columns = _columns(sheet, rows)
    arms, seeds = _arms_and_seeds(columns, by)
    design = _design(columns, arms, seeds)
    values = [
        column
        for column in columns
        if column.numbers
        and column not in (seeds, arms, design)
        and not column.is_setting
        and (column.name == "value" or not column.is_other)
    ]
    if not values or (seeds is None and arms is None):
        return ""
    measures = [column for column in values if column.is_measure]
    value = _best(
        values,
        lambda column: _GROUPS.match(column.name),
        lambda column: MEASURES.search(column.name),
        lambda column: not LESS_LIKELY[0].search(column.name),
        lambda column: not LESS_LIKELY[1].search(column.name),
        lambda column: column.is_fractional,
    )
    claims = [value.name]
    if arms is not None and not measures:  # such as a column for each game, of which each is a claim of its own
        claims = [
            column.name for column in values if _varies_within(arms, column) and (seeds or column.is_fractional)
        ] or claims
    of_seed = {"seed": seeds.name} if seeds is not None and seeds.name.lower() not in _FOUND else {}
    if arms is None and not measures and len(values) > 1:
        return _written(sheet, {**of_seed, "of": _in_order([column.name for column in values])})
    words = {**({"value": claims} if value.name != "value" else {}), **of_seed}
    if arms is None:
        return f"{_written(sheet, {**words, 'estimand': 'level', 'null': 'M'})}, where M is what would be no effect"
    pair = {"pair": ["seed", design.name]} if design is not None else {}
    command = _written(sheet, {**words, **pair, "by": arms.name, "of": _in_order(arms.words)})
    others = ", ".join(column.name for column in measures if column is not value)
    scale = f"; values of each {design.name} need one scale, such as shares of a known score" if design else ""
    return f"{command}{f' (other values: {others})' if others else ''}{scale}{_say_pairing(arms, seeds)}"


def arms_beside(sheet: Sheet, rows: Sequence[Sequence[Any]], seed: int) -> str:
    """That each seed has a row for each of some arms, with the command that compares them; empty where it is not so."""
    columns = _columns(sheet, rows)
    arms = next((arms for arms in _likely_arms(columns) if _are_paired(arms, columns[seed])), None)
    if arms is None:
        return ""
    return (
        f"seeds have a row for each of {', '.join(arms.words)} in the column {arms.name}, and one value a seed is "
        f"weighed: compare them with {whole_command(sheet, rows)}"
    )


def likely_seed(sheet: Sheet, rows: Sequence[Sequence[Any]], by: str) -> str:
    """The name of the column by which the arms in the column `by` can be paired; empty where none is."""
    _, seeds = _arms_and_seeds(_columns(sheet, rows), by)
    return seeds.name if seeds is not None else ""


def _columns(sheet: Sheet, rows: Sequence[Sequence[Any]]) -> list[_Column]:
    cells = zip(*rows, strict=True)
    return [_Column(name=name, cells=column) for name, column in zip(sheet.columns, cells, strict=False)]


def _numbers(cells: Sequence[Any]) -> list[float] | None:
    numbers = []
    for cell in cells:
        try:
            text = number_text(cell).replace(",", ".") if isinstance(cell, str) else ""
            number, _ = parsed_number(text, cell) if isinstance(cell, str) else real_number(cell)
        except ValueError:
            return None
        if number is not None:
            numbers.append(number)
    return numbers


def _word(cell: Any) -> str:
    try:
        return label_of(cell)
    except ValueError:
        return str(cell).strip()


def _arms_and_seeds(columns: Sequence[_Column], by: str | None) -> tuple[_Column | None, _Column | None]:
    """Which column tells the arm and which the seed: as they are called, or as their cells come together."""
    likely = _likely_arms(columns, by)
    seeds = [column for column in columns if SEEDS.search(column.name)]
    seeds = sorted(seeds, key=lambda column: column.name.lower() not in _FOUND)[:1]
    also = [column for column in columns if ALSO_SEEDS.fullmatch(column.name)]
    others = [column for column in columns if not (column.is_other or column.is_measure or column.is_fractional)]
    for arms in likely:
        for column in seeds or (*also, *sorted(others, key=lambda column: column.numbers is None)):
            if column is not arms and (_are_paired if column.is_called_seed else _are_crossed)(arms, column):
                return arms, column
    return next(iter(likely), None), next(iter(seeds if likely else (*seeds, *also)), None)


def _likely_arms(columns: Sequence[_Column], by: str | None = None) -> list[_Column]:
    """Columns of some words that come again and again, the likeliest first."""
    if by is not None:
        return [column for column in columns if column.name == by]
    likely = [
        column
        for column in columns
        if not (column.is_other or SEEDS.search(column.name))
        and (column.numbers is None or column.is_setting)
        and 2 <= len(column.words) <= min(_MOST_ARMS, len(column.cells) // 2)
        and not all(map(says_an_end, column.words))
    ]
    return sorted(likely, key=lambda column: (bool(DESIGNS.search(column.name)), not ARMS.search(column.name)))


def _are_paired(arms: _Column, seeds: _Column) -> bool:
    """Does every seed that comes again have rows of several arms?"""
    of_seed = group_pairs(zip(seeds.labels, arms.labels, strict=True))
    again = [words for words in of_seed.values() if len(words) > 1]
    return bool(again) and all(len(set(words)) > 1 for words in again)


def _are_crossed(arms: _Column, column: _Column) -> bool:
    """Does each value of this column come once with each arm, as only seeds and their like do?"""
    return (
        len(column.words) > 1
        and len(column.cells) == len(column.words) * len(set(arms.labels))  # of which one may be called none
        and _tell_rows_apart(arms, column)
    )


def _tell_rows_apart(*columns: _Column) -> bool:
    """Do no two rows agree in all of these?"""
    return len(set(zip(*(column.labels for column in columns), strict=True))) == len(columns[0].cells)


def _design(columns: Sequence[_Column], arms: _Column | None, seeds: _Column | None) -> _Column | None:
    """What else tells the runs of one arm and seed apart, such as the game."""
    if arms is None or seeds is None or _tell_rows_apart(arms, seeds):
        return None
    likely = (column for column in columns if DESIGNS.search(column.name) and not column.is_fractional)
    return next((column for column in likely if _tell_rows_apart(arms, seeds, column)), None)


def _varies_within(arms: _Column, column: _Column) -> bool:
    """Are there two numbers of one arm?"""
    return len(set(zip(arms.labels, column.labels, strict=True))) > len(arms.words)


def _say_pairing(arms: _Column, seeds: _Column | None) -> str:
    """What has to be known of the pairs, if the seeds are not called so."""
    if seeds is None:
        return (
            "; no column tells the seeds, so no runs are paired and there is no verdict: log each run's seed (as seed, "
            "params.seed or config.seed), and run every arm with the same ones"
        )
    why = f"each of its values comes once with each of {', '.join(arms.words)}"
    return "" if seeds.is_called_seed else f"; {seeds.name} is taken for the seed, since {why}"


def _best(columns: Sequence[_Column], *signs: Callable[[_Column], Any]) -> _Column:
    """The first that has the most telling of these signs."""
    return max(columns, key=lambda column: [bool(sign(column)) for sign in signs])


def _in_order(words: Sequence[str]) -> tuple[str, ...]:
    """What is called ours first, and what is called a baseline last."""
    return tuple(sorted(words, key=lambda word: bool(_BASE.search(word)) - bool(_OURS.fullmatch(word))))


def _written(sheet: Sheet, words: dict[str, Any]) -> str:
    """In backticks; a list is an option that is given several times."""
    if sheet.name in _OF_PYTHON:
        call = "weigh_all" if len(words.get("value", ())) > 1 or len(words.get("of", ())) > 2 else "weigh"
        words |= {name: tuple(word) if word[1:] else word[0] for name, word in words.items() if isinstance(word, list)}
        arguments = ", ".join(f"{name}={word!r}" for name, word in words.items()).replace("null='M'", "null=M")
        return f"`axiom_weigh.{call}({'table' if sheet.name == 'the table' else 'a, b'}, {arguments})`"
    parts = ["axiom-weigh", shlex.quote("-" if sheet.name == "standard input" else sheet.name)]
    for name, word in words.items():
        for several in word if isinstance(word, list) else [word]:
            parts += [f"--{name}", *map(shlex.quote, several if isinstance(several, tuple) else (several,))]
    return f"`{' '.join(parts)}`"
