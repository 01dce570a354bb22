"""Does training make a network use fewer dimensions than it has?

Why it matters: if training narrows a network to few dimensions, it can be stored and run in less.

The stable rank counts the directions that matter in a matrix: it is the sum of the squared singular values over the
largest of them. The old laboratory saw it fall by 51.6 % on average in nine out of nine networks, on one seed, and
faster at high learning rates. We train networks of one to three hidden layers at three learning rates, on the same data
and in the same order, and measure what share of the rank is gone, layer by layer: of the weights, and of the
representations around their mean. After the same epochs a high rate has also gone further, so one network at the
highest stops where rate times epochs is as at the lowest.

We expect much less than half without weight decay, a first layer that gains rank, and more loss at high rates, but not
when rate times epochs is the same. Theory asks for weight decay (Galanti et al. 2022): two strengths of it are in the
sweep, and a second task, a Gaussian mixture.

History: 1, the old laboratory's nine networks and 400 epochs, with a snapshot every 20 epochs instead of every 5. 2, at
two hidden layers with weight decay, on a second task, and at matched rate times epochs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, geometry, models, optimizers, side_by_side, training

INPUTS, CLASSES = 20, 5
HIDDEN = (256, 128, 64)  # a network of depth 2 has the last two of them
EVERY = 20  # epochs between two snapshots
TASKS: dict[str, Callable[..., data.LearningTask]] = {"teacher": data.teacher, "clusters": data.clusters}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    depth: int  # hidden layers
    lr: float
    weight_decay: float = 0.0
    epochs: int = 400
    task: str = "teacher"  # or clusters
    control: str = "none"  # or placebo: no decay whatever its strength, and a start of its own for each strength


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of a network that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights left the real numbers
    weight_compression: float | None = None  # share of the stable rank that is gone at the end, mean over all matrices
    first_layer_compression: float | None = None  # of the first weight matrix alone; below 0, it has gained rank
    hidden_compression: float | None = None  # of what the test inputs become, around its mean, over hidden layers
    last_hidden_rank: float | None = None  # stable rank of the last hidden representation at the end
    test_accuracy: float | None = None
    weight_compression_by_snapshot: tuple[float, ...] | None = None
    hidden_compression_by_snapshot: tuple[float, ...] | None = None


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every learning rate and weight decay alike."""
    is_placebo = config.control == "placebo"
    decay, purpose = (0.0, f"start, decay {config.weight_decay}") if is_placebo else (config.weight_decay, "start")
    draw, rng = TASKS[config.task], chance.stream(seed, "data")
    task = draw(rng, inputs=INPUTS, classes=CLASSES, train=2_000, test=500)
    start = models.mlp(chance.stream(seed, purpose), sizes(config.depth))
    orders = chance.orders(seed, items=2_000, epochs=config.epochs)
    rates = optimizers.Rates(lr=config.lr, weight_decay=decay)

    end, seen = training.trained(
        start, task, orders, rates=rates, batch=64, every=EVERY, watch=training.Look(of=_ranks, arrays=(task.x_test,))
    )
    if not np.isfinite(end[-1].weights).all():
        return Measures(diverged=1)

    snapshots = [_ranks(start, task.x_test), *seen]
    weights, hidden = (np.array([snapshot[part] for snapshot in snapshots], dtype=np.float64) for part in (0, 1))
    weights, hidden = np.nan_to_num(weights), np.nan_to_num(hidden)  # where decay or death left zeros: no direction
    weights_gone, hidden_gone = 1 - weights / weights[0], 1 - hidden / hidden[0]
    return Measures(
        diverged=0,
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


@side_by_side.program()
def _ranks(net: models.Net, x: models.Array) -> tuple[list[models.Array], list[models.Array]]:
    """The stable rank of every weight matrix, and of every hidden representation around its mean."""
    return (
        [geometry.stable_rank(layer.weights) for layer in net],
        [geometry.stable_rank(active - active.mean(axis=0)) for active in models.hidden(net, x)],
    )


def _seconds(config: Config) -> float:
    weights = sum(above * below for above, below in pairwise(sizes(config.depth)))
    return config.epochs * (1.95e-4 + 6.6e-8 * weights)


PLAIN = {"weight_decay": 0.0, "task": "teacher", "epochs": 400}

experiment = Experiment(
    name="rank_dynamics",
    version=2,
    question="Does training make a network use fewer dimensions than it has?",
    reference="Galanti et al. 2022, arXiv:2206.05794; Feng & Tu 2021",
    run=run,
    measures=Measures,
    sweep=grid(Config, depth=[1, 2, 3], lr=[0.005, 0.02, 0.1])
    + grid(Config, depth=[3], lr=[0.1], epochs=[20])
    + grid(Config, depth=[2], lr=[0.1], weight_decay=[0.0005, 0.005])
    + grid(Config, depth=[2], lr=[0.1], weight_decay=[0.0, 0.005], task=["clusters"]),
    ranges={"depth": (1, 3), "lr": (1e-4, 0.5), "weight_decay": (0.0, 0.1), "epochs": (1, 2_000)},
    estimands=(
        Estimand(
            name="fast_minus_slow",
            claim="after equal epochs a learning rate of 0.1 has lowered the stable rank (directions "
            "used) of three layers' weights more than one of 0.005",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="weight_compression",
            between=({"depth": 3, "lr": 0.1} | PLAIN, {"depth": 3, "lr": 0.005} | PLAIN),
            in_words="{percent} percentage points",
            smallest=0.02,
            bounds=(-2.0, 2.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.055, 0.08), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="fast_minus_slow_when_matched",
            claim="after the same product of rate and epochs, high and low learning rates have lowered the weights'"
            " stable rank (directions used) alike, within 3 points",
            kind=Kind.CONTRAST,
            measure="weight_compression",
            between=({"depth": 3, "epochs": 20}, {"depth": 3, "lr": 0.005} | PLAIN),
            in_words="{percent} percentage points",
            smallest=0.03,
            bounds=(-2.0, 2.0),
            prediction=Prediction(positive=0.01, negative=0.19, absent=0.8, interval=(-0.03, 0.0), because="a pilot"),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="above_the_old_claim",
            claim="without weight decay, training lowers the stable rank of a network's weights (how many "
            "directions they use) by less than 51.6 %",
            kind=Kind.LEVEL,
            measure="weight_compression",
            between=({"depth": 2, "lr": 0.1} | PLAIN,),  # where a pilot lost most
            null=0.516,
            in_words="{percent} %",
            smallest=0.05,
            prediction=Prediction(positive=0.01, negative=0.97, absent=0.02, interval=(0.12, 0.21), because="a pilot"),
            expects=Direction.LESS,
        ),
        Estimand(
            name="first_layer",
            claim="without weight decay, the first layer's weights use more directions (a higher stable rank) after"
            " training than before",
            kind=Kind.LEVEL,
            measure="first_layer_compression",
            between=({"depth": 3, "lr": 0.1} | PLAIN,),
            in_words="{percent} %",
            smallest=0.005,
            prediction=Prediction(
                positive=0.03, negative=0.85, absent=0.12, interval=(-0.03, -0.008), because="a pilot"
            ),
            expects=Direction.LESS,
        ),
        Estimand(
            name="hidden_layers",
            claim="the representations of three hidden layers lose stable rank (use fewer directions) during training",
            kind=Kind.LEVEL,
            measure="hidden_compression",
            between=({"depth": 3, "lr": 0.1} | PLAIN,),
            in_words="{percent} %",
            smallest=0.02,
            prediction=Prediction(positive=0.9, negative=0.03, absent=0.07, interval=(0.17, 0.23), because="5 classes"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="decayed_minus_plain",
            claim="weight decay lowers the stable rank (directions used) of two hidden layers' weights more than "
            "training without it, over both tasks",
            kind=Kind.CONTRAST,
            measure="weight_compression",
            between=({"lr": 0.1, "depth": 2, "weight_decay": 0.005}, {"lr": 0.1, "depth": 2, "weight_decay": 0.0}),
            in_words="{percent} percentage points",
            smallest=0.05,
            bounds=(-2.0, 2.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.23, 0.28), because="theory"),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="decayed_minus_plain",
            placebo=grid(Config, depth=[2], lr=[0.1], weight_decay=[0.005, 0.0], epochs=[40], control=["placebo"]),
            planted=grid(Config, depth=[2], lr=[0.1], weight_decay=[0.005, 0.0], epochs=[80]),
        ),
    ),
    figure=Figure(x="lr", y="weight_compression", log=("x",), title="How much rank the weights lose", where=PLAIN),
    setting="multi-layer classifiers",
    headlines=(
        Headline(
            says="After training here, three hidden layers' activity varies along fewer directions (rank) than before",
            when={"hidden_layers": Direction.MORE},
        ),
        Headline(
            says="After training here, three hidden layers' activity varies along more directions (rank) than before",
            when={"hidden_layers": Direction.LESS},
        ),
        Headline(
            says="After training, three hidden layers' activity varies along about as many directions as before",
            when={"hidden_layers": Direction.ABSENT},
        ),
        Headline(
            says="Weakening connections during training leaves fewer strong directions in them than plain training",
            when={"decayed_minus_plain": Direction.MORE},
        ),
    ),
    words={
        "weight_compression": "the weights' loss of stable rank (directions used)",
        "first_layer_compression": "the first layer's loss of stable rank (directions used)",
        "hidden_compression": "the hidden activity's loss of stable rank (directions used)",
        "task=teacher": "a random network's labels",
        "task=clusters": "clusters of points",
        "weight_decay=0.0": "no weight decay",
        "lr": "learning rate",
        "depth": "{value} hidden layers",
        "epochs": "{value} epochs",
        "depth=1": "one hidden layer",
    },
    needs=Needs(seconds=_seconds, memory_mb=600, may_use_gpu=True, gpu_memory_mb=2_000, side_by_side=True),
)
