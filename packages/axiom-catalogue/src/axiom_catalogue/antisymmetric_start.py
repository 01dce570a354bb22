"""Is a network better off when it says nothing before it has learned anything?

Why it matters: a network's answer away from its examples is partly the accident of its start. A free remedy would help
wherever data are few.

A network at its start computes some function by chance, and gradient descent only adds to it; away from the examples
that chance function stays, and is noise. Zhang et al. 2020 therefore start networks in pairs of neurons that cancel.
But a pair is one neuron twice, so a network of the same width has half as many distinct features to begin with. We
train both on few examples of a smooth task, at two sizes of the weights on the way out, at a width at which halving
could hurt: sixteen neurons.

We expect that cancelling lowers the test error where the start is large (gain 2) and hardly where it is small (gain
0.5). The rival: what is lost with half of the features is as much as what is won. At a gain of next to nothing, after
five steps, there is nothing to cancel: the placebo. At a huge gain the noise is all there is: planted.

History: 1, first version.
"""

import math
from dataclasses import dataclass

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, progress

BLOCK = 250  # steps
WORST = 100.0  # an error as large is as good as any larger one


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    start: str  # plain, or cancel: the second half of the neurons repeats the first, with the other sign
    gain: float  # of the weights on the way out
    dose: float = 1.0  # times the gain
    width: int = 16
    inputs: int = 8
    examples: int = 48
    rate: float = 0.2
    steps: int = 2_000


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    test_error: float  # mean squared error on 500 new inputs; what is foretold has variance 1
    train_error: float
    start_variance: float  # of what the network says of new inputs before it learns
    kept: float | None  # cosine between what it says wrongly at the end and what it said at the start; None at no start
    error_by_block: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The task, and the first half of the neurons, are the same for both starts."""
    rng = chance.stream(seed, "data")
    x = rng.standard_normal((config.examples, config.inputs))
    x_test = rng.standard_normal((500, config.inputs))
    parts = rng.standard_normal((config.inputs, 4)) / math.sqrt(config.inputs)
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    y, y_test = np.tanh(2 * x @ parts) @ signs, np.tanh(2 * x_test @ parts) @ signs
    middle, spread = float(y_test.mean()), float(y_test.std())
    y, y_test = (y - middle) / spread, (y_test - middle) / spread

    rng = chance.stream(seed, "start")
    w = rng.standard_normal((config.inputs, config.width)) / math.sqrt(config.inputs)
    a = rng.standard_normal(config.width)
    if config.start == "cancel":
        half = config.width // 2
        w = np.concatenate([w[:, :half], w[:, :half]], axis=1)
        a = np.concatenate([a[:half], -a[:half]])
    scale = math.sqrt(2.0 / config.width)
    gain = config.gain * config.dose
    a = gain * a

    first = scale * np.maximum(x_test @ w, 0.0) @ a
    errors: list[float] = []
    for step in range(config.steps):
        h = x @ w
        active = np.maximum(h, 0.0)
        residual = scale * (active @ a) - y
        if step % BLOCK == 0:
            errors.append(min(float(np.mean(residual**2)), WORST))
            progress.block(step / config.steps)
        slope = (config.rate / config.examples / max(1.0, gain**2)) * scale * residual
        w, a = w - x.T @ (np.outer(slope, a) * (h > 0)), a - active.T @ slope
    errors.append(min(float(np.mean((scale * np.maximum(x @ w, 0.0) @ a - y) ** 2)), WORST))
    progress.early(errors[:8])
    progress.block(1.0)
    wrong = scale * np.maximum(x_test @ w, 0.0) @ a - y_test
    size = float(np.linalg.norm(wrong) * np.linalg.norm(first))
    return Measures(
        test_error=min(float(np.mean(wrong**2)), WORST),
        train_error=errors[-1],
        start_variance=float(np.var(first)),
        kept=float(wrong @ first) / size if size > 1e-9 else None,
        error_by_block=tuple(errors),
    )


def _seconds(config: Config) -> float:
    return 0.01 + config.steps * (1e-5 + 1e-9 * config.width * config.examples * config.inputs)


experiment = Experiment(
    name="antisymmetric_start",
    version=1,
    question="Is a network better off when it says nothing before it has learned anything?",
    reference="Zhang et al. 2020, arXiv:1905.07777",
    run=run,
    measures=Measures,
    sweep=grid(Config, start=["plain", "cancel"], gain=[0.5, 2.0]),
    ranges={
        "gain": (0.001, 30.0),
        "dose": (0.001, 30.0),
        "width": (4, 512),
        "inputs": (2, 32),
        "examples": (8, 1_024),
        "rate": (0.01, 0.5),
        "steps": (5, 10_000),
    },
    estimands=(
        Estimand(
            name="cancelling_helps_a_large_start",
            claim="from a large start (gain 2), 16 ReLU neurons that cancel in pairs end with a lower test error "
            "than 16 random neurons",
            kind=Kind.CONTRAST,
            measure="test_error",
            between=({"start": "cancel", "gain": 2.0}, {"start": "plain", "gain": 2.0}),
            in_words="{percent} % of the target's variance",
            expects=Direction.LESS,
            smallest=0.05,
            bounds=(-100.0, 100.0),
            prediction=Prediction(
                positive=0.08,
                negative=0.8,
                absent=0.12,
                interval=(-0.9, -0.1),
                because="the chance function has four times the variance of a plain start and few examples remove it",
            ),
        ),
        Estimand(
            name="cancelling_helps_a_small_start",
            claim="from a small start (gain 0.5), 16 ReLU neurons end with about the same test error whether or "
            "not they cancel in pairs",
            kind=Kind.CONTRAST,
            measure="test_error",
            between=({"start": "cancel", "gain": 0.5}, {"start": "plain", "gain": 0.5}),
            in_words="{percent} % of the target's variance",
            expects=Direction.ABSENT,
            smallest=0.05,
            bounds=(-100.0, 100.0),
            prediction=Prediction(
                positive=0.25,
                negative=0.2,
                absent=0.55,
                interval=(-0.05, 0.08),
                because="there is little to cancel, and eight features may serve worse than sixteen",
            ),
        ),
    ),
    controls=(
        Control(
            estimand="cancelling_helps_a_large_start",
            placebo=grid(Config, start=["cancel", "plain"], gain=[2.0], dose=[0.001], steps=[5]),
            planted=grid(Config, start=["cancel", "plain"], gain=[2.0], dose=[10.0]),
        ),
        Control(
            estimand="cancelling_helps_a_small_start",
            placebo=grid(Config, start=["cancel", "plain"], gain=[0.5], dose=[0.002], steps=[5]),
            planted=grid(Config, start=["cancel", "plain"], gain=[0.5], dose=[30.0]),
        ),
    ),
    figure=Figure(x="gain", y="test_error", title="What it costs to begin with a function by chance"),
    setting="small ReLU networks that learn a smooth function",
    headlines=(
        Headline(
            says="Networks with strong first connections err less if they begin by answering zero",
            when={"cancelling_helps_a_large_start": Direction.LESS},
        ),
        Headline(
            says="Networks with strong first connections err more if they begin by answering zero",
            when={"cancelling_helps_a_large_start": Direction.MORE},
        ),
        Headline(
            says="Networks with strong first connections err about equally if they begin by answering zero",
            when={"cancelling_helps_a_large_start": Direction.ABSENT},
        ),
        Headline(
            says="Networks with weak first connections err about equally if they begin by answering zero",
            when={"cancelling_helps_a_small_start": Direction.ABSENT},
        ),
    ),
    words={
        "test_error": "error on new examples",
        "start=cancel": "neurons that start in cancelling pairs",
        "start=plain": "neurons that start at random",
        "gain": "starting scale",
        "dose": "factor on the starting scale",
        "inputs": "{value} inputs",
        "examples": "{value} training examples",
        "rate": "learning rate",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
