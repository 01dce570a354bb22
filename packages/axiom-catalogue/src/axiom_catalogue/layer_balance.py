"""Does it matter which of two layers holds the size of a start, when the function is the same?

Why it matters: two networks that say exactly the same can learn differently. How they hold their weights is a free
choice that may save data.

ReLU units allow a network to be rewritten: divide what comes into every neuron by a factor and multiply what goes out
by it, and it says the same of every input. Gradient descent does not see it so. Weights that are small and stand
before large ones turn quickly; weights that are large and stand before small ones hardly move, and the network
becomes a sum of features by chance (Kunin et al. 2024 tell the same of linear networks). So the tilt of a start, of
which the function knows nothing, should decide whether features are learned. We tilt one and the same start both
ways, and train to the same training error on few examples of a task that depends on two directions of its inputs.

We expect that large ways out (tilt 4) end with a lower test error than large ways in (tilt 1/4), and that their
neurons turn more. The rival: only the function and the size of the kernel matter, and both are alike at equal
training error. A single small step is the placebo. Ways in that do not learn at all are planted.

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
WORST = 20.0  # an error as large is as good as any larger one


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    tilt: float  # ways out are multiplied by it, ways in divided
    width: int = 128
    inputs: int = 12
    examples: int = 64
    rate: float = 0.3  # over the larger of tilt squared and its inverse
    steps: int = 8_000
    goal: float = 0.05  # training error at which training ends
    asleep: bool = False  # with a tilt below 1, nothing is learned


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    test_error: float  # mean squared error on 500 new inputs; what is foretold has variance 1
    train_error: float
    reached: int
    steps_taken: int
    turned: float  # 1 less the mean cosine between what comes into a neuron before and after
    error_by_block: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. Task and function at the start are the same for every tilt."""
    rng = chance.stream(seed, "data")
    x = rng.standard_normal((config.examples, config.inputs))
    x_test = rng.standard_normal((500, config.inputs))
    frame = np.linalg.qr(rng.standard_normal((config.inputs, 2)))[0]
    y, y_test = truth(x @ frame), truth(x_test @ frame)
    middle, spread = float(y_test.mean()), float(y_test.std())
    y, y_test = (y - middle) / spread, (y_test - middle) / spread
    rng = chance.stream(seed, "start")
    w = rng.standard_normal((config.inputs, config.width)) / math.sqrt(config.inputs) / config.tilt
    a = rng.standard_normal(config.width) * config.tilt
    scale = math.sqrt(1.0 / config.width)
    began = w
    rate = config.rate / max(config.tilt, 1 / config.tilt) ** 2
    if config.asleep and config.tilt < 1:
        rate = 0.0

    errors: list[float] = []
    taken, reached = config.steps, 0
    for step in range(config.steps):
        h = x @ w
        active = np.maximum(h, 0.0)
        residual = scale * (active @ a) - y
        error = float(residual @ residual) / config.examples
        if step % BLOCK == 0:
            errors.append(min(error, WORST))
            progress.block(step / config.steps)
        if error <= config.goal and not reached:
            taken, reached = step, 1
            rate = 0.0  # it stands still from here on, so that every cell costs the same
        slope = (rate / config.examples) * scale * residual
        w, a = w - x.T @ (np.outer(slope, a) * (h > 0)), a - active.T @ slope
    wrong = scale * (np.maximum(x_test @ w, 0.0) @ a) - y_test
    errors.append(min(float(np.mean((scale * (np.maximum(x @ w, 0.0) @ a) - y) ** 2)), WORST))
    progress.early(errors[:8])
    progress.block(1.0)
    cosines = np.sum(began * w, axis=0) / np.linalg.norm(began, axis=0) / np.maximum(np.linalg.norm(w, axis=0), 1e-12)
    return Measures(
        test_error=min(float(np.mean(wrong**2)), WORST),
        train_error=errors[-1],
        reached=reached,
        steps_taken=taken,
        turned=1.0 - float(np.mean(cosines)),
        error_by_block=tuple(errors[:16]),
    )


def truth(z: Floats) -> Floats:
    """A smooth function of two numbers that no linear map follows."""
    return np.tanh(1.5 * z[:, 0]) + np.maximum(z[:, 1], 0.0) * 1.5


def _seconds(config: Config) -> float:
    return 0.0005 + config.steps * (1e-5 + 1.2e-10 * config.width * config.examples * config.inputs)


experiment = Experiment(
    name="layer_balance",
    version=1,
    question="Does it matter which of two layers holds the size of a start, when the function is the same?",
    reference="Kunin et al. 2024, arXiv:2406.06158",
    run=run,
    measures=Measures,
    sweep=grid(Config, tilt=[0.25, 1.0, 4.0]),
    ranges={
        "tilt": (0.05, 20.0),
        "width": (4, 256),
        "inputs": (2, 32),
        "examples": (8, 512),
        "rate": (0.001, 0.5),
        "steps": (1, 10_000),
        "goal": (0.001, 0.5),
    },
    estimands=(
        Estimand(
            name="large_ways_out_generalise",
            claim="of two ReLU networks that start as one function, that with small first and large "
            "second layer (tilt 4) ends with less test error",
            kind=Kind.CONTRAST,
            measure="test_error",
            between=({"tilt": 4.0}, {"tilt": 0.25}),
            expects=Direction.LESS,
            smallest=0.03,
            bounds=(-20.0, 20.0),
            prediction=Prediction(
                positive=0.1,
                negative=0.75,
                absent=0.15,
                interval=(-0.35, -0.05),
                because="ways in that turn find the two directions, and features by chance must span twelve",
            ),
        ),
        Estimand(
            name="large_ways_out_turn",
            claim="of two ReLU networks that start as the same function, neurons turn more in the one with small "
            "first and large second layer (tilt 4)",
            kind=Kind.CONTRAST,
            measure="turned",
            between=({"tilt": 4.0}, {"tilt": 0.25}),
            smallest=0.03,
            bounds=(-2.0, 2.0),
            prediction=Prediction(
                positive=0.98,
                negative=0.01,
                absent=0.01,
                interval=(0.15, 0.8),
                because="their gradient is sixteen times larger and they are sixteen times smaller in square",
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="large_ways_out_generalise",
            placebo=grid(Config, tilt=[4.0, 0.25], steps=[1], rate=[0.01]),
            planted=grid(Config, tilt=[4.0, 0.25], asleep=[True]),
        ),
    ),
    figure=Figure(x="tilt", y="test_error", title="The same function, tilted"),
    setting="ReLU networks that start as the same function",
    headlines=(
        Headline(
            says="Networks starting with weak first and strong last connections err less than the reverse",
            when={"large_ways_out_generalise": Direction.LESS},
        ),
        Headline(
            says="Networks starting with weak first and strong last connections err more than the reverse",
            when={"large_ways_out_generalise": Direction.MORE},
        ),
        Headline(
            says="Whether first or last connections start stronger hardly changes how much networks err",
            when={"large_ways_out_generalise": Direction.ABSENT},
        ),
        Headline(
            says="Starting weak first and strong last changes neurons' direction more than the reverse",
            when={"large_ways_out_turn": Direction.MORE},
        ),
    ),
    words={
        "test_error": "error on new inputs",
        "turned": "the turn of first-layer neurons (one minus the cosine)",
        "tilt": "tilt toward the second layer",
        "tilt=4.0": "a small first and large second layer",
        "tilt=0.25": "a large first and small second layer",
        "rate": "learning rate",
        "goal": "training error to be reached",
        "inputs": "{value} inputs",
        "examples": "{value} training examples",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
