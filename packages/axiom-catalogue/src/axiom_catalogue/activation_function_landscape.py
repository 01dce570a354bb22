"""Is one activation function better than another?

Why it matters: everybody who builds a network picks an activation function, mostly by habit. If the order depends on
the task, a habit is not enough.

The old laboratory found sigmoid > tanh > softplus > ELU > ReLU, the same ranks on twelve hosts: one task, one learning
rate, one seed. We train one network with eight activations on six tasks at three rates, from the same start, on the
same data and in the same order. We look at the end, and at where stopping early would have ended it: where accuracy was
best on data held back for that. Sigmoid and ReLU also descend the squared error, on two of the tasks.

We expect that sigmoid wins where data are few, noisy or nearly linear, because it learns slowly and smoothly, and that
part of its lead is gone once ReLU may stop early. Where a ReLU network made the labels, it should gain nothing.
On exclusive-or it should fall behind at a moderate rate, and lead at a high one, which suits both better: then the
ranking belongs to the task and the rate, and not to the function alone.

History: 2, as 1, and the middle rate is called moderate, not low; 1, six tasks and three rates instead of one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, optimizers, training

TASKS: dict[str, Callable[..., data.LearningTask]] = {
    "clusters": partial(data.clusters, classes=5),
    "noisy_clusters": partial(data.clusters, classes=5),
    "relu_teacher": partial(data.teacher, classes=5),
    "tanh_teacher": partial(data.teacher, classes=5, activation="tanh"),
    "linear_teacher": partial(data.linear_teacher, classes=5),
    "exclusive_or": data.exclusive_or,
}
CLASSES = dict.fromkeys(TASKS, 5) | {"exclusive_or": 2}
NOISE = dict.fromkeys(TASKS, 0.0) | {"noisy_clusters": 0.2}
ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "swish", "tanh", "sigmoid", "softplus")
LOSSES: dict[str, Callable[..., losses.Objective]] = {
    "cross_entropy": losses.CrossEntropy,
    "squared_error": losses.SquaredError,
}
RATES = (0.02, 0.1, 0.5)
TWICE = ("noisy_clusters", "exclusive_or")  # descend the squared error as well
NOISY: dict[str, object] = {"task": "noisy_clusters", "lr": 0.1}
TRAIN, HELD_BACK, TEST = 500, 500, 1_000
EVERY = 5  # epochs between two looks
COSTS = dict.fromkeys(ACTIVATIONS, 1.0) | {"elu": 1.25, "gelu": 1.15, "swish": 1.1, "sigmoid": 1.15, "softplus": 2.0}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str
    activation: str
    lr: float
    noise: float = 0.0  # share of training labels that are wrong, besides what the task has; 0.8 of five says nothing
    epochs: int = 200
    loss: str = "cross_entropy"  # or squared_error


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    final_accuracy: float  # on clean test data, after the last epoch; of a network that diverged, that of guessing
    stopped_accuracy: float  # on the same, at the look where accuracy was best on data held back for choosing it
    stopped_epoch: int
    train_accuracy: float  # after the last epoch, on the labels as they were given
    train_loss: float | None  # None when it left the real numbers
    diverged: int  # 1 when it did


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, noise, start and batch order for every activation, rate and loss alike."""
    task = labelled(config, seed)
    architecture = models.Architecture(activation=config.activation)
    objective = LOSSES[config.loss](architecture=architecture)
    # He's start for all: the variance that suits ReLU, so that functions differ and starts do not.
    start = models.mlp(chance.stream(seed, "start"), (20, 64, 32, CLASSES[config.task]))
    orders = chance.orders(seed, items=TRAIN, epochs=config.epochs)

    def watch(net: models.Net) -> tuple[float, float]:
        is_right = training.answers(net, task.x_test, architecture) == task.y_test
        return float(is_right[:HELD_BACK].mean()), float(is_right[HELD_BACK:].mean())

    rates = optimizers.Rates(lr=config.lr)
    end, seen = training.trained(
        start, task, orders, rates=rates, batch=32, objective=objective, every=EVERY, watch=watch
    )
    held_back, reached = zip(*seen, strict=True)
    stop, loss = held_back.index(max(held_back)), float(objective(end, task.x_train, task.y_train))
    is_finite = bool(np.isfinite(loss))
    return Measures(
        final_accuracy=reached[-1],
        stopped_accuracy=reached[stop],
        stopped_epoch=min(EVERY * (stop + 1), config.epochs),
        train_accuracy=training.accuracy(end, task.x_train, task.y_train, architecture),
        train_loss=loss if is_finite else None,
        diverged=int(not is_finite),
    )


def labelled(config: Config, seed: int) -> data.LearningTask:
    """The task, with this share of its training labels wrong. The others are true, and the first of them held back."""
    rng = chance.stream(seed, config.task.removeprefix("noisy_"))  # the same inputs with noise and without
    task = TASKS[config.task](rng, inputs=20, train=TRAIN, test=HELD_BACK + TEST)
    share = min(NOISE[config.task] + config.noise, 1.0)
    labels, _ = data.corrupted(chance.stream(seed, "noise"), task.y_train, classes=CLASSES[config.task], share=share)
    return replace(task, y_train=labels)


def _lead(
    where: str,
    claim: str,
    task: dict[str, object],
    interval: tuple[float, float],
    *,
    measure: str = "final_accuracy",
    **rest: Any,
) -> Estimand:
    """What sigmoid has more of than ReLU, within a replicate; the interval says on which side it lies, if on any."""
    is_ahead, is_behind = interval[0] > 0, interval[1] < 0
    positive, negative = (0.93 if is_likely else 0.04 for is_likely in (is_ahead, is_behind))
    arms = ({**task, "loss": "cross_entropy", "activation": activation} for activation in ("sigmoid", "relu"))
    return Estimand(
        name=f"sigmoid_minus_relu_{where}",
        claim=claim,
        **rest,
        kind=Kind.CONTRAST,
        measure=measure,
        between=tuple(arms),
        smallest=0.01,
        bounds=(-1.0, 1.0),
        in_words="{percent} percentage points",
        expects=Direction.MORE if is_ahead else Direction.LESS if is_behind else Direction.ABSENT,
        prediction=Prediction(
            positive=positive, negative=negative, absent=1 - positive - negative, interval=interval, because="a pilot"
        ),
    )


def _pair(*, noise: float, epochs: int = 200) -> tuple[Config, ...]:
    arms = {"task": ["noisy_clusters"], "activation": ["sigmoid", "relu"]}
    return grid(Config, **arms, lr=[0.1], noise=[noise], epochs=[epochs])


experiment = Experiment(
    name="activation_function_landscape",
    aliases=("activation_fn_landscape", "activation_landscape"),
    version=2,
    question="Is one activation function better than another?",
    reference="Ramachandran et al. 2017, arXiv:1710.05941; Glorot et al. 2011",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(TASKS), activation=list(ACTIVATIONS), lr=RATES),
        *grid(Config, task=TWICE, activation=["relu", "sigmoid"], lr=RATES, loss=["squared_error"]),
    ),
    ranges={"lr": (1e-4, 2.0), "noise": (0.0, 1.0), "epochs": (5, 2_000)},
    estimands=(
        _lead(
            "on_noise",
            "where a fifth of the training labels are wrong, a small network ends more accurate "
            "with sigmoid neurons than with ReLU neurons",
            NOISY,
            (0.122, 0.15),
        ),
        _lead(
            "on_noise_stopped_early",
            "with a fifth of the training labels wrong and each network stopped at its best moment, sigmoid "
            "neurons are more accurate than ReLU neurons",
            NOISY,
            (0.071, 0.088),
            measure="stopped_accuracy",
        ),
        _lead(
            "on_relu_teacher",
            "where a ReLU network made the labels, sigmoid and ReLU networks end as accurate, within a point",
            {"task": "relu_teacher", "lr": 0.1},
            (-0.003, 0.01),
        ),
        _lead(
            "on_exclusive_or",
            "on the exclusive-or of two signs a network ends less accurate with sigmoid than with "
            "ReLU neurons at a learning rate of 0.1",
            {"task": "exclusive_or", "lr": 0.1},
            (-0.24, -0.19),
        ),
        _lead(
            "on_exclusive_or_fast",
            "on the exclusive-or of two signs a network ends more accurate with sigmoid than with "
            "ReLU neurons at a learning rate of 0.5",
            {"task": "exclusive_or", "lr": 0.5},
            (0.073, 0.093),
        ),
    ),
    controls=(
        Control(
            estimand="sigmoid_minus_relu_on_noise",
            placebo=_pair(noise=0.6, epochs=40),  # with the task's own, four fifths: labels that say nothing
            planted=_pair(noise=0.2),  # what ReLU learns by heart, sigmoid has no time for
        ),
    ),
    figure=Figure(
        x="activation",
        y="final_accuracy",
        title="Exclusive-or",
        where={"task": "exclusive_or", "loss": "cross_entropy"},
    ),
    setting="small two-layer classifiers",
    headlines=(
        Headline(
            says="Taught some wrong answers, smooth (sigmoid) neurons err less here than kinked (ReLU) ones",
            when={"sigmoid_minus_relu_on_noise": Direction.MORE},
        ),
        Headline(
            says="Taught some wrong answers, smooth (sigmoid) neurons err more here than kinked (ReLU) ones",
            when={"sigmoid_minus_relu_on_noise": Direction.LESS},
        ),
        Headline(
            says="Taught some wrong answers, smooth (sigmoid) and kinked (ReLU) neurons err about equally here",
            when={"sigmoid_minus_relu_on_noise": Direction.ABSENT},
        ),
        Headline(
            says="On a same-or-different puzzle, sigmoid neurons beat ReLU in larger steps, lose in smaller",
            when={
                "sigmoid_minus_relu_on_exclusive_or": Direction.LESS,
                "sigmoid_minus_relu_on_exclusive_or_fast": Direction.MORE,
            },
        ),
    ),
    words={
        "final_accuracy": "final accuracy on new examples",
        "stopped_accuracy": "accuracy on new examples when stopped early",
        "activation=relu": "ReLU neurons",
        "activation=leaky_relu": "leaky ReLU neurons",
        "activation=elu": "ELU neurons",
        "activation=gelu": "GELU neurons",
        "activation=swish": "swish neurons",
        "activation=tanh": "tanh neurons",
        "activation=sigmoid": "sigmoid neurons",
        "activation=softplus": "softplus neurons",
        "task=clusters": "clusters of points",
        "task=noisy_clusters": "partly mislabelled clusters of points",
        "task=relu_teacher": "labels from a ReLU network",
        "task=tanh_teacher": "labels from a tanh network",
        "task=linear_teacher": "labels from a linear rule",
        "task=exclusive_or": "the exclusive-or of two signs",
        "loss=cross_entropy": "cross-entropy loss",
        "loss=squared_error": "squared-error loss",
        "lr": "learning rate",
        "noise": "added share of wrong labels",
        "epochs": "{value} epochs",
        "activation": "activation function",
    },
    needs=Needs(seconds=lambda config: config.epochs * 2e-4 * COSTS[config.activation], memory_mb=600),
)
