"""Does a linear reader gain from more inputs that each say a little?

Nothing is wrong with this file: it passes every gate. Each part of `defects.patch` is one fault in it.
"""

from dataclasses import dataclass

import numpy as np

from axiom.domain.experiments import Control, Experiment, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, progress

ROWS, INPUTS = 200, 64


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    inputs: int
    signal: float = 0.25  # what one input says of the class, in standard deviations of its noise


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    accuracy: float  # on rows that were not fitted
    size: float  # of the weights


def run(config: Config, seed: int) -> Measures:
    """One cell: rows of two classes, the first of them fitted by least squares and the rest guessed."""
    rng = chance.stream(seed, "data")
    classes = rng.choice([-1.0, 1.0], size=2 * ROWS)
    rows = (rng.standard_normal((2 * ROWS, INPUTS)) + config.signal * classes[:, None])[:, : config.inputs]
    weights = np.linalg.lstsq(rows[:ROWS], classes[:ROWS], rcond=None)[0]
    guesses = rows @ weights
    progress.early(guesses)
    progress.block(1.0)
    return Measures(
        accuracy=float(np.mean(np.sign(guesses[ROWS:]) == classes[ROWS:])), size=float(np.linalg.norm(weights))
    )


experiment = Experiment(
    name="sound",
    version=1,
    question="Does a linear reader gain from more inputs that each say a little?",
    run=run,
    measures=Measures,
    sweep=grid(Config, inputs=[2, 8, 64]),
    ranges={"inputs": (1, INPUTS), "signal": (0.0, 2.0)},
    estimands=(
        Estimand(
            name="many_minus_few",
            claim="with 64 inputs the reader is right more often than with 2",
            kind=Kind.CONTRAST,
            measure="accuracy",
            between=({"inputs": 64}, {"inputs": 2}),
            smallest=0.05,
            expects=Direction.MORE,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.95, negative=0.01, absent=0.04, interval=(0.2, 0.35), because="each of them says a little"
            ),
        ),
    ),
    controls=(
        Control(
            estimand="many_minus_few",
            placebo=grid(Config, inputs=[2, 64], signal=[0.0]),
            planted=grid(Config, inputs=[2, 64], signal=[0.5]),
        ),
    ),
    needs=Needs(seconds=lambda _: 0.005, memory_mb=150),
)
