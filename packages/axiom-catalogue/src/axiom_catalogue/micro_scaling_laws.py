"""Does a small network's loss fall with data and with size as a power law?

Why it matters: large models are planned with power laws, at a cost of millions. Whether these hold in small networks
says how far they can be trusted.

Large language models lose less by a power of their data and of their size (Kaplan et al., 2020). The old laboratory saw
the first in small networks and only a poor fit of the second. We know the truth that is to be learned: the labels come
from a network with eight hidden units. Students of 2 to 128 units learn from 64 to 16,384 examples by equally many
steps, each stopped where it was best on other data. One cell fits L = E + A N^-a + B P^-b to the whole grid.

We expect a power law over data; over size a fall until the student is as large as its teacher, and then nothing. Where
data are many for the size, theory says more (Bahri et al., 2021): two students of one start and two samples differ by a
variance of 1/N. We test it on noisy numbers for labels, without small batches, whose own noise would hide it.

History: 2, as 1, but the slope over data claims no power law; 1, the old question, with a joint law and two samples.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, losses, models, progress, samples, scaling

INPUTS, CLASSES, TEACHER = 20, 5, 8  # the teacher's hidden units
ITEMS, WIDTHS = (64, 256, 1_024, 4_096, 16_384), (2, 4, 8, 16, 32, 128)
MOST, TEST = ITEMS[-1], 4_000  # examples; fewer than the most are the first of these
EVERY, BATCH = SHAPE = (40, 64)  # steps between two looks at the validation loss, and examples in each
TANH = models.Architecture(activation="tanh")
AT = {"task": "classes", "items": 4_096}  # where widths are compared
ENTROPY, SQUARE = losses.CrossEntropy(architecture=TANH), losses.SquaredError(architecture=TANH)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # classes, regression, or joint: one law for classes at all ITEMS and WIDTHS
    items: int
    width: int
    steps: int = 8_000
    corrupted: float = 0.0  # share of the class labels that are wrong in training; at 0.8 of five they tell nothing
    lr: float = 0.3
    distinct: int = MOST  # examples beyond so many are copies of these


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, where the task has it. Conclusions are estimands, computed by the server."""

    loss: float | None = None  # on test data: of classes, where the validation loss was least; of regression, to truth
    last_loss: float | None = None  # after the last step
    best_step: int | None = None  # where the validation loss was least
    spread: float | None = None  # half the mean square between students of two samples
    items_exponent: float | None = None  # a of the joint law
    size_exponent: float | None = None  # b
    unexplained: float | None = None  # by the joint law, of the variance of log losses
    diverged: int = 0  # 1 when weights left the numbers, and then there is no loss
    parameters: int  # of the network, or of the largest


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes teacher, data and start; a smaller sample is the beginning of a larger one."""
    if config.task == "joint":
        return _joint(config, seed)
    learn, outputs = (_classes, CLASSES) if config.task == "classes" else (_regression, 1)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, outputs), gain=1.0)
    measures, size = learn(config, seed, start), sum(layer.weights.size + layer.biases.size for layer in start)
    if not np.isfinite(measures["last_loss"]):
        return Measures(diverged=1, parameters=size)
    return Measures(parameters=size, **measures)


def _joint(config: Config, seed: int) -> Measures:
    """One law for every size of sample and every width."""
    cells = [replace(config, task="classes", items=items, width=width) for items in ITEMS for width in WIDTHS]

    def learn(learned: list[list[float]], number: int) -> list[list[float]]:
        cell = run(cells[number], seed)
        return [*learned, [cells[number].items, cell.parameters, cell.loss or 0.0]]

    items, sizes, seen = np.array(progress.blocks(list[list[float]](), learn, len(cells))).T
    law = scaling.joint_law(items, sizes, seen)
    a, b, rest = law.items_exponent, law.size_exponent, law.unexplained
    return Measures(items_exponent=a, size_exponent=b, unexplained=rest, parameters=int(sizes.max()))


def _classes(config: Config, seed: int, start: models.Net) -> dict[str, Any]:
    """Small batches, stopped early: half of the test data choose when, the other half say how good that was."""
    rng, sizes = chance.stream(seed, "data"), {"train": MOST, "test": TEST, "hidden": TEACHER}
    task = data.teacher(rng, inputs=INPUTS, classes=CLASSES, activation="tanh", **sizes)
    labels, _ = data.corrupted(chance.stream(seed, "corruption"), task.y_train, classes=CLASSES, share=config.corrupted)
    rows = samples.orders(seed, items=config.items, distinct=config.distinct, steps=config.steps, shape=SHAPE)
    task = replace(task, y_train=labels)
    best, last, look = samples.stopped_early(start, task, rows, lr=config.lr, batch=BATCH, objective=ENTROPY)
    return {"loss": best, "last_loss": last, "best_step": (look + 1) * EVERY}


def _regression(config: Config, seed: int, start: models.Net) -> dict[str, Any]:
    """All rows at once, for a fixed time: two students from one start, each with a sample of its own."""
    teacher = models.mlp(chance.stream(seed, "teacher"), (INPUTS, TEACHER, 1))
    drawn = chance.stream(seed, "samples").standard_normal((MOST, 2, INPUTS + 1)).astype(np.float32)
    x, noise = np.split(drawn[np.arange(config.items) % config.distinct].swapaxes(0, 1), [INPUTS], axis=2)
    y = np.asarray(TANH.outputs(teacher, x)) + 0.5 * noise
    pair = samples.two_students(start, x, y, objective=SQUARE, lr=config.lr, steps=config.steps)
    x_test = chance.stream(seed, "test").standard_normal((TEST, INPUTS)).astype(np.float32)
    outputs, other, truth = (np.asarray(TANH.outputs(net, x_test)) for net in (*pair, teacher))
    loss = float(np.mean((outputs - truth) ** 2 + (other - truth) ** 2)) / 4
    return {"loss": loss, "last_loss": loss, "spread": float(np.mean((outputs - other) ** 2)) / 2}


def _seconds(config: Config) -> float:
    if config.task == "joint":
        return 0.1 + sum(_seconds(replace(config, task="classes", width=width)) for width in WIDTHS) * len(ITEMS)
    if config.task == "regression":
        return 0.014 + config.steps * config.items * (3.4e-8 + 1.6e-9 * config.width)
    return 0.0135 + config.steps * (1.02e-5 + 1.45e-7 * config.width)


experiment = Experiment(
    name="micro_scaling_laws",
    aliases=("scaling_micro", "microscale"),
    version=2,
    question="Does a small network's loss fall with data and with size as a power law?",
    reference="Bahri et al. 2021, arXiv:2102.06701; Hoffmann et al. 2022, arXiv:2203.15556",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=["classes"], items=ITEMS, width=WIDTHS),
        *grid(Config, task=["regression"], items=ITEMS[1:4], width=[4, 16, 64], steps=[300], lr=[0.1]),
        Config(task="joint", items=MOST, width=WIDTHS[-1]),
    ),
    ranges={"items": (64, MOST), "width": (2, 256), "steps": (1, 40_000), "corrupted": (0.0, 1.0), "lr": (0.0, 0.3)},
    estimands=(
        Estimand(
            name="loss_by_items",
            claim="the test loss of a small network falls with more training data",
            kind=Kind.SLOPE,
            measure="loss",
            across="items",
            between=({"task": "classes", "width": 32},),
            expects=Direction.LESS,
            smallest=0.05,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.42, -0.39), because="pilot"),
        ),
        Estimand(
            name="teachers_width_minus_a_quarter",
            claim="a student network as wide as its teacher has a lower test loss than one of a quarter of the width",
            kind=Kind.CONTRAST,
            measure="loss",
            between=(AT | {"width": 8}, AT | {"width": 2}),
            expects=Direction.LESS,
            smallest=0.02,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.64, -0.55), because="pilot"),
        ),
        Estimand(
            name="twice_minus_sixteen_times_the_teacher",
            claim="a student of sixteen times its teacher's width has a higher test loss than one of twice the width",
            kind=Kind.CONTRAST,
            measure="loss",
            between=(AT | {"width": 16}, AT | {"width": 128}),
            smallest=0.02,
            prediction=Prediction(positive=0.02, negative=0.8, absent=0.18, interval=(-0.045, -0.02), because="pilot"),
            expects=Direction.LESS,
        ),
        Estimand(
            name="joint_law_leaves_little",
            claim="a joint power law of data and size leaves less than a tenth of the variance of log "
            "losses unexplained",
            kind=Kind.LEVEL,
            measure="unexplained",
            between=({"task": "joint"},),
            null=0.1,
            expects=Direction.LESS,
            in_words="{percent} %",
            smallest=0.02,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(0.033, 0.045), because="pilot"),
        ),
        Estimand(
            name="spread_by_items",
            claim="the difference between two networks trained on different samples falls faster than the inverse "
            "root of the number of examples",
            kind=Kind.SLOPE,
            measure="spread",
            across="items",
            between=({"task": "regression", "width": 16},),
            null=-0.5,
            expects=Direction.LESS,
            smallest=0.25,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-1.14, -1.0), because="theory"),
            published=Published(value=-1.0, reference="Bahri et al. 2021, arXiv:2102.06701 (variance-limited)"),
        ),
    ),
    controls=(
        Control(  # copies of the same 64 examples, and more examples that are truer, too
            estimand="loss_by_items",
            placebo=grid(Config, task=["classes"], items=[64, 256, 1_024], width=[32], steps=[400], distinct=[64]),
            planted=tuple(
                Config(task="classes", items=items, width=32, steps=400, corrupted=share)
                for items, share in ((64, 0.8), (256, 0.4), (1_024, 0.0))
            ),
        ),
    ),
    figure=Figure(x="items", y="loss", log=("x", "y"), title="What more data are worth", where={"task": "classes"}),
    setting="students of a small random network",
    headlines=(
        Headline(
            says="Small networks err less with more examples, and with eight neurons than with two",
            when={"loss_by_items": Direction.LESS, "teachers_width_minus_a_quarter": Direction.LESS},
        ),
        Headline(
            says="A power law of data and size explains most variation in small networks' error",
            when={"joint_law_leaves_little": Direction.LESS},
        ),
        Headline(
            says="A power law of data and size misses over a tenth of error variation",
            when={"joint_law_leaves_little": Direction.MORE},
        ),
        Headline(
            says="Small networks err less on new examples the more examples they learned from",
            when={"loss_by_items": Direction.LESS},
        ),
        Headline(
            says="Small networks err hardly less on new examples when they learned from more",
            when={"loss_by_items": Direction.ABSENT},
        ),
    ),
    words={
        "loss": "loss on new examples",
        "unexplained": "the share of log-loss variance that one power law of data and size misses",
        "spread": "the squared difference of students trained on different samples",
        "task=classes": "classes to tell apart",
        "task=regression": "noisy numbers to learn",
        "task=joint": "data and size varied together",
        "items": "{value} training examples",
        "corrupted": "share of wrong labels",
        "lr": "learning rate",
        "steps": "{value} training steps",
        "width": "{value} hidden neurons",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
