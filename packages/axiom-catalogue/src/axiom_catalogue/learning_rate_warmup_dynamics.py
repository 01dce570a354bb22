"""Does warm-up help because it keeps the curvature low while training begins?

Why it matters: nearly every large model is trained with warm-up, and few can say why. Who knows why it helps, knows
when it can be left out.

Training often begins with small steps that grow to their full size. It is said to let the curvature fall before large
steps are taken (Gilmer et al. 2021), and to matter where the full rate is high (Kalra & Barkeshli 2024). We train a
network of four hidden layers by plain descent and by Adam, at a moderate and a high rate, with and without a warm-up of
a third of the training, for as many epochs and from one start, and follow the sharpness: the largest eigenvalue of the
Hessian of the training loss, by its size, on 250 examples.

We expect a warm-up to save plain descent at the high rate, where most diverge without, and to gain nothing at a lower
one or for Adam. And we do not expect low curvature at the beginning: small steps leave the network in a place three
times as sharp as large ones do, which leave such places at once. That is asked at the moderate rate, since at the high
one, where a warm-up helps, most diverge without it.

History: 2, as 1 with seeds that no pilot has seen; 1, the old laboratory had only the idea.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, losses, models, training
from axiom.kit.optimizers import ADAMW, SGD, Rates

INPUTS, CLASSES, EXAMPLES, TEST = 20, 5, 1_000, 2_000
BATCH, ROWS, EPOCHS = 50, 250, 30  # the second: examples of which the sharpness is measured
EARLY = 5  # epochs
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
OPTIMIZERS = {"sgd": SGD, "adam": ADAMW}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    optimizer: str  # sgd or adam
    lr: float  # the full rate
    warmup: int  # epochs in which the rate grows in proportion to the steps done; 0: it is full at once
    epochs: int = EPOCHS
    control: str = "none"  # placebo: all warm up for ten epochs, with a start for each; planted: the others stay cold


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # at the end
    best_accuracy: float  # over all epochs
    diverged: int  # 1 when the loss left the real numbers; then all answers are the first class
    train_loss: float | None  # at the end; None when it diverged
    highest_loss: float | None  # after any epoch
    start_sharpness: float
    log_early_sharpness: float | None  # logarithm, mean over the first five epochs; None when it diverged in these
    sharpness_by_epoch: tuple[float, ...]  # until it diverged


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every rate and warm-up alike."""
    task = TASKS[config.task](chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    own = f" {config.warmup}" if config.control == "placebo" else ""
    start = models.mlp(chance.stream(seed, f"start{own}"), (INPUTS, 64, 64, 64, 64, CLASSES))
    probe = hessian.direction(chance.stream(seed, "probe"), start)
    x, y = task.x_train[:ROWS], task.y_train[:ROWS]

    def watch(net: models.Net) -> tuple[float, float, float]:
        sharp = float(hessian.sharpness(losses.CROSS_ENTROPY, net, probe, x, y, iterations=12))
        loss = float(training.cross_entropy(models.logits(net, task.x_train), task.y_train))
        return sharp, loss, float((training.answers(net, task.x_test) == task.y_test).mean())

    _, seen = training.trained(
        start,
        task,
        chance.orders(seed, items=EXAMPLES, epochs=config.epochs),
        watch=watch,
        rates=Rates(lr=schedule(config)),
        batch=BATCH,
        optimizer=OPTIMIZERS[config.optimizer],
    )
    sharp, loss, right = np.array(seen).T
    there = sharp[np.isfinite(sharp) & np.isfinite(loss)]
    diverged, early = len(there) < len(sharp), there[:EARLY]
    return Measures(
        test_accuracy=float(right[-1]),
        best_accuracy=float(right.max()),
        diverged=int(diverged),
        train_loss=None if diverged else float(loss[-1]),
        highest_loss=None if diverged else float(loss.max()),
        start_sharpness=watch(start)[0],
        log_early_sharpness=float(np.log(np.abs(early)).mean()) if len(early) == min(EARLY, len(sharp)) else None,
        sharpness_by_epoch=tuple(there.tolist()),
    )


def schedule(config: Config) -> data.Floats:
    """The rate of every step."""
    per_epoch = EXAMPLES // BATCH
    steps = np.arange(1, config.epochs * per_epoch + 1)
    warmup = 10 if config.control == "placebo" else config.warmup
    full = 0.0 if config.control == "planted" and not warmup else config.lr
    return (full * np.minimum(1.0, steps / max(1, warmup * per_epoch))).astype(np.float32)


def _arms(optimizer: str, lr: float) -> tuple[dict[str, object], ...]:
    """With a warm-up and without."""
    return tuple({"task": "teacher", "optimizer": optimizer, "lr": lr, "warmup": warmup} for warmup in (10, 0))


PAIRED = partial(
    Estimand,
    kind=Kind.CONTRAST,
    measure="test_accuracy",
    smallest=0.02,
    bounds=(-1.0, 1.0),
    in_words="{percent} percentage points",
)
EXPECTED = partial(Prediction, because="eight seeds of a pilot")
SHORT = partial(grid, Config, task=["teacher"], optimizer=["sgd"], lr=[1.2], warmup=[10, 0], epochs=[8])

experiment = Experiment(
    name="learning_rate_warmup_dynamics",
    version=2,
    question="Does warm-up help because it keeps the curvature low while training begins?",
    reference="Gilmer et al. 2021, arXiv:2110.04369; Kalra & Barkeshli 2024, arXiv:2406.09405",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(TASKS), optimizer=["sgd"], lr=[0.3, 1.2], warmup=[0, 10]),
        *grid(Config, task=list(TASKS), optimizer=["adam"], lr=[0.01, 0.03], warmup=[0, 10]),
    ),
    ranges={"lr": (1e-4, 4.0), "warmup": (0, 100), "epochs": (1, 500)},
    estimands=(
        PAIRED(
            name="saves_plain_descent",
            claim="at a learning rate of 1.2 plain descent ends more accurate after a warm-up than without",
            between=_arms("sgd", 1.2),
            prediction=EXPECTED(positive=0.9, negative=0.02, absent=0.08, interval=(0.1, 0.6)),
            expects=Direction.MORE,
        ),
        PAIRED(
            name="helps_plain_descent_at_a_moderate_rate",
            claim="at a learning rate of 0.3 a warm-up changes the accuracy of plain descent by less than 2 points",
            between=_arms("sgd", 0.3),
            prediction=EXPECTED(positive=0.02, negative=0.03, absent=0.95, interval=(0.0, 0.007)),
            expects=Direction.ABSENT,
        ),
        PAIRED(
            name="helps_adam_at_a_high_rate",
            claim="at a learning rate of 0.03 a warm-up changes the accuracy of Adam by less than 2 points",
            between=_arms("adam", 0.03),
            prediction=EXPECTED(positive=0.05, negative=0.15, absent=0.8, interval=(-0.018, 0.002)),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="keeps_the_curvature_low",
            claim="at a learning rate of 0.3 the sharpness of plain descent (curvature of its loss) is higher "
            "with a warm-up, in the first five epochs",
            kind=Kind.CONTRAST,
            measure="log_early_sharpness",
            between=_arms("sgd", 0.3),
            in_words="{times_e} times",
            expects=Direction.MORE,
            smallest=0.2,
            prediction=EXPECTED(positive=0.97, negative=0.01, absent=0.02, interval=(1.08, 1.27)),
        ),
    ),
    controls=(
        Control(
            estimand="saves_plain_descent",
            placebo=SHORT(control=["placebo"]),
            planted=SHORT(control=["planted"]),
        ),
    ),
    figure=Figure(x="warmup", y="test_accuracy", title="What a warm-up gains", where={"task": "teacher"}),
    setting="deep classifiers",
    headlines=(
        Headline(
            says="Small first steps make these networks' plain training in large steps end more accurate",
            when={"saves_plain_descent": Direction.MORE},
        ),
        Headline(
            says="Small first steps make these networks' training in large steps end less accurate",
            when={"saves_plain_descent": Direction.LESS},
        ),
        Headline(
            says="Small first steps hardly change how accurate these networks' training in large steps ends",
            when={"saves_plain_descent": Direction.ABSENT},
        ),
        Headline(
            says="Small first steps make these networks' error surface curve more early in training",
            when={"keeps_the_curvature_low": Direction.MORE},
        ),
        Headline(
            says="Small first steps make these networks' error surface curve less early in training",
            when={"keeps_the_curvature_low": Direction.LESS},
        ),
    ),
    words={
        "test_accuracy": "final accuracy on new examples",
        "log_early_sharpness": "early sharpness (curvature of the loss)",
        "task=clusters": "clusters of points",
        "task=teacher": "labels from a random network",
        "optimizer=sgd": "plain gradient descent",
        "optimizer=adam": "the Adam optimizer",
        "warmup": "{value} epochs of warm-up",
        "warmup=0": "no warm-up",
        "lr": "learning rate",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=lambda config: 0.012 + config.epochs * 5.9e-3, memory_mb=600),
)
