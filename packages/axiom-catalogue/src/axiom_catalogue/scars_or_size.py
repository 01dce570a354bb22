"""Is a network that has learned nonsense a fast learner because its weights are large, or because they have turned?

Why it matters: training on nonsense first can make later training faster. The reason says what really is passed on
from one task to the next.

A small ReLU network that has fitted random labels needs fewer steps for the true labels of the same examples than a
new one (see label_scars; we had expected the opposite). Two explanations are common. Size: after nonsense the weights
are larger, so gradients are larger, and any larger start would do. Turning: neurons have turned towards the inputs,
and only these directions help (Maennel et al. 2020). We separate them. "larger" is a new start whose two layers have
the norms that nonsense would have given them. "turned" has learned nonsense, and each layer is scaled back to its
norm at the start.

We expect that size does most of it: "larger" is faster than a new start, and "turned" gains little or loses. The
rival says that directions carry over and size is a by-product. A single step of nonsense is the placebo. A new start
that is shrunk to a fiftieth must be slow, so it is planted against both.

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

    start: str  # new; larger: new, with norms as after nonsense; turned: after nonsense, with norms as before it
    before_steps: int = 4_000  # of nonsense
    shrunk: bool = False  # a new start is shrunk to a fiftieth
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
    grown_in: float  # norm of the first layer after nonsense, over that of the start; 1 where none is learned
    grown_out: float  # the same of the second layer
    asleep: float  # share of neurons that are silent on all examples when the true task begins
    loss_by_block: tuple[float, ...]  # of the true task, up to 16 blocks


def run(config: Config, seed: int) -> Measures:
    """One cell. Task, nonsense and start are the same for every config."""
    rng = chance.stream(seed, "data")
    x = rng.standard_normal((config.examples, config.inputs))
    x_test = rng.standard_normal((1_000, config.inputs))
    parts = rng.standard_normal((config.inputs, 6)) / math.sqrt(config.inputs)
    out = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    y = np.where(np.maximum(x @ parts, 0.0) @ out > 0, 1.0, -1.0)
    y_test = np.where(np.maximum(x_test @ parts, 0.0) @ out > 0, 1.0, -1.0)
    nonsense = np.where(rng.random(config.examples) < 0.5, 1.0, -1.0)
    rng = chance.stream(seed, "start")
    w = rng.standard_normal((config.inputs, config.width)) * math.sqrt(2.0 / config.inputs)
    a = rng.standard_normal(config.width) * math.sqrt(1.0 / config.width)
    all_steps = config.before_steps + config.steps
    size = norms(w, a)
    after = size
    if config.start != "new":
        new_w, new_a = w, a
        for step in range(config.before_steps):
            if step % BLOCK == 0:
                progress.block(step / all_steps)
            w, a, _ = stepped(w, a, x, nonsense, config.rate)
        after = norms(w, a)
        if config.start == "larger":
            w, a = new_w * (after[0] / size[0]), new_a * (after[1] / size[1])
        else:
            w, a = w * (size[0] / after[0]), a * (size[1] / after[1])
    elif config.shrunk:
        w, a = SHRUNK * w, SHRUNK * a
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
        grown_in=after[0] / size[0],
        grown_out=after[1] / size[1],
        asleep=asleep,
        loss_by_block=tuple(losses[:16]),
    )


def norms(w: Floats, a: Floats) -> tuple[float, float]:
    """How large the two layers are."""
    return math.sqrt(float(np.sum(w * w))), math.sqrt(float(np.sum(a * a)))


def stepped(w: Floats, a: Floats, x: Floats, y: Floats, rate: float) -> tuple[Floats, Floats, float]:
    """The weights after one step of descent, and the loss before it."""
    h = x @ w
    active = np.maximum(h, 0.0)
    margin = y * (active @ a)
    loss = float(np.mean(np.logaddexp(0.0, -margin)))
    slope = -rate * y / (1.0 + np.exp(np.minimum(margin, 60.0))) / len(y)
    return w - x.T @ (np.outer(slope, a) * (h > 0)), a - active.T @ slope, loss


def _seconds(config: Config) -> float:
    before = 0 if config.start == "new" else config.before_steps
    return 0.002 + (before + 0.15 * config.steps) * (1.2e-5 + 3e-10 * config.width * config.examples * config.inputs)


experiment = Experiment(
    name="scars_or_size",
    version=1,
    question="Is a network that has learned nonsense a fast learner because its weights are large or because they "
    "turned?",
    reference="Maennel et al. 2020, arXiv:2006.10455",
    run=run,
    measures=Measures,
    sweep=grid(Config, start=["new", "larger", "turned"]),
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
            name="size_hastens",
            claim="a new ReLU network scaled to the layer norms that fitting random labels would give learns true "
            "labels sooner than an unscaled one",
            kind=Kind.CONTRAST,
            measure="octaves",
            in_words="{times2} times",
            between=({"start": "larger"}, {"start": "new"}),
            expects=Direction.LESS,
            smallest=0.2,
            bounds=(-14.0, 14.0),
            prediction=Prediction(
                positive=0.1,
                negative=0.8,
                absent=0.1,
                interval=(-2.5, -0.4),
                because="in label_scars nonsense hastened by more than an octave, and logits of larger weights grow "
                "faster",
            ),
        ),
        Estimand(
            name="turning_hastens",
            claim="a ReLU network that fitted random labels, each layer scaled back to its first size, needs more "
            "steps for true labels than a new one",
            kind=Kind.CONTRAST,
            measure="octaves",
            in_words="{times2} times",
            between=({"start": "turned"}, {"start": "new"}),
            expects=Direction.MORE,
            smallest=0.2,
            bounds=(-14.0, 14.0),
            prediction=Prediction(
                positive=0.55,
                negative=0.25,
                absent=0.2,
                interval=(-0.8, 1.2),
                because="wrong margins at the first size are undone slowly, while neurons near the inputs help a "
                "little",
            ),
        ),
    ),
    controls=(
        Control(
            estimand="size_hastens",
            placebo=grid(Config, start=["larger", "new"], before_steps=[1]),
            planted=grid(Config, start=["larger", "new"], shrunk=[True]),
        ),
        Control(
            estimand="turning_hastens",
            side=Direction.LESS,
            placebo=grid(Config, start=["turned", "new"], before_steps=[1]),
            planted=grid(Config, start=["turned", "new"], shrunk=[True]),
        ),
    ),
    figure=Figure(x="start", y="octaves", title="What makes nonsense a head start"),
    setting="small ReLU networks that may have learned nonsense",
    headlines=(
        Headline(
            says="After memorising nonsense, stronger connections speed up learning; their changed directions slow it",
            when={"size_hastens": Direction.LESS, "turning_hastens": Direction.MORE},
        ),
        Headline(
            says="After memorising nonsense, stronger connections and changed directions each speed up learning",
            when={"size_hastens": Direction.LESS, "turning_hastens": Direction.LESS},
        ),
        Headline(
            says="Making new networks' weights as large as after memorising nonsense speeds up their learning",
            when={"size_hastens": Direction.LESS},
        ),
        Headline(
            says="Strengthening a new network's connections, as memorising nonsense would, slows down its learning",
            when={"size_hastens": Direction.MORE},
        ),
        Headline(
            says="Strengthening a new network's connections, as memorising nonsense would, hardly changes learning "
            "speed",
            when={"size_hastens": Direction.ABSENT},
        ),
    ),
    words={
        "octaves": "the number of steps to learn true labels",
        "start=new": "a new start",
        "start=larger": "a new start scaled to the size after nonsense",
        "start=turned": "directions from nonsense at the first size",
        "before_steps": "{value} steps of nonsense",
        "shrunk": "shrinking of the new start",
        "inputs": "{value} inputs",
        "examples": "{value} training examples",
        "rate": "learning rate",
        "goal": "loss to reach",
        "width": "{value} hidden neurons",
        "start": "kind of start",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
