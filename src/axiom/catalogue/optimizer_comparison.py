"""Does it matter which optimizer trains a small network?

The old laboratory found all of them equal. We train one network with four optimizers, each at three learning rates that
suit it, for the same number of epochs on the same data and in the same order, on two tasks: labels from a random
network, and a Gaussian mixture. What a fixed budget hides is shown by two measures: accuracy at the end, and the best
over time.

We expect small differences between the optimizers at a good rate, and larger ones between rates of one optimizer.
Which rate is good was seen in a pilot and is registered: it is not chosen from the results that are weighed.

History: 1, first version; the old laboratory's set-up is not known.
"""

from collections.abc import Callable
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Figure, Needs
from axiom.domain.findings import Estimand, Kind, Prediction
from axiom.kit import chance, data, models, optimizers, training

TASKS: dict[str, Callable[..., data.Task]] = {"teacher": data.teacher, "clusters": data.clusters}
OPTIMIZERS = {
    "sgd": optimizers.SGD,
    "momentum": optimizers.MOMENTUM,
    "rmsprop": optimizers.RMSPROP,
    "adamw": optimizers.ADAMW,
}
RATES = {
    "sgd": (0.05, 0.2, 0.5),
    "momentum": (0.005, 0.02, 0.05),
    "rmsprop": (0.0005, 0.002, 0.005),
    "adamw": (0.001, 0.004, 0.01),
}
WEIGHT_DECAY = {"sgd": 0.0, "momentum": 0.0, "rmsprop": 0.0, "adamw": 0.01}  # as the papers use them


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # teacher or clusters
    optimizer: str  # sgd, momentum, rmsprop or adamw
    lr: float
    epochs: int = 40


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    final_accuracy: float  # on the test data, after the last epoch
    best_accuracy: float  # on the test data, over all epochs: what early stopping could reach
    best_epoch: int
    train_accuracy: float  # after the last epoch
    train_loss: float


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every optimizer and rate alike."""
    task = TASKS[config.task](chance.stream(seed, config.task), inputs=20, classes=5, train=1_000, test=1_000)
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
        watch=lambda net: training.accuracy(net, task.x_test, task.y_test),
    )
    best = max(reached)
    return Measures(
        final_accuracy=reached[-1],
        best_accuracy=best,
        best_epoch=reached.index(best) + 1,
        train_accuracy=training.accuracy(end, task.x_train, task.y_train),
        train_loss=float(training.cross_entropy(end, task.x_train, task.y_train)),
    )


experiment = Experiment(
    name="optimizer_comparison",
    version=1,
    question="Does it matter which optimizer trains a small network?",
    reference="Schmidt et al. 2021, arXiv:2007.01547",
    run=run,
    measures=Measures,
    sweep=tuple(
        Config(task=task, optimizer=optimizer, lr=lr)
        for task in TASKS
        for optimizer, rates in RATES.items()
        for lr in rates
    ),
    ranges={"lr": (1e-5, 1.0), "epochs": (1, 500)},
    estimands=(
        Estimand(
            name="adamw_minus_sgd_on_teacher",
            claim="AdamW ends with better accuracy than plain descent on a teacher's labels, each at its best rate",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="final_accuracy",
            between=(
                {"task": "teacher", "optimizer": "adamw", "lr": 0.01},
                {"task": "teacher", "optimizer": "sgd", "lr": 0.5},
            ),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.02, negative=0.05, absent=0.93, interval=(-0.006, 0.003), because="both fit the data fully"
            ),
        ),
        Estimand(
            name="adamw_minus_sgd_on_clusters",
            claim="AdamW ends with better accuracy than plain descent on a Gaussian mixture, each at its best rate",
            kind=Kind.CONTRAST,
            measure="final_accuracy",
            between=(
                {"task": "clusters", "optimizer": "adamw", "lr": 0.001},
                {"task": "clusters", "optimizer": "sgd", "lr": 0.05},
            ),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.04,
                negative=0.01,
                absent=0.95,
                interval=(0.0, 0.006),
                because="both stop before they overfit",
            ),
        ),
        Estimand(
            name="rmsprop_minus_sgd_on_teacher",
            claim="RMSprop ends with better accuracy than plain descent on a teacher's labels, each at its best rate",
            kind=Kind.CONTRAST,
            measure="final_accuracy",
            between=(
                {"task": "teacher", "optimizer": "rmsprop", "lr": 0.005},
                {"task": "teacher", "optimizer": "sgd", "lr": 0.5},
            ),
            smallest=0.005,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01, negative=0.89, absent=0.1, interval=(-0.02, -0.008), because="its steps stay noisy"
            ),
        ),
        Estimand(
            name="fast_minus_slow_on_clusters",
            claim="plain descent ends better at a high learning rate than at a low one on a Gaussian mixture",
            kind=Kind.CONTRAST,
            measure="final_accuracy",
            between=(
                {"task": "clusters", "optimizer": "sgd", "lr": 0.5},
                {"task": "clusters", "optimizer": "sgd", "lr": 0.05},
            ),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01, negative=0.9, absent=0.09, interval=(-0.026, -0.014), because="it overfits in 40 epochs"
            ),
        ),
    ),
    figure=Figure(x="lr", y="final_accuracy", log=("x",), title="What each optimizer reaches"),
    needs=Needs(seconds=lambda config: config.epochs * 5.7e-4, memory_mb=600),
)
