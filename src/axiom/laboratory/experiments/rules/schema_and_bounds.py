"""G5: are the measures what was declared, finite, and within the bounds of what is concluded from them?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from axiom.domain.estimands import Kind
from axiom.domain.preflights import Attempt, Demands, TriedCell
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules.controls import (
    compute_control_values,
    compute_estimate,
    find_controlled_estimand,
)
from axiom.laboratory.experiments.rules.gate_answers import GateAnswer, control_kind, describe_config, name_cells
from axiom.laboratory.failures.rules.tracebacks import known_exception_name
from axiom.limits import experiments as limits
from axiom_weigh.amounts import tell_amount
from axiom_weigh.statistics import estimand_arithmetic

_OF_SCHEMA = "measure "  # so begins what is said of a measure that is missing or of another type
_SCHEMA_FAULT = re.compile(
    r"measure \w+ (is missing in what run returned|must be (a sequence of numbers|\w+))", re.ASCII
)


def check_measures(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G5: measures are what was declared, finite but for bad luck, and within the bounds of what is concluded."""
    others = (*attempt.others, *attempt.compared)
    left = _list_runaways(attempt)
    for where, tried in name_cells(attempt, demands):
        if (fault := value_fault(where, tried)) and tried not in left:
            return GateAnswer(fault=fault, blind=value_fault(where, unseen_error(tried)))
    for fault in list_declared_faults(demands):
        return GateAnswer(fault=fault)
    learned = [cell.learned for cell in (*attempt.first, *others) if cell.learned is not None]
    if demands.is_invented and learned and not any(learned):
        return GateAnswer(
            fault="by the measure that the file names with `learned`, no cell of the sweep learned anything"
        )
    for name, where, fault in _out_of_bounds(attempt, demands):
        return GateAnswer(fault=fault, blind=f"{name} lies outside its declared bounds in {where}")
    few = sum(cell in left for cell in (*attempt.first, *others))
    seldom = f"; {tell_amount(few, 'cell')} of {len(attempt.first) + len(others)} left the real numbers" if few else ""
    return GateAnswer(well=f"measures as declared, finite, within bounds{seldom}")


def count_allowed_runaways(others: int) -> int:
    """How many cells of a sweep may leave the real numbers, by bad luck, of which so many are at other seeds."""
    return int(limits.RUNAWAY_SHARE * others)


def _list_runaways(attempt: Attempt) -> list[TriedCell]:
    """The cells that left the real numbers by bad luck: of a sweep few, and no config at all of its seeds.

    In a control they give no value, of which its gates can do with some. The seed at which the sweep is computed twice
    is a laboratory's own as well: what luck does there it would do for ever.
    """
    sweep = (*attempt.first, *attempt.others, *attempt.compared)
    left = [cell for cell in sweep if cell.outcome is Outcome.DIVERGED]
    always = {cell.config for cell in left} - {cell.config for cell in sweep if cell.outcome is not Outcome.DIVERGED}
    if len(left) > count_allowed_runaways(len(attempt.others) + len(attempt.compared)):
        left = []
    cells = (*left, *(cell for cell in attempt.again if any(cell.config == twin.config for twin in left)))
    controlled = (cell for run in attempt.controls for cell in run.tried)
    return [
        *(cell for cell in cells if cell.config not in always),
        *(cell for cell in controlled if cell.outcome is Outcome.DIVERGED),
    ]


def value_fault(where: str, tried: TriedCell) -> str:
    """What is wrong with what a cell measured, or nothing."""
    if tried.outcome is Outcome.FAILED and is_schema_fault(tried):
        return f"{where} returns something else than Measures declares: {tried.error}"
    if tried.outcome is Outcome.DIVERGED:
        what = " and ".join(tried.missing) or "a measure"
        return f"{where} is not finite: {what} left the real numbers, and a measure that may be missing is None"
    return ""


def unseen_error(tried: TriedCell) -> TriedCell:
    """The cell without what the file can say in an error: names of its own classes could tell what was measured."""
    kind, _, place = tried.error.rpartition(" at ")
    shape = _SCHEMA_FAULT.match(kind)
    of_schema = shape[0] if shape else _OF_SCHEMA.strip()
    kind = of_schema if is_schema_fault(tried) else known_exception_name(kind)
    return replace(tried, error=f"{kind} at {place}" if tried.error else "")


def is_schema_fault(tried: TriedCell) -> bool:
    return tried.error.startswith(_OF_SCHEMA)


def list_declared_faults(demands: Demands) -> Iterator[str]:
    """What could never be concluded, whatever is measured; and configs outside what others may choose."""
    for place, config in enumerate(demands.configs):
        for factor, (low, high) in demands.ranges.items():
            level = config.get(factor)
            if isinstance(level, int | float) and not low <= level <= high:
                yield f"{describe_config(place, demands.configs)} lies outside the declared range {low:g} to {high:g}"
    # A dimension is concluded from tiles that are not in the sweep; that there are levels for it, the file proves.
    charted = [estimand for estimand in demands.estimands if Kind(estimand["kind"]) is not Kind.DIMENSION]
    sweeps = [(estimand, "the sweep", demands.configs) for estimand in charted]
    for control in demands.controls:
        for is_planted in (False, True):
            name = f"{control_kind(is_planted=is_planted)} of {control.estimand}"
            sweeps.append((find_controlled_estimand(demands, control), name, control.configs(is_planted=is_planted)))
    for estimand, what, configs in sweeps:
        if why := estimand_arithmetic.why_not_concluded(estimand, configs):
            yield f"{estimand['name']} cannot be concluded from {what}: {why}"


def _out_of_bounds(attempt: Attempt, demands: Demands) -> Iterator[tuple[str, str, str]]:
    """Each estimand that lies outside its bounds, where, and the sentence that says so."""
    for estimand in demands.estimands:
        number = compute_estimate(estimand, demands.configs, attempt.first)
        yield from _beyond(estimand, "the sweep", [number])
    for run in attempt.controls:
        control = next((candidate for candidate in demands.controls if candidate.estimand == run.estimand), None)
        if control:
            yield from _beyond(
                find_controlled_estimand(demands, control),
                f"{control_kind(is_planted=run.is_planted)}",
                compute_control_values(run, control, demands),
            )


def _beyond(estimand: Mapping[str, Any], where: str, values: Sequence[float | None]) -> Iterator[tuple[str, str, str]]:
    if estimand["bounds"] is None:
        return
    low, high = estimand["bounds"]
    for number in values:
        if number is not None and not low <= number <= high:
            fault = f"{estimand['name']} is {number:.4g} in {where}, and its bounds are declared as {low:g} to {high:g}"
            yield estimand["name"], where, fault
