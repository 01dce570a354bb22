"""Does a small network foretell better when its second layer is left at the signs of chance and never trained?

Why it matters: whoever may leave half of a network untrained saves memory, and learns which half the learning is in.

A network of ReLU units has ways in and ways out. Where it is very wide, it hardly matters which of them are trained. At
thirty-two neurons it may: ways out that are trained let a useful neuron count for more and a useless one for less,
while with ways out of fixed size a neuron counts for more only by growing its ways in, which turns it, too. So ways out
that are frozen might force the neurons to turn towards the task, or might leave each neuron with a share of noise that
nothing takes away. We train one and the same start both ways on few examples with noisy targets, to the same training
error, at which a network stands still.

We expect that frozen ways out end with a higher test error, by little. The rival: only ways in learn features, and what
is added by training ways out is noise, so frozen ones are as good or better. A single small step is the placebo. Frozen
networks that do not learn at all are planted.

History: 1, first version.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, progress

Floats = npt.NDArray[np.float64]

BLOCK = 500  # steps
TEST = 500  # new inputs
WORST = 20.0  # an error as large is as good as any larger one


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    readout: str  # trained, or frozen: the ways out stay what they were at the start
    noise: float = 0.3  # standard deviation of what is added to the training targets, which have 1
    width: int = 32
    inputs: int = 10
    examples: int = 80
    rate: float = 0.3
    steps: int = 4_000
    goal: float = 0.1  # training error at which training ends
    asleep: bool = False  # what is frozen does not learn at all


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_error: float  # mean squared distance from the noiseless truth on new inputs; that has variance 1
    train_error: float
    reached: int  # 1 when the goal was reached
    steps_taken: int
    turned: float  # 1 less the mean cosine between what comes into a neuron before and after
    has_learned: int  # 1 when the training error ended at less than half of what it was at the start
    error_by_block: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. Task, noise and start are the same for both ways of training."""
    rng = chance.stream(seed, "data")
    x = rng.standard_normal((config.examples, config.inputs))
    x_test = rng.standard_normal((TEST, config.inputs))
    frame = np.linalg.qr(rng.standard_normal((config.inputs, 3)))[0]
    y, y_test = truth(x @ frame), truth(x_test @ frame)
    middle, spread = float(y_test.mean()), float(y_test.std())
    y, y_test = (y - middle) / spread, (y_test - middle) / spread
    y = y + config.noise * chance.stream(seed, "noise").standard_normal(config.examples)

    rng = chance.stream(seed, "start")
    w = rng.standard_normal((config.inputs, config.width)) / math.sqrt(config.inputs)
    a = np.where(rng.random(config.width) < 0.5, -1.0, 1.0)
    scale = math.sqrt(1.0 / config.width)
    began = w
    rate_in, rate_out = config.rate, config.rate if config.readout == "trained" else 0.0
    if config.asleep and config.readout == "frozen":
        rate_in = 0.0

    errors: list[float] = []
    taken, reached, first, last = config.steps, 0, 0.0, 0.0
    for step in range(config.steps + 1):
        h = x @ w
        active = np.maximum(h, 0.0)
        residual = scale * (active @ a) - y
        last = float(residual @ residual) / config.examples
        first = last if step == 0 else first
        if step % BLOCK == 0:
            errors.append(min(last, WORST))
            progress.block(step / (config.steps + 1))
        if last <= config.goal and not reached:
            taken, reached = step, 1
            rate_in = rate_out = 0.0  # it stands still from here on, so that every cell costs the same
        if step == config.steps:
            break
        slope = scale * residual / config.examples
        w, a = w - rate_in * (x.T @ (np.outer(slope, a) * (h > 0))), a - rate_out * (active.T @ slope)
    wrong = scale * (np.maximum(x_test @ w, 0.0) @ a) - y_test
    progress.early(errors[:8])
    progress.block(1.0)
    lengths = np.linalg.norm(began, axis=0) * np.maximum(np.linalg.norm(w, axis=0), 1e-12)
    return Measures(
        test_error=min(float(np.mean(wrong**2)), WORST),
        train_error=min(last, WORST),
        reached=reached,
        steps_taken=taken,
        turned=1.0 - float(np.mean(np.sum(began * w, axis=0) / lengths)),
        has_learned=int(last < 0.5 * first),
        error_by_block=tuple(errors[:16]),
    )


def truth(z: Floats) -> Floats:
    """A function of three numbers: a step, a bend, and a product of which no single number tells anything."""
    return np.tanh(2.0 * z[:, 0]) + np.maximum(z[:, 1], 0.0) + 0.5 * z[:, 1] * z[:, 2]


def _seconds(config: Config) -> float:
    return 0.001 + config.steps * (2.5e-5 + 2e-10 * config.width * config.examples * config.inputs)


experiment = Experiment(
    name="frozen_readout",
    version=1,
    question="Does a small network foretell better when its second layer is left at the signs of chance?",
    run=run,
    measures=Measures,
    sweep=grid(Config, readout=["trained", "frozen"], noise=[0.0, 0.3]),
    ranges={
        "noise": (0.0, 2.0),
        "width": (4, 256),
        "inputs": (3, 32),
        "examples": (8, 512),
        "rate": (0.001, 0.5),
        "steps": (1, 10_000),
        "goal": (0.001, 0.5),
    },
    estimands=(
        Estimand(
            name="frozen_ways_out_cost",
            claim="trained on noisy targets to one training error, 32 ReLU neurons end with a higher test error "
            "with output weights frozen than trained",
            kind=Kind.CONTRAST,
            measure="test_error",
            between=({"readout": "frozen", "noise": 0.3}, {"readout": "trained", "noise": 0.3}),
            smallest=0.02,
            bounds=(-20.0, 20.0),
            prediction=Prediction(
                positive=0.45,
                negative=0.2,
                absent=0.35,
                interval=(0.016, 0.09),
                because="ways out that are trained silence useless neurons, which frozen ones keep as noise; but "
                "ways in of free length can do nearly the same",
            ),
            in_words="{percent} % of the target's variance",
            expects=Direction.MORE,
        ),
        Estimand(
            name="frozen_ways_out_turn",
            claim="trained on noisy targets to one training error, 32 ReLU neurons turn more with output weights "
            "frozen than trained",
            kind=Kind.CONTRAST,
            measure="turned",
            between=({"readout": "frozen", "noise": 0.3}, {"readout": "trained", "noise": 0.3}),
            smallest=0.02,
            bounds=(-2.0, 2.0),
            prediction=Prediction(
                positive=0.6,
                negative=0.15,
                absent=0.25,
                interval=(0.005, 0.12),
                because="all that is learned must be learned by ways in; but large ways out that grew turn them faster",
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="frozen_ways_out_cost",
            placebo=grid(Config, readout=["frozen", "trained"], noise=[0.3], steps=[1], rate=[0.01]),
            planted=grid(Config, readout=["frozen", "trained"], noise=[0.3], asleep=[True]),
        ),
    ),
    figure=Figure(x="noise", y="test_error", title="What frozen ways out cost"),
    setting="small ReLU networks trained to equal error",
    headlines=(
        Headline(
            says="On noisy data, leaving a network's last layer untrained raises error on new examples",
            when={"frozen_ways_out_cost": Direction.MORE},
        ),
        Headline(
            says="On noisy data, leaving a network's last layer untrained lowers error on new examples",
            when={"frozen_ways_out_cost": Direction.LESS},
        ),
        Headline(
            says="On noisy data, leaving a network's last layer untrained hardly changes its error",
            when={"frozen_ways_out_cost": Direction.ABSENT},
        ),
        Headline(
            says="On noisy data, first-layer weights change direction more if the last layer stays untrained",
            when={"frozen_ways_out_turn": Direction.MORE},
        ),
    ),
    words={
        "test_error": "error on new inputs",
        "turned": "the turn of neurons (one minus the cosine)",
        "readout=frozen": "output weights frozen at random signs",
        "readout=trained": "trained output weights",
        "noise": "target noise",
        "noise=0.0": "no target noise",
        "inputs": "{value} inputs",
        "examples": "{value} training examples",
        "rate": "learning rate",
        "goal": "training error to reach",
        "asleep": "frozen networks that do not learn",
        "asleep=False": "learning in every network",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
    learned="has_learned",
)
