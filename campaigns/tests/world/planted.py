"""Does the second arm have more? A question of which a simulated world knows the answer and its laboratory does not.

It is published in simulations alone, many times over, each with a name, a cost and a smallest effect of its own.
"""

from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction


@dataclass(frozen=True, kw_only=True)
class Config:
    """What is compared, and what a claim leaves open."""

    arm: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    value: float


def run(config: Config, seed: int) -> Measures:
    """Make a number up; simulated computers make theirs up without it."""
    return Measures(value=config.arm + (seed % 1_000) / 1_000)


EXPECTED = Prediction(positive=0.4, negative=0.3, absent=0.3, interval=(-1.0, 1.0), because="nobody knows anything yet")
ESTIMANDS = {
    Kind.CONTRAST: Estimand(
        name="more",
        claim="the second arm has a larger value than the first",
        kind=Kind.CONTRAST,
        measure="value",
        between=({"arm": 2}, {"arm": 1}),
        smallest=0.25,
        expects=Direction.MORE,
        prediction=EXPECTED,
    ),
    Kind.LEVEL: Estimand(
        name="above",
        claim="the value of the second arm lies above 0",
        kind=Kind.LEVEL,
        measure="value",
        between=({"arm": 2},),
        smallest=0.25,
        expects=Direction.MORE,
        prediction=EXPECTED,
    ),
    Kind.PROPORTION: Estimand(
        name="often",
        claim="it happens in the second arm more often than in three of ten",
        kind=Kind.PROPORTION,
        measure="value",
        between=({"arm": 2},),
        smallest=0.25,
        expects=Direction.MORE,
        null=0.3,
        prediction=EXPECTED,
    ),
}
ASKED = Kind.CONTRAST
SECONDS = 20.0  # of a cell

experiment = Experiment(
    name="planted",
    version=1,
    question="Does the second arm have more?",
    run=run,
    measures=Measures,
    sweep=grid(Config, arm=[1, 2] if ASKED is Kind.CONTRAST else [2], size=[1]),
    ranges={"arm": (1, 8), "size": (1, 9)},
    estimands=(ESTIMANDS[ASKED],),
    needs=Needs(seconds=lambda config: SECONDS * config.size, memory_mb=500),
)
