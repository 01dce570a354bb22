"""Does a laboratory stand a fleet of this size? The question that simulated computers are ordered to answer.

Nothing is concluded from it: it has no estimand, so there is no finding. Real computers never get it.
"""

from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid


@dataclass(frozen=True, kw_only=True)
class Config:
    """How large."""

    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    value: float


def run(config: Config, seed: int) -> Measures:
    """Say the size with some chance added; simulated computers make such numbers without it."""
    return Measures(value=config.size + (seed % 1_000) / 1_000)


experiment = Experiment(
    name="fleet_drill",
    version=1,
    question="Does a laboratory stand a fleet of this size?",
    run=run,
    measures=Measures,
    sweep=grid(Config, size=[1, 2]),
    ranges={"size": (1, 9)},
    estimands=(),
    needs=Needs(seconds=lambda config: 300.0 * config.size, memory_mb=500),
)
