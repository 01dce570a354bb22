"""Somebody's own training function as an experiment, without a class of theirs. Standard library only: it travels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, make_dataclass
from typing import Any

from axiom.domain.estimands import Estimand
from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid

_Sweep = Mapping[str, Sequence[Any]]


def wrap(
    function: Callable[..., Any],
    *,
    name: str,
    question: str,
    sweep: _Sweep,
    measures: Mapping[str, Any],
    seconds: float | Callable[[Any], float],
    memory_mb: int,
    estimands: tuple[Estimand, ...] = (),
    controls: Mapping[str, tuple[_Sweep, _Sweep]] | None = None,
    figure: Figure | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    version: int = 1,
    reference: str = "",
) -> Experiment:
    """Return the experiment that calls `function(**config, seed=seed)` at every combination of the sweep's levels.

    It returns its measures by name; `measures` says their types: `{"accuracy": float}`. `seconds` is what a cell costs,
    as a number or as a function of its config. The seed must decide everything that is drawn by chance. `controls`
    gives by an estimand's name the levels of its placebo, and those in which its effect is planted.
    """
    levels = {factor: _levels(factor, values) for factor, values in sweep.items()}
    config = _declared("Config", {factor: type(values[0]) for factor, values in levels.items()})
    measured = _declared("Measures", measures)
    return Experiment(
        name=name,
        version=version,
        question=question,
        run=_calling(function, name, measured, measures),
        measures=measured,
        sweep=grid(config, **levels),
        ranges=ranges or {},
        estimands=estimands,
        controls=_controls(config, controls or {}),
        needs=Needs(seconds=seconds if callable(seconds) else _always(seconds), memory_mb=memory_mb),
        figure=figure,
        reference=reference,
    )


def _calling(
    function: Callable[..., Any], name: str, measured: type[Any], measures: Mapping[str, Any]
) -> Callable[[Any, int], Any]:
    def run(config: Any, seed: int) -> Any:
        return measured(**_checked(name, function(**asdict(config), seed=seed), measures))

    return run


def _controls(config: type[Any], named: Mapping[str, tuple[_Sweep, _Sweep]]) -> tuple[Control, ...]:
    def swept(levels: _Sweep) -> tuple[Any, ...]:
        return grid(config, **{factor: _levels(factor, values) for factor, values in levels.items()})

    return tuple(
        Control(estimand=name, placebo=swept(placebo), planted=swept(planted))
        for name, (placebo, planted) in named.items()
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
