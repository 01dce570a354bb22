"""Are two trained networks one and the same, up to the order of their neurons?

Why it matters: if two trained networks are the same but for the order of their neurons, they can be merged, and what is
learned in many places can be joined.

On the straight line between two networks that were trained from different starts the loss rises: they lie in valleys
of their own, and the old laboratory found a barrier of 0.248. But a network computes
the same in whatever order its hidden neurons stand. Entezari et al. (2021) conjecture that nothing of the barrier
remains when wide networks are put in each other's order.

We train two ReLU networks that differ in nothing but their start, at six widths, and walk the line between them before
and after matching the neurons of one to the other's by their weights (Ainsworth et al. 2023). A barrier is how far the
loss rises above the straight line of its ends, on the test data and on the training data.

We expect it to fall with width on the test data, and to vanish there between matched networks. But a network half way
is also less sure of itself, which costs nothing where its ends were too sure; and wide networks fit further in the same
epochs, so on the training data a barrier of the loss would rise for that alone. There we ask how many rows are wrong,
which no sureness moves, and expect matching to leave a part that does not shrink with width.

History: 1, first version; the old laboratory's task and width, and five widths around it.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, geometry, matching, models, network_pairs, optimizers, training

PLACES = 11  # on the line, its ends included


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int
    lr: float = 0.05
    epochs: int = 40
    second: str = "independent"  # or, as controls: shuffled, the first one's start in another order; near, close to it


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of networks that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights of either network left the real numbers
    barrier: float | None = None  # of the test loss, in nats; 0 where the line stays below that of its ends
    matched_barrier: float | None = None
    removed: float | None = None  # by matching
    train_loss: float | None = None  # mean of the two
    train_barrier: float | None = None  # of the training loss
    matched_train_barrier: float | None = None
    accuracy_barrier: float | None = None  # by how much test accuracy falls below the straight line of its ends
    matched_accuracy_barrier: float | None = None
    train_accuracy_barrier: float | None = None
    matched_train_accuracy_barrier: float | None = None
    cosine: float | None = None  # of the angle between the two networks
    matched_cosine: float | None = None
    test_accuracy: float | None = None  # mean of the two
    loss_by_place: tuple[float, ...] | None = None  # of the test data, from the first to the second
    matched_loss_by_place: tuple[float, ...] | None = None


def run(config: Config, seed: int) -> Measures:
    """One cell: two networks of one width. The seed fixes data and order for every width alike."""
    task = data.clusters(chance.stream(seed, "data"), inputs=20, classes=5, train=1_000, test=500)
    orders = chance.orders(seed, items=1_000, epochs=config.epochs)
    start, rates, every = starts(config, seed), optimizers.Rates(lr=config.lr), math.ceil(config.epochs / 5)
    end, _ = training.trained(
        start,
        task,
        orders,
        rates=rates,
        batch=64,
        every=every,
        objective=network_pairs.cross_entropies,
        watch=lambda _: None,
    )
    if not all(np.isfinite(layer.weights).all() for layer in end):
        return Measures(diverged=1)
    first, second = network_pairs.halves(end)
    matched = matching.matched(first, second)

    strangers, friends = (walk(first, other, task.x_test, task.y_test) for other in (second, matched))
    train, friendly = (walk(first, other, task.x_train, task.y_train) for other in (second, matched))
    barrier, matched_barrier = geometry.barrier(strangers[0]), geometry.barrier(friends[0])
    return Measures(
        diverged=0,
        barrier=barrier,
        matched_barrier=matched_barrier,
        removed=barrier - matched_barrier,
        train_loss=(train[0][0] + train[0][-1]) / 2,
        train_barrier=geometry.barrier(train[0]),
        matched_train_barrier=geometry.barrier(friendly[0]),
        accuracy_barrier=geometry.barrier(strangers[1]),
        matched_accuracy_barrier=geometry.barrier(friends[1]),
        train_accuracy_barrier=geometry.barrier(train[1]),
        matched_train_accuracy_barrier=geometry.barrier(friendly[1]),
        cosine=geometry.cosine(first, second),
        matched_cosine=geometry.cosine(first, matched),
        test_accuracy=1 - (strangers[1][0] + strangers[1][-1]) / 2,
        loss_by_place=tuple(strangers[0]),
        matched_loss_by_place=tuple(friends[0]),
    )


def starts(config: Config, seed: int) -> models.Net:
    """Both networks at their start, as one tuple of layers."""
    sizes = (20, config.width, config.width, 5)
    first, second = (models.mlp(chance.stream(seed, purpose), sizes) for purpose in ("first start", "second start"))
    if config.second == "shuffled":
        rng = chance.stream(seed, "shuffle")
        second = matching.permuted(first, [rng.permutation(config.width) for _ in range(2)])
    return first + (geometry.between(first, second, share=0.05) if config.second == "near" else second)


def walk(first: models.Net, second: models.Net, x: data.Floats, y: data.Labels) -> tuple[list[float], list[float]]:
    """Cross-entropy, and the share of rows that are wrong, at even places from the first network to the second."""
    here = [geometry.between(first, second, share=share) for share in np.linspace(0, 1, PLACES).tolist()]
    by_network = [np.asarray(models.logits(net, x)) for net in here]
    wrong = [float(np.mean(outputs.argmax(axis=1) != y)) for outputs in by_network]
    return [training.cross_entropy(outputs, y) for outputs in by_network], wrong


def _seconds(config: Config) -> float:
    return (
        0.015 + config.epochs * (2.1e-4 + 6.6e-8 * config.width**2) + 1.5e-6 * config.width**2
    )  # the last is matching


def _falls(**rest: Any) -> Estimand:
    """The rank correlation of a measure with the width."""
    return Estimand(kind=Kind.RANK_CORRELATION, across="width", smallest=0.3, **rest)


experiment = Experiment(
    name="mode_connectivity",
    version=1,
    question="Are two trained networks one and the same, up to the order of their neurons?",
    reference="Entezari et al. 2021, arXiv:2110.06296; Ainsworth et al. 2023, arXiv:2209.04836",
    run=run,
    measures=Measures,
    sweep=grid(Config, width=[16, 32, 64, 128, 256, 512]),
    ranges={"width": (4, 1_024), "lr": (1e-4, 0.5), "epochs": (1, 400)},
    estimands=(
        _falls(
            name="matched_with_width",
            claim="the loss barrier between two trained ReLU networks whose neurons are matched falls as "
            "they get wider",
            measure="matched_barrier",
            prediction=Prediction(
                positive=0.01, negative=0.97, absent=0.02, interval=(-0.75, -0.4), because="conjecture"
            ),
            expects=Direction.LESS,
        ),
        _falls(
            name="unmatched_with_width",
            claim="the loss barrier between two trained ReLU networks as they are falls as they get wider",
            measure="barrier",
            prediction=Prediction(
                positive=0.01, negative=0.97, absent=0.02, interval=(-0.95, -0.75), because="overfitting"
            ),
            expects=Direction.LESS,
        ),
        _falls(
            name="matched_train_accuracy_with_width",
            claim="width tells little about how much training accuracy is lost half way between two matched networks",
            measure="matched_train_accuracy_barrier",
            prediction=Prediction(positive=0.45, negative=0.05, absent=0.5, interval=(0.2, 0.6), because="a pilot"),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="left_when_wide",
            claim="half way between two matched networks of 512 neurons a layer test accuracy is lower "
            "than at the ends",
            kind=Kind.LEVEL,
            measure="matched_accuracy_barrier",
            between=({"width": 512},),
            smallest=0.01,
            in_words="{percent} percentage points",
            prediction=Prediction(positive=0.95, negative=0.01, absent=0.04, interval=(0.02, 0.04), because="a pilot"),
            expects=Direction.MORE,
            published=Published(value=0.0, reference="Entezari et al. 2021, arXiv:2110.06296 (conjecture)"),
        ),
        Estimand(
            name="removed_by_matching",
            claim="matching their neurons lowers the loss barrier between two trained networks of 128 neurons a layer",
            kind=Kind.LEVEL,
            measure="removed",
            between=({"width": 128},),
            smallest=0.05,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.27, 0.42), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="angle",
            claim="the weights of two networks that were trained from different starts stand at right angles, "
            "within 0.05 of their cosine",
            kind=Kind.LEVEL,
            measure="cosine",
            smallest=0.05,
            prediction=Prediction(
                positive=0.01, negative=0.01, absent=0.98, interval=(0.002, 0.011), because="strangers"
            ),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(
            estimand="removed_by_matching",
            placebo=(Config(width=128, epochs=4, second="near"),),  # each neuron is its own match already
            planted=(Config(width=128, epochs=4, second="shuffled"),),
        ),
    ),
    figure=Figure(x="width", y="matched_barrier", log=("x",), title="What is left of the barrier after matching"),
    setting="pairs of ReLU networks trained from different starts",
    headlines=(
        Headline(
            says="Merging two large trained networks by averaging costs accuracy, even with similar neurons matched",
            when={"left_when_wide": Direction.MORE},
        ),
        Headline(
            says="With similar neurons matched, merging two large networks by averaging hardly costs accuracy",
            when={"left_when_wide": Direction.ABSENT},
        ),
        Headline(
            says="Matching similar neurons first reduces the error of merging two trained networks",
            when={"removed_by_matching": Direction.MORE},
        ),
        Headline(
            says="With similar neurons matched, merging two networks raises error less in wider networks",
            when={"matched_with_width": Direction.LESS},
        ),
    ),
    words={
        "barrier": "the test-loss barrier on the line between the two",
        "matched_barrier": "the test-loss barrier on the line between the two after matching their neurons",
        "matched_train_accuracy_barrier": "the drop in training accuracy between the two after matching their neurons",
        "matched_accuracy_barrier": "the drop in test accuracy between the two after matching their neurons",
        "removed": "the fall of the test-loss barrier between the two by matching their neurons",
        "cosine": "the cosine of the angle between the weights of the two",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "width": "{value} neurons per layer",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
