"""Must a small network begin with a neuron near every part of the answer?

Why it matters: a common story explains why large networks train more easily: they hold a good start by chance. This
tests the story where it can be checked.

Exclusive or of two Gaussian inputs is solved by four ReLU neurons without biases, one into each quadrant, with the
sign of the quadrant's class on its way out. A common story says that a network finds a solution whose parts it
happens to hold at the start, and that width helps because it covers more of them. So we start one network with a
neuron in each quadrant, and one of the same width in which one quadrant (a random one) is empty; signs of the way out
are random in both.

We expect that the empty quadrant costs accuracy when there are six neurons, and hardly any when there are twelve. The
rival: neurons turn. In a small start a neuron grows towards whatever its sign asks for, and a quadrant that nobody
holds is reached from next door. A network that is shown random labels has nothing to learn and is the placebo;
neurons that all point the same way with the same sign cannot solve it, and are planted against four that already do.

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
Ints = npt.NDArray[np.int64]

QUARTER = math.pi / 2
BLOCK = 250  # steps


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    start: str  # spread: a neuron in each quadrant; gap: one quadrant is empty
    width: int
    extreme: bool = False  # spread: the answer itself; gap: all neurons are alike
    labels: str = "true"  # or random
    size: float = 0.1  # of every neuron at the start, both ways
    rate: float = 0.5
    examples: int = 128
    steps: int = 1_500


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    accuracy: float  # on 1,000 examples that were not shown, by their true labels
    train_loss: float
    turned: float  # share of neurons that end in another quadrant than they began in
    empty_at_end: int  # quadrants of four without a neuron at the end
    loss_by_block: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell."""
    rng = chance.stream(seed, "data")
    x = rng.standard_normal((config.examples, 2))
    x_test = rng.standard_normal((1_000, 2))
    y, y_test = truth(x), truth(x_test)
    if config.labels == "random":
        y = chance.stream(seed, "labels").permutation(y)
    w, a = beginning(config, seed)
    began = quadrant(w)
    losses: list[float] = []
    for step in range(config.steps):
        h = x @ w
        active = np.maximum(h, 0.0)
        margin = y * (active @ a)
        if step % BLOCK == 0:
            losses.append(float(np.mean(np.logaddexp(0.0, -margin))))
            progress.block(step / config.steps)
        slope = -y / (1.0 + np.exp(np.minimum(margin, 60.0))) / config.examples
        to_a = active.T @ slope
        to_w = x.T @ (np.outer(slope, a) * (h > 0))
        w, a = w - config.rate * to_w, a - config.rate * to_a
    losses.append(float(np.mean(np.logaddexp(0.0, -y * (np.maximum(x @ w, 0.0) @ a)))))
    progress.early(losses[:8])
    progress.block(1.0)
    says = np.maximum(x_test @ w, 0.0) @ a
    ended = quadrant(w)
    return Measures(
        accuracy=float(np.mean(np.where(says > 0, 1.0, -1.0) == y_test)),
        train_loss=losses[-1],
        turned=float(np.mean(began != ended)),
        empty_at_end=4 - len({int(q) for q in ended}),
        loss_by_block=tuple(losses),
    )


def truth(x: Floats) -> Floats:
    """1 where the signs agree, else -1."""
    return np.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)


def quadrant(w: Floats) -> Ints:
    """0 to 3, counter-clockwise, of every neuron."""
    turns = np.mod(np.arctan2(w[1], w[0]), 4 * QUARTER) / QUARTER
    return np.asarray(np.floor(turns), dtype=np.int64) % 4


def beginning(config: Config, seed: int) -> tuple[Floats, Floats]:
    """Directions as columns, and the ways out. Draws are the same for every start."""
    rng = chance.stream(seed, "start")
    within = rng.random(config.width)
    lot = rng.integers(0, 4, config.width)
    nearby = rng.integers(1, 4, config.width)
    gap = int(rng.integers(0, 4))
    sign = np.where(rng.random(config.width) < 0.5, 1.0, -1.0)
    place = np.arange(config.width)
    if config.start == "gap" and not config.extreme:
        where = np.where(place < 3, gap + 1 + place, gap + nearby) % 4
    elif config.start == "gap":
        where, within, sign = np.full(config.width, gap), np.full(config.width, 0.5), np.ones(config.width)
    elif config.extreme:
        where = place % 4
        within, sign = np.full(config.width, 0.5), np.where(where % 2 == 0, 1.0, -1.0)
    else:
        where = np.where(place < 4, place, lot)
    angle = (where + within) * QUARTER
    return config.size * np.stack([np.cos(angle), np.sin(angle)]), config.size * sign


def _seconds(config: Config) -> float:
    return 0.005 + config.steps * (4e-5 + 2e-8 * config.width * config.examples)


experiment = Experiment(
    name="quadrant_coverage",
    version=1,
    question="Must a small network begin with a neuron near every part of the answer?",
    run=run,
    measures=Measures,
    sweep=grid(Config, start=["spread", "gap"], width=[6, 12]),
    ranges={"width": (4, 64), "size": (0.001, 2.0), "rate": (0.01, 1.0), "examples": (16, 1_024), "steps": (10, 5_000)},
    estimands=(
        Estimand(
            name="gap_costs_the_narrow",
            claim="on exclusive-or of two inputs, a network of six ReLU neurons ends less accurate if none of them "
            "starts in one of the four quadrants",
            kind=Kind.CONTRAST,
            measure="accuracy",
            in_words="{percent} percentage points",
            between=({"start": "gap", "width": 6}, {"start": "spread", "width": 6}),
            expects=Direction.LESS,
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.07,
                negative=0.58,
                absent=0.35,
                interval=(-0.12, -0.02),
                because="with random signs six neurons seldom hold all four parts, and a gap takes one more away",
            ),
        ),
        Estimand(
            name="gap_costs_the_wide",
            claim="on exclusive-or of two signs, twelve ReLU neurons are as accurate, within 2 points, if none of "
            "them starts in one of the four quadrants",
            kind=Kind.CONTRAST,
            measure="accuracy",
            in_words="{percent} percentage points",
            between=({"start": "gap", "width": 12}, {"start": "spread", "width": 12}),
            expects=Direction.ABSENT,
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.03,
                negative=0.22,
                absent=0.75,
                interval=(-0.03, 0.01),
                because="of twelve neurons some begin near the border of the gap with the sign that takes them in",
            ),
        ),
    ),
    controls=(
        Control(
            estimand="gap_costs_the_narrow",
            placebo=grid(Config, start=["gap", "spread"], width=[6], labels=["random"]),
            planted=grid(Config, start=["gap", "spread"], width=[6], extreme=[True]),
        ),
        Control(
            estimand="gap_costs_the_wide",
            placebo=grid(Config, start=["gap", "spread"], width=[12], labels=["random"]),
            planted=grid(Config, start=["gap", "spread"], width=[12], extreme=[True]),
        ),
    ),
    figure=Figure(x="width", y="accuracy", title="What an empty quadrant costs"),
    setting="small networks that learn the exclusive-or of two signs",
    headlines=(
        Headline(
            says="Small networks learn exclusive-or about as accurately if no neuron starts in one quadrant",
            when={"gap_costs_the_narrow": Direction.ABSENT, "gap_costs_the_wide": Direction.ABSENT},
        ),
        Headline(
            says="Six neurons learn exclusive-or less accurately if no neuron starts in one input quadrant",
            when={"gap_costs_the_narrow": Direction.LESS},
        ),
        Headline(
            says="Six neurons learn exclusive-or about as accurately if no neuron starts in one quadrant",
            when={"gap_costs_the_narrow": Direction.ABSENT},
        ),
        Headline(
            says="Twelve neurons learn exclusive-or about as accurately if no neuron starts in one quadrant",
            when={"gap_costs_the_wide": Direction.ABSENT},
        ),
    ),
    words={
        "accuracy": "accuracy on new examples",
        "start=gap": "neurons starting in three quadrants only",
        "start=spread": "neurons starting in all four",
        "size": "starting size",
        "rate": "learning rate",
        "examples": "{value} training examples",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
