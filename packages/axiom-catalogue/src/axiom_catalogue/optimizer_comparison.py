"""Does it matter which optimizer trains a small network?

Why it matters: each year brings new optimizers that promise more. If tuning matters more than the name, one should
tune.

The old laboratory found all of them equal. We train one network with four optimizers, each at five learning rates that
suit it, for the same number of epochs on the same data and in the same order, on two tasks: labels from a random
network, and a Gaussian mixture. Test accuracy is measured at the end, and where data that were kept back would have
stopped; what a fixed budget hides is shown by the difference.

We expect small differences between the optimizers at a good rate, and larger ones between rates of one optimizer.
Which rate is the best of the five was seen in a pilot of ten seeds, none at an end of its five, and is registered: it
is not chosen from the results that are weighed.

History: 1, first version; the old laboratory's set-up is not known.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, optimizers, training

TASKS: dict[str, Callable[..., data.LearningTask]] = {"teacher": data.teacher, "clusters": data.clusters}
OPTIMIZERS = {
    "sgd": optimizers.SGD,
    "momentum": optimizers.MOMENTUM,
    "rmsprop": optimizers.RMSPROP,
    "adamw": optimizers.ADAMW,
}
RATES = {
    "sgd": (0.02, 0.05, 0.2, 0.5, 1.0),
    "momentum": (0.002, 0.005, 0.02, 0.05, 0.1),
    "rmsprop": (0.0005, 0.002, 0.005, 0.01, 0.02),
    "adamw": (0.0004, 0.001, 0.004, 0.01, 0.02),
}
KEPT_BACK = 500  # rows that tell when to stop, and are no test
WEIGHT_DECAY = {"sgd": 0.0, "momentum": 0.0, "rmsprop": 0.0, "adamw": 0.01}  # as the papers use them


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # teacher or clusters
    optimizer: str  # sgd, momentum, rmsprop or adamw
    lr: float
    epochs: int = 40
    scale: float = 1.0  # of the inputs: Adam does not mind small gradients, plain descent does
    corrupt: float = 0.0  # share of labels, also of the test data, replaced by another class; at 0.8 they tell nothing


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of a network that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights left the real numbers
    final_accuracy: float | None = None  # on the test data, after the last epoch
    stopped_accuracy: float | None = None  # after the epoch that did best on the data kept back: early stopping
    stopped_epoch: int | None = None
    train_accuracy: float | None = None  # after the last epoch
    train_loss: float | None = None


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every optimizer and rate alike."""
    task = _task(config, seed)
    start = models.mlp(chance.stream(seed, "start"), (20, 32, 32, 5))
    orders = chance.orders(seed, items=1_000, epochs=config.epochs)
    rates = optimizers.Rates(lr=config.lr, weight_decay=WEIGHT_DECAY[config.optimizer])

    end, reached = training.trained(
        start,
        task,
        orders,
        optimizer=OPTIMIZERS[config.optimizer],
        rates=rates,
        batch=50,
        watch=lambda net: _right(net, task),
    )
    if not np.isfinite(end[-1].weights).all():
        return Measures(diverged=1)
    kept, test = zip(*reached, strict=True)
    best = kept.index(max(kept))
    return Measures(
        diverged=0,
        final_accuracy=test[-1],
        stopped_accuracy=test[best],
        stopped_epoch=best + 1,
        train_accuracy=training.accuracy(end, task.x_train, task.y_train),
        train_loss=float(losses.CROSS_ENTROPY(end, task.x_train, task.y_train)),
    )


def _right(net: models.Net, task: data.LearningTask) -> list[float]:
    """The share that is right of the data kept back, and of the test data."""
    right = np.argmax(np.asarray(models.logits(net, task.x_test)), axis=1) == task.y_test
    return [float(right[:KEPT_BACK].mean()), float(right[KEPT_BACK:].mean())]


def _task(config: Config, seed: int) -> data.LearningTask:
    """Learned from 1,000 rows, asked about 1,500: those kept back, and then the test data."""
    rng = chance.stream(seed, config.task)
    task = TASKS[config.task](rng, inputs=20, classes=5, train=1_000, test=KEPT_BACK + 1_000)
    labels, _ = data.corrupted(
        chance.stream(seed, "corruption"), np.concatenate([task.y_train, task.y_test]), classes=5, share=config.corrupt
    )
    scale = np.float32(config.scale)
    return data.LearningTask(
        x_train=scale * task.x_train, y_train=labels[:1_000], x_test=scale * task.x_test, y_test=labels[1_000:]
    )


def _arms(**levels: Any) -> tuple[Config, ...]:
    """AdamW and plain descent on the Gaussian mixture, for a few epochs."""
    arms = (Config(task="clusters", optimizer="adamw", lr=0.001), Config(task="clusters", optimizer="sgd", lr=0.05))
    return tuple(replace(arm, epochs=12, **levels) for arm in arms)


def _better(
    better: tuple[str, str, float],
    other: tuple[str, str, float],
    measure: str = "final_accuracy",
    smallest: float = 0.01,
    **rest: Any,
) -> Estimand:
    """A claim that one of two designs, each a task, an optimizer and a rate, reaches more; paired in each replicate."""
    arms = tuple({"task": task, "optimizer": optimizer, "lr": lr} for task, optimizer, lr in (better, other))
    fields: dict[str, Any] = {"measure": measure, "smallest": smallest, "in_words": "{percent} percentage points"}
    return Estimand(kind=Kind.CONTRAST, between=arms, bounds=(-1.0, 1.0), **fields, **rest)


experiment = Experiment(
    name="optimizer_comparison",
    version=1,
    question="Does it matter which optimizer trains a small network?",
    reference="Schmidt et al. 2021, arXiv:2007.01547",
    run=run,
    measures=Measures,
    sweep=tuple(Config(task=task, optimizer=name, lr=lr) for task in TASKS for name in RATES for lr in RATES[name]),
    ranges={"lr": (1e-5, 1.0), "epochs": (1, 500)},
    estimands=(
        _better(
            ("teacher", "adamw", 0.01),
            ("teacher", "sgd", 0.5),
            name="adamw_minus_sgd_on_teacher",
            claim="AdamW and plain descent end as accurate on labels of a random network, within a point, each at "
            "the best learning rate of a pilot",
            prediction=Prediction(positive=0.09, negative=0.01, absent=0.9, interval=(0.001, 0.01), because="fitted"),
            expects=Direction.ABSENT,
        ),
        _better(
            ("clusters", "adamw", 0.001),
            ("clusters", "sgd", 0.05),
            name="adamw_minus_sgd_on_clusters",
            claim="AdamW and plain descent end as accurate on a Gaussian mixture, within a point, each at the best "
            "learning rate of a pilot",
            prediction=Prediction(positive=0.04, negative=0.01, absent=0.95, interval=(0.0, 0.006), because="a pilot"),
            expects=Direction.ABSENT,
        ),
        _better(
            ("teacher", "rmsprop", 0.01),
            ("teacher", "sgd", 0.5),
            name="rmsprop_minus_sgd_on_teacher",
            claim="plain descent ends more accurate than RMSprop on labels of a random network, each at the best "
            "learning rate of a pilot",
            smallest=0.005,
            prediction=Prediction(positive=0.01, negative=0.89, absent=0.1, interval=(-0.017, -0.008), because="noise"),
            expects=Direction.LESS,
        ),
        _better(
            ("clusters", "sgd", 0.5),
            ("clusters", "sgd", 0.05),
            name="fast_minus_slow_on_clusters",
            claim="plain descent ends less accurate on a Gaussian mixture at a learning rate of 0.5 than of 0.05",
            prediction=Prediction(positive=0.01, negative=0.9, absent=0.09, interval=(-0.022, -0.012), because="fits"),
            expects=Direction.LESS,
        ),
        _better(
            ("clusters", "sgd", 0.5),
            ("clusters", "sgd", 0.05),
            name="fast_minus_slow_when_stopped",
            claim="stopped in time, plain descent is as accurate on a Gaussian mixture at a learning rate of 0.5 as"
            " of 0.05, within a point",
            measure="stopped_accuracy",
            prediction=Prediction(
                positive=0.01, negative=0.29, absent=0.7, interval=(-0.011, -0.003), because="a pilot"
            ),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(
            estimand="adamw_minus_sgd_on_clusters",
            placebo=_arms(corrupt=0.8),  # there is nothing to learn
            planted=_arms(scale=0.03),
        ),
    ),
    figure=Figure(
        x="lr", y="final_accuracy", log=("x",), title="What each optimizer reaches", where={"task": "teacher"}
    ),
    setting="small classifiers under different optimizers",
    headlines=(
        Headline(
            says="Well tuned, plain training and a refined method (AdamW) end about equally accurate",
            when={"adamw_minus_sgd_on_teacher": Direction.ABSENT, "adamw_minus_sgd_on_clusters": Direction.ABSENT},
        ),
        Headline(
            says="Well tuned, a refined training method (AdamW) ends more accurate than the plain one",
            when={"adamw_minus_sgd_on_teacher": Direction.MORE, "adamw_minus_sgd_on_clusters": Direction.MORE},
        ),
        Headline(
            says="At the settings compared, plain training ends more accurate than a refined method (RMSprop)",
            when={"rmsprop_minus_sgd_on_teacher": Direction.LESS},
        ),
        Headline(
            says="Plain training ends less accurate here with large steps than with small ones",
            when={"fast_minus_slow_on_clusters": Direction.LESS},
        ),
    ),
    words={
        "final_accuracy": "final accuracy on new examples",
        "stopped_accuracy": "accuracy on new examples when stopped early",
        "task=teacher": "a random network's labels",
        "task=clusters": "clusters of points",
        "optimizer=sgd": "plain gradient descent",
        "optimizer=momentum": "momentum",
        "optimizer=rmsprop": "RMSprop",
        "optimizer=adamw": "AdamW",
        "lr": "learning rate",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=lambda config: config.epochs * 4.9e-4, memory_mb=600),
)
