"""Does it slow a network down to have learned nonsense before, and is it the nonsense or the wear?

Why it matters: networks are trained again and again on changing data. If old mistakes left scars, it would be better to
begin anew.

A network that has fitted random labels comes to its true task with other weights than it was born with. That is said
to hurt, because what was learned has to be unlearned and neurons are worn out (loss of plasticity), and it is said to
help, because larger weights learn faster and the first layer has turned to its inputs (Maennel et al. 2020). We train
one small ReLU network, all examples at once: on random labels of the very examples of the true task (same), of other
inputs (other), or not at all (none), and then count the steps that the true labels take.

We expect that nonsense about the same examples makes the true task slower, and nonsense about others does so less.
The rival: larger weights win, and nonsense is a head start. A single step of nonsense is the placebo. Weights that
are shrunk to a fiftieth after nonsense about the same examples must be slow: planted.

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

BLOCK = 200  # steps
SHRUNK = 0.02


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    before: str  # none, same: random labels of the examples of the true task, other: of other inputs
    before_steps: int = 4_000
    wear: bool = False  # shrink the weights after nonsense about the same examples
    width: int = 32
    inputs: int = 10
    examples: int = 96
    rate: float = 0.2
    steps: int = 4_000  # of the true task, at most
    goal: float = 0.2  # training loss of the true task, in nats


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    octaves: float  # log2 of the steps to the goal, or of all steps when it was not reached
    reached: int
    accuracy: float  # on 1,000 new examples, at the end
    nonsense_loss: float  # training loss on the nonsense when the true task begins; that of the start for none
    norm_ratio: float  # of all weights when the true task begins, over the start
    asleep: float  # share of neurons that are silent on all examples when the true task begins
    loss_by_block: tuple[float, ...]  # of the true task, up to 16 blocks


def run(config: Config, seed: int) -> Measures:
    """One cell. Task, nonsense and start are the same for every config."""
    rng = chance.stream(seed, "data")
    x = rng.standard_normal((config.examples, config.inputs))
    x_test = rng.standard_normal((1_000, config.inputs))
    x_other = rng.standard_normal((config.examples, config.inputs))
    parts = rng.standard_normal((config.inputs, 6)) / math.sqrt(config.inputs)
    out = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    y = np.where(np.maximum(x @ parts, 0.0) @ out > 0, 1.0, -1.0)
    y_test = np.where(np.maximum(x_test @ parts, 0.0) @ out > 0, 1.0, -1.0)
    nonsense = np.where(rng.random(config.examples) < 0.5, 1.0, -1.0)
    rng = chance.stream(seed, "start")
    w = rng.standard_normal((config.inputs, config.width)) * math.sqrt(2.0 / config.inputs)
    a = rng.standard_normal(config.width) * math.sqrt(1.0 / config.width)
    size = math.sqrt(float(np.sum(w * w) + np.sum(a * a)))
    all_steps = config.before_steps + config.steps

    x_before = x_other if config.before == "other" else x
    nonsense_loss = loss_of(w, a, x_before, nonsense)
    if config.before != "none":
        for step in range(config.before_steps):
            if step % BLOCK == 0:
                progress.block(step / all_steps)
            w, a, nonsense_loss = stepped(w, a, x_before, nonsense, config.rate)
        if config.wear and config.before == "same":
            w, a = SHRUNK * w, SHRUNK * a
    norm_ratio = math.sqrt(float(np.sum(w * w) + np.sum(a * a))) / size
    asleep = float(np.mean(np.all(x @ w <= 0, axis=0)))

    losses: list[float] = []
    taken, reached = config.steps, 0
    for step in range(config.steps):
        w, a, loss = stepped(w, a, x, y, config.rate)
        if step % BLOCK == 0:
            losses.append(loss)
            progress.block((config.before_steps + step) / all_steps)
        if loss <= config.goal:
            taken, reached = step + 1, 1
            losses.append(loss)
            break
    progress.early(losses[:8])
    progress.block(1.0)
    says = np.maximum(x_test @ w, 0.0) @ a
    return Measures(
        octaves=math.log2(taken),
        reached=reached,
        accuracy=float(np.mean(np.where(says > 0, 1.0, -1.0) == y_test)),
        nonsense_loss=nonsense_loss,
        norm_ratio=norm_ratio,
        asleep=asleep,
        loss_by_block=tuple(losses[:16]),
    )


def loss_of(w: Floats, a: Floats, x: Floats, y: Floats) -> float:
    """Logistic loss in nats."""
    return float(np.mean(np.logaddexp(0.0, -y * (np.maximum(x @ w, 0.0) @ a))))


def stepped(w: Floats, a: Floats, x: Floats, y: Floats, rate: float) -> tuple[Floats, Floats, float]:
    """The weights after one step of descent, and the loss before it."""
    h = x @ w
    active = np.maximum(h, 0.0)
    margin = y * (active @ a)
    loss = float(np.mean(np.logaddexp(0.0, -margin)))
    slope = -rate * y / (1.0 + np.exp(np.minimum(margin, 60.0))) / len(y)
    return w - x.T @ (np.outer(slope, a) * (h > 0)), a - active.T @ slope, loss


def _seconds(config: Config) -> float:
    before = 0 if config.before == "none" else config.before_steps
    return 0.002 + (before + 0.15 * config.steps) * (1.2e-5 + 3e-10 * config.width * config.examples * config.inputs)


experiment = Experiment(
    name="label_scars",
    version=1,
    question="Does it slow a network down to have learned nonsense before, and is it the nonsense or the wear?",
    reference="Maennel et al. 2020, arXiv:2006.10455",
    run=run,
    measures=Measures,
    sweep=grid(Config, before=["none", "same", "other"]),
    ranges={
        "before_steps": (1_000, 10_000),
        "width": (4, 256),
        "inputs": (2, 32),
        "examples": (8, 512),
        "rate": (0.01, 1.0),
        "steps": (10, 10_000),
        "goal": (0.01, 0.6),
    },
    estimands=(
        Estimand(
            name="nonsense_slows",
            claim="a small ReLU network that has fitted random labels of the same examples needs more steps to "
            "learn the true labels than a new one",
            kind=Kind.CONTRAST,
            measure="octaves",
            in_words="{times2} times",
            between=({"before": "same"}, {"before": "none"}),
            smallest=0.2,
            bounds=(-14.0, 14.0),
            prediction=Prediction(
                positive=0.62,
                negative=0.3,
                absent=0.08,
                interval=(0.3, 2.0),
                because="margins of the wrong sign have to be undone first, which larger weights only partly make "
                "up for",
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="contradiction_slows",
            claim="a small ReLU network learns true labels more slowly after random labels of the same examples "
            "than after random labels of other inputs",
            kind=Kind.CONTRAST,
            measure="octaves",
            in_words="{times2} times",
            between=({"before": "same"}, {"before": "other"}),
            smallest=0.2,
            bounds=(-14.0, 14.0),
            prediction=Prediction(
                positive=0.8,
                negative=0.05,
                absent=0.15,
                interval=(0.3, 1.5),
                because="wear is the same for both, and only the same examples hold a contradiction",
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="nonsense_spoils",
            claim="a small ReLU network that fitted random labels of its examples first is less accurate on new "
            "ones once it has learned the true labels",
            kind=Kind.CONTRAST,
            measure="accuracy",
            in_words="{percent} percentage points",
            between=({"before": "same"}, {"before": "none"}),
            expects=Direction.LESS,
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.02,
                negative=0.93,
                absent=0.05,
                interval=(-0.15, -0.03),
                because="what was learned of noise stays away from the examples",
            ),
        ),
    ),
    controls=(
        Control(
            estimand="nonsense_slows",
            placebo=grid(Config, before=["same", "none"], before_steps=[1]),
            planted=grid(Config, before=["same", "none"], wear=[True]),
        ),
        Control(
            estimand="contradiction_slows",
            placebo=grid(Config, before=["same", "other"], before_steps=[1]),
            planted=grid(Config, before=["same", "other"], wear=[True]),
        ),
    ),
    figure=Figure(x="before", y="octaves", title="Steps to the true labels after nonsense"),
    setting="small ReLU networks that learn true labels",
    headlines=(
        Headline(
            says="After memorising nonsense, networks learn true answers slower, and err more on new examples",
            when={"nonsense_slows": Direction.MORE, "nonsense_spoils": Direction.LESS},
        ),
        Headline(
            says="After memorising nonsense, networks learn true answers faster, but err more on new examples",
            when={"nonsense_slows": Direction.LESS, "nonsense_spoils": Direction.LESS},
        ),
        Headline(
            says="After memorising random answers, small networks need more steps to learn the right ones",
            when={"nonsense_slows": Direction.MORE},
        ),
        Headline(
            says="After memorising random answers, small networks need fewer steps to learn the right ones",
            when={"nonsense_slows": Direction.LESS},
        ),
        Headline(
            says="Memorising random answers first hardly changes how fast small networks learn the right ones",
            when={"nonsense_slows": Direction.ABSENT},
        ),
    ),
    words={
        "octaves": "the number of steps needed",
        "accuracy": "accuracy on new examples",
        "before=none": "no earlier training",
        "before=same": "earlier random labels of the same examples",
        "before=other": "earlier random labels of other inputs",
        "before_steps": "{value} steps of any earlier training",
        "wear": "weights shrunk afterwards",
        "inputs": "{value} inputs",
        "examples": "{value} training examples",
        "rate": "learning rate",
        "goal": "loss to reach",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
        "before": "earlier training",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
