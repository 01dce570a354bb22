"""What does it cost a network to learn labels that mean nothing?

Why it matters: a network that can learn nonsense by heart also learns what is true. Why it then generalises is the
oldest riddle of deep learning.

A network that fits labels drawn by lot has room to learn everything by heart, so that it generalises on true ones is
not explained by its size (Zhang et al. 2017). We train the same network on true labels and on ones drawn by lot, with
the same inputs, start and batch order, and on 125 to 2,000 examples. We measure how many epochs it takes until nearly
all are fitted, how far the weights travel, and the accuracy on fresh data.

We expect every random labelling to be fitted, in two to three times the epochs of the true one, and in more the more
examples there are, while true labels take no longer for it; the weights travel further, and nothing is learned of data
that were not shown.

History: 1, with true labels beside the random ones, and on two tasks; the old laboratory left no numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, models, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, MOST, TEST = 20, 5, 4_000, 1_000
FITTED = 0.95  # of the training labels
TASKS: dict[str, Callable[..., data.LearningTask]] = {"teacher": data.teacher, "clusters": data.clusters}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # teacher or clusters
    labels: str  # true or random
    examples: int
    width: int = 128  # of both hidden layers
    lr: float = 0.05
    epochs: int = 80
    control: str = "none"  # placebo: random labels are true ones of other data; planted: an input tells each true label


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    fitted: int  # 1 when at least 95 % of the training labels are right after some epoch
    epochs_to_fit: float | None  # the first of these, interpolated between two epochs
    log_epochs: float | None  # its natural logarithm
    train_accuracy: float  # at the end
    test_accuracy: float  # by the true rule, whatever was shown
    travelled: float  # by all weights, relative to their length at the start
    train_by_epoch: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes inputs and start for both kinds of labels; more examples contain the fewer ones."""
    task = _shown(config, seed)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, CLASSES))
    orders = chance.orders(seed, items=config.examples, epochs=config.epochs)

    def right(net: models.Net) -> float:
        return float((training.answers(net, task.x_train) == task.y_train).mean())

    end, seen = training.trained(start, task, orders, watch=right, rates=Rates(lr=config.lr), batch=25)
    reached = _reached([right(start), *seen])
    return Measures(
        fitted=int(reached is not None),
        epochs_to_fit=reached,
        log_epochs=None if reached is None else float(np.log(max(reached, 1e-3))),
        train_accuracy=seen[-1],
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
        travelled=_travelled(start, end),
        train_by_epoch=tuple(seen),
    )


def _shown(config: Config, seed: int) -> data.LearningTask:
    own = " of its own" if (config.labels, config.control) == ("random", "placebo") else ""
    draw = TASKS[config.task]
    whole = draw(chance.stream(seed, f"data{own}"), inputs=INPUTS, classes=CLASSES, train=MOST, test=TEST)
    x, y = whole.x_train[: config.examples], whole.y_train[: config.examples]
    if config.control == "planted":
        x = x + 2 * np.eye(CLASSES, INPUTS, dtype=np.float32)[y]
    if config.labels == "random" and not own:
        y = chance.stream(seed, "labels").integers(0, CLASSES, size=MOST).astype(np.int32)[: config.examples]
    return replace(whole, x_train=x, y_train=y)


def _reached(right: list[float]) -> float | None:
    """After how many epochs the share is right for the first time; the first value is that of the start."""
    epoch = next((number for number, share in enumerate(right) if share >= FITTED), None)
    if not epoch:
        return None if epoch is None else 0.0
    return epoch - (right[epoch] - FITTED) / (right[epoch] - right[epoch - 1])


def _travelled(start: models.Net, end: models.Net) -> float:
    pairs = [(np.asarray(a.weights), np.asarray(b.weights)) for a, b in zip(start, end, strict=True)]
    return float(np.sqrt(sum(((b - a) ** 2).sum() for a, b in pairs) / sum((a**2).sum() for a, _ in pairs)))


experiment = Experiment(
    name="random_label_memorization",
    aliases=("random_labels",),
    version=1,
    question="What does it cost a network to learn labels that mean nothing?",
    reference="Zhang et al. 2017, arXiv:1611.03530; Arpit et al. 2017, arXiv:1706.05394",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), labels=["true", "random"], examples=[125, 250, 500, 1_000, 2_000]),
    ranges={"examples": (25, MOST), "width": (4, 1_024), "lr": (1e-4, 0.5), "epochs": (1, 1_000)},
    estimands=(
        Estimand(
            name="random_is_fitted",
            claim="a network of width 128 fits 2,000 random labels within 80 epochs",
            kind=Kind.PROPORTION,
            measure="fitted",
            between=({"task": "teacher", "labels": "random", "examples": 2_000},),
            null=0.5,
            smallest=0.3,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.97, 1.0), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="random_takes_longer",
            claim="a network needs more epochs to fit 1,000 random labels than to fit 1,000 true ones",
            kind=Kind.CONTRAST,  # of logarithms: 0.7 is twice as long
            measure="log_epochs",
            in_words="{times_e} times",
            between=(
                {"task": "teacher", "labels": "random", "examples": 1_000},
                {"task": "teacher", "labels": "true", "examples": 1_000},
            ),
            smallest=0.1,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.75, 1.0), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="random_takes_longer_the_more",
            claim="a network needs more epochs to fit random labels the more examples there are",
            kind=Kind.SLOPE,
            measure="epochs_to_fit",
            across="examples",
            between=({"task": "teacher", "labels": "random"},),
            smallest=0.05,
            prediction=Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.26, 0.36), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="random_travels_further",
            claim="fitting 1,000 random labels moves a network's weights further than fitting 1,000 true ones",
            kind=Kind.CONTRAST,
            measure="travelled",
            between=(
                {"task": "teacher", "labels": "random", "examples": 1_000},
                {"task": "teacher", "labels": "true", "examples": 1_000},
            ),
            smallest=0.02,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.14, 0.22), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="nothing_is_learned",
            claim="random labels teach a network nothing that matters about true ones: it guesses within 5 points "
            "of chance",
            kind=Kind.LEVEL,
            measure="test_accuracy",
            between=({"labels": "random", "examples": 1_000},),
            null=0.2,
            in_words="{percent} %",
            smallest=0.05,
            bounds=(0.0, 1.0),
            expects=Direction.ABSENT,
            prediction=Prediction(positive=0.02, negative=0.02, absent=0.96, interval=(0.19, 0.21), because="chance"),
        ),
    ),
    controls=(
        Control(
            estimand="random_takes_longer",
            placebo=grid(Config, task=["teacher"], labels=["true", "random"], examples=[1_000], control=["placebo"]),
            planted=grid(Config, task=["teacher"], labels=["true", "random"], examples=[1_000], control=["planted"]),
        ),
    ),
    figure=Figure(
        x="examples",
        y="epochs_to_fit",
        log=("x", "y"),
        title="How long labels take",
        where={"task": "teacher"},
    ),
    setting="networks that learn labels by heart",
    headlines=(
        Headline(
            says="Most networks memorise random answers, taking longer and changing more than with true ones",
            when={
                "random_is_fitted": Direction.MORE,
                "random_takes_longer": Direction.MORE,
                "random_travels_further": Direction.MORE,
            },
        ),
        Headline(
            says="Networks take longer to memorise random answers than to learn true ones",
            when={"random_takes_longer": Direction.MORE},
        ),
        Headline(
            says="Networks take less time to memorise random answers than to learn true ones",
            when={"random_takes_longer": Direction.LESS},
        ),
        Headline(
            says="Networks memorise random answers about as fast as they learn true ones",
            when={"random_takes_longer": Direction.ABSENT},
        ),
        Headline(
            says="Most small networks here learn 95% of two thousand random answers by heart",
            when={"random_is_fitted": Direction.MORE},
        ),
    ),
    words={
        "fitted": "nearly all training labels fitted",
        "log_epochs": "the number of epochs to fit nearly all labels",
        "epochs_to_fit": "the number of epochs to fit nearly all labels",
        "travelled": "the relative distance that weights travel",
        "test_accuracy": "accuracy on new examples with true labels",
        "labels=random": "random labels",
        "labels=true": "true labels",
        "task=clusters": "clusters of points",
        "task=teacher": "another network's task",
        "examples": "{value} training examples",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
    },
    needs=Needs(seconds=lambda config: 0.01 + config.epochs * (6e-5 + config.examples * 1.44e-6), memory_mb=400),
)
