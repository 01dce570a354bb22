"""Does the rank of weights fall suddenly, and less in a deeper network?

Why it matters: sudden changes during training would show that something is learned all at once, and when.

The old laboratory saw the stable rank of weights (how many directions matter in a matrix) fall suddenly in all of nine
networks, and slightly less in deeper ones, on one seed. rank_dynamics asks how much is gone in the end; here we ask how
that goes with depth, and when it goes. The networks are the same nine, without weight decay, looked at every 5 epochs.

A fast beginning is no transition. So a stretch of 20 epochs slides over the course of the mean rank, and we ask by how
much more goes within it than within the 20 epochs before or after, whichever is more. Ranks waver, too. From the
most that any fall stands out we take off the most that any rise does, as shares of the distance between the highest
and the lowest rank: 1 where everything goes at once, about 0 where ever less goes, or as much comes as suddenly back.

To see that a transition is found where there is one, the weights are cut down to a few of their directions at half of
the training; cut down to all of them nothing is gone, which is the placebo.

We expect three layers to lose less than two and as much as one, and no transitions.

History: 1, first version; what the old laboratory called a transition is not known.
"""

import math
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeAlias

import jax
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, geometry, models, optimizers, progress, training

INPUTS, CLASSES = 20, 5
HIDDEN = (256, 128, 64)  # a network of depth 2 has the last two of them
EVERY = 5  # epochs between two snapshots
STRETCH = 4  # snapshots: the 20 epochs within which a transition would happen

Ranks: TypeAlias = list[list[models.Array]]  # of every snapshot and matrix


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    depth: int  # hidden layers
    lr: float
    epochs: int = 400
    kept: float = 1.0  # of the directions of each weight matrix, at half of the training


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of a network that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights left the real numbers
    compression: float | None = None  # share of the stable rank that is gone at the end, mean over all matrices
    outstanding: float | None = None  # how far a fall stands out of the course; None where that is too short
    outstanding_at: int | None = None  # the epoch in the middle of that fall
    test_accuracy: float | None = None
    compression_by_snapshot: tuple[float, ...] | None = None


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every learning rate alike."""
    task = data.teacher(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=2_000, test=500)
    start = models.mlp(chance.stream(seed, "start"), sizes(config.depth))
    orders = chance.orders(seed, items=2_000, epochs=config.epochs)
    half, shape = config.epochs // 2, jax.tree.structure(start)

    def phase(state: tuple[list[models.Array], Ranks], number: int) -> tuple[list[models.Array], Ranks]:
        net, before = jax.tree.unflatten(shape, state[0]), state[1]
        end, after = training.trained(
            cut(net, config.kept) if number else net,
            task,
            orders[half:] if number else orders[:half],
            rates=optimizers.Rates(lr=config.lr),
            batch=64,
            every=EVERY,
            watch=_ranks,
        )
        return jax.tree.leaves(end), [*before, *after]

    leaves, seen = progress.blocks((jax.tree.leaves(start), [_ranks(start)]), phase, 2)
    end = jax.tree.unflatten(shape, leaves)
    if not np.isfinite(end[-1].weights).all():
        return Measures(diverged=1)

    ranks = np.array(seen, dtype=np.float64)
    course = (1 - ranks / ranks[0]).mean(axis=1)
    share, middle_of_it = outstanding(course)
    return Measures(
        diverged=0,
        compression=float(course[-1]),
        outstanding=share,
        outstanding_at=None if middle_of_it is None else EVERY * middle_of_it,
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
        compression_by_snapshot=tuple(course.tolist()),
    )


def sizes(depth: int) -> tuple[int, ...]:
    """The widths of all layers, inputs and outputs included."""
    return (INPUTS, *HIDDEN[-depth:], CLASSES)


def cut(net: models.Net, kept: float) -> models.Net:
    """The network with this share of the directions of each weight matrix, the strongest of them."""
    return net if kept == 1.0 else tuple(layer._replace(weights=_cut(np.asarray(layer.weights), kept)) for layer in net)


def _cut(weights: data.Floats, kept: float) -> data.Floats:
    left, singular, right = np.linalg.svd(weights, full_matrices=False)
    singular[math.ceil(kept * len(singular)) :] = 0.0
    less: data.Floats = ((left * singular) @ right).astype(np.float32)
    return less


def outstanding(course: npt.NDArray[np.float64]) -> tuple[float, int] | tuple[None, None]:
    """How far its fall stands out, and where: the middle of that stretch, in snapshots. None where it is too short."""
    gone = course[STRETCH:] - course[:-STRETCH]
    if len(gone) <= 2 * STRETCH or np.ptp(course) == 0:
        return None, None
    falls, rises = (
        change[STRETCH:-STRETCH] - np.maximum(change[: -2 * STRETCH], change[2 * STRETCH :]) for change in (gone, -gone)
    )
    return float((falls.max() - rises.max()) / np.ptp(course)), int(falls.argmax()) + STRETCH + STRETCH // 2


@jax.jit
def _ranks(net: models.Net) -> list[models.Array]:
    """The stable rank of every weight matrix."""
    return [geometry.stable_rank(layer.weights) for layer in net]


def _seconds(config: Config) -> float:
    weights = sum(above * below for above, below in pairwise(sizes(config.depth)))
    return config.epochs * (2e-4 + 7.2e-8 * weights)


PILOT = partial(Prediction, because="a pilot")
DEEPER = partial(  # paired within the replicate
    Estimand,
    kind=Kind.CONTRAST,
    measure="compression",
    expects=Direction.LESS,
    smallest=0.02,
    bounds=(-2.0, 2.0),
)
SHORT = partial(Config, depth=2, lr=0.1, epochs=120)

experiment = Experiment(
    name="rank_transitions",
    version=1,
    question="Does the rank of weights fall suddenly, and less in a deeper network?",
    reference="Galanti et al. 2022, arXiv:2206.05794; Feng & Tu 2021",
    run=run,
    measures=Measures,
    sweep=grid(Config, depth=[1, 2, 3], lr=[0.005, 0.02, 0.1]),
    ranges={"depth": (1, 3), "lr": (1e-4, 0.5), "epochs": (2, 2_000), "kept": (0.0, 1.0)},
    estimands=(
        DEEPER(
            name="deep_minus_shallow",
            claim="training lowers the stable rank (directions used) of weights about alike in networks of three "
            "hidden layers and of one",
            between=({"depth": 3}, {"depth": 1}),
            prediction=PILOT(positive=0.35, negative=0.05, absent=0.6, interval=(0.0, 0.04)),
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
        DEEPER(
            name="deep_minus_middle",
            claim="training lowers the stable rank (directions used) of weights less in a network of three hidden "
            "layers than of two, over all learning rates",
            between=({"depth": 3}, {"depth": 2}),
            prediction=PILOT(positive=0.01, negative=0.9, absent=0.09, interval=(-0.07, -0.03)),
            in_words="{percent} percentage points",
            expects=Direction.LESS,
        ),
        Estimand(
            name="stands_out",
            claim="the stable rank of weights (directions used) falls without a sudden stretch: no 20 of 400 epochs"
            " stand out by a tenth of its range",
            kind=Kind.LEVEL,
            measure="outstanding",
            smallest=0.1,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.01, negative=0.01, absent=0.98, interval=(0.01, 0.04)),
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
    ),
    controls=(Control(estimand="stands_out", placebo=(SHORT(),), planted=(SHORT(kept=0.1),)),),
    figure=Figure(x="lr", y="outstanding", log=("x",), title="How far the course of the rank stands out"),
    setting="networks that learn a random network's labels",
    headlines=(
        Headline(
            says="Once learning is under way, these networks' connections typically do not suddenly simplify (rank)",
            when={"stands_out": Direction.ABSENT},
        ),
        Headline(
            says="While networks here learn, their connections' variety (rank) typically shows a sudden drop",
            when={"stands_out": Direction.MORE},
        ),
        Headline(
            says="Connections keep more variety (rank) in networks of three hidden layers than of two",
            when={"deep_minus_middle": Direction.LESS},
        ),
        Headline(
            says="With three hidden layers or one, connections keep about equal variety (rank)",
            when={"deep_minus_shallow": Direction.ABSENT},
        ),
    ),
    words={
        "compression": "the share of stable rank (directions used) lost in training",
        "outstanding": "the prominence of one stretch in the fall of stable rank (share of its range)",
        "lr": "learning rate",
        "kept": "share of directions kept",
        "depth": "{value} hidden layers",
        "epochs": "{value} epochs",
        "depth=1": "one hidden layer",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
