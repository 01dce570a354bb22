"""Is it better to be wide or deep, when there are only so many parameters?

Why it matters: at a fixed size one must choose between few wide layers and many narrow ones. The choice costs accuracy,
and the reason says how to avoid that.

The old laboratory gave networks of depth 1 to 16 the same number of parameters and saw accuracy fall from 95.1 % to
88.2 %. We do it on two tasks, and ask why: a deep plain network may know less, or it may only be harder to train. So
there are two more arms. One adds each layer's input to its output (He et al. 2016), which trains at any depth. The
other tries five learning rates and takes the one that does best on data kept back for it.

We expect accuracy to fall with depth in plain networks, and that the deepest cannot even fit their training data: at
sixteen units a layer, signals of He's start vary too much from one network to the next (Hanin 2018). How much of the
fall the other arms undo is what depth itself does not cost. The loss is always cross-entropy.

History: 1, two tasks and three arms instead of one.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, optimizers, progress, training

TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
INPUTS, CLASSES, BUDGET = 20, 5, 5_000
TRAIN, HELD_BACK, TEST = 1_000, 500, 1_000
RATES = (0.005, 0.015, 0.05, 0.15, 0.45)  # of the tuned arm


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    arm: str  # plain, residual or tuned
    depth: int  # hidden layers
    lr: float = 0.02  # the tuned arm finds its own
    noise: float = 0.0  # share of the training labels that are wrong; with 0.8 of five classes they say nothing
    epochs: int = 60


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # after the last epoch; of a network that diverged, that of guessing
    stopped_accuracy: float  # on the same, at the look where accuracy on what was kept back was best
    train_accuracy: float  # after the last epoch: below it lies what could not be trained
    diverged: int  # 1 when the weights left the real numbers
    rate: float  # the learning rate that was used
    width: int  # of every hidden layer: the largest that the budget pays for


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and batch order for every depth and arm alike, and the draws of the start."""
    task = _task(config, seed)
    architecture = models.Architecture(residual=config.arm == "residual")
    objective = losses.CrossEntropy(architecture=architecture)
    start = started(config, seed)
    orders = chance.orders(seed, items=TRAIN, epochs=config.epochs)
    rates = RATES if config.arm == "tuned" else (config.lr,)
    x, y = np.concatenate([task.x_train, task.x_test]), np.concatenate([task.y_train, task.y_test])

    sizes = np.diff([0, TRAIN, TRAIN + HELD_BACK, len(y)])
    parts = np.repeat(np.eye(3, dtype=np.float32), sizes, axis=1)
    watch = training.Look(of=Seen(architecture=architecture), arrays=(x, y, parts))

    def train(courses: list[list[list[float]]], number: int) -> list[list[list[float]]]:
        """Begin anew at the rate of this number; what was seen on the way joins the other courses."""
        rate = optimizers.Rates(lr=rates[number])
        _, seen = training.trained(start, task, orders, rates=rate, batch=32, objective=objective, every=5, watch=watch)
        course = [[*(np.float64(right) / sizes).tolist(), bool(is_finite)] for right, is_finite in seen]
        return [*courses, course]

    courses = progress.blocks(list[list[list[float]]](), train, len(rates))
    course = max(courses, key=lambda course: course[-1][1])
    train_accuracy, _, test, is_finite = course[-1]
    return Measures(
        test_accuracy=test,
        stopped_accuracy=max(course, key=lambda look: look[1])[2],
        train_accuracy=train_accuracy,
        diverged=int(not is_finite),
        rate=rates[courses.index(course)],
        width=widest(config.depth),
    )


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How many of each part such a network answers right, and whether it is still in the numbers."""

    architecture: models.Architecture

    def __call__(self, net: models.Net, x: models.Array, y: models.Array, parts: models.Array) -> tuple[Any, Any]:
        """Of these rows and answers."""
        finite = models.library_of(x, net).isfinite(net[-1].weights).all()
        return parts @ (training.answers(net, x, self.architecture) == y), finite  # type: ignore[arg-type]


def started(config: Config, seed: int) -> models.Net:
    """He's start. Where layers add to what they got, each adds a share, or the sum would grow with every layer."""
    sizes = (INPUTS, *[widest(config.depth)] * config.depth, CLASSES)
    net = models.mlp(chance.stream(seed, "start"), sizes)
    if config.arm != "residual":
        return net
    share = np.float32(config.depth**-0.5)  # as in Hayou et al. 2021, arXiv:2010.12859
    between = tuple(models.Layer(weights=layer.weights * share, biases=layer.biases) for layer in net[1:-1])
    return (net[0], *between, net[-1])


def parameters(depth: int, width: int) -> int:
    """Weights and biases of a network with this many hidden layers, all of this width."""
    return sum((above + 1) * below for above, below in itertools.pairwise((INPUTS, *[width] * depth, CLASSES)))


def widest(depth: int) -> int:
    """The largest width that the budget pays for."""
    return next(width for width in itertools.count(1) if parameters(depth, width + 1) > BUDGET)


def _task(config: Config, seed: int) -> data.LearningTask:
    """The task. The first of its test rows are kept back, for choosing a rate and where to stop."""
    rng = chance.stream(seed, config.task)
    task = TASKS[config.task](rng, inputs=INPUTS, classes=CLASSES, train=TRAIN, test=HELD_BACK + TEST)
    labels, _ = data.corrupted(chance.stream(seed, "noise"), task.y_train, classes=CLASSES, share=config.noise)
    return replace(task, y_train=labels)


def _plain(*, depths: tuple[int, int], noise: float, lr: float, epochs: int) -> tuple[Config, ...]:
    return grid(Config, task=["clusters"], arm=["plain"], depth=depths, noise=[noise], lr=[lr], epochs=[epochs])


def _slope(arm: str, task: str, claim: str, interval: tuple[float, float], **rest: Any) -> Estimand:
    """Log accuracy on log depth in one arm: below zero where deep networks do worse."""
    return Estimand(
        name=f"{arm}_on_{task}",
        claim=claim,
        **rest,
        kind=Kind.SLOPE,
        measure="test_accuracy",
        across="depth",
        between=({"task": task, "arm": arm},),
        expects=Direction.LESS,
        smallest=0.005,
        prediction=Prediction(
            positive=0.01, negative=0.96, absent=0.03, interval=interval, because="the eight seeds of a pilot"
        ),
    )


def _deep(arm: str, measure: str, claim: str, interval: tuple[float, float], **rest: Any) -> Estimand:
    """What an arm has more of than the plain one at the greatest depth, within a replicate."""
    return Estimand(
        name=f"{arm}_minus_plain_deep",
        claim=claim,
        **rest,
        kind=Kind.CONTRAST,
        measure=measure,
        between=tuple({"task": "teacher", "arm": side, "depth": 16} for side in (arm, "plain")),
        smallest=0.02,
        in_words="{percent} percentage points",
        bounds=(-1.0, 1.0),
        prediction=Prediction(
            positive=0.97, negative=0.01, absent=0.02, interval=interval, because="the eight seeds of a pilot"
        ),
    )


def _seconds(config: Config) -> float:
    courses = len(RATES) if config.arm == "tuned" else 1
    return courses * config.epochs * (3.7e-4 + 7.3e-5 * config.depth)


experiment = Experiment(
    name="depth_vs_width_tradeoff",
    aliases=("depth_fixed_params",),
    version=1,
    question="Is it better to be wide or deep, when there are only so many parameters?",
    reference="Hanin 2018, arXiv:1801.03744; He et al. 2016, arXiv:1512.03385; Hayou et al. 2021, arXiv:2010.12859",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), arm=["plain", "residual", "tuned"], depth=[1, 2, 4, 8, 16]),
    ranges={"depth": (1, 32), "lr": (1e-4, 1.0), "noise": (0.0, 1.0), "epochs": (1, 500)},
    estimands=(
        _slope(
            "plain",
            "clusters",
            "of networks with the same number of parameters deeper ones are less accurate on a Gaussian mixture",
            (-0.037, -0.023),
        ),
        _slope(
            "plain",
            "teacher",
            "of networks with the same number of parameters deeper ones are less accurate on labels "
            "of a shallow network",
            (-0.115, -0.07),
        ),
        _slope(
            "tuned",
            "teacher",
            "deeper networks of the same number of parameters are less accurate on labels of a "
            "shallow network even if each tunes its learning rate",
            (-0.07, -0.043),
        ),
        _deep(
            "residual",
            "train_accuracy",
            "a network of 16 residual layers fits its training data better than one of 16 plain layers",
            (0.13, 0.23),
            expects=Direction.MORE,
        ),
        _deep(
            "tuned",
            "test_accuracy",
            "a network of 16 layers is more accurate on new data once its learning rate is tuned",
            (0.045, 0.09),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="plain_on_clusters",
            placebo=_plain(depths=(1, 8), noise=0.8, lr=0.02, epochs=20),  # labels that know nothing of the inputs
            planted=_plain(depths=(1, 16), noise=0.0, lr=0.005, epochs=10),  # too little time for the deep one
        ),
    ),
    figure=Figure(x="depth", y="test_accuracy", log=("x",), title="5,000 parameters", where={"task": "teacher"}),
    setting="classifiers with equally many parameters",
    headlines=(
        Headline(
            says="Imitating a one-layer network, equally large plain networks err more with more layers",
            when={"plain_on_teacher": Direction.LESS, "tuned_on_teacher": Direction.LESS},
        ),
        Headline(
            says="Of equally large networks, those with more layers err more on two tasks",
            when={"plain_on_clusters": Direction.LESS, "plain_on_teacher": Direction.LESS},
        ),
        Headline(
            says="At equal size, plain deep networks imitate a shallow one worse than shallow networks",
            when={"plain_on_teacher": Direction.LESS},
        ),
        Headline(
            says="At equal size, plain deep networks imitate a shallow one better than shallow networks",
            when={"plain_on_teacher": Direction.MORE},
        ),
        Headline(
            says="At equal size, depth hardly changes how well plain networks imitate a shallow one",
            when={"plain_on_teacher": Direction.ABSENT},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new examples",
        "train_accuracy": "accuracy on training examples",
        "task=clusters": "clusters of points",
        "task=teacher": "a task set by a shallow network",
        "arm=plain": "plain layers",
        "arm=residual": "residual layers",
        "arm=tuned": "plain layers at a tuned learning rate",
        "lr": "a learning rate of {value} where it is not tuned",
        "noise": "share of wrong labels",
        "epochs": "{value} epochs",
        "depth": "{value} hidden layers",
    },
    needs=Needs(seconds=_seconds, memory_mb=600, may_use_gpu=True, gpu_memory_mb=2_000, side_by_side=True),
)
