"""Is a task's output what its ticket ordered? Success is proven here, never claimed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axiom.domain.declaration import Measure, ValueType, unpack_pixels
from axiom.domain.maps import Map
from axiom.domain.work import Outcome, Result, TaskState
from axiom.signed.canonical_json import LARGEST
from axiom.signed.manifests import Manifest
from axiom.signed.outputs import CellOutput, Output, ticket_digest
from axiom.signed.tickets import Ticket
from axiom_weigh.amounts import tell_amount

_WHOLE = (ValueType.INT, ValueType.INTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """The state the task goes to, why, and the results to store (none unless it is valid)."""

    state: TaskState
    reason: str
    results: tuple[Result, ...] = ()


def validate_output(
    *, ticket: Ticket, ticket_text: str, experiment_id: int, manifest: Manifest, output: Output
) -> Validation:
    """Compare an output, cell by cell, with the order it answers."""
    for problem in (_wrong_header(ticket, ticket_text, output), _wrong_cells(ticket, output)):
        if problem:
            return Validation(state=TaskState.INVALID, reason=problem)
    cells = sorted(output.cells, key=lambda cell: (cell.replicate, cell.config))  # computed in another order each time
    results = []
    for cell in cells:
        if cell.outcome is Outcome.FAILED:
            cause = f"{cell.error.kind} at {cell.error.where}" if cell.error else "no cause given"
            return Validation(
                state=TaskState.FAILED, reason=f"replicate {cell.replicate}, config {cell.config} raised {cause}"
            )
        problem, pixels = _wrong_measures(manifest.measures, cell), None
        if not problem:
            problem, pixels = _grid(manifest.map, cell)
        if problem:
            return Validation(
                state=TaskState.INVALID, reason=f"replicate {cell.replicate}, config {cell.config}: {problem}"
            )
        results.append(_result(ticket, experiment_id, manifest, cell, pixels))
    reason = f"{tell_amount(len(results), 'cell')} as ordered"
    return Validation(state=TaskState.VALID, reason=reason, results=tuple(results))


def _wrong_header(ticket: Ticket, ticket_text: str, output: Output) -> str:
    header = output.header
    if header.ticket_text != ticket_text:
        return f"the output is of ticket {header.ticket[:40]}, and {ticket_digest(ticket_text)[:40]} was ordered"
    for what, ordered, came in (
        ("task", ticket.task, header.task),
        ("host", ticket.host, header.host),
        ("experiment", ticket.experiment, header.experiment),
        ("version", ticket.version, header.version),
        ("bundle", ticket.bundle, header.bundle),
    ):
        if ordered != came:
            return f"the output is of {what} {str(came)[:40]}, and {str(ordered)[:40]} was ordered"
    return ""


def _wrong_cells(ticket: Ticket, output: Output) -> str:
    seeds = zip(ticket.replicates, ticket.seeds, strict=True)
    ordered = {(replicate, place): seed for replicate, seed in seeds for place in ticket.places}
    came = {(cell.replicate, cell.config): cell.seed for cell in output.cells}
    if len(came) != len(output.cells):
        return "the output holds a cell twice"
    if came.keys() != ordered.keys():
        missing, extra = sorted(ordered.keys() - came.keys()), sorted(came.keys() - ordered.keys())
        return f"{len(missing)} ordered cells are missing and {len(extra)} were never ordered"
    wrong = [cell for cell, seed in ordered.items() if came[cell] != seed]
    if wrong:
        return f"replicate {wrong[0][0]}, config {wrong[0][1]} was computed with another seed than ordered"
    return ""


def _wrong_measures(declared: tuple[Measure, ...], cell: CellOutput) -> str:
    if cell.measures is None:
        return ""
    if missing := [measure.name for measure in declared if measure.name not in cell.measures]:
        return f"a measure is missing that was declared: {', '.join(missing)}"
    if odd := len(cell.measures) - len(declared):
        return f"{tell_amount(odd, 'measure')} of it {'was' if odd == 1 else 'were'} never declared"
    for measure in declared:
        value = cell.measures[measure.name]
        absent_allowed = measure.nullable or cell.outcome is Outcome.DIVERGED
        if value is None and absent_allowed:
            continue
        if measure.type in _WHOLE and _is_beyond(value):
            return f"{measure.name} is a whole number beyond 64 bits, which no table holds"
        if value is None or not _fits(measure, value):
            return f"{measure.name} is {type(value).__name__}, and {measure.type} was declared"
    return ""


def _grid(drawn: Map | None, cell: CellOutput) -> tuple[str, bytes | None]:
    """What is wrong with the grid of a map's tile, or nothing and its pixels: it is unpacked once."""
    if drawn is None or cell.measures is None or cell.measures[drawn.measure] is None:
        return "", None
    try:
        pixels = unpack_pixels(cell.measures[drawn.measure], drawn.pixels**2)
    except ValueError as fault:
        why = str(fault).partition(":")[0]  # what zlib says after it helps nobody
        return f"{drawn.measure} is no grid of {drawn.pixels} by {drawn.pixels} pixels: {why}", None
    if (largest := max(pixels)) >= drawn.colours:
        return f"{drawn.measure} has a pixel of {largest}, and {drawn.colours - 1} is the last colour", None
    return "", pixels


def _fits(measure: Measure, value: Any) -> bool:
    match measure.type:
        case ValueType.BOOL:
            return isinstance(value, bool)
        case ValueType.INT:
            return _is_whole(value)
        case ValueType.FLOAT:
            return _is_real(value)
        case ValueType.INTS:
            return isinstance(value, list) and all(map(_is_whole, value))
        case ValueType.FLOATS:
            return isinstance(value, list) and all(map(_is_real, value))
        case ValueType.GRID:
            return isinstance(value, str)
    return False


def _is_beyond(value: Any) -> bool:
    """Is it, or holds it, a whole number that a column of 64 bits would not take?"""
    numbers = value if isinstance(value, list) else [value]
    return any(isinstance(number, int) and not -LARGEST <= number <= LARGEST for number in numbers)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _result(ticket: Ticket, experiment_id: int, manifest: Manifest, cell: CellOutput, pixels: bytes | None) -> Result:
    """What is stored of a cell. The SHA-256 of its pixels stands for a grid, which is kept beside it."""
    measures: Mapping[str, object] | None = cell.measures
    if manifest.map and measures and pixels is not None:
        measures = {**measures, manifest.map.measure: hashlib.sha256(pixels).hexdigest()}
    return Result(
        task_id=ticket.task,
        experiment_id=experiment_id,
        replicate=cell.replicate,
        config=cell.config,
        seed=cell.seed,
        outcome=cell.outcome,
        measures=measures,
        early=cell.early,
        cpu_seconds=cell.cpu_seconds,
        pixels=pixels,
    )
