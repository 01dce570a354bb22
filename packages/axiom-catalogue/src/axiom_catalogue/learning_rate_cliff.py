"""At which learning rate, in plain numbers, does the training of a network fall apart?

Why it matters: a learning rate is chosen as a plain number. If it had one critical value, one could stay below it; if
that value moves with the network, it has to be found each time.

The old laboratory reported one number, 0.791, above which training diverged, and left neither network nor task. So we
look for the cliff where such a script would have looked: in networks of one to three hidden layers of 64 ReLU or tanh,
trained by small batches for twenty epochs on five classes, with cross-entropy and with squared error. Each cell climbs
a ladder of learning rates from 0.025 to 25.6, each twice the second before it, and then halves the step at the edge
four times. A training has fallen apart when it ends with a loss no better than that of the best constant answer.
learning_rate_phase_transitions asks the same in units of one over the sharpness, in which theory has an answer.

We expect one cliff in each network, far from 0.791 in most: squared error falls apart below it, since nothing bounds
its gradient, and cross-entropy above it; and deeper networks sooner.

History: 1, the old question in the old units.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, progress, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, BATCH = 20, 5, 50
LADDER = tuple(0.025 * 2 ** (rung / 2) for rung in range(21))
HALVINGS = 4  # of the step between two rungs, which leaves the cliff within 3 %
OLD = 0.791
GAINS = {"relu": 2.0, "tanh": 1.0}  # of the start
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
Tried = list[tuple[float, int]]  # rates, and whether the training fell apart


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    activation: str  # relu or tanh
    loss: str  # mse or ce
    depth: int  # hidden layers; with none of them and squared error the cliff is at 2 over the sharpness
    width: int = 64
    rows: int = 1_000
    epochs: int = 20
    control: str = "none"  # alike: cross-entropy whatever it says, and an order of its own for each loss


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    cliff: float | None  # the learning rate; None when every rung held, or the lowest did not
    log_cliff: float | None  # its natural logarithm
    has_one_cliff: int  # 1 when no rung above twice the lowest that failed held
    fell_apart_by_rung: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every rate, and data and order for every network."""

    def step(tried: Tried, number: int) -> Tried:
        rate = LADDER[number] if number < len(LADDER) else _middle(tried)
        return [*tried, (rate, falls_apart(config, seed, rate))]

    tried = progress.blocks(Tried(), step, len(LADDER) + HALVINGS)
    rungs = [failed for _, failed in tried[: len(LADDER)]]
    low, high = _edge(tried)
    cliff = math.sqrt(low * high) if low > 0 and high < math.inf else None
    return Measures(
        cliff=cliff,
        log_cliff=None if cliff is None else math.log(cliff),
        has_one_cliff=int(cliff is not None and all(rate <= 2 * high for rate, failed in tried if not failed)),
        fell_apart_by_rung=tuple(map(float, rungs)),
    )


def falls_apart(config: Config, seed: int, rate: float) -> int:
    """Does a training at this rate end no better than the best constant answer?"""
    is_alike = config.control == "alike"
    sizes = (INPUTS, *[config.width] * config.depth, CLASSES)
    task = TASKS[config.task](chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=config.rows, test=1)
    start = models.mlp(chance.stream(seed, "start"), sizes, gain=GAINS[config.activation])
    orders = chance.orders(seed, items=config.rows, epochs=config.epochs)
    if is_alike:
        orders = chance.stream(seed, f"order of {config.loss}").permuted(orders, axis=1)
    architecture = models.Architecture(activation=config.activation)
    is_square = config.loss == "mse" and not is_alike
    objective = (losses.SquaredError if is_square else losses.CrossEntropy)(architecture=architecture)

    end, _ = training.trained(
        start,
        task,
        orders,
        watch=lambda _net: None,
        rates=Rates(lr=rate),
        batch=BATCH,
        objective=objective,
        every=config.epochs,
    )
    loss = float(_loss(objective, end, task.x_train, task.y_train))
    return int(not loss < constant(task.y_train, is_square=is_square))  # so asked, no number at all has failed, too


@partial(jax.jit, static_argnums=0)
def _loss(objective: losses.Objective, net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
    return objective(net, x, y)


def constant(labels: data.Labels, *, is_square: bool) -> float:
    """The loss of the best answer that is the same for all rows: the classes' shares."""
    shares = np.bincount(labels, minlength=CLASSES) / len(labels)
    if is_square:
        return float(0.5 * np.sum(shares * (1 - shares)))
    seen = shares[shares > 0]
    return float(-np.sum(seen * np.log(seen)))


def _edge(tried: Tried) -> tuple[float, float]:
    """The lowest rate that failed, behind the highest below it that held; 0 or infinity where there is none."""
    high = min((rate for rate, failed in tried if failed), default=math.inf)
    return max((rate for rate, failed in tried if not failed and rate < high), default=0.0), high


def _middle(tried: Tried) -> float:
    """Where to look next: between the two rates at the edge, or at a rung again where there is none."""
    low, high = _edge(tried)
    return math.sqrt(low * high) if low > 0 and high < math.inf else tried[0][0]


def _seconds(config: Config) -> float:
    weights = config.width * (INPUTS + CLASSES + config.width * max(0, config.depth - 1))
    steps = config.epochs * (config.rows // BATCH)
    return (len(LADDER) + HALVINGS) * (4e-4 + steps * (6e-6 + 2.3e-9 * weights))


PLAIN = {"task": "clusters", "activation": "relu", "depth": 2}
SMALL = partial(grid, Config, task=["clusters"], activation=["relu"], depth=[2], rows=[200], epochs=[20])
PILOT = partial(Prediction, because="a pilot")
AT_OLD = partial(Estimand, kind=Kind.LEVEL, measure="cliff", null=OLD, smallest=0.2)

experiment = Experiment(
    name="learning_rate_cliff",
    version=1,
    question="At which learning rate, in plain numbers, does the training of a network fall apart?",
    reference="Lewkowycz et al. 2020, arXiv:2003.02218",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), activation=list(GAINS), depth=[1, 2, 3], loss=["mse", "ce"]),
    ranges={"depth": (0, 5), "width": (4, 512), "rows": (50, 5_000), "epochs": (1, 200)},
    estimands=(
        Estimand(
            name="has_one_cliff",
            claim="each network, on either task and with either loss, learns at every learning rate below some value "
            "and at none above twice that value",
            kind=Kind.PROPORTION,
            measure="has_one_cliff",
            null=0.5,
            smallest=0.2,
            prediction=PILOT(positive=0.8, negative=0.05, absent=0.15, interval=(0.75, 1.0)),
            expects=Direction.MORE,
        ),
        AT_OLD(
            name="cross_entropy_at_the_old_rate",
            claim="with cross-entropy, a network of two hidden ReLU layers falls apart at a learning "
            "rate above 0.791, which an earlier laboratory called critical",
            between=(PLAIN | {"loss": "ce"},),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(1.7, 2.6)),
            expects=Direction.MORE,
        ),
        AT_OLD(
            name="squared_error_at_the_old_rate",
            claim="with squared error, a network of two hidden ReLU layers falls apart at a learning "
            "rate below 0.791, which an earlier laboratory called critical",
            expects=Direction.LESS,
            between=(PLAIN | {"loss": "mse"},),
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(0.2, 0.32)),
        ),
        Estimand(
            name="cross_entropy_bears_more",
            claim="a network with two hidden layers of ReLU bears a higher learning rate with cross-entropy than with "
            "squared error",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="log_cliff",
            in_words="{times_e} times",
            between=(PLAIN | {"loss": "ce"}, PLAIN | {"loss": "mse"}),
            smallest=0.2,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(1.8, 2.4)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="falls_with_depth",
            claim="the deeper a network of ReLU trained with cross-entropy, the lower the learning rate at which it "
            "falls apart",
            kind=Kind.SLOPE,
            measure="cliff",
            across="depth",
            between=({"task": "clusters", "activation": "relu", "loss": "ce"},),
            expects=Direction.LESS,
            smallest=0.2,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-1.6, -1.1)),
        ),
    ),
    controls=(
        Control(
            estimand="cross_entropy_bears_more",
            placebo=SMALL(loss=["ce", "mse"], control=["alike"]),
            planted=SMALL(loss=["ce", "mse"]),
        ),
    ),
    figure=Figure(x="depth", y="cliff", log=("y",), title="Where training falls apart", where={"task": "clusters"}),
    setting="networks trained at higher and higher learning rates",
    headlines=(
        Headline(
            says="Most networks fail above some step size, deeper ones (ReLU, cross-entropy) at smaller steps",
            when={"has_one_cliff": Direction.MORE, "falls_with_depth": Direction.LESS},
        ),
        Headline(
            says="At an earlier study's critical step size, two-layer networks fail with squared error only",
            when={"cross_entropy_at_the_old_rate": Direction.MORE, "squared_error_at_the_old_rate": Direction.LESS},
        ),
        Headline(
            says="Most small networks learn up to some step size and fail beyond twice that",
            when={"has_one_cliff": Direction.MORE},
        ),
        Headline(
            says="Not every small network has one step size dividing learning from failing",
            when={"has_one_cliff": Direction.LESS},
        ),
        Headline(
            says="Small networks bear larger training steps with cross-entropy than with squared error",
            when={"cross_entropy_bears_more": Direction.MORE},
        ),
    ),
    words={
        "has_one_cliff": "one learning rate that divides what works from what fails",
        "cliff": "the learning rate where training starts to fail",
        "log_cliff": "the learning rate where training starts to fail",
        "task=clusters": "clusters of points",
        "task=teacher": "a task set by another network",
        "loss=ce": "cross-entropy",
        "loss=mse": "squared error",
        "activation=relu": "ReLU units",
        "activation=tanh": "tanh units",
        "rows": "{value} training examples",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
        "depth": "{value} hidden layers",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
