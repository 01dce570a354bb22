"""Does training make a network use fewer dimensions than it has?

The stable rank |W|_F^2 / |W|_2^2 counts the directions that matter in a matrix. The old laboratory saw it fall by
51.6 % on average in nine out of nine networks, on one seed, and faster at high learning rates. We train networks of
one to three hidden layers at three learning rates, on the same data and in the same order, and measure what share of
the rank is gone, layer by layer: of the weights, and of the representations around their mean.

We expect much less than half without weight decay, a first layer that gains rank, and more loss at high rates. Theory
asks for weight decay (Galanti et al. 2022): `weight_decay=0,0.0005,0.005` is a sweep within the ranges.

History: 1, the old laboratory's nine networks and 400 epochs, with a snapshot every 20 epochs instead of every 5.
"""

from dataclasses import dataclass
from itertools import pairwise

import jax
import numpy as np

from axiom.domain.experiments import Experiment, Figure, Needs, grid
from axiom.domain.findings import Estimand, Kind, Prediction
from axiom.kit import chance, data, geometry, models, optimizers, training

INPUTS, CLASSES = 20, 5
HIDDEN = (256, 128, 64)  # a network of depth 2 has the last two of them
EVERY = 20  # epochs between two snapshots


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    depth: int  # hidden layers
    lr: float
    weight_decay: float = 0.0
    epochs: int = 400


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    weight_compression: float  # share of the stable rank that is gone at the end, mean over all weight matrices
    first_layer_compression: float  # of the first weight matrix alone; below 0, it has gained rank
    hidden_compression: float  # of the representations of the test inputs around their mean, over hidden layers
    last_hidden_rank: float  # stable rank of the last hidden representation at the end
    test_accuracy: float
    weight_compression_by_snapshot: tuple[float, ...]
    hidden_compression_by_snapshot: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every learning rate and weight decay alike."""
    task = data.teacher(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=2_000, test=500)
    start = models.mlp(chance.stream(seed, "start"), sizes(config.depth))
    orders = chance.orders(seed, items=2_000, epochs=config.epochs)
    rates = optimizers.Rates(lr=config.lr, weight_decay=config.weight_decay)

    end, seen = training.trained(
        start, task, orders, rates=rates, batch=64, every=EVERY, watch=lambda net: _ranks(net, task.x_test)
    )
    snapshots = [_ranks(start, task.x_test), *seen]

    weights, hidden = (np.array([snapshot[part] for snapshot in snapshots], dtype=np.float64) for part in (0, 1))
    weights_gone, hidden_gone = 1 - weights / weights[0], 1 - hidden / hidden[0]
    return Measures(
        weight_compression=float(weights_gone[-1].mean()),
        first_layer_compression=float(weights_gone[-1, 0]),
        hidden_compression=float(hidden_gone[-1].mean()),
        last_hidden_rank=float(hidden[-1, -1]),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
        weight_compression_by_snapshot=tuple(weights_gone.mean(axis=1).tolist()),
        hidden_compression_by_snapshot=tuple(hidden_gone.mean(axis=1).tolist()),
    )


def sizes(depth: int) -> tuple[int, ...]:
    """The widths of all layers, inputs and outputs included."""
    return (INPUTS, *HIDDEN[-depth:], CLASSES)


@jax.jit
def _ranks(net: models.Net, x: models.Array) -> tuple[list[models.Array], list[models.Array]]:
    """The stable rank of every weight matrix, and of every hidden representation around its mean."""
    return (
        [geometry.stable_rank(layer.weights) for layer in net],
        [geometry.stable_rank(active - active.mean(axis=0)) for active in models.hidden(net, x)],
    )


def _seconds(config: Config) -> float:
    weights = sum(above * below for above, below in pairwise(sizes(config.depth)))
    return config.epochs * (1.95e-4 + 6.6e-8 * weights)


experiment = Experiment(
    name="rank_dynamics",
    version=1,
    question="Does training make a network use fewer dimensions than it has?",
    reference="Galanti et al. 2022, arXiv:2206.05794; Feng & Tu 2021",
    run=run,
    measures=Measures,
    sweep=grid(Config, depth=[1, 2, 3], lr=[0.005, 0.02, 0.1]),
    ranges={"depth": (1, 3), "lr": (1e-4, 0.5), "weight_decay": (0.0, 0.1), "epochs": (1, 2_000)},
    estimands=(
        Estimand(
            name="fast_minus_slow",
            claim="a high learning rate compresses the weights of two hidden layers more than a low one",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="weight_compression",
            between=({"depth": 2, "lr": 0.1}, {"depth": 2, "lr": 0.005}),
            smallest=0.02,
            bounds=(-2.0, 2.0),
            prediction=Prediction(
                positive=0.93, negative=0.01, absent=0.06, interval=(0.06, 0.13), because="five seeds of a pilot"
            ),
        ),
        Estimand(
            name="above_the_old_claim",
            claim="without weight decay, weights lose more than the 51.6 % of their rank that was claimed",
            kind=Kind.LEVEL,
            measure="weight_compression",
            between=({"depth": 2, "lr": 0.1},),  # where a pilot lost most
            null=0.516,
            smallest=0.05,
            prediction=Prediction(
                positive=0.01, negative=0.97, absent=0.02, interval=(0.12, 0.21), because="nothing asks for low rank"
            ),
        ),
        Estimand(
            name="first_layer",
            claim="without weight decay, the first layer loses rank",
            kind=Kind.LEVEL,
            measure="first_layer_compression",
            between=({"depth": 3, "lr": 0.1},),
            smallest=0.005,
            prediction=Prediction(
                positive=0.03,
                negative=0.85,
                absent=0.12,
                interval=(-0.03, -0.008),
                because="it must keep all the inputs that the teacher looks at",
            ),
        ),
        Estimand(
            name="hidden_layers",
            claim="the representations of three hidden layers lose rank",
            kind=Kind.LEVEL,
            measure="hidden_compression",
            between=({"depth": 3, "lr": 0.1},),
            smallest=0.02,
            prediction=Prediction(
                positive=0.9,
                negative=0.03,
                absent=0.07,
                interval=(0.17, 0.23),
                because="five classes need few directions",
            ),
        ),
    ),
    figure=Figure(x="lr", y="weight_compression", log=("x",), title="How much rank the weights lose"),
    needs=Needs(seconds=_seconds, memory_mb=600),
)
