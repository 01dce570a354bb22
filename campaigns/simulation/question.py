"""Is more larger? A question with a claim, so that a simulated laboratory has a finding to weigh.

It is published in simulations alone, where no number is true and nobody is told of any.
"""

from dataclasses import dataclass

from axiom.domain.estimands import Direction, Estimand, Kind, Prediction
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
    name="question",
    version=1,
    question="Is more larger?",
    run=run,
    measures=Measures,
    sweep=grid(Config, size=[1, 2]),
    ranges={"size": (1, 9)},
    estimands=(
        Estimand(
            name="grows",
            claim="a larger size has a larger value",
            kind=Kind.CONTRAST,
            measure="value",
            between=({"size": 1}, {"size": 2}),
            smallest=0.1,
            expects=Direction.MORE,
            prediction=Prediction(positive=0.8, negative=0.1, absent=0.1, interval=(0.5, 1.5), because="it is made so"),
        ),
    ),
    needs=Needs(seconds=lambda config: 1_800.0 * config.size, memory_mb=500),
)
