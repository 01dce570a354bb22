"""Files of experiments that differ in what their cells do, and ask nothing."""

from collections.abc import Iterable

_FRAME = '''"""{name}: a test of the project."""

from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid


@dataclass(frozen=True, kw_only=True)
class Config:
    {factor}: {kind}


@dataclass(frozen=True, kw_only=True)
class Measures:
    {measures}


{code}


experiment = Experiment(
    name="{name}",
    version=1,
    question="Does it do what it should?",
    run=run,
    measures=Measures,
    sweep=grid(Config, {factor}={levels}),
    ranges={{"{factor}": (0, 1_000)}},
    estimands=(),
    needs=Needs({needs}),
)
'''


def experiment_text(
    name: str,
    code: str,
    *,
    measures: str,
    needs: str,
    factor: str = "place",
    kind: str = "int",
    levels: Iterable[float] = (0,),
) -> str:
    """`code` has the function `run` and what it imports; `measures` and `needs` are written as in a file."""
    return _FRAME.format(**(locals() | {"code": code.strip(), "levels": list(levels)}))
