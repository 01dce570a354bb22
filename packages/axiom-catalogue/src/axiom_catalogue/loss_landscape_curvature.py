"""Does a higher learning rate end in a flatter place, and does flatness generalise?

Why it matters: flat minima are widely believed to generalise better, and methods are built on that belief. It should be
tested.

The old laboratory found the trace of the Hessian ten times smaller at high learning rates, and called it the reason for
better generalisation. After the same epochs, however, a fast network has gone further, and cross-entropy flattens by
itself as the data are fitted. So we compare after the same epochs, after the same product of rate and epochs, and at
the same training loss; with squared error and with cross-entropy, on one Gaussian mixture.

We expect sharpness * lr / 2 to stay below 1, since descent is unstable above it, and so the trace at a matched loss to
fall with the rate for squared error; less so for cross-entropy, where the loss itself says how flat it is; and test
accuracy not to care. Weights can be rescaled without changing what a network computes (Dinh et al. 2017). An affine
model with squared error has one Hessian everywhere, and by algebra a slope of 0: it is the placebo.

History: 3, with the old laboratory's lowest rate of 0.001, and its test accuracy asked; 2, as 1, and says that the
highest rate is compared with the lowest; 1, the old question in three ways.
"""

import math
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, losses, models, optimizers, progress, training

INPUTS, CLASSES, BATCH = 20, 5, 50
HUGE, DEAD = 1e6, 1e-6  # a loss from which nothing comes back; answers that differ by less do not see their inputs
PROBES, TIME = 20, 5.0  # of Hutchinson's estimate; learning rate times epochs, where that is the same for all
LOSSES: dict[str, losses.Objective] = {"mse": losses.SquaredError(), "ce": losses.CrossEntropy()}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    loss: str  # mse or ce
    until: str  # epochs, time or loss: what is the same for all learning rates when we look
    lr: float
    goal: float = 0.1  # the training loss at which we look, where that is the same
    depth: int = 2  # hidden layers
    width: int = 64
    rows: int = 1_000
    epochs: int = 100  # after which we look, where these are the same


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; where the training diverged, died or missed its goal, all but the first two is None."""

    has_arrived: int  # 1 where it did none of these
    epochs: int  # after which we looked, or gave up
    trace: float | None = None  # of the Hessian of the training loss
    sharpness: float | None = None  # its largest eigenvalue
    edge_ratio: float | None = None  # sharpness * lr / 2
    train_loss: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start, batch order and probes for all learning rates and losses alike."""
    task = data.clusters(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=config.rows, test=1_000)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, *[config.width] * config.depth, CLASSES))
    probes = hessian.signs(chance.stream(seed, "probes"), start, PROBES)
    first = hessian.direction(chance.stream(seed, "first direction"), start)
    objective, x, y = LOSSES[config.loss], task.x_train, task.y_train
    end, epochs, loss = descended(config, seed, task, start)
    highest = config.goal if config.until == "loss" else HUGE
    if not loss <= highest or np.ptp(np.asarray(models.logits(end, x)), axis=0).max() <= DEAD:  # or it is no number
        return Measures(has_arrived=0, epochs=epochs)
    sharpness = float(hessian.lanczos(objective, end, first, x, y)[-1])
    return Measures(
        has_arrived=1,
        epochs=epochs,
        trace=float(hessian.trace(objective, end, probes, x, y)),
        sharpness=sharpness,
        edge_ratio=sharpness * config.lr / 2,
        train_loss=loss,
        test_loss=float(objective(end, task.x_test, task.y_test)),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
    )


def descended(config: Config, seed: int, task: data.LearningTask, start: models.Net) -> tuple[models.Net, int, float]:
    """The network when we look, after how many epochs that was, and its training loss."""
    limit = round({"epochs": config.epochs, "time": TIME / config.lr, "loss": 3 * TIME / config.lr}[config.until])
    every = max(1, round(0.1 / config.lr))  # all rates are looked at after the same product of rate and epochs
    orders = chance.orders(seed, items=config.rows, epochs=limit)
    error, (leaves, shape) = LOSSES[config.loss], jax.tree.flatten(start)
    rates = optimizers.Rates(lr=config.lr)
    learn = partial(training.trained, task=task, rates=rates, batch=BATCH, objective=error, every=every)

    def loss_of(net: models.Net) -> float:
        return float(error(net, task.x_train, task.y_train))

    def step(state: tuple[list[models.Array], int, float], number: int) -> tuple[list[models.Array], int, float]:
        weights, done, loss = state
        if not math.isfinite(loss) or (config.until == "loss" and loss <= config.goal):
            return state
        net, due = jax.tree.unflatten(shape, weights), orders[number * every : (number + 1) * every]
        end, (loss,) = learn(net, orders=due, watch=loss_of)
        return jax.tree.leaves(end), done + len(due), loss

    weights, epochs, loss = progress.blocks((leaves, 0, loss_of(start)), step, math.ceil(limit / every))
    return jax.tree.unflatten(shape, weights), epochs, loss


def _seconds(config: Config) -> float:
    waiting = 4.2 * (0.1 / config.goal) ** 2.4 if config.loss == "mse" else 1.75 * math.log(0.6 / config.goal)
    times = {"epochs": config.epochs * config.lr, "time": TIME, "loss": min(max(waiting, 0.1), 3 * TIME)}
    weights = config.width * (INPUTS + CLASSES + config.width * max(0, config.depth - 1))
    epoch = config.rows / BATCH * (7e-6 + 1.5e-9 * weights)
    return 0.016 + times[config.until] * (epoch / config.lr + {"mse": 9e-3, "ce": 1.3e-2}[config.loss])


FLATTER = partial(Estimand, kind=Kind.SLOPE, measure="trace", across="lr", smallest=0.1)
PLANTED = grid(Config, loss=["mse"], until=["loss"], rows=[200], lr=[0.02, 0.1])
PLACEBO = grid(Config, loss=["mse"], until=["loss"], rows=[200], lr=[0.02, 0.1], goal=[0.35], depth=[0])

experiment = Experiment(
    name="loss_landscape_curvature",
    aliases=("lr_flatness", "loss_curvature"),
    version=3,
    question="Does a higher learning rate end in a flatter place, and does flatness generalise?",
    reference="Jastrzebski et al. 2017, arXiv:1711.04623; Dinh et al. 2017, arXiv:1703.04933",
    run=run,
    measures=Measures,
    sweep=grid(Config, loss=list(LOSSES), until=["loss", "time", "epochs"], lr=[0.001, 0.005, 0.01, 0.02, 0.05, 0.1]),
    ranges={"lr": (1e-3, 0.5), "goal": (0.001, 0.4), "width": (4, 256), "rows": (50, 2_000), "epochs": (1, 1_000)},
    estimands=(
        FLATTER(
            name="trace_slope_squared_error",
            claim="at the same training loss (squared error) a network is at a flatter place the higher "
            "the learning rate",
            between=({"loss": "mse", "until": "loss"},),
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.42, -0.3), because="a pilot"),
            expects=Direction.LESS,
        ),
        FLATTER(
            name="trace_slope_same_time",
            claim="after the same product of rate and epochs (squared error) a network is at a flatter "
            "place the higher the learning rate",
            between=({"loss": "mse", "until": "time"},),
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.42, -0.3), because="a pilot"),
            expects=Direction.LESS,
        ),
        FLATTER(
            name="trace_slope_cross_entropy",
            claim="at the same training loss the learning rate hardly changes how flat the place is (cross-entropy)",
            between=({"loss": "ce", "until": "loss"},),
            prediction=Prediction(positive=0.01, negative=0.04, absent=0.95, interval=(-0.035, -0.01), because="pilot"),
            expects=Direction.ABSENT,
        ),
        FLATTER(
            name="trace_slope_same_epochs",
            claim="after the same number of epochs (cross-entropy) a network is at a flatter place the "
            "higher the learning rate",
            between=({"loss": "ce", "until": "epochs"},),
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.41, -0.36), because="pilot"),
            expects=Direction.LESS,
        ),
        Estimand(
            name="fast_minus_slow_test_loss",
            claim="after the same number of epochs a network trained at a learning rate of 0.1 has a "
            "worse test loss than at 0.005 (cross-entropy)",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="test_loss",
            between=({"loss": "ce", "until": "epochs", "lr": 0.1}, {"loss": "ce", "until": "epochs", "lr": 0.005}),
            smallest=0.1,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.4, 0.6), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="fast_minus_slow_test_accuracy",
            claim="at the same training loss (squared error) test accuracy is the same at learning rates of 0.1 and "
            "of 0.005, within a point",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=({"loss": "mse", "until": "loss", "lr": 0.1}, {"loss": "mse", "until": "loss", "lr": 0.005}),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.4, negative=0.05, absent=0.55, interval=(-0.005, 0.02), because="a pilot"),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="fast_minus_slow_as_then",
            claim="after 100 epochs a network trained at a learning rate of 0.1 has a higher test "
            "accuracy than at 0.001 (cross-entropy)",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            between=({"loss": "ce", "until": "epochs", "lr": 0.1}, {"loss": "ce", "until": "epochs", "lr": 0.001}),
            smallest=0.01,
            in_words="{percent} percentage points",
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.045, 0.08), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="below_the_edge",
            claim="a network trained at a learning rate of 0.1 ends where sharpness * rate / 2 is below "
            "1, the edge of stability (squared error)",
            kind=Kind.LEVEL,
            measure="edge_ratio",
            between=({"loss": "mse", "until": "loss", "lr": 0.1},),
            null=1.0,
            expects=Direction.LESS,
            smallest=0.1,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(0.17, 0.22), because="a pilot"),
        ),
        Estimand(
            name="all_arrive",
            claim="at every learning rate a network reaches the training loss that was set for the comparison",
            kind=Kind.PROPORTION,
            measure="has_arrived",
            between=({"until": "loss"},),
            null=0.5,
            smallest=0.2,
            prediction=Prediction(positive=0.95, negative=0.01, absent=0.04, interval=(0.9, 1.0), because="a pilot"),
            expects=Direction.MORE,
        ),
    ),
    controls=(Control(estimand="trace_slope_squared_error", placebo=PLACEBO, planted=PLANTED),),
    figure=Figure(x="lr", y="trace", log=("x", "y"), title="How flat it is", where={"until": "loss"}),
    setting="networks compared at several learning rates",
    headlines=(
        Headline(
            says="At equal training error (squared), larger steps bring fewer mistakes on new examples",
            when={"fast_minus_slow_test_accuracy": Direction.MORE},
        ),
        Headline(
            says="At equal training error (squared), larger steps end flatter, but hardly more accurate",
            when={"trace_slope_squared_error": Direction.LESS, "fast_minus_slow_test_accuracy": Direction.ABSENT},
        ),
        Headline(
            says="At equal training error, larger steps end flatter with squared error, hardly with cross-entropy",
            when={"trace_slope_squared_error": Direction.LESS, "trace_slope_cross_entropy": Direction.ABSENT},
        ),
        Headline(
            says="At equal training error (squared), larger steps end where shifting connections raises error less",
            when={"trace_slope_squared_error": Direction.LESS},
        ),
        Headline(
            says="At equal training error (squared), step size hardly changes how strongly shifted connections hurt",
            when={"trace_slope_squared_error": Direction.ABSENT},
        ),
    ),
    words={
        "trace": "curvature of the loss (trace of its Hessian)",
        "test_loss": "loss on new examples",
        "test_accuracy": "accuracy on new examples",
        "edge_ratio": "sharpness times half the learning rate (one is the edge of stability)",
        "has_arrived": "the intended training loss reached",
        "loss=ce": "cross-entropy",
        "loss=mse": "squared error",
        "until=loss": "an equal training loss",
        "until=time": "an equal product of rate and epochs",
        "until=epochs": "equally many epochs",
        "lr": "learning rate",
        "goal": "training loss to be reached",
        "rows": "{value} training examples",
        "width": "{value} neurons per layer",
        "depth": "{value} hidden layers",
        "epochs": "{value} epochs",
        "depth=1": "one hidden layer",
    },
    needs=Needs(seconds=_seconds, memory_mb=800),
)
