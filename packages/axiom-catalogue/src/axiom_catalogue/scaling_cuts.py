"""How well does a power law describe what a small network gains by more data, and by more parameters?

Why it matters: a straight line through losses on logarithmic paper is read as a law and drawn on to sizes that nobody
has computed. How straight the line is says whether that is sound.

The old laboratory cut through the plane of examples and parameters in both directions. Over examples it fitted a power
law with an R² of 0.967 and exponents from -0.672 to -0.801; over parameters one with an R² of 0.492 and exponents from
-0.099 to -0.233. So we make the same two cuts and fit the same line: from 64 to 8,192 examples for a network with 64
hidden units, and from 2 to 128 units for 8,192 examples. A teacher network with 8 or 32 hidden units of tanh says what
is right: one of five classes, or a number, exact or with noise in training. All students take as many steps by small
batches, and each is stopped where it was best on other data. micro_scaling_laws fits one joint law to both directions.

We expect lines over examples to be straighter than those over parameters, which stop falling where the student is as
large as its teacher; exponents to depend on the task more than on anything else; and with noisy numbers no gain at all
from more parameters.

History: 1, the two cuts of the old question; its task is not known.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, progress, samples

INPUTS, CLASSES = 20, 5
ITEMS, WIDTHS = (64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192), (2, 4, 8, 16, 32, 64, 128)
MOST, MIDDLE, TEST = ITEMS[-1], 64, 4_000  # examples where widths vary; width where examples do; rows of test data
EVERY, BATCH = SHAPE = (40, 64)  # steps between two looks at the validation loss, and examples in each
TANH = models.Architecture(activation="tanh")
ENTROPY, SQUARE = losses.CrossEntropy(architecture=TANH), losses.SquaredError(architecture=TANH)
LR = {"classes": 0.3, "exact": 0.1, "noisy": 0.1}
NOISE = {"exact": 0.0, "noisy": 0.5}  # standard deviation of what is added to numbers in training


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    cut: str  # items or parameters
    task: str  # classes, exact or noisy
    teacher: int = 8  # hidden units
    steps: int = 8_000
    corrupted: float = 0.0  # share of class labels that are wrong in training; at 0.8 of five they tell nothing


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    exponent: float  # of the power law that fits best, below zero where the loss falls
    r_squared: float  # share of the variance of log losses that it explains
    least_loss: float
    loss_by_size: tuple[float, ...]  # on test data, where the validation loss was least


def run(config: Config, seed: int) -> Measures:
    """One cell: a line of students. The seed fixes teacher, data and start; a smaller sample begins a larger one."""
    task = _task(config, seed)
    sizes = [(items, MIDDLE) for items in ITEMS] if config.cut == "items" else [(MOST, width) for width in WIDTHS]
    objective, outputs = (ENTROPY, CLASSES) if config.task == "classes" else (SQUARE, 1)
    widest = max(width for _, width in sizes)

    def learn(least_losses: list[float], number: int) -> list[float]:
        rows = samples.orders(seed, items=sizes[number][0], distinct=MOST, steps=config.steps, shape=SHAPE)
        start = _padded(chance.stream(seed, "start"), sizes[number][1], outputs, to=widest)
        best, *_ = samples.stopped_early(start, task, rows, lr=LR[config.task], batch=BATCH, objective=objective)
        return [*least_losses, best]

    least = np.array(progress.blocks(list[float](), learn, len(sizes)))
    along = np.array([items if config.cut == "items" else parameters(width, outputs) for items, width in sizes])
    exponent, r_squared = line(along, least)
    return Measures(
        exponent=exponent,
        r_squared=r_squared,
        least_loss=float(least.min()),
        loss_by_size=tuple(map(float, least)),
    )


def parameters(width: int, outputs: int) -> int:
    """Weights and biases of a student."""
    return (INPUTS + 1) * width + (width + 1) * outputs


def _padded(rng: np.random.Generator, width: int, outputs: int, *, to: int) -> models.Net:
    """A student, with units beside its own whose weights are 0: they stay so, and one program trains every width."""
    first, second = models.mlp(rng, (INPUTS, width, outputs), gain=1.0)
    more = to - width
    return (
        models.Layer(np.pad(first.weights, ((0, 0), (0, more))), np.pad(first.biases, (0, more))),
        models.Layer(np.pad(second.weights, ((0, more), (0, 0))), second.biases),
    )


def _task(config: Config, seed: int) -> data.LearningTask:
    """Classes of a teacher, or its numbers; of the test data numbers are exact."""
    if config.task == "classes":
        task = data.teacher(
            chance.stream(seed, "data"),
            inputs=INPUTS,
            classes=CLASSES,
            train=MOST,
            test=TEST,
            hidden=config.teacher,
            activation="tanh",
        )
        share = config.corrupted
        labels, _ = data.corrupted(chance.stream(seed, "corruption"), task.y_train, classes=CLASSES, share=share)
        return replace(task, y_train=labels)
    teacher = models.mlp(chance.stream(seed, "teacher"), (INPUTS, config.teacher, 1))
    x = chance.stream(seed, "inputs").standard_normal((MOST + TEST, INPUTS)).astype(np.float32)
    noise = NOISE[config.task] * chance.stream(seed, "noise").standard_normal((MOST, 1)).astype(np.float32)
    y = np.asarray(TANH.outputs(teacher, x))
    return data.LearningTask(x_train=x[:MOST], y_train=y[:MOST] + noise, x_test=x[MOST:], y_test=y[MOST:])


def line(sizes: npt.NDArray[np.int64], least_losses: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Slope of the straight line through the logarithms, and the share of the variance that it explains."""
    xs, ys = np.log(sizes), np.log(least_losses)
    slope, height = np.polyfit(xs, ys, 1)
    return float(slope), float(1 - np.var(ys - height - slope * xs) / np.var(ys))


def _seconds(config: Config) -> float:
    widths = [MIDDLE] * len(ITEMS) if config.cut == "items" else [WIDTHS[-1]] * len(WIDTHS)
    step, unit = (1.08e-5, 9e-8) if config.task == "classes" else (7.5e-6, 7e-8)
    return 0.02 + sum(0.013 + config.steps * (step + unit * width) for width in widths)


def _arm(cut: str, task: str, teacher: int) -> dict[str, object]:
    return {"cut": cut, "task": task, "teacher": teacher}


PILOT = partial(Prediction, because="a pilot")
SHORT = partial(grid, Config, cut=["parameters"], task=["classes"], teacher=[8], steps=[400])

experiment = Experiment(
    name="scaling_cuts",
    version=1,
    question="How well does a power law describe what a small network gains by more data, and by more parameters?",
    reference="Kaplan et al. 2020, arXiv:2001.08361; Bahri et al. 2021, arXiv:2102.06701",
    run=run,
    measures=Measures,
    sweep=grid(Config, cut=["items", "parameters"], task=list(LR), teacher=[8, 32]),
    ranges={"teacher": (1, 256), "steps": (40, 40_000), "corrupted": (0.0, 1.0)},
    estimands=(
        Estimand(
            name="data_are_a_law",
            claim="a power law of examples explains over nine tenths (R²) of how the loss of a small "
            "network that tells classes apart falls",
            kind=Kind.LEVEL,
            measure="r_squared",
            between=(_arm("items", "classes", 8),),
            null=0.9,
            in_words="{percent} %",
            smallest=0.02,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.955, 0.98)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="data_exponent_of_classes",
            claim="the loss of a small network that tells classes apart falls with examples by a smaller power than "
            "0.74, which an earlier laboratory found",
            kind=Kind.LEVEL,
            measure="exponent",
            between=(_arm("items", "classes", 8),),
            null=-0.74,
            smallest=0.07,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(-0.42, -0.39)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="data_exponent_of_exact_numbers",
            claim="the loss of a small network that learns exact numbers falls with examples by a larger power than "
            "0.74, which an earlier laboratory found",
            kind=Kind.LEVEL,
            measure="exponent",
            between=(_arm("items", "exact", 8),),
            null=-0.74,
            expects=Direction.LESS,
            smallest=0.07,
            prediction=PILOT(positive=0.02, negative=0.9, absent=0.08, interval=(-1.25, -0.9)),
        ),
        Estimand(
            name="falls_with_parameters",
            claim="the loss of a small network that tells classes apart falls with its number of parameters",
            kind=Kind.LEVEL,
            measure="exponent",
            between=(_arm("parameters", "classes", 8),),
            expects=Direction.LESS,
            smallest=0.05,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.44, -0.38)),
        ),
        Estimand(
            name="parameters_explain_little_of_classes",
            claim="a power law of the number of parameters explains more of the loss on classes than the 49 % that "
            "an earlier laboratory found",
            kind=Kind.LEVEL,
            measure="r_squared",
            between=(_arm("parameters", "classes", 32),),
            null=0.492,
            expects=Direction.MORE,
            in_words="{percent} %",
            smallest=0.13,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.85, 0.9)),
        ),
        Estimand(
            name="parameters_explain_little_of_noisy_numbers",
            claim="a power law of the number of parameters explains about half of how the loss on noisy numbers "
            "falls, as an earlier laboratory found",
            kind=Kind.LEVEL,
            measure="r_squared",
            between=(_arm("parameters", "noisy", 32),),
            null=0.492,
            expects=Direction.ABSENT,
            in_words="{percent} %",
            smallest=0.13,
            prediction=PILOT(positive=0.15, negative=0.15, absent=0.7, interval=(0.42, 0.62)),
        ),
        Estimand(
            name="parameter_exponent_of_noisy_numbers",
            claim="the loss of a small network on noisy numbers falls with parameters by a power of about 0.166, as"
            " an earlier laboratory found",
            kind=Kind.LEVEL,
            measure="exponent",
            between=(_arm("parameters", "noisy", 32),),
            null=-0.166,
            smallest=0.067,
            prediction=PILOT(positive=0.04, negative=0.01, absent=0.95, interval=(-0.19, -0.13)),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="data_explain_more_of_classes",
            claim="a power law of examples explains more (R²) of the loss of a small network that tells classes apart "
            "than one of parameters",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="r_squared",
            between=(_arm("items", "classes", 8), _arm("parameters", "classes", 8)),
            in_words="{percent} percentage points",
            smallest=0.05,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.18, 0.22)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="data_explain_more_of_noisy_numbers",
            claim="a power law of examples explains more (R²) of the loss of a small network on noisy numbers than "
            "one of parameters",
            kind=Kind.CONTRAST,
            measure="r_squared",
            between=(_arm("items", "noisy", 32), _arm("parameters", "noisy", 32)),
            in_words="{percent} percentage points",
            smallest=0.05,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.3, 0.55)),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(  # of labels that tell nothing no student learns more than another
            estimand="falls_with_parameters", placebo=SHORT(corrupted=[0.8]), planted=SHORT()
        ),
    ),
    figure=Figure(x="teacher", y="r_squared", log=("x",), title="How straight the line is"),
    setting="students of a random teacher",
    headlines=(
        Headline(
            says="A simple formula describes gains from more examples better than from more neurons here",
            when={"data_explain_more_of_classes": Direction.MORE, "data_explain_more_of_noisy_numbers": Direction.MORE},
        ),
        Headline(
            says="In classification, a power law describes gains from examples better than from neurons",
            when={"data_explain_more_of_classes": Direction.MORE},
        ),
        Headline(
            says="In classification, a power law describes gains from neurons better than from examples",
            when={"data_explain_more_of_classes": Direction.LESS},
        ),
        Headline(
            says="In classification, power laws describe gains from examples and from neurons about equally well",
            when={"data_explain_more_of_classes": Direction.ABSENT},
        ),
        Headline(
            says="A power law explains over 90% of how small classifiers improve with more data",
            when={"data_are_a_law": Direction.MORE},
        ),
    ),
    words={
        "r_squared": "the share of log-loss variance that a power law explains",
        "exponent": "the exponent of the loss",
        "cut=items": "varied example counts",
        "cut=parameters": "varied parameter counts",
        "task=classes": "classes to tell apart",
        "task=exact": "exact numbers to learn",
        "task=noisy": "noisy numbers to learn",
        "teacher": "{value} teacher neurons",
        "corrupted": "share of wrong labels",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
