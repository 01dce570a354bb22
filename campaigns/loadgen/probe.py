"""Does a laboratory keep up with a fleet? The question that the scheduler's benchmark orders; nobody computes it.

One config and one number for each replicate, so that a task is a cell and what is measured is the laboratory.
"""

from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import chance


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies: nothing."""

    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    value: float


def run(config: Config, seed: int) -> Measures:
    """One cell: the mean of a few random numbers."""
    return Measures(value=float(chance.stream(seed, "probe").random(config.size).mean()))


experiment = Experiment(
    name="probe",
    version=1,
    question="Does a laboratory keep up with a fleet?",
    run=run,
    measures=Measures,
    sweep=grid(Config, size=[8]),
    ranges={"size": (1, 1_000)},
    estimands=(),
    needs=Needs(seconds=lambda config: 3.75 * config.size, memory_mb=50),
)
