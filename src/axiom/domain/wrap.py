"""Somebody's own training function as an experiment, without a class of theirs. Standard library only: it travels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, make_dataclass
from typing import Any

from axiom.domain.experiments import Experiment, Figure, Needs, grid
from axiom.domain.findings import Estimand


def wrap(
    function: Callable[..., Any],
    *,
    name: str,
    question: str,
    sweep: Mapping[str, Sequence[Any]],
    measures: Mapping[str, Any],
    seconds: float | Callable[[Any], float],
    memory_mb: int,
    estimands: tuple[Estimand, ...] = (),
    figure: Figure | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    version: int = 1,
    reference: str = "",
) -> Experiment:
    """Return the experiment that calls `function(**config, seed=seed)` at every combination of the sweep's levels.

    The function returns its measures by name; `measures` says their types: `{"accuracy": float}`. `seconds` is what one
    cell costs, as a number or as a function of its config. The seed must decide everything that is drawn by chance.
    """
    levels = {factor: _levels(factor, values) for factor, values in sweep.items()}
    config = _declared("Config", {factor: type(values[0]) for factor, values in levels.items()})
    measured = _declared("Measures", measures)

    def run(config: Any, seed: int) -> Any:
        return measured(**_checked(name, function(**asdict(config), seed=seed), measures))

    return Experiment(
        name=name,
        version=version,
        question=question,
        run=run,
        measures=measured,
        sweep=grid(config, **levels),
        ranges=ranges or {},
        estimands=estimands,
        needs=Needs(seconds=seconds if callable(seconds) else _always(seconds), memory_mb=memory_mb),
        figure=figure,
        reference=reference,
    )


def _declared(name: str, kinds: Mapping[str, Any]) -> type[Any]:
    return make_dataclass(name, list(kinds.items()), frozen=True, kw_only=True)


def _checked(name: str, found: Any, measures: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the function returned, once it is seen to be what was declared."""
    if isinstance(found, Mapping) and set(found) == set(measures):
        return found
    said = sorted(found) if isinstance(found, Mapping) else type(found).__name__
    raise TypeError(f"{name} declares the measures {sorted(measures)}, and its function returned {said}")


def _levels(factor: str, values: Sequence[Any]) -> list[Any]:
    """The levels of one factor, all of one type: [0, 0.1] are two floats."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return [float(value) for value in values]
    if len(kinds) != 1:
        found = ", ".join(sorted(kind.__name__ for kind in kinds)) or "no levels"
        raise TypeError(f"the levels of {factor} must be of one type, and there are: {found}")
    return list(values)


def _always(seconds: float) -> Callable[[Any], float]:
    return lambda _config: seconds
