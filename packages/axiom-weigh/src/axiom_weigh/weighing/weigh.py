"""`axiom_weigh.weigh(table)`: the weighing of findings, on anybody's numbers. Nothing of a laboratory is needed.

What is not declared is not guessed in favour of an effect: see `tables/undeclared_numbers.py`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from axiom_weigh.amounts import tell_amount
from axiom_weigh.errors import TableUnreadable, UnknownName, WrongUse
from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.counted_values import select_sound_values
from axiom_weigh.evidence.seeds_to_next_grade import forecast_seed_range
from axiom_weigh.evidence.verdict import weigh_values
from axiom_weigh.evidence.weigh_claim import make_finding_card, weigh_observations
from axiom_weigh.figures.picture_data import Look, look_of
from axiom_weigh.statistics.replicates_needed import Range
from axiom_weigh.tables.arm_differences import differences_of
from axiom_weigh.tables.arrange_rows import LOST, OrderedObservations, arrange_rows
from axiom_weigh.tables.find_columns import NamedColumns, tell_names
from axiom_weigh.tables.parse_cell import BEYOND
from axiom_weigh.tables.read_sheet import sheet_of
from axiom_weigh.tables.rows_from_sheet import Rows, rows_of
from axiom_weigh.tables.seed_row import list_row_values, sum_below
from axiom_weigh.tables.undeclared_numbers import (
    Doubt,
    doubt_differences,
    doubt_same_values,
    doubt_steady_values,
    warn_of_levels,
)
from axiom_weigh.values import COARSE, Evidence, Grade, Kind, Observation, Surroundings, Verdict
from axiom_weigh.weighing.one_look import SHORT, OneLook, look_at_arms, look_at_pairs, means_of
from axiom_weigh.weighing.result_card import WeighedTable

MEAN = "mean"
ESTIMANDS = (*(kind.value for kind in Kind if kind is not Kind.DIMENSION), MEAN)  # a table has no tiles

_EVERY = 8  # seeds between two looks, in a short table
_LOOKS, _LOOKS_AT_MANY, _MANY = 24, 6, 50_000
_NULLS = {Kind.PROPORTION: 0.5, Kind.BREAKPOINT: 0.0}  # no natural one: where none is declared, it is for show alone
_LEAST_ALPHA, _MOST_ALPHA = 1e-6, 0.5
_MOST_LOST = 0.2  # of all seeds, that may be left out because a table says that their machines were at fault
_MOST_FORECAST = 100_000  # seeds; who has more of them and knows nothing waits for no forecast
_MOST_LIKE_THESE = 64  # seeds, that are taken to come out as those so far did
_MAY_BE_CONSTANT = frozenset({Kind.PROPORTION, Kind.RANK_CORRELATION, Kind.BREAKPOINT})
_DIFFERENCE_OF_SHARES = (-1.0, 1.0)
_DIFFERENCES = frozenset({Kind.CONTRAST, Kind.SLOPE})
_HAVE_MEANS = frozenset({Kind.CONTRAST, Kind.SLOPE, Kind.EXPONENT, Kind.LEVEL})
_NO_NULL = Doubt(
    why="what would be nothing is not declared, and it is not 0 for such a quantity",
    instead=("--null with the value that would be nothing",),
)


@dataclass(frozen=True, kw_only=True)
class _Declaration:
    """What was declared of the numbers."""

    estimand: str | None
    null: float | None
    smallest: float
    bounds: tuple[float, float] | None
    alpha: float
    within: tuple[float, float] | None = None  # where differences lie, of arms that are shares or accuracies
    are_events: bool = False  # both arms have nothing but 0 and 1

    @property
    def kind(self) -> Kind:
        return Kind.CONTRAST if self.estimand is None else Kind.LEVEL if self.estimand == MEAN else Kind(self.estimand)

    @property
    def shown_null(self) -> float:
        """The null, or what stands for it."""
        return self.null if self.null is not None else _NULLS.get(self.kind, 0.0)

    @property
    def may_be_constant(self) -> bool:
        """May all seeds give the same?"""
        return self.are_events or self.kind in _MAY_BE_CONSTANT

    def mapping(self, kind: Kind) -> dict[str, Any]:
        """As a registration would have it."""
        return {
            "name": "value",
            "claim": "",
            "kind": kind.value,
            "null": 0.5 if kind is Kind.PROPORTION and self.kind is not Kind.PROPORTION else self.shown_null,
            "smallest": self.smallest,
            "bounds": list(self.bounds) if self.bounds and kind is not Kind.PROPORTION else None,
            "about": "mean" if self.estimand == MEAN else "median",
            "within": self.within,
            "is_event": self.are_events,
            "alpha": self.alpha,
        }


def weigh(
    table: Any,
    *,
    value: str | None = None,
    seed: str | None = None,
    by: str | None = None,
    of: tuple[str, str] | None = None,
    pair: str | Sequence[str] | None = None,
    estimand: str | None = None,
    null: float | None = None,
    smallest_effect: float | None = None,
    bounds: tuple[float, float] | None = None,
    alpha: float = 0.05,
) -> WeighedTable:
    """Say how sure it is what a table of seeds and values says.

    `table` is the path of a CSV or JSON file, a list of dicts, a dict of columns, a table of pandas or Arrow, or a list
    of numbers. `value` and `seed` name its columns. With `of=("ours", "base")` a value is ours minus base of the same
    seed: two columns, or two words in the column `by`; `pair` names the columns that are the same in both arms, if
    that is not the seed alone. Print what comes back, or let a notebook show it; `data()` is the same as JSON.
    """
    named = NamedColumns(value=value, seed=seed, by=by, of=_two(of), pair=_several(pair))
    if named.are_pairs and estimand is None:
        estimand = Kind.CONTRAST.value
    declaration = _declaration(estimand, null, smallest_effect, bounds, alpha)
    read, arranged, unused = _arranged(declaration, table, named)
    declaration = replace(
        declaration,
        within=_DIFFERENCE_OF_SHARES if _are_shares(read.arms) else None,
        are_events=declaration.kind is Kind.CONTRAST and _are_events(read.arms),
    )
    values = _values(arranged.observations)
    obstacle = _not_paired(read) if read.unpaired else _obstacle(declaration, values, arranged.doubt)
    inputs = _inputs(declaration, arranged, len(arranged.observations), obstacle)
    whole = make_finding_card(**inputs)
    evidence = _judged(whole.evidence, obstacle)
    last = look_of(evidence)
    evidence, lost = _with_doubt_of_lost(declaration, arranged, evidence, obstacle)
    hint = warn_of_levels(values, declaration.shown_null) if obstacle is None and declaration.estimand is None else ""
    flags = [*arranged.flags, *([hint] if hint else []), *evidence.flags]
    reasons = [*arranged.reasons, *([unused] if unused else []), *lost, *_in_seeds(arranged, evidence.reasons)]
    counted_values = _counted(inputs, evidence)
    not_weighed = obstacle.why if obstacle else _why_nothing(declaration, evidence)
    return WeighedTable(
        name=read.name,
        card=replace(whole, evidence=replace(evidence, flags=tuple(flags), reasons=tuple(reasons))),
        kind=_shown_kind(declaration, obstacle),
        arms=named.of,
        alpha=declaration.alpha,
        is_declared=declaration.estimand is not None,
        null=None if obstacle and _lacks_null(declaration) else declaration.shown_null,
        smallest=declaration.smallest,
        bounds=declaration.bounds,
        not_weighed=not_weighed,
        values=counted_values,
        one_look=_one_look(declaration, evidence, read, obstacle, counted_values, named.of),
        forecast=None if not_weighed else _forecast(inputs, evidence, counted_values),
        outweighed=_outweighed(inputs) if not not_weighed and evidence.verdict is Verdict.UNDECIDED else None,
        is_issued=arranged.is_issued,
        repeated=arranged.repeated,
        waiting=arranged.waiting,
        names=arranged.names,
        seeds=arranged.seeds,
        _digest=arranged.digest,
        _looks=partial(_looks, declaration, arranged, last),  # of the module, so that a card can be kept with pickle
    )


def _are_shares(arms: Sequence[Sequence[float]]) -> bool:
    """Do both arms lie from 0 to 1, as accuracies and other shares do?"""
    return bool(arms) and all(len(arm) > 0 and min(arm) >= 0.0 and max(arm) <= 1.0 for arm in arms)


def _are_events(arms: Sequence[Sequence[float]]) -> bool:
    """Is all that both arms have 0 or 1? A single other value says that they are no events."""
    return bool(arms) and all(len(arm) > 0 and set(arm) <= {0.0, 1.0} for arm in arms)


def _two(arms: Sequence[Any] | None) -> tuple[str, str] | None:
    if arms is None:
        return None
    if isinstance(arms, str) or len(arms) != 2:
        raise WrongUse(
            f"of={arms!r} names no two arms. Nothing was weighed; write them as in of=('ours', 'base'), or compare "
            "more than two with axiom_weigh.weigh_all."
        )
    return str(arms[0]), str(arms[1])


def _several(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def _arranged(declaration: _Declaration, table: Any, named: NamedColumns) -> tuple[Rows, OrderedObservations, str]:
    """What was read beside the rows, which are let go; the rows as observations; and what was not looked at."""
    sheet = sheet_of(table)
    if named.are_pairs and declaration.kind is Kind.PROPORTION:
        raise WrongUse(
            "A proportion counts events, and the difference of two arms is none. Nothing was weighed; leave --estimand "
            "out, or weigh one arm."
        )
    rows = differences_of(sheet, named) if named.are_pairs else rows_of(sheet, named)
    _demand_no_sums(rows)
    _demand_events(declaration, rows)
    _demand_within(declaration, rows)
    unused = f"columns that are not looked at: {tell_names(rows.unused)}" if any(rows.unused) else ""
    counting = () if rows.unpaired else rows.rows
    return replace(rows, rows=()), arrange_rows(counting, rows.columns, rows.context), unused


def _declaration(
    estimand: str | None,
    null: float | None,
    smallest: float | None,
    bounds: tuple[float, float] | None,
    alpha: float,
) -> _Declaration:
    """What was declared, if it can be meant."""
    if not _LEAST_ALPHA <= alpha <= _MOST_ALPHA:
        raise WrongUse(
            f"The chance of a false verdict is {alpha:g}, and {_LEAST_ALPHA:g} to {_MOST_ALPHA:g} can be asked for. "
            "Nothing was weighed; write one such as 0.01."
        )
    word = estimand.strip().lower().replace("-", "_") if estimand is not None else None
    if word is not None and word not in ESTIMANDS:
        raise UnknownName("estimand", word, ESTIMANDS)
    for name, number in (("null", null), ("smallest effect", smallest), *(("bound", end) for end in bounds or ())):
        if number is not None and not math.isfinite(number):
            raise WrongUse(f"The {name} is {number}, which is no number. Nothing was weighed; write one such as 0.1.")
    if smallest is not None and smallest < 0:
        raise WrongUse(
            f"The smallest effect is {smallest:g}, and it is a distance from the null. Nothing was weighed; write "
            f"{-smallest:g}."
        )
    declaration = _Declaration(estimand=word, null=null, smallest=smallest or 0.0, bounds=bounds, alpha=alpha)
    _demand_bounds(declaration)
    return declaration


def _demand_bounds(declaration: _Declaration) -> None:
    if declaration.estimand == MEAN and declaration.bounds is None:
        raise WrongUse(
            "A mean is weighed within bounds that no value can leave. Nothing was weighed; declare them, as in "
            "--bounds 0 1, or weigh the median with --estimand level."
        )
    low, high = (0.0, 1.0) if declaration.kind is Kind.PROPORTION else declaration.bounds or (-math.inf, math.inf)
    if not low < high:
        raise WrongUse(f"The bounds {low:g} and {high:g} hold nothing. Nothing was weighed; write the lower one first.")
    if declaration.bounds and not math.isfinite(high - low):
        raise WrongUse(
            f"The bounds {low:g} and {high:g} are farther apart than any number is large. Nothing was weighed; declare "
            "those that the values really have."
        )
    if not low <= declaration.shown_null <= high and not _lacks_null(declaration):
        raise WrongUse(
            f"The null {declaration.shown_null:g} lies outside {low:g} to {high:g}, where no value can be. Nothing was "
            "weighed; declare one within, with --null."
        )


def _demand_no_sums(rows: Rows) -> None:
    """A row that says the mean of those above it would count as a seed."""
    if row := sum_below(rows.rows):
        raise TableUnreadable(
            f"{rows.name}, {rows.place} {row.place}: the seed {row.seed!r} has no number, and all above it have one, "
            "so this row may sum them up. Nothing was weighed; leave it out, or give it a number if it is a seed."
        )


def _demand_events(declaration: _Declaration, rows: Rows) -> None:
    if declaration.kind is not Kind.PROPORTION:
        return
    for place, value, _ in list_row_values(rows.rows):
        if value not in (None, 0.0, 1.0):
            raise TableUnreadable(
                f"{rows.name}, {rows.place} {place}: {value:g} is no event, and a proportion counts 0 and 1 "
                "alone. Nothing was weighed; write 1 where it happened and 0 where not, or name another estimand."
            )


def _demand_within(declaration: _Declaration, rows: Rows) -> None:
    """A mean is as wrong as its bounds: a value beyond them shows that they do not hold, so others may lie there."""
    if declaration.estimand != MEAN or declaration.bounds is None:
        return
    low, high = declaration.bounds
    for place, value, why_missing in list_row_values(rows.rows):
        if why_missing in BEYOND or (value is not None and not low <= value <= high):
            shown = why_missing if value is None else f"{value:g}"
            raise TableUnreadable(
                f"{rows.name}, {rows.place} {place}: the value {shown} lies outside the bounds {low:g} to "
                f"{high:g}, and a mean is weighed within bounds that no value can leave. Nothing was weighed; declare "
                "bounds that hold, or weigh the median with --estimand level."
            )


def _inputs(
    declaration: _Declaration,
    arranged: OrderedObservations,
    seeds: int,
    obstacle: Doubt | None,
    *,
    with_lost: bool = False,
) -> dict[str, Any]:
    """What the weighing is asked after so many seeds."""
    observations = arranged.observations[:seeds] if with_lost else _without_lost(arranged.observations[:seeds])
    if _are_one(declaration, _values(observations)):
        observations = (next(observation for observation in observations if observation.value is not None),)
    if declaration.kind is Kind.RANK_CORRELATION:
        observations = _coarse(observations)
    return {
        "estimand": declaration.mapping(
            obstacle.shown_as if obstacle and declaration.estimand is None else declaration.kind
        ),
        "observations": observations,
        "blocks": sum(end <= seeds for end in arranged.ends) if arranged.ends else 1,
        "homes": arranged.homes,
        "surroundings": Surroundings(agreements=arranged.agreements, is_registered=False),
        "raised": arranged.alarms,
    }


def _without_lost(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Without the seeds whose machine was at fault; all of them where these are many, since nobody can tell why."""
    lost = sum(observation.why_missing == LOST for observation in observations)
    if not 0 < lost <= _MOST_LOST * len(observations):
        return observations
    return tuple([observation for observation in observations if observation.why_missing != LOST])


def _coarse(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """The same, of which none is a copy for having another's value: few orders of few arms are possible.

    With ties such a value looks as fine as any, since there is a square root in it.
    """
    return tuple([replace(observation, fingerprint=f"{COARSE}:{observation.value!r}") for observation in observations])


def _with_doubt_of_lost(
    declaration: _Declaration, arranged: OrderedObservations, evidence: Evidence, obstacle: Doubt | None
) -> tuple[Evidence, list[str]]:
    """What is told of lost seeds. Where the verdict rests on what the table says of them, it stops at Moderate."""
    lost = sum(observation.why_missing == LOST for observation in arranged.observations)
    if not lost:
        return evidence, []
    whole = len(arranged.observations)
    loss = f"{tell_amount(lost, 'seed')} of {whole} lost to a machine, as the table says"
    if lost > _MOST_LOST * whole:
        return evidence, [f"{loss}: more than one in five, so they count as missing"]
    counting = weigh_observations(**_inputs(declaration, arranged, whole, obstacle, with_lost=True))
    if obstacle is not None or counting.verdict is evidence.verdict:
        return evidence, [f"{loss}, and left out"]
    doubt = f"{loss}, and left out; if they were missing for their values, the verdict would be {counting.verdict}"
    grade = min(evidence.grade, Grade.MODERATE, key=list(Grade).index)
    return replace(evidence, grade=grade, flags=(doubt, *evidence.flags)), []


def _in_seeds(arranged: OrderedObservations, reasons: Sequence[str]) -> list[str]:
    """The reasons without the word block, where the table has none, and without an order that it does not tell."""
    if arranged.ends:
        return list(reasons)
    where = ", in the order in which they were issued"
    return [
        re.sub("replicate(s?) of 1 closed block", r"seed\1", text).replace("" if arranged.is_issued else where, "")
        for text in reasons
    ]


def _not_paired(read: Rows) -> Doubt:
    """What keeps two arms from being weighed of which no two runs belong together."""
    return Doubt(
        why=read.unpaired,
        instead=("runs of both arms with the same seeds, or --pair with the columns that are the same in both",),
    )


def _one_look(
    declaration: _Declaration,
    evidence: Evidence,
    read: Rows,
    obstacle: Doubt | None,
    values: Sequence[float],
    names: tuple[str, str] | None,
) -> OneLook | None:
    """What one look says, where nothing is decided and looks at any time say little.

    It cannot say what a seed without a value would have been. So it says nothing of pairs where one is missing.
    """
    ours, base = read.arms or ((), ())
    if read.unpaired:
        if not names or not len(ours) or not len(base):
            return None
        return look_at_arms(ours, base, names, null=declaration.shown_null, alpha=declaration.alpha, gone=read.gone)
    is_mean = declaration.estimand != MEAN and declaration.kind in _HAVE_MEANS
    is_short = 0 < len(values) < SHORT and evidence.verdict is Verdict.UNDECIDED
    if not is_mean or not is_short or obstacle is not None or evidence.clones or evidence.missing:
        return None
    arms = means_of(ours, base, names) if names else ()
    return look_at_pairs(values, arms, null=declaration.shown_null, alpha=declaration.alpha)


def _forecast(inputs: Mapping[str, Any], evidence: Evidence, values: Sequence[float]) -> Range | None:
    if not SHORT <= len(values) <= _MOST_FORECAST or evidence.clones:
        return None
    return forecast_seed_range(pose_question(inputs["estimand"]), values, evidence)


def _outweighed(inputs: Mapping[str, Any]) -> int | None:
    """How many more seeds, if they come out as those so far did, outweigh the few that have no value."""
    if len(inputs["observations"]) >= 2 * SHORT:
        return None
    values = [observation.value for observation in inputs["observations"]]
    present = [value for value in values if value is not None]
    if not 0 < len(values) - len(present) < len(present) < SHORT:
        return None
    weighed = pose_question(inputs["estimand"])
    for more in range(1, _MOST_LIKE_THESE + 1):
        values.append(present[(more - 1) % len(present)])
        if weigh_values(weighed, values).verdict is not Verdict.UNDECIDED:
            return more
    return None


def _obstacle(declaration: _Declaration, values: Sequence[float], of_table: Doubt | None) -> Doubt | None:
    """What keeps these values from being weighed at all."""
    if _are_one(declaration, values):
        return doubt_same_values(values)
    if not declaration.may_be_constant:
        are_differences = declaration.kind in _DIFFERENCES
        if obstacle := doubt_steady_values(values, declaration.shown_null, are_differences=are_differences):
            return obstacle
    if declaration.estimand is None and (obstacle := doubt_differences(values, declaration.null)):
        return obstacle
    if _lacks_null(declaration):
        return _NO_NULL
    return None if declaration.kind is Kind.PROPORTION else of_table  # of events no order matters


def _are_one(declaration: _Declaration, values: Sequence[float]) -> bool:
    return not declaration.may_be_constant and doubt_same_values(values) is not None


def _judged(evidence: Evidence, obstacle: Doubt | None) -> Evidence:
    """Where something keeps values from being weighed, where and how wide they lie stays; nothing is concluded."""
    if obstacle is None:
        return evidence
    return replace(
        evidence,
        low=evidence.low if obstacle.has_interval else None,
        high=evidence.high if obstacle.has_interval else None,
        e_value=1.0,
        e_absent=1.0,
        verdict=Verdict.UNDECIDED,
        grade=Grade.AWAITING,
        needs=obstacle.instead,
        more=None,
        reasons=(f"not weighed: {obstacle.why}",),
    )


def _why_nothing(declaration: _Declaration, evidence: Evidence) -> str:
    """What keeps any verdict from values that could be weighed; empty of others."""
    if not evidence.seeds:
        return "no seed has a value"
    if not evidence.clones or not {evidence.low, evidence.high} <= {None, *(declaration.bounds or ())}:
        return ""
    return (
        f"{evidence.clones:,} of {evidence.clones + evidence.seeds:,} seeds have the very numbers of another, and what "
        "is left cannot refute anything"
    )


def _lacks_null(declaration: _Declaration) -> bool:
    return declaration.null is None and declaration.kind in _NULLS


def _values(observations: Sequence[Observation]) -> list[float]:
    return [observation.value for observation in observations if observation.value is not None]


def _counted(inputs: Mapping[str, Any], evidence: Evidence) -> list[float]:
    """The values that count: without copies under other seeds, and without those beyond the bounds."""
    values = _values(inputs["observations"])
    if len(values) == evidence.seeds:
        return values
    return _values(
        select_sound_values(pose_question(inputs["estimand"]), inputs["observations"], inputs["blocks"]).counted
    )


def _shown_kind(declaration: _Declaration, obstacle: Doubt | None) -> str:
    if obstacle is not None and declaration.estimand is None:
        return obstacle.shown_as.value
    return declaration.estimand or declaration.kind.value


def _looks(declaration: _Declaration, arranged: OrderedObservations, last: Look) -> tuple[Look, ...]:
    """The same conclusion after the first seeds, after more, and after all; as many looks as a picture can show."""
    total = len(arranged.observations)
    if arranged.ends:
        step = -(-len(arranged.ends) // _LOOKS)
        at = {*arranged.ends[step - 1 :: step], arranged.ends[-1]}
    elif total <= _EVERY * _LOOKS:
        at = {*range(_EVERY, total, _EVERY), total}
    else:
        looks = _LOOKS if total < _MANY else _LOOKS_AT_MANY
        at = {round(_EVERY * (total / _EVERY) ** (look / (looks - 1))) for look in range(looks)}
    earlier = []
    for seeds in sorted(at - {total}):
        obstacle = _obstacle(declaration, _values(arranged.observations[:seeds]), arranged.doubt)
        evidence = weigh_observations(**_inputs(declaration, arranged, seeds, obstacle))
        earlier.append(look_of(_judged(evidence, obstacle)))
    return (*earlier, last)
