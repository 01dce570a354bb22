"""Which column is the seed, which the value, which the arm? As it was said, or as its name says without doubt."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from axiom_weigh.errors import TableUnreadable, WrongUse
from axiom_weigh.tables.read_sheet import KNOWN, Sheet
from axiom_weigh.tables.suggested_command import whole_command

_GROUPS = ("params.", "config.", "metrics.", "summary.", "tags.")  # as MLflow and Weights & Biases call them
_SEEDS = ("params.seed", "config.seed")
_SEED_OF_MANY = re.compile(r"seed[ _.-]*\d+", re.IGNORECASE)
_STATES = ("status", "state")  # how a run ended, if its words are such words
_OF_ONE_RUN = (  # of which programs, for what they have a row, and what is one number of it
    ({"wall time", "step", "value"}, "TensorBoard's export", "step", "its last value"),
    ({"r", "l", "t"}, "Stable-Baselines' monitor.csv", "episode", "the mean of its last 100 r"),
)
_DECIDE = ("seed", "value", "issue", "outcome")  # what counts, and in which order
_SHOWN_LETTERS, _SHOWN_NAMES = 300, 12


@dataclass(frozen=True, kw_only=True)
class NamedColumns:
    """What somebody said of the columns, and which two arms are compared."""

    value: str | None = None
    seed: str | None = None
    by: str | None = None
    of: tuple[str, str] | None = None
    pair: tuple[str, ...] = ()

    @property
    def are_pairs(self) -> bool:
        """Is a value the difference of two arms?"""
        return self.by is not None or self.of is not None

    @property
    def are_said(self) -> bool:
        """Was any column named?"""
        return self != NOTHING_NAMED


NOTHING_NAMED = NamedColumns()


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where everything stands in a row."""

    by_name: Mapping[str, int]  # what is read under the name that we have for it
    seeds: tuple[int, ...]  # of pairs several together may be one; none of arms that nothing pairs
    seeds_proper: frozenset[int]  # those that hold seeds, and no other name of a pair
    values: tuple[int, ...]  # the value; in a table with a column for each arm one of each
    by: int | None  # which tells the arm
    states: tuple[int, ...]  # how a run ended, if its words are such words
    taken: Mapping[str, str]  # for what a column of another name was taken
    unused: tuple[str, ...]


def columns_of(sheet: Sheet, named: NamedColumns) -> Columns:
    """Where everything stands. TableUnreadable says what is not there, and the nearest name."""
    _demand_words(named)
    find = _Finder(sheet)
    by = find.named(named.by, "--by") if named.by is not None else None
    values = _values(find, named)
    seeds = _seeds(find, named)
    chosen = {*values, *seeds, *([] if by is None else [by])}
    by_name = {
        name: place
        for name in KNOWN
        if name not in ("seed", "value") and (place := find.exact(name)) is not None and (place not in {*values, by})
    }
    proper = frozenset(place for place in seeds if _is_seed(sheet.columns[place], named))
    beside = [place for place in seeds if place not in proper]
    if proper and len(beside) == 1:
        by_name.setdefault("design", beside[0])  # values of one seed in several games are not of one law
    states = () if "outcome" in by_name else tuple(place for name in _STATES for place in find.alike(name))
    states = tuple(place for place in states if place not in chosen)
    used = {*chosen, *by_name.values(), *states}
    _refuse_near_misses(sheet, named, used, by_name)
    _demand_seed_and_value(sheet, named, seeds=seeds, values=values)
    taken = {
        "the seed": seeds,
        "the value": () if named.are_pairs and by is None else values,
        "the design": tuple(place for name, place in by_name.items() if name == "design"),
    }
    return Columns(
        by_name=by_name,
        seeds=seeds,
        seeds_proper=proper,
        values=values,
        by=by,
        states=states,
        taken={
            role: sheet.columns[places[0]]
            for role, places in taken.items()
            if len(places) == 1 and f"the {sheet.columns[places[0]].lower()}" != role
        },
        unused=tuple(name for place, name in enumerate(sheet.columns) if place not in used),
    )


def tell_names(names: Iterable[str]) -> str:
    """Some names of many."""
    listed = [name or "(no name)" for name in names]
    text = ", ".join(listed[:_SHOWN_NAMES])
    more = f" and {len(listed) - _SHOWN_NAMES} more" if len(listed) > _SHOWN_NAMES else ""
    return (text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…") + more


def _demand_words(named: NamedColumns) -> None:
    """WrongUse says which words do not go together."""
    if named.of is not None and named.of[0] == named.of[1]:
        raise WrongUse(f"--of names {named.of[0]!r} twice. Nothing was weighed; name two different arms.")
    if named.of is not None and named.by is None and named.value is not None:
        raise WrongUse(
            "--of without --by names two columns of numbers, and --value names a third. Nothing was weighed; leave "
            "--value out, or say with --by in which column the arms stand."
        )
    if named.pair and not named.are_pairs:
        raise WrongUse(
            "--pair says which rows of two arms belong together, and no arms are named. Nothing was weighed; name them "
            "with --by and --of, or name the column of the seeds with --seed."
        )
    if named.pair and named.seed is not None and not {"seed", named.seed} & set(named.pair):
        raise WrongUse(
            f"--seed names the column {named.seed!r}, by which --pair does not pair. Nothing was weighed; add --pair "
            "seed, or leave --seed out."
        )


class _Finder:
    """Looks for columns by their names."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def named(self, name: str, option: str) -> int:
        """The column that somebody named: as it is written, in other capitals, or in a group such as `metrics.`."""
        wanted = name.strip().lower()
        for places in (
            [place for place, column in enumerate(self._sheet.columns) if column == name.strip()],
            self.alike(wanted),
            [place for group in _GROUPS for place in self.alike(f"{group}{wanted}")],
        ):
            if places:
                return self._only(places, option)
        instead = "; if it is a word in a column, name that column with --by" if option == "--of" else ""
        raise TableUnreadable(
            f"{self._sheet.name} has no column {name!r}, which {option} names. {self._near(wanted)}Nothing was "
            f"weighed; it has: {tell_names(self._sheet.columns)}{instead}."
        )

    def exact(self, name: str) -> int | None:
        """The column of exactly this name, in whichever capitals."""
        places = self.alike(name)
        return self._only(places, f"--{name}" if name in ("seed", "value") else "") if places else None

    def seed(self) -> int | None:
        """The column of the seeds, if there is one without doubt."""
        place = self.exact("seed")
        if place is None and (places := [place for name in _SEEDS for place in self.alike(name)]):
            return self._only(places, "--seed")
        return place

    def alike(self, name: str) -> list[int]:
        """Where names stand that differ from this one in capitals at most."""
        return [place for place, column in enumerate(self._sheet.columns) if column.lower() == name]

    def _only(self, places: Sequence[int], option: str) -> int:
        if len(places) == 1:
            return places[0]
        column, other = (self._sheet.columns[place] for place in places[:2])
        if column.lower() != other.lower():
            instead = f"write the one that is meant with {option}"
        else:
            instead = "which of them is meant? Rename the other"
        what = (
            f"the column {column.lower()!r} twice" if column.lower() == other.lower() else f"{column!r} and {other!r}"
        )
        raise TableUnreadable(f"{self._sheet.name} has {what}. Nothing was weighed; {instead}.")

    def _near(self, wanted: str) -> str:
        names: dict[str, str] = {}
        for column in self._sheet.columns:
            group = next((group for group in _GROUPS if column.lower().startswith(group)), "")
            names |= {column.lower(): column, column.lower()[len(group) :]: column}
        near = difflib.get_close_matches(wanted, names, 1, 0.5)
        return f"Did you mean {names[near[0]]}? " if near else ""


def _values(find: _Finder, named: NamedColumns) -> tuple[int, ...]:
    if named.of is not None and named.by is None:
        column, other = (find.named(arm, "--of") for arm in named.of)
        if column == other:
            raise WrongUse("--of names one column twice. Nothing was weighed; name the columns of two arms.")
        return column, other
    place = find.exact("value") if named.value is None else find.named(named.value, "--value")
    return () if place is None else (place,)


def _seeds(find: _Finder, named: NamedColumns) -> tuple[int, ...]:
    """Of a pair the columns that are the same in both arms; none where there is no seed."""
    places = []
    for name in named.pair or ("seed",):
        if name.strip().lower() != "seed":
            places.append(find.named(name, "--pair"))
        elif named.seed is not None:
            places.append(find.named(named.seed, "--seed"))
        elif (place := find.seed()) is not None:
            places.append(place)
        else:
            return ()
    return tuple(dict.fromkeys(places))


def _is_seed(column: str, named: NamedColumns) -> bool:
    """Does the column hold seeds, rather than something else by which arms are paired?"""
    return not named.pair or column.lower().split(".")[-1] == "seed" or column == named.seed


def _refuse_near_misses(sheet: Sheet, named: NamedColumns, used: set[int], by_name: Mapping[str, int]) -> None:
    """No column that is not looked at is written almost as one of ours."""
    done = {*by_name, *(sheet.columns[place].lower() for place in used)}
    if named.value is not None or (named.are_pairs and named.by is None):
        done.add("value")
    if named.seed is not None or named.pair:
        done.add("seed")
    names = [name for name in (_DECIDE if named.are_said else KNOWN) if name not in done]
    numbered = [name for name in sheet.columns if _SEED_OF_MANY.fullmatch(name)]
    if "seed" in names and len(numbered) > 1:
        raise TableUnreadable(
            f"{sheet.name} has a column for each seed: {tell_names(numbered)}. Nothing was weighed; turn the table, so "
            "that it has a row for each seed and a column for each arm."
        )
    for place, name in enumerate(sheet.columns):
        near = difflib.get_close_matches(name.lower(), names, 1, 0.8) if place not in used else []
        if near:
            raise TableUnreadable(
                f"{sheet.name} has the column {name!r}. Did you mean {near[0]}? Nothing was weighed; rename it, or "
                f"give it another name if it is something else. Columns that are read: {', '.join(KNOWN)}."
            )


def _demand_seed_and_value(sheet: Sheet, named: NamedColumns, *, seeds: Sequence[int], values: Sequence[int]) -> None:
    missing = [name for name, places in (("seed", seeds), ("value", values)) if not places]
    if missing == ["seed"] and named.by is not None and named.seed is None and not named.pair:
        return  # two arms of runs that nothing pairs have means
    if not missing:
        return
    for names, export, part, number in _OF_ONE_RUN:
        if not seeds and {name.lower() for name in sheet.columns} >= names:
            raise TableUnreadable(
                f"{sheet.name} has the columns of {export}: one run, and a row for each {part} of its training. "
                f"{part.capitalize()}s of one run are no seeds. Nothing was weighed; take one number of each run, such "
                f"as {number}, and write a table with a row for each run and the columns seed, value and, if there are "
                "several, method."
            )
    command = "" if named.are_pairs and named.by is None else whole_command(sheet)
    options = [_example(sheet, name) for name in missing if not (name == "value" and named.of and not named.by)]
    instead = f"write {command}" if command else f"say which column is meant, as in {' '.join(options)}"
    raise TableUnreadable(
        f"{sheet.name} has no column {' and no column '.join(missing)}. It has: {tell_names(sheet.columns) or 'none'}. "
        f"Nothing was weighed; {instead}"
        f"{'' if len(sheet.columns) > 1 else ' (commas, semicolons or tabs separate the columns)'}."
    )


def _example(sheet: Sheet, name: str) -> str:
    likely = [
        column
        for column in sheet.columns
        if (name in column.lower() if name == "seed" else column.lower().startswith(("metrics.", "summary.")))
    ]
    return f"--{name} {likely[0] if likely else 'NAME'}"
