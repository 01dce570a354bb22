"""Which singular values of a network grow, when, and does a high learning rate leave fewer of them?

Why it matters: if we know which parts of a task a network learns first, we know what it lacks when we stop early.

A linear network of two layers learns each mode of its task by itself, and one of strength s is half learned after a
time of ln(s / a - 1) / (2 s), where a is its size at the start (Saxe et al. 2014): strong modes come first. That is
exact where the start lies along the modes, and we ask it of a start at random. Of ReLU networks we follow the singular
values of all matrices. Does the largest grow beyond the middle one? And does a fast network end with a lower stable
rank (fewer directions that matter)? After the same epochs it has learned more, so we also ask at the same training
loss. The largest and the middle value are those of the start and of the end: they need not be of one pattern, both
are means over three matrices and two tasks, and at a random start the largest lies at the edge of the others.

We expect times that fall nearly as the inverse of the strength, a largest singular value that grows, but hardly more
than the middle one, and a rank that falls with the rate after the same epochs, but not at the same loss.

History: 2, with near looks at the same loss; 1, with the linear network; the old laboratory's never came to its end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, losses, models, progress, training
from axiom.kit.minibatch_descent import Course, Held
from axiom.kit.optimizers import SGD, Rates

INPUTS, CLASSES, EXAMPLES, TEST = 20, 5, 1_000, 1_000
TARGET = 0.5  # the training loss at which rates are compared
BATCH, APART = 25, 0.2  # rate times steps between two looks, at most, until that loss is reached
TASKS: dict[str, Callable[..., data.LearningTask]] = {"teacher": data.teacher, "clusters": data.clusters}
STRENGTHS = (4.0, 2.0, 1.0, 0.5)  # of the modes of the linear network's task
BELOW, HIDDEN, ABOVE = 8, 16, 6  # its layers
Floats = npt.NDArray[np.float64]
State: TypeAlias = tuple[Held, Floats]  # of the descent; the last two looks until the loss was reached, a row each
Arm: TypeAlias = dict[str, Any]
Said: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # teacher or clusters, of a ReLU network; or modes, of a linear one
    lr: float
    epochs: int = 100  # steps, of a linear network
    size: float = 1e-3  # of the modes at the start of a linear network
    control: str = "none"  # placebo: equally strong modes, or a rate of 0.03; aligned: the start lies along the modes


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    time_exponent: float | None = None  # slope of log half time on log strength; None where a mode was not half learned
    time_over_theory: float | None = None  # half time over that of the theory, mean over the modes
    half_times: tuple[float, ...] | None = None  # of the modes, the strongest first
    top_growth: float | None = None  # log of the largest singular value over its start, mean over matrices
    top_beyond_middle: float | None = None  # less the same of the middle one
    rank_lost: float | None = None  # share of the stable rank that is gone at the end, mean over matrices
    rank_lost_at_loss: float | None = None  # where the training loss first comes to TARGET; None: it never does
    epochs_to_loss: float | None = None
    test_accuracy: float | None = None


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every rate alike."""
    return _linear(config, seed) if config.task == "modes" else _relu(config, seed)


def _relu(config: Config, seed: int) -> Measures:
    is_placebo = config.control == "placebo"
    lr, purpose = (0.03, f"start {config.lr}") if is_placebo else (config.lr, "start")
    task = TASKS[config.task](chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    start = models.mlp(chance.stream(seed, purpose), (INPUTS, 64, 64, CLASSES))
    between = max(steps for steps in range(1, 41) if 40 % steps == 0 and lr * steps <= APART)  # divides an epoch
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs).reshape(-1, between * BATCH)
    descent = partial(Course, optimizer=SGD, objective=losses.CROSS_ENTROPY, context=(), every=1)
    course = descent(start, task, orders, rates=Rates(lr=lr), batch=BATCH)

    def look(net: models.Net, number: int) -> Floats:
        loss = training.cross_entropy(models.logits(net, task.x_train), task.y_train)
        return np.array([loss, *spectrum(net), number * between * BATCH / EXAMPLES])

    def step(state: State, number: int) -> State:
        learner, seen = course.step(state[0], number), state[1]
        return learner, seen if seen[1, 0] <= TARGET else np.stack([seen[1], look(course.net(learner), number + 1)])

    first = look(start, 0)
    learner, (before, here) = progress.blocks((course.begin(), np.stack([first, first])), step, course.blocks)
    is_there, last = here[0] <= TARGET, look(end := course.net(learner), course.blocks)
    there = before + np.interp(-TARGET, (-before[0], -here[0]), (0, 1)) * (here - before)  # by a line in the loss
    growth, other = np.log(last[1:7] / first[1:7]).reshape(2, 3).mean(axis=1).tolist()
    lost, lost_there = ((1 - seen[7:10] / first[7:10]).mean() for seen in (last, there))
    return Measures(
        top_growth=growth,
        top_beyond_middle=growth - other,
        rank_lost=float(lost),
        rank_lost_at_loss=float(lost_there) if is_there else None,
        epochs_to_loss=float(there[10]) if is_there else None,
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
    )


def spectrum(net: models.Net) -> list[float]:
    """The largest singular value of each matrix, then the middle one of each, then the stable rank of each."""
    values = [np.linalg.svd(np.asarray(layer.weights, dtype=np.float64), compute_uv=False) for layer in net]
    kinds = [(sizes[0], np.median(sizes), (sizes**2).sum() / sizes[0] ** 2) for sizes in values]
    return [float(kind[place]) for place in range(3) for kind in kinds]


def _linear(config: Config, seed: int) -> Measures:
    """A linear network on whitened inputs, so that the task is a matrix; a step takes as much time as the rate says."""
    strengths = np.full(4, np.mean(STRENGTHS)) if config.control == "placebo" else np.array(STRENGTHS)
    left, right, first, second = _begun(config, seed)
    sizes = np.square((first @ right + second.T @ left) / 2).sum(axis=0)  # only this part of the start grows
    learned = []
    for _ in range(config.epochs):
        product = second @ first
        learned.append(((left.T @ product) * right.T).sum(axis=1))
        error = (left * strengths) @ right.T - product
        first, second = first + config.lr * second.T @ error, second + config.lr * error @ first.T
    progress.early([sizes[0], *(float(look[0]) for look in learned)])
    progress.block(1.0)
    curves = np.array(learned).T / strengths[:, None]
    if not ((curves[:, 0] < 0.5) & (curves.max(axis=1) >= 0.5)).all():
        return Measures()
    steps = np.arange(config.epochs)
    times = config.lr * np.array([np.interp(0.5, np.maximum.accumulate(curve), steps) for curve in curves])
    return Measures(
        time_exponent=float(np.polyfit(np.log(STRENGTHS), np.log(times), 1)[0]),
        time_over_theory=float((times / half_time(strengths, sizes)).mean()),
        half_times=tuple(times.tolist()),
    )


def _begun(config: Config, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """The directions of the modes among outputs and inputs, one a column, and both matrices at the start."""
    rng, spread = chance.stream(seed, "modes"), np.sqrt(2 * config.size / HIDDEN)
    left, right, within = (np.linalg.qr(rng.standard_normal((rows, 4)))[0] for rows in (ABOVE, BELOW, HIDDEN))
    if config.control == "aligned":
        return left, right, np.sqrt(config.size) * within @ right.T, np.sqrt(config.size) * left @ within.T
    first, second = (spread * rng.standard_normal(shape) for shape in ((HIDDEN, BELOW), (ABOVE, HIDDEN)))
    return left, right, first, second


def half_time(strengths: Floats, sizes: Floats) -> Floats:
    """When a mode of this strength is half learned that has this size at the start (Saxe et al. 2014)."""
    return np.asarray(np.log(strengths / sizes - 1) / (2 * strengths))


def _seconds(config: Config) -> float:
    epoch_cost = 7.5e-6 if config.task == "modes" else 1e-3 + 0.0125 * config.lr
    return 0.0005 + epoch_cost * config.epochs


def _asks(measure: str, name: str, claim: str, smallest: float, pilot: Said, *arms: Arm, **rest: Any) -> Estimand:
    """Of one arm a level, of two a contrast; said are the chances of more and less, and the interval."""
    more, less, low, high = pilot
    fields: Arm = {"name": name, "claim": claim, "measure": measure, "smallest": smallest, "between": arms} | rest
    why, absent = "a pilot", round(1 - more - less, 2)
    fields["prediction"] = Prediction(positive=more, negative=less, absent=absent, interval=(low, high), because=why)
    return Estimand(kind=Kind.LEVEL if len(arms) == 1 else Kind.CONTRAST, **fields)


FAST, SLOW, MODES = {"lr": 0.1}, {"lr": 0.01}, {"task": "modes"}
LINEAR = partial(grid, Config, task=["modes"], lr=[0.02], epochs=[1_000])
RATES = partial(grid, Config, task=["teacher"], lr=[0.1, 0.01])

experiment = Experiment(
    name="spectral_dynamics",
    aliases=("spectral_v2",),
    version=2,
    question="Which singular values of a network grow, when, and does a high learning rate leave fewer of them?",
    reference="Saxe et al. 2014, arXiv:1312.6120",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), lr=[0.01, 0.03, 0.1])
    + grid(Config, task=["modes"], lr=[0.005], epochs=[2_500], size=[1e-4, 1e-2]),
    ranges={"lr": (1e-3, 0.2), "epochs": (1, 20_000), "size": (1e-8, 0.05)},
    estimands=(
        _asks(
            "time_exponent",
            "time_exponent",
            "the time that a linear network takes to learn a mode of its task falls faster than with the square root "
            "of the mode's strength",
            0.1,
            (0.01, 0.98, -0.885, -0.835),
            MODES,
            null=-0.5,
            expects=Direction.LESS,
            published=Published(
                value=-0.84, reference="Saxe et al. 2014, arXiv:1312.6120 (half-time at these strengths)"
            ),
        ),
        _asks(
            "top_growth",
            "top_growth",
            "at a learning rate of 0.1, training makes the largest singular values of a ReLU network's weights grow",
            0.05,
            (0.98, 0.01, 0.37, 0.41),
            FAST,
            in_words="{times_e} times",
            expects=Direction.MORE,
        ),
        _asks(
            "top_beyond_middle",
            "top_beyond_middle",
            "training multiplies the largest and the middle singular values of a ReLU network's weights by "
            "the same factor, within 5 %",
            0.05,
            (0.3, 0.01, 0.03, 0.06),
            FAST,
            in_words="{times_e} times",
            expects=Direction.ABSENT,
        ),
        _asks(
            "rank_lost",
            "fast_minus_slow",
            "after the same epochs, a learning rate of 0.1 has lowered the stable rank of a ReLU network's weights "
            "more than one of 0.01",
            0.02,
            (0.98, 0.01, 0.055, 0.075),
            FAST,
            SLOW,
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _asks(
            "rank_lost_at_loss",
            "fast_minus_slow_at_loss",
            "at the same training loss, high and low learning rates have lowered the stable rank of a ReLU network's "
            "weights equally, within 2 points",
            0.02,
            (0.01, 0.02, -0.012, 0.003),
            FAST,
            SLOW,
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(estimand="time_exponent", placebo=LINEAR(control=["placebo"]), planted=LINEAR(size=[1e-4])),
        Control(estimand="fast_minus_slow", placebo=RATES(epochs=[3], control=["placebo"]), planted=RATES(epochs=[40])),
    ),
    figure=Figure(x="lr", y="rank_lost", log=("x",), title="How much of the stable rank goes", where={"epochs": 100}),
    setting="networks whose weight spectra are followed",
    headlines=(
        Headline(
            says="Training strengthens dominant and middling patterns in a network's connections nearly alike",
            when={"top_growth": Direction.MORE, "top_beyond_middle": Direction.ABSENT},
        ),
        Headline(
            says="Training grows connections' dominant patterns (largest singular values), slightly more than middling "
            "ones",
            when={"top_growth": Direction.MORE, "top_beyond_middle": Direction.MORE},
        ),
        Headline(
            says="Larger steps leave connections simpler after equally long training, hardly at equal error",
            when={"fast_minus_slow": Direction.MORE, "fast_minus_slow_at_loss": Direction.ABSENT},
        ),
        Headline(
            says="Simple (linear) networks learn a task's strong regularities sooner than weak ones",
            when={"time_exponent": Direction.LESS},
        ),
        Headline(
            says="After equally long training, larger steps leave connections simpler (lower rank)",
            when={"fast_minus_slow": Direction.MORE},
        ),
    ),
    words={
        "time_exponent": "the exponent of a mode's learning time over its strength",
        "top_growth": "growth of the largest singular value in training",
        "top_beyond_middle": "growth of the largest singular value over that of the middle one",
        "rank_lost": "the share of stable rank (directions used) lost after equal epochs",
        "rank_lost_at_loss": "the share of stable rank (directions used) lost at equal training loss",
        "task=modes": "linear layers and a task of separate modes",
        "task=teacher": "ReLU layers and a task set by another network",
        "task=clusters": "ReLU layers and clusters of points",
        "lr": "learning rate",
        "size": "size of the modes at the start",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=400, may_use_gpu=True, gpu_memory_mb=2_000, side_by_side=True),
)
