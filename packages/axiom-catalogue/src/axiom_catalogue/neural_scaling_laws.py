"""Does a network's loss fall with its size as a power law, and what bends the law?

Why it matters: companies decide by such a law how large their next model shall be. A law that bends would mislead them.

Large language models lose less by a power of their size (Kaplan et al. 2020); the old laboratory saw a weak fit only.
In `micro_scaling_laws` a student as large as its teacher has nothing more to gain. Here the teacher is larger than
every student, and no example comes twice, so that size alone is scarce; beside that, a thousand come again and again.
Where size is scarce a network cuts its inputs into ever smaller pieces, and in theory the loss falls by a power of
about 4/d for d inputs (Sharma & Kaplan 2020). One cell trains students of six widths, and fits laws to their losses.

Over eight inputs we expect a good fit where size alone is scarce and a bad one of few examples, whenever a student is
stopped; and the flatter a law, the more inputs, though by less than in theory.

History: 1, the old laboratory's question; fresh examples, the number of inputs and the floor are new.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, losses, models, progress, samples, training
from axiom.kit.optimizers import ADAMW, Rates

WIDTHS, TEACHER = (4, 7, 12, 20, 35, 60), 64  # of both hidden layers
EVERY, BATCH = SHAPE = (100, 64)  # steps between two looks at the losses, and examples in each
STEPS, LATE, FEW = 1_600, 0.25, 1_000  # steps, and the share of them that is a tenth as large; examples
TEST, HALVES = 2_000, (slice(1_000), slice(1_000, None))  # one says where a student is best, the other how good that is
SQUARE = losses.SquaredError(architecture=models.Architecture(activation="leaky_relu"))
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    inputs: int
    items: int  # examples that come again and again; 0: none comes twice
    steps: int = STEPS
    largest: int = WIDTHS[-1]  # width
    lr: float = 0.005
    control: str = "none"  # placebo: two inputs whatever is said, other examples; planted: the same, and noise with it


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    exponent: float  # of the power law; above 0 where larger is better
    unexplained: float  # by it, of the variance of log losses
    floor_exponent: float  # of the law with a floor
    floor_unexplained: float
    best_unexplained: float  # by a power law, of losses where each student was best on other data
    sizes: tuple[float, ...]  # parameters
    losses: tuple[float, ...]  # on test data after the last step, in variances of what was to be learned


def run(config: Config, seed: int) -> Measures:
    """One cell. Students of all widths see the same examples in the same order."""
    task, widths = population(config, seed), [width for width in WIDTHS if width <= config.largest]
    items = config.items or len(task.x_train)
    rows = samples.orders(seed, items=items, distinct=items, steps=config.steps, shape=SHAPE)

    def learn(seen: list[list[float]], number: int) -> list[list[float]]:
        return [*seen, _student(config, seed, task, rows, widths[number])]

    sizes, last, best = np.array(progress.blocks(list[list[float]](), learn, len(widths))).T
    (exponent, rest), (floor_exponent, floor_rest) = power(sizes, last), floored(sizes, last)
    return Measures(
        exponent=exponent,
        unexplained=rest,
        floor_exponent=floor_exponent,
        floor_unexplained=floor_rest,
        best_unexplained=power(sizes, best)[1],
        sizes=tuple(sizes.tolist()),
        losses=tuple(last.tolist()),
    )


def power(sizes: Floats, seen: Floats) -> tuple[float, float]:
    """By which power of the size these losses fall, and the share of the variance of their logarithms that is left."""
    x, y = np.log(sizes), np.log(seen)
    return -float(np.polyfit(x, y, 1)[0]), float(1.0 - np.corrcoef(x, y)[0, 1] ** 2)


def floored(sizes: Floats, seen: Floats) -> tuple[float, float]:
    """The same of a power law above a floor that is not below zero, by least squares of relative errors."""
    best = (np.inf, 0.0, 0.0)
    for exponent in np.geomspace(0.02, 4.0, 200):
        falls = np.stack([np.ones_like(sizes), (sizes / sizes[0]) ** -exponent], axis=1) / seen[:, None]
        terms = np.linalg.lstsq(falls, np.ones_like(seen))[0]
        if terms[0] >= 0:
            errors, rest = np.sum((falls @ terms - 1) ** 2), np.mean(np.log(falls @ terms) ** 2) / np.var(np.log(seen))
            best = min(best, (float(errors), float(exponent), float(rest)))
    return best[1:]


def population(config: Config, seed: int) -> data.LearningTask:
    """Rows for every step, and what a random network says of them, of mean 0 and variance 1."""
    inputs, own = (config.inputs, "") if config.control == "none" else (2, f" {config.inputs}")
    rng, count = chance.stream(seed, "teacher"), -(-config.steps // EVERY) * EVERY * BATCH
    plain = models.mlp(rng, (inputs, TEACHER, TEACHER, 1))
    teacher = tuple(layer._replace(biases=rng.standard_normal(layer.biases.shape)) for layer in plain)
    x = chance.stream(seed, f"data{own}").standard_normal((TEST + (config.items or count), inputs))
    y = np.asarray(models.RELU.outputs(teacher, x))
    y = (y - y[:TEST].mean()) / y[:TEST].std()
    if config.control == "planted":
        y = y + 0.04 * (config.inputs - 2) * chance.stream(seed, "noise").standard_normal(y.shape)
    again = TEST + np.arange(count) % (len(x) - TEST)  # few examples as often, so that they share a program with many
    shown, answers = x.astype(np.float32), cast(Any, y.astype(np.float32))
    return data.LearningTask(x_train=shown[again], y_train=answers[again], x_test=shown[:TEST], y_test=answers[:TEST])


def _student(
    config: Config, seed: int, task: data.LearningTask, rows: npt.NDArray[np.int32], width: int
) -> list[float]:
    """Its parameters, its loss after the last step, and where half of the test data say it was best; of the others."""
    net = models.mlp(chance.stream(seed, f"start {width}"), (task.x_train.shape[1], width, width, 1))

    def look(net: models.Net) -> list[float]:
        errors = (np.asarray(SQUARE.architecture.outputs(net, task.x_test)) - task.y_test) ** 2
        return [float(errors[half].mean()) for half in HALVES]

    seen, early = list[list[float]](), len(rows) - round(LATE * len(rows))
    for part, lr in ((rows[:early], config.lr), (rows[early:], config.lr / 10)):
        net, more = training.trained(
            net, task, part, watch=look, rates=Rates(lr=lr), batch=BATCH, optimizer=ADAMW, objective=SQUARE
        )
        seen += more
    kept_back, test = np.array(seen).T
    return [float(sum(part.size for layer in net for part in layer)), float(test[-1]), float(test[kept_back.argmin()])]


def _seconds(config: Config) -> float:
    students = sum(1.1e-5 + 1.9e-7 * width + 2.8e-9 * width**2 for width in WIDTHS if width <= config.largest)
    return 0.016 + config.steps * (students + (0.0 if config.items else 8e-5))


PLACEBO, PLANTED = (
    grid(Config, inputs=[2, 8], items=[0], steps=[400], largest=[12], control=[control])
    for control in ("placebo", "planted")
)
experiment = Experiment(
    name="neural_scaling_laws",
    version=1,
    question="Does a network's loss fall with its size as a power law, and what bends the law?",
    reference="Kaplan et al. 2020, arXiv:2001.08361; Sharma & Kaplan 2020, arXiv:2004.10802",
    run=run,
    measures=Measures,
    sweep=grid(Config, inputs=[2, 4, 8], items=[0, FEW]),
    ranges={"inputs": (1, 64), "items": (0, 100_000), "steps": (400, 40_000), "largest": (12, 60), "lr": (1e-4, 0.02)},
    estimands=(
        Estimand(
            name="few_leave_a_weak_fit",
            claim="with a thousand examples of eight inputs, a power law of size leaves more than a tenth of the "
            "variance of log loss unexplained",
            kind=Kind.LEVEL,
            measure="unexplained",
            between=({"inputs": 8, "items": FEW},),
            null=0.1,
            smallest=0.05,
            prediction=Prediction(positive=0.8, negative=0.02, absent=0.18, interval=(0.14, 0.215), because="a pilot"),
            in_words="{percent} %",
            expects=Direction.MORE,
        ),
        Estimand(
            name="stopped_few_leave_a_weak_fit",
            claim="with a thousand examples and networks stopped at their best, a power law of size leaves more "
            "than a tenth of the variance unexplained",
            kind=Kind.LEVEL,
            measure="best_unexplained",
            between=({"inputs": 8, "items": FEW},),
            null=0.1,
            smallest=0.05,
            prediction=Prediction(positive=0.7, negative=0.03, absent=0.27, interval=(0.13, 0.21), because="a pilot"),
            in_words="{percent} %",
            expects=Direction.MORE,
        ),
        Estimand(
            name="fresh_leave_a_close_fit",
            claim="for networks that see no example twice, a power law of size leaves less than a tenth of the "
            "variance of log loss unexplained",
            kind=Kind.LEVEL,
            measure="unexplained",
            between=({"inputs": 8, "items": 0},),
            null=0.1,
            in_words="{percent} %",
            expects=Direction.LESS,
            smallest=0.02,
            prediction=Prediction(positive=0.01, negative=0.97, absent=0.02, interval=(0.011, 0.04), because="a pilot"),
        ),
        Estimand(
            name="exponent_on_inputs",
            claim="the loss falls with network size by a smaller power the more inputs there are",
            kind=Kind.SLOPE,
            measure="exponent",
            across="inputs",
            between=({"items": 0},),
            expects=Direction.LESS,
            smallest=0.1,
            prediction=Prediction(positive=0.01, negative=0.94, absent=0.05, interval=(-0.29, -0.17), because="pilot"),
            published=Published(value=-1.0, reference="Sharma & Kaplan 2020, arXiv:2004.10802 (abstract: 4/d)"),
        ),
    ),
    controls=(Control(estimand="exponent_on_inputs", placebo=PLACEBO, planted=PLANTED),),
    figure=Figure(x="inputs", y="exponent", title="By which power of the size the loss falls"),
    setting="networks of several sizes taught by a larger one",
    headlines=(
        Headline(
            says="A formula ties error to network size closely given endless examples, loosely given 1,000",
            when={"fresh_leave_a_close_fit": Direction.LESS, "few_leave_a_weak_fit": Direction.MORE},
        ),
        Headline(
            says="With endless examples, a simple formula (power law) closely ties error to network size",
            when={"fresh_leave_a_close_fit": Direction.LESS},
        ),
        Headline(
            says="With endless examples, a simple formula (power law) only loosely ties error to size",
            when={"fresh_leave_a_close_fit": Direction.MORE},
        ),
        Headline(
            says="With 1,000 examples, a simple formula (power law) only loosely ties error to size",
            when={"few_leave_a_weak_fit": Direction.MORE},
        ),
        Headline(
            says="With more input dimensions, growing a network lowers its error more slowly",
            when={"exponent_on_inputs": Direction.LESS},
        ),
    ),
    words={
        "unexplained": "the share of log-loss variance that a power law of size misses",
        "best_unexplained": "the share of best log-loss variance that a power law of size misses",
        "exponent": "the power by which loss falls with size",
        "inputs": "input count",
        "items": "{value} training examples",
        "items=0": "fresh examples only",
        "steps": "{value} training steps",
        "largest": "greatest width",
        "lr": "learning rate",
        "inputs=8": "eight inputs",
        "items=1000": "a thousand examples",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
