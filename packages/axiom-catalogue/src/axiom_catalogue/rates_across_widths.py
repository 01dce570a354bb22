"""Does the learning rate of a narrow network suit a wide one?

Why it matters: nobody can afford to try ten learning rates on the largest model. If that of a small model holds, it
need not be tried there.

In the usual parametrisation each weight starts with a variance of 2 / fan-in, and all learn at one rate. Theory says of
plain descent that the largest rate which does not run away then falls as one over the width (Yang & Hu 2021), and that
it stays if starts and rates are scaled with the width in another way (muP, Yang et al. 2022). In practice it falls more
slowly, and Haas et al. 2025 blame the loss: under cross-entropy outputs may grow without harm, and the exponent becomes
-1/2. We train ReLU networks of two hidden layers on handwritten digits by plain descent at rates that grow by a root of
two, at four widths, with squared error and with cross-entropy, in both parametrisations. They are the same at a width
of 32.

We expect that with squared error the largest rate falls in the usual parametrisation, though more slowly than theory
says of endless width, and stays under muP. With cross-entropy a pilot saw no fall at all.

History: 2, as 1 with seeds that no pilot has seen, and a base of 32 neurons; 1, a pilot with a base of 64.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, digits, losses, models, optimizers, progress, training

BASE, SAME = 32, 128  # the widths at which both parametrisations are the same, and of the placebo
BATCH, TRAIN, TEST = 50, 1_000, 600
LOWEST, HIGHEST = -7.0, 3.0  # logarithms to base 2 of the rates, in steps of a half
ENOUGH = 0.8  # of the loss of a guess: below it a network has learned something
OBJECTIVES: dict[str, tuple[Callable[..., Any], float]] = {  # and what a guess costs
    "squared": (losses.SquaredError, 0.5 * (1 - 1 / digits.CLASSES)),
    "entropy": (losses.CrossEntropy, math.log(digits.CLASSES)),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    scaling: str  # standard or mup
    loss: str  # squared or entropy
    width: int  # of both hidden layers
    steps: int = 60
    control: str = "none"  # placebo: the width is 128 whatever it says; planted: wide networks get larger inputs


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    has_learned: int  # 1 when it did at any rate; else nothing is said of rates
    largest_rate: float | None  # at which the training loss ends below four fifths of that of a guess
    best_rate: float | None  # at which the training loss ends lowest
    best_loss: float | None
    test_accuracy: float | None  # at the best rate
    loss_by_rate: tuple[float, ...]  # over that of a guess, and at most 2; until two rates in a row were too high


@dataclass(frozen=True, kw_only=True)
class Multiplied:
    """A ReLU network whose first layer is made larger by a factor, and whose outputs are made smaller by it.

    With a factor of the root of the width, a first layer that starts smaller by it, and plain descent, that is muP: the
    first layer learns faster, the last begins smaller and learns more slowly.
    """

    factor: float

    def hidden(self, net: models.Net, x: models.Array) -> tuple[models.Array, ...]:
        """The activations of every hidden layer, first to last."""
        below = models.affine(net[0], x) * self.factor
        activations = [below * (below > 0)]
        for layer in net[1:-1]:
            below = models.affine(layer, activations[-1])
            activations.append(below * (below > 0))
        return tuple(activations)

    def outputs(self, net: models.Net, x: models.Array) -> models.Array:
        """What the last layer gives, before any softmax."""
        above: models.Array = models.affine(net[-1], self.hidden(net, x)[-1]) * (1 / self.factor)
        return above


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images and batches for every width and rate, and the start for every width."""
    task = digits.task(chance.stream(seed, "data"), train=TRAIN, test=TEST)
    width = SAME if config.control == "placebo" else config.width
    if config.control == "planted":
        task = replace(task, x_train=task.x_train * np.float32(math.sqrt(config.width / SAME)))
    factor = math.sqrt(width / BASE) if config.scaling == "mup" else 1.0
    sizes = (digits.SIDE**2, width, width, digits.CLASSES)
    first, *others = models.mlp(chance.stream(seed, f"start of {config.width}"), sizes)
    start = (first._replace(weights=first.weights / np.float32(factor)), *others)
    orders = chance.orders(seed, items=TRAIN, epochs=math.ceil(config.steps * BATCH / TRAIN))
    orders = orders.reshape(1, -1)[:, : config.steps * BATCH]
    architecture = Multiplied(factor=factor)
    make, guess = OBJECTIVES[config.loss]
    objective, rates = make(architecture=architecture), 2.0 ** np.arange(LOWEST, HIGHEST + 0.25, 0.5)

    def learn(seen: list[tuple[float, float]], number: int) -> list[tuple[float, float]]:
        if _is_over([loss for loss, _ in seen]):
            return seen
        end, _ = training.trained(
            start,
            task,
            orders,
            watch=training.UNWATCHED,
            rates=optimizers.Rates(lr=float(rates[number])),
            batch=BATCH,
            objective=objective,
        )
        loss = float(objective(end, task.x_train, task.y_train)) / guess
        return [*seen, (loss if loss < 2 else 2.0, training.accuracy(end, task.x_test, task.y_test, architecture))]

    seen = progress.blocks(list[tuple[float, float]](), learn, len(rates))
    by_rate = [loss for loss, _ in seen]
    learned = [rate for rate, loss in zip(rates.tolist(), by_rate, strict=False) if loss < ENOUGH]
    best = int(np.argmin(by_rate))
    return Measures(
        has_learned=int(bool(learned)),
        largest_rate=max(learned, default=None),
        best_rate=float(rates[best]) if learned else None,
        best_loss=by_rate[best] * guess if learned else None,
        test_accuracy=seen[best][1] if learned else None,
        loss_by_rate=tuple(by_rate),
    )


def _is_over(by_rate: list[float]) -> bool:
    """Two rates in a row were too high, after one at which something was learned."""
    return min(by_rate, default=1.0) < ENOUGH and min(by_rate[-2:]) >= ENOUGH


def _seconds(config: Config) -> float:
    rates = 0.65 if config.loss == "squared" else 1.0  # which are tried until two in a row are too high
    return 0.03 + rates * config.steps * (1e-3 + 9e-8 * config.width**2)


PILOT = partial(Prediction, because="four seeds of a pilot")
SHORT = partial(grid, Config, scaling=["standard"], loss=["squared"], width=[64, 128, 256])


def _exponent(scaling: str, loss: str, **rest: Any) -> Estimand:
    """Of a rate in the width."""
    return Estimand(kind=Kind.SLOPE, across="width", between=({"scaling": scaling, "loss": loss},), **rest)


experiment = Experiment(
    name="rates_across_widths",
    version=2,
    question="Does the learning rate of a narrow network suit a wide one?",
    reference="Yang & Hu 2021, arXiv:2011.14522; Yang et al. 2022, arXiv:2203.03466; "
    "Haas et al. 2025, arXiv:2505.22491",
    run=run,
    measures=Measures,
    sweep=grid(Config, scaling=["standard", "mup"], loss=list(OBJECTIVES), width=[64, 128, 256, 512]),
    ranges={"width": (8, 2_048), "steps": (10, 10_000)},
    estimands=(
        _exponent(
            "standard",
            "squared",
            name="largest_standard_squared",
            claim="with squared error and the usual parametrisation the largest learning rate that works falls as a "
            "network gets wider",
            measure="largest_rate",
            expects=Direction.LESS,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.7, -0.4), median=-0.5),
            published=Published(value=-1.0, reference="Yang & Hu 2021, arXiv:2011.14522"),
        ),
        _exponent(
            "standard",
            "squared",
            name="best_standard_squared",
            claim="with squared error and the usual parametrisation the best learning rate falls as a network gets "
            "wider",
            measure="best_rate",
            expects=Direction.LESS,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.65, -0.35)),
        ),
        _exponent(
            "mup",
            "squared",
            name="largest_mup_squared",
            claim="with squared error and muP the largest learning rate that works hardly depends on the width of a "
            "network",
            measure="largest_rate",
            expects=Direction.ABSENT,
            smallest=0.15,
            prediction=PILOT(positive=0.05, negative=0.05, absent=0.9, interval=(-0.08, 0.06)),
            published=Published(value=0.0, reference="Yang et al. 2022, arXiv:2203.03466"),
        ),
        _exponent(
            "standard",
            "entropy",
            name="largest_standard_entropy",
            claim="with cross-entropy and the usual parametrisation the largest learning rate that works rises as a "
            "network gets wider",
            measure="largest_rate",
            expects=Direction.MORE,
            smallest=0.05,
            prediction=PILOT(positive=0.8, negative=0.02, absent=0.18, interval=(0.05, 0.18)),
            published=Published(value=-0.5, reference="Haas et al. 2025, arXiv:2505.22491"),
        ),
    ),
    controls=(
        Control(
            estimand="largest_standard_squared", placebo=SHORT(control=["placebo"]), planted=SHORT(control=["planted"])
        ),
    ),
    figure=Figure(x="width", y="largest_rate", title="The largest learning rate that works", log=("x", "y")),
    learned="has_learned",
    setting="networks of several widths that read digits",
    headlines=(
        Headline(
            says="With squared error, larger networks bear only smaller training steps, unless scaled (muP)",
            when={
                "largest_standard_squared": Direction.LESS,
                "best_standard_squared": Direction.LESS,
                "largest_mup_squared": Direction.ABSENT,
            },
        ),
        Headline(
            says="With squared error, networks with more neurons bear only smaller training steps",
            when={"largest_standard_squared": Direction.LESS},
        ),
        Headline(
            says="With squared error, networks with more neurons bear larger training steps",
            when={"largest_standard_squared": Direction.MORE},
        ),
        Headline(
            says="With squared error, the largest workable training step hardly depends on network size",
            when={"largest_standard_squared": Direction.ABSENT},
        ),
    ),
    words={
        "largest_rate": "the largest learning rate that works",
        "best_rate": "the best learning rate",
        "scaling=standard": "the usual parametrisation",
        "scaling=mup": "muP",
        "loss=squared": "squared error",
        "loss=entropy": "cross-entropy",
        "width": "{value} neurons per layer",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
