"""At what width does a network stop learning features?

A narrow network moves its weights a long way and finds features of its own. A very wide one hardly moves: it acts like
a fixed kernel, and only its read-out learns (Yang & Hu, 2021). We train one ReLU network at seven widths, on the same
data and in the same order, and measure how far its weights travel and how far its representation turns.

We expect movement to fall with width as a power law, without a jump: a crossover, not a transition. A sharp drop at
one width would be a surprise worth a second experiment.

History: 1, the old laboratory's set-up (standard parametrisation, two hidden layers, 150 epochs).
"""

import math
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Figure, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, geometry, models, optimizers, training


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int
    lr: float = 0.05
    epochs: int = 150


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    movement: float  # |W - W_start| / |W_start|, first layer, after training
    similarity: float  # CKA of the second hidden layer with itself at the start; 1 = nothing learned
    dead: float  # share of the second layer's neurons that no test input wakes
    test_accuracy: float
    movement_by_epoch: tuple[float, ...]  # at ten points at most, for the figure


def run(config: Config, seed: int) -> Measures:
    """One cell: one width of one replicate. The seed fixes data, start and batch order for every width alike."""
    task = data.teacher(chance.stream(seed, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(seed, "start"), (20, config.width, config.width, 5))
    orders = chance.orders(seed, items=2_000, epochs=config.epochs)

    rates = optimizers.Rates(lr=config.lr)
    end, moved = training.trained(
        start, task, orders, rates=rates, batch=64, watch=lambda net: geometry.movement(start, net, layer=0)
    )

    before, after = (models.hidden(net, task.x_test)[1] for net in (start, end))
    return Measures(
        movement=moved[-1],
        similarity=geometry.cka(before, after),
        dead=geometry.dead(after),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
        movement_by_epoch=tuple(moved[:: math.ceil(config.epochs / 10)]),
    )


experiment = Experiment(
    name="lazy_vs_feature_learning",
    aliases=("lazyfeat",),
    version=1,
    question="At what width does a network stop learning features?",
    reference="Yang & Hu 2021, arXiv:2011.14522",
    run=run,
    measures=Measures,
    sweep=grid(Config, width=[8, 16, 32, 64, 128, 256, 512]),
    ranges={"width": (4, 2_048), "lr": (1e-4, 1.0), "epochs": (1, 1_000)},  # a proposal may choose any sweep inside
    estimands=(
        Estimand(
            name="movement_slope",
            claim="weights move less the wider the network",
            kind=Kind.SLOPE,  # of log movement on log width, one value per replicate: its seven cells share a seed
            measure="movement",
            across="width",
            expects=Direction.LESS,  # the claim holds when the slope is below zero
            smallest=0.05,
            prediction=Prediction(
                positive=0.01,
                negative=0.97,
                absent=0.02,
                interval=(-0.85, -0.60),
                because="the kernel limit asks for -1/2 or steeper; seen before: -0.8",
            ),
        ),
        Estimand(
            name="accuracy_wide_minus_narrow",
            claim="the widest network generalises better than the narrowest",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="test_accuracy",
            between=({"width": 512}, {"width": 8}),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.80, negative=0.05, absent=0.15, interval=(0.03, 0.12), because="capacity at width 8 is short"
            ),
        ),
    ),
    figure=Figure(x="width", y="movement", log=("x", "y"), title="How far the weights travel"),
    needs=Needs(seconds=lambda config: config.epochs * (4e-4 + 6.8e-8 * config.width**2), memory_mb=600),
)
