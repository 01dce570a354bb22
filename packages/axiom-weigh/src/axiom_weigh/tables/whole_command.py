"""The whole command that would weigh a table, made from its own columns and words: what an error tells to write."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from axiom_weigh.errors import TableUnreadable
from axiom_weigh.tables.read_cells import ABSENT, MINUS, label_of, parsed_number, real_number, says_an_end
from axiom_weigh.tables.read_table import KNOWN, Sheet

_LOOKED_AT = 1_000  # rows
_MOST_ARMS = 12
_SEEDS = re.compile(r"seed", re.IGNORECASE)
_ALSO_SEEDS = re.compile(
    r"(?:.*[._ ])?(?:rep|repeat|replicate|repetition|trial|fold|split|run)s?(?:[_ ]?id)?", re.IGNORECASE
)
_GROUPS = re.compile(r"(?:metrics|summary)\.", re.IGNORECASE)
_MEASURES = re.compile(
    r"acc|score|rew|return|loss|err|f1|auc|auroc|bleu|rouge|ppl|perplex|precision|recall|mse|rmse|mae|r2|iou|map\b|time|"
    r"success|win|value|fid|dice|regret",
    re.IGNORECASE,
)
_ARMS = re.compile(
    r"method|model|algo|arm|optim|variant|group|condition|setting|treatment|agent|policy|system|approach|name",
    re.IGNORECASE,
)
_OURS = re.compile(r"ours?|proposed|new|mine|treat", re.IGNORECASE)
_BASE = re.compile(r"base|control|vanilla|default|reference|plain|old|none|standard|placebo", re.IGNORECASE)
_OF_PYTHON = ("the table", "two arms")


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What the first rows say of a column."""

    name: str
    cells: Sequence[Any]
    numbers: Sequence[float] | None  # None: something in it is no number

    @property
    def words(self) -> list[str]:
        return list(dict.fromkeys(_word(cell) for cell in self.cells if str(cell).strip().casefold() not in ABSENT))


def peeked(sheet: Sheet) -> tuple[Sheet, list[Sequence[Any]]]:
    """The first rows, and a sheet that still has them."""
    rows = list(islice(sheet.rows, _LOOKED_AT))
    return replace(sheet, rows=chain(rows, sheet.rows)), [cells for _, cells in rows]


def whole_command(sheet: Sheet, rows: Sequence[Sequence[Any]] | None = None, *, by: str | None = None) -> str:
    """The command, or in Python the call, that compares the arms of this table; empty where it has no numbers.

    Without rows the sheet's own are read, so that nothing is left of it. `by` is where the arms stand, if it is known.
    """
    if rows is None:
        try:
            rows = [cells for _, cells in islice(sheet.rows, _LOOKED_AT)]
        except TableUnreadable:
            return ""
    columns = [
        _Column(name=name, cells=cells, numbers=_numbers(cells))
        for name, cells in zip(sheet.columns, zip(*rows, strict=True), strict=False)
    ]
    seeds = _seeds(columns)
    arms = _arms(columns, seeds, by)
    values = [
        column
        for column in columns
        if column.numbers
        and column not in (seeds, arms)
        and (column.name == "value" or column.name.lower() not in KNOWN)
    ]
    if not values or (seeds is None and arms is None):
        return ""
    value = _best(
        values, lambda column: _GROUPS.match(column.name), lambda column: _MEASURES.search(column.name), _varies
    )
    words: dict[str, Any] = {} if value.name == "value" else {"value": value.name}
    if seeds is not None and seeds.name.lower() not in ("seed", "params.seed", "config.seed"):
        words["seed"] = seeds.name
    if arms is not None:
        return _written(sheet, {**words, "by": arms.name, "of": _in_order(arms.words)})
    wide = [column.name for column in values if not _GROUPS.match(column.name) and not _MEASURES.search(column.name)]
    if len(wide) > 1 and len(wide) == len(values):
        words.pop("value", None)
        return _written(sheet, {**words, "of": _in_order(wide)})
    return _written(sheet, {**words, "estimand": "level", "null": "M"})


def arms_beside(sheet: Sheet, rows: Sequence[Sequence[Any]], seed: int) -> str:
    """That each seed has a row for each of some arms, with the command that compares them; empty where it is not so."""
    columns = [
        _Column(name=name, cells=cells, numbers=None)
        for name, cells in zip(sheet.columns, zip(*rows, strict=True), strict=False)
    ]
    arms = _arms([*columns[:seed], *columns[seed + 1 :]], columns[seed], None) if columns else None
    if arms is None or not _are_paired(arms, columns[seed]):
        return ""
    command = whole_command(sheet, rows)
    return (
        f"seeds have a row for each of {', '.join(arms.words)} in the column {arms.name}, and one value a seed is "
        f"weighed: compare them with `{command}`"
    )


def _numbers(cells: Sequence[Any]) -> list[float] | None:
    numbers = []
    for cell in cells:
        try:
            if isinstance(cell, str):
                text = cell.strip().replace(MINUS, "-").removesuffix("%").strip().replace(",", ".")
                number, _ = parsed_number(text, cell)
            else:
                number, _ = real_number(cell)
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


def _seeds(columns: Sequence[_Column]) -> _Column | None:
    named = [column for column in columns if _SEEDS.search(column.name)]
    return next(iter([*named, *(column for column in columns if _ALSO_SEEDS.fullmatch(column.name))]), None)


def _arms(columns: Sequence[_Column], seeds: _Column | None, by: str | None) -> _Column | None:
    if by is not None:
        return next((column for column in columns if column.name == by), None)
    likely = [
        column
        for column in columns
        if column is not seeds
        and column.name.lower() not in KNOWN
        and (column.numbers is None or column.name.lower().startswith(("params.", "config.")))
        and 2 <= len(column.words) <= min(_MOST_ARMS, len(column.cells) // 2)
        and not all(map(says_an_end, column.words))
    ]
    paired = [column for column in likely if seeds is not None and _are_paired(column, seeds)]
    return _best(paired or likely, lambda column: _ARMS.search(column.name)) if likely else None


def _are_paired(arms: _Column, seeds: _Column) -> bool:
    """Does every seed that comes again have rows of several arms?"""
    of_seed: dict[str, list[str]] = {}
    for seed, arm in zip(seeds.cells, arms.cells, strict=True):
        of_seed.setdefault(_word(seed), []).append(_word(arm))
    again = [words for words in of_seed.values() if len(words) > 1]
    return bool(again) and all(len(set(words)) > 1 for words in again)


def _varies(column: _Column) -> bool:
    return any(number != int(number) for number in column.numbers or () if abs(number) < 1e15)


def _best(columns: Sequence[_Column], *signs: Callable[[_Column], Any]) -> _Column:
    """The first that has the most telling of these signs."""
    for sign in signs:
        if likely := [column for column in columns if sign(column)]:
            return likely[0]
    return columns[0]


def _in_order(words: Sequence[str]) -> tuple[str, ...]:
    """What is called ours first, and what is called a baseline last."""
    return tuple(sorted(words, key=lambda word: bool(_BASE.search(word)) - bool(_OURS.fullmatch(word))))


def _written(sheet: Sheet, words: dict[str, Any]) -> str:
    if sheet.name in _OF_PYTHON:
        arguments = ", ".join(f"{name}={word!r}" for name, word in words.items()).replace("null='M'", "null=M")
        return f"axiom_weigh.weigh({'table' if sheet.name == 'the table' else 'a, b'}, {arguments})"
    file = "-" if sheet.name == "standard input" else sheet.name
    parts = ["axiom-weigh", shlex.quote(file)]
    for name, word in words.items():
        parts += [f"--{name}", *map(shlex.quote, word if isinstance(word, tuple) else (word,))]
    return " ".join(parts)
