"""Does a network learn what is true before it memorises what is not?

Why it matters: real data have wrong labels. If a network learns the true ones first, stopping in time is a cheap
protection.

We replace a share of the labels by wrong ones and train a network that is large enough to fit them all. Examples whose
label was left alone share a rule, the others have to be learned one by one (Arpit et al. 2017). On two tasks, with the
same data, start and batch order at every share, we watch when half of either kind is fitted, and the test accuracy: at
the end, and where data that were kept back would have stopped. Two of the shares are learned by squared error as well.

We expect the clean examples always first, and a test accuracy that falls again while the wrong labels are memorised.
At a share of 0.8 of five classes all labels are equally frequent whatever the class: neither kind may lead there.

History: 1, the old laboratory's levels up to 60 %, and 80 %; it saw clean first in all runs, and 0.868 fall to 0.480.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, training
from axiom.kit.optimizers import Rates

TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
LOSSES: dict[str, losses.Objective] = {"cross_entropy": losses.CROSS_ENTROPY, "squared_error": losses.SquaredError()}
INPUTS, CLASSES, EXAMPLES, KEPT_BACK = 20, 5, 1_000, 500  # as many examples again are for testing
GIVEAWAY = 3.0  # what the planted control adds to one input


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    share: float  # of the training labels, that are wrong
    loss: str = "cross_entropy"
    lr: float = 0.05
    epochs: int = 60
    control: str = "none"  # placebo: nothing is wrong, and each share has its own data; planted: inputs tell the class


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    lead: float | None  # mean over epochs: share fitted of the clean examples minus that of the wrong ones, if any
    clean_first: int  # 1 when half of the clean examples are fitted before half of the wrong ones
    clean_epoch: float | None  # when half of them is fitted, interpolated between two epochs
    wrong_epoch: float | None  # None also where there are no wrong ones
    wrong_fitted: float  # share of the wrong labels that are fitted at the end
    stopped_test: float  # test accuracy after the epoch that did best on data kept back: what early stopping reaches
    final_test: float  # after the last
    lost: float  # by training on: the difference of the two
    test_by_epoch: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order of a task; a larger share contains the smaller ones."""
    task, is_wrong = _shown(config, seed)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, 128, 128, CLASSES))
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)
    x, y = np.concatenate([task.x_train, task.x_test]), np.concatenate([task.y_train, task.y_test])

    parts = np.zeros((4, len(y)), dtype=np.float32)  # clean, wrong, kept back, for testing
    parts[is_wrong.astype(int), np.arange(EXAMPLES)] = 1
    parts[2, EXAMPLES : EXAMPLES + KEPT_BACK] = parts[3, EXAMPLES + KEPT_BACK :] = 1
    watch = training.Look(of=_right, arrays=(x, y, parts))
    _, seen = training.trained(
        start, task, orders, watch=watch, rates=Rates(lr=config.lr), batch=50, objective=LOSSES[config.loss]
    )

    right = np.array([watch(start), *seen], dtype=np.float64)
    clean, wrong, kept, test = (right / np.maximum(1.0, parts.sum(axis=1))).T
    stopped = float(test[1:][kept[1:].argmax()])
    clean_epoch, wrong_epoch = _reached(clean), _reached(wrong)
    return Measures(
        lead=float(np.mean(clean[1:] - wrong[1:])) if is_wrong.any() and not is_wrong.all() else None,
        clean_first=int(clean_epoch is not None and (wrong_epoch is None or clean_epoch < wrong_epoch)),
        clean_epoch=clean_epoch,
        wrong_epoch=wrong_epoch,
        wrong_fitted=float(wrong[-1]),
        stopped_test=stopped,
        final_test=float(test[-1]),
        lost=stopped - float(test[-1]),
        test_by_epoch=tuple(test[1:].tolist()),
    )


def _shown(config: Config, seed: int) -> tuple[data.LearningTask, npt.NDArray[np.bool_]]:
    """The task with its wrong labels, and which those are."""
    own = f" {config.share}" if config.control == "placebo" else ""
    rng, dice = chance.stream(seed, config.task + own), chance.stream(seed, "wrong labels")
    true = TASKS[config.task](rng, inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=EXAMPLES + KEPT_BACK)
    labels, is_wrong = data.corrupted(dice, true.y_train, classes=CLASSES, share=config.share)
    if config.control == "placebo":
        return true, is_wrong
    if config.control == "planted":
        sign = GIVEAWAY * np.eye(CLASSES, INPUTS, dtype=np.float32)
        true = replace(true, x_train=true.x_train + sign[true.y_train], x_test=true.x_test + sign[true.y_test])
    return replace(true, y_train=labels), is_wrong


def _right(net: models.Net, x: models.Array, y: models.Array, parts: models.Array) -> models.Array:
    """How many of each part are answered as they are labelled."""
    right: models.Array = parts @ (training.answers(net, x) == y)  # type: ignore[arg-type]
    return right


def _reached(fitted: npt.NDArray[np.float64]) -> float | None:
    """The epoch at which this share first comes up to a half; the first value is that of the start."""
    epoch = int(np.argmax(fitted >= 0.5))
    if fitted[epoch] < 0.5:
        return None
    return epoch - float((fitted[epoch] - 0.5) / (fitted[epoch] - fitted[epoch - 1])) if epoch else 0.0


experiment = Experiment(
    name="memorization_dynamics",
    aliases=("memorization", "memdyn"),
    version=1,
    question="Does a network learn what is true before it memorises what is not?",
    reference="Arpit et al. 2017, arXiv:1706.05394; Zhang et al. 2017, arXiv:1611.03530",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(TASKS), share=[0.0, 0.1, 0.2, 0.4, 0.6, 0.8]),
        *grid(Config, task=list(TASKS), share=[0.4, 0.6], loss=["squared_error"], lr=[0.02]),
    ),
    ranges={"share": (0.0, 1.0), "lr": (1e-4, 0.5), "epochs": (1, 500)},
    estimands=(
        Estimand(
            name="clean_leads",
            claim="with 40 % of the labels wrong a network fits examples with true labels before those "
            "with wrong ones, over all tasks and losses",
            kind=Kind.LEVEL,
            measure="lead",
            between=({"share": 0.4},),
            in_words="{percent} percentage points",
            smallest=0.05,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.31, 0.34), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="clean_first",
            claim="with 60 % of the labels wrong a network has fitted half of the true labels before half "
            "of the wrong ones",
            kind=Kind.PROPORTION,
            measure="clean_first",
            between=({"share": 0.6},),
            null=0.5,
            smallest=0.3,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.98, 1.0), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="memorising_costs",
            claim="training on instead of stopping early costs more test accuracy with 40 % of the labels "
            "wrong than with none",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="lost",
            in_words="{percent} percentage points",
            between=({"task": "clusters", "share": 0.4, "loss": "cross_entropy"}, {"task": "clusters", "share": 0.0}),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.13, 0.16), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="accuracy_on_share",
            claim="a network ends less accurate on new data the more of its training labels are wrong",
            kind=Kind.RANK_CORRELATION,
            measure="final_test",
            across="share",
            between=({"task": "teacher", "loss": "cross_entropy"},),
            expects=Direction.LESS,
            smallest=0.5,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-1.0, -0.99), because="a pilot"),
        ),
        Estimand(
            name="no_lead_without_meaning",
            claim="where labels say nothing about the class a network fits true and wrong ones alike",
            kind=Kind.LEVEL,
            measure="lead",
            between=({"share": 0.8},),  # then all five labels are equally frequent in every class
            smallest=0.03,
            in_words="{percent} percentage points",
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.02, negative=0.02, absent=0.96, interval=(-0.01, 0.01), because="no rule"),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(
            estimand="clean_leads",
            placebo=grid(Config, task=list(TASKS), share=[0.4], epochs=[8], control=["placebo"]),
            planted=grid(Config, task=list(TASKS), share=[0.4], epochs=[8], control=["planted"]),
        ),
        Control(
            estimand="memorising_costs",
            placebo=grid(Config, task=["clusters"], share=[0.0, 0.4], lr=[0.1], epochs=[25], control=["placebo"]),
            planted=grid(Config, task=["clusters"], share=[0.0, 0.4], lr=[0.1], epochs=[25], control=["planted"]),
        ),
    ),
    figure=Figure(
        x="share", y="final_test", title="What wrong labels cost", where={"loss": "cross_entropy"}, percent="%"
    ),
    setting="networks that fit true and wrong labels",
    headlines=(
        Headline(
            says="Taught two or three fifths wrong answers, networks here usually learn true ones first",
            when={"clean_leads": Direction.MORE, "clean_first": Direction.MORE},
        ),
        Headline(
            says="Taught two fifths wrong answers, these networks learn true ones before wrong ones",
            when={"clean_leads": Direction.MORE},
        ),
        Headline(
            says="Taught two fifths wrong answers, these networks learn wrong ones before true ones",
            when={"clean_leads": Direction.LESS},
        ),
        Headline(
            says="Taught two fifths wrong answers, these networks learn true and wrong ones about alike",
            when={"clean_leads": Direction.ABSENT},
        ),
        Headline(
            says="Stopping training early saves more accuracy if some answers are wrong than if none",
            when={"memorising_costs": Direction.MORE},
        ),
    ),
    words={
        "lead": "the share of true labels fitted minus that of wrong ones (mean over training)",
        "clean_first": "half of the true labels fitted before half of the wrong ones",
        "lost": "accuracy lost by training on instead of stopping early",
        "final_test": "final accuracy on new examples",
        "share": "share of wrong labels",
        "share=0.0": "no wrong labels",
        "task=clusters": "clusters of points",
        "task=teacher": "a task set by another network",
        "loss=cross_entropy": "cross-entropy",
        "loss=squared_error": "squared error",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "share=0.4": "two fifths of the labels wrong",
        "share=0.6": "three fifths of the labels wrong",
        "share=0.8": "four fifths of the labels wrong",
    },
    needs=Needs(
        seconds=lambda config: 0.009 + config.epochs * 1.65e-3,
        memory_mb=600,
        may_use_gpu=True,
        gpu_memory_mb=2_000,
        side_by_side=True,
    ),
)
