"""Does minimising sharpness help a small network more than the same time spent on plain descent?

Why it matters: this method costs twice the computing. It has to do better than plain descent that is given as much.

Sharpness-aware minimisation takes each gradient not where the weights are but a short way uphill from there, so that it
descends into valleys whose surroundings are low, too (Foret et al. 2021). The old laboratory saw no benefit. One of its
steps costs two gradients, so a plain run of twice the epochs is beside it. We train a network on two tasks, with true
labels and with a fifth of them wrong, at four radii; the same data, start and batch order for all.

We expect flatter minima with a radius, no benefit that matters on true labels, and a clear one where some labels are
wrong: what is learned by heart sits in narrow places (Baek et al. 2024 give another reason, the gradients).

History: 2, as 1, and says that both are stopped at their best; 1, wrong labels, radii, and plain descent of one cost.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, losses, models, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST = 20, 5, 500, 2_000
EPOCHS = 60  # of a sweep; plain descent of the same cost has twice as many
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}


@dataclass(frozen=True, kw_only=True)
class Uphill:
    """The cross-entropy a way of this length uphill from the weights; its gradient is that of the method."""

    def __call__(self, net: models.Net, x: models.Array, y: models.Array, radius: models.Array) -> jax.Array:
        """The loss there. The way is a constant to who differentiates, as the method has it."""
        slope = jax.grad(losses.CROSS_ENTROPY)(net, x, y)
        length = jnp.sqrt(sum(jnp.vdot(part, part) for part in jax.tree.leaves(slope))) + 1e-12
        step = partial(jnp.multiply, radius / length)
        there = jax.tree.map(lambda weight, part: weight + jax.lax.stop_gradient(step(part)), net, slope)
        return losses.CROSS_ENTROPY(there, x, y)


UPHILL = Uphill()


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    wrong: float  # share of the training labels
    radius: float  # 0 is plain descent
    epochs: int = EPOCHS
    lr: float = 0.1
    control: str = (
        "none"  # placebo: the radius is 0 whatever it says, with a start for each; planted: wrong labels left
    )


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # at the end
    best_accuracy: float  # over all epochs: what stopping early would reach at best
    train_accuracy: float  # by the labels that were shown
    sharpness: float  # largest eigenvalue of the Hessian of the training loss at the end
    log_sharpness: float  # its natural logarithm
    test_by_epoch: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every radius alike."""
    task, purpose, radius = _shown(config, seed), "start", config.radius
    if config.control == "placebo":
        purpose, radius = f"start {config.radius}", 0.0
    start = models.mlp(chance.stream(seed, purpose), (INPUTS, 64, 64, CLASSES))
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)

    def right(net: models.Net) -> float:
        return float((training.answers(net, task.x_test) == task.y_test).mean())

    end, seen = training.trained(
        start,
        task,
        orders,
        watch=right,
        rates=Rates(lr=config.lr),
        batch=25,
        objective=UPHILL,
        context=(radius,),
    )
    probe = hessian.direction(chance.stream(seed, "probe"), end)
    sharp = float(hessian.sharpness(losses.CROSS_ENTROPY, end, probe, task.x_train, task.y_train, iterations=40))
    return Measures(
        test_accuracy=seen[-1],
        best_accuracy=max(seen),
        train_accuracy=training.accuracy(end, task.x_train, task.y_train),
        sharpness=sharp,
        log_sharpness=float(np.log(max(sharp, 1e-9))),
        test_by_epoch=tuple(seen),
    )


def _shown(config: Config, seed: int) -> data.LearningTask:
    draw = TASKS[config.task]
    task = draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    is_helped = config.control == "planted" and config.radius > 0
    share = 0.0 if is_helped else config.wrong
    labels, _ = data.corrupted(chance.stream(seed, "wrong labels"), task.y_train, classes=CLASSES, share=share)
    return replace(task, y_train=labels)


experiment = Experiment(
    name="sam_vs_sgd",
    aliases=("samsgd",),
    version=2,
    question="Does minimising sharpness help a small network more than the same time spent on plain descent?",
    reference="Foret et al. 2021, arXiv:2010.01412; Baek et al. 2024, arXiv:2405.03676",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(TASKS), wrong=[0.0, 0.2], radius=[0.0, 0.05, 0.1, 0.2, 0.5]),
        *grid(Config, task=list(TASKS), wrong=[0.0, 0.2], radius=[0.0], epochs=[2 * EPOCHS]),
    ),
    ranges={"wrong": (0.0, 0.8), "radius": (0.0, 2.0), "epochs": (1, 500), "lr": (1e-4, 0.5)},
    estimands=(
        Estimand(
            name="helps_with_true_labels",
            claim="on true labels sharpness-aware minimisation changes the accuracy by less than a point beside "
            "plain descent of the same cost",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"task": "clusters", "wrong": 0.0, "radius": 0.1},
                {"task": "clusters", "wrong": 0.0, "radius": 0.0, "epochs": 2 * EPOCHS},
            ),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.05, negative=0.02, absent=0.93, interval=(-0.001, 0.004), because="a pilot"
            ),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="helps_with_wrong_labels",
            claim="with a fifth of the labels wrong, sharpness-aware minimisation at a radius of 0.5 ends "
            "more accurate than plain descent of the same cost",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"task": "clusters", "wrong": 0.2, "radius": 0.5},
                {"task": "clusters", "wrong": 0.2, "radius": 0.0, "epochs": 2 * EPOCHS},
            ),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.96, negative=0.02, absent=0.02, interval=(0.06, 0.08), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="beats_early_stopping",
            claim="with a fifth of the labels wrong, sharpness-aware minimisation is more accurate than plain "
            "descent when each is stopped at its best moment",
            kind=Kind.CONTRAST,
            measure="best_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"task": "clusters", "wrong": 0.2, "radius": 0.5},
                {"task": "clusters", "wrong": 0.2, "radius": 0.0, "epochs": 2 * EPOCHS},
            ),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.9, negative=0.02, absent=0.08, interval=(0.02, 0.04), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="sharpness_on_radius",
            claim="on true labels sharpness-aware minimisation ends in flatter minima the larger its radius is",
            kind=Kind.RANK_CORRELATION,
            measure="sharpness",
            across="radius",
            between=({"task": "clusters", "wrong": 0.0, "epochs": EPOCHS},),
            expects=Direction.LESS,
            smallest=0.5,
            prediction=Prediction(
                positive=0.03, negative=0.9, absent=0.07, interval=(-1.0, -0.8), because="the method"
            ),
        ),
    ),
    controls=(
        Control(
            estimand="helps_with_wrong_labels",
            placebo=(
                *grid(Config, task=["clusters"], wrong=[0.2], radius=[0.5], control=["placebo"]),
                *grid(Config, task=["clusters"], wrong=[0.2], radius=[0.0], epochs=[2 * EPOCHS], control=["placebo"]),
            ),
            planted=(
                *grid(Config, task=["clusters"], wrong=[0.2], radius=[0.5], control=["planted"]),
                *grid(Config, task=["clusters"], wrong=[0.2], radius=[0.0], epochs=[2 * EPOCHS], control=["planted"]),
            ),
        ),
    ),
    figure=Figure(x="radius", y="test_accuracy", title="What sharpness-aware descent gains", where={"epochs": EPOCHS}),
    setting="small classifiers",
    headlines=(
        Headline(
            says="With wrong answers, strongly seeking flat minima (SAM) here beats doubly long plain training",
            when={"helps_with_wrong_labels": Direction.MORE},
        ),
        Headline(
            says="With wrong training answers, seeking sturdiness (SAM) trails plain training twice as long here",
            when={"helps_with_wrong_labels": Direction.LESS},
        ),
        Headline(
            says="With wrong training answers, seeking sturdiness (SAM) peaks above longer plain training here",
            when={"beats_early_stopping": Direction.MORE},
        ),
        Headline(
            says="With true training answers, seeking sturdiness (SAM) and longer plain training end similarly",
            when={"helps_with_true_labels": Direction.ABSENT},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new examples",
        "best_accuracy": "best accuracy on new examples",
        "sharpness": "sharpness (loss curvature) at the end",
        "task=clusters": "clusters of points",
        "task=teacher": "a task set by another network",
        "wrong": "share of wrong labels",
        "wrong=0.0": "true labels",
        "radius": "sharpness-aware radius",
        "radius=0.0": "plain descent",
        "epochs=120": "twice the epochs",
        "lr": "learning rate",
        "radius=0.1": "sharpness-aware descent (small radius)",
        "radius=0.5": "sharpness-aware descent (large radius)",
        "epochs": "{value} epochs",
        "wrong=0.2": "a fifth of the labels wrong",
    },
    needs=Needs(seconds=lambda config: 0.01 + config.epochs * 8e-4, memory_mb=400),
)
