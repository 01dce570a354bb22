"""Do the first digits of a trained network's weights follow Benford's law?

Why it matters: the law is used to find faked numbers. Whether honest weights obey it decides if it could ever tell a
real network from a forged one.

Numbers that spread over many powers of ten begin with a 1 in 30 % of cases and with a 9 in 5 % (Benford 1938). The old
laboratory counted the digits of trained weights and called the answer definitively negative. Weights begin as normal
numbers of one size per layer, so their digits are known before training: far from the law, and further the fewer sizes
there are. We count the digits of all weight matrices before and after training, and of what training has added.

The distance is the mean absolute deviation of the nine frequencies (Nigrini 2012), less what as many numbers that obey
the law would show by chance: 0 is the law, whatever the width. We expect weights well away from it, no nearer after
training than before, and what training adds nearer to it than the weights are.

History: 1, with the value at the start beside it, and without the chance that few numbers have to look far away.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, models, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES = 20, 5
Floats = npt.NDArray[np.float64]
LAW: Floats = np.log10(1 + 1 / np.arange(1, 10))
TASKS: dict[str, Callable[..., data.LearningTask]] = {"teacher": data.teacher, "clusters": data.clusters}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # teacher or clusters
    width: int  # of both hidden layers
    lr: float = 0.05
    epochs: int = 60
    control: str = "none"  # placebo: weights begin with digits that obey the law; planted: with 1 or 2 alone


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, as distances from the law. Conclusions are estimands, computed by the server."""

    start: float  # of the weights before training
    trained: float  # and after it
    added: float  # of the differences of the two
    nearer: float  # the distance that training took away: start minus trained
    added_nearer: float  # by how much what was added lies nearer than the trained weights: trained minus added
    ones: float  # share of the trained weights that begin with 1; 0.301 by the law
    test_accuracy: float
    frequencies: tuple[float, ...]  # of the digits 1 to 9 of the trained weights


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and batch order for every width alike."""
    draw = TASKS[config.task]
    task = draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=2_000, test=500)
    net = _start(config, seed)
    orders = chance.orders(seed, items=2_000, epochs=config.epochs)
    end, _ = training.trained(
        net, task, orders, watch=training.UNWATCHED, rates=Rates(lr=config.lr), batch=50, every=10
    )

    before, after = _weights(net), _weights(end)
    added = after - before
    start, trained = distance(before), distance(after)
    frequencies = digits(after)
    return Measures(
        start=start,
        trained=trained,
        added=distance(added),
        nearer=start - trained,
        added_nearer=trained - distance(added),
        ones=float(frequencies[0]),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
        frequencies=tuple(frequencies.tolist()),
    )


def _start(config: Config, seed: int) -> models.Net:
    """Normal weights; as a control, of sizes that obey the law, or that begin with 1 or 2."""
    net = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, CLASSES))
    if config.control == "none":
        return net
    low, high = (-4.0, -1.0) if config.control == "placebo" else (-2.0, -1.6)  # powers of ten, evenly
    rng = chance.stream(seed, config.control)
    return tuple(
        layer._replace(weights=(10.0 ** rng.uniform(low, high, layer.weights.shape)).astype(np.float32))
        for layer in net
    )


def _weights(net: models.Net) -> Floats:
    parts: list[Floats] = [np.asarray(layer.weights, dtype=np.float64).ravel() for layer in net]
    return np.concatenate(parts)


def digits(numbers: Floats) -> Floats:
    """How often each digit from 1 to 9 comes first; zeros have none."""
    sizes = np.abs(numbers[numbers != 0])
    first = np.floor(sizes / 10.0 ** np.floor(np.log10(sizes))).astype(int)
    shares: Floats = np.bincount(np.clip(first, 1, 9), minlength=10)[1:] / max(1, sizes.size)
    return shares


def distance(numbers: Floats) -> float:
    """Mean absolute deviation from the law, less what is expected of so many numbers that obey it."""
    amount = max(1, int(np.count_nonzero(numbers)))
    by_chance = np.sqrt(2 * LAW * (1 - LAW) / (np.pi * amount)).mean()
    return float(np.abs(digits(numbers) - LAW).mean() - by_chance)


experiment = Experiment(
    name="benford_law",
    aliases=("benford",),
    version=1,
    question="Do the first digits of a trained network's weights follow Benford's law?",
    reference="Benford 1938, Proc. Am. Philos. Soc. 78:551; Nigrini 2012, Benford's Law, ch. 7",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), width=[32, 128, 256]),
    ranges={"width": (4, 1_024), "lr": (1e-4, 0.5), "epochs": (1, 500)},
    estimands=(
        Estimand(
            name="trained_is_away",
            claim="the first digits of a trained network's weights, at width 128, do not follow Benford's "
            "law (30 % ones, 5 % nines)",
            kind=Kind.LEVEL,
            measure="trained",
            between=({"width": 128},),
            smallest=0.003,
            prediction=Prediction(
                positive=0.97, negative=0.01, absent=0.02, interval=(0.013, 0.016), because="a pilot"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="training_comes_nearer",
            claim="training moves the first digits of a network's weights neither nearer to Benford's law nor away "
            "from it",
            kind=Kind.LEVEL,
            measure="nearer",
            between=({"width": 128},),
            smallest=0.003,
            prediction=Prediction(positive=0.03, negative=0.02, absent=0.95, interval=(0.0, 0.0015), because="a pilot"),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="added_is_nearer",
            claim="the changes that training makes to a network's weights, at width 256, follow Benford's "
            "law more closely than the weights do",
            kind=Kind.LEVEL,
            measure="added_nearer",
            between=({"width": 256},),
            smallest=0.003,
            prediction=Prediction(
                positive=0.95, negative=0.02, absent=0.03, interval=(0.007, 0.012), because="a pilot"
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="trained_is_away",
            placebo=grid(Config, task=list(TASKS), width=[128], lr=[1e-4], epochs=[1], control=["placebo"]),
            planted=grid(Config, task=list(TASKS), width=[128], lr=[1e-4], epochs=[1], control=["planted"]),
        ),
    ),
    figure=Figure(x="width", y="trained", log=("x",), title="How far first digits are from Benford's law"),
    setting="the weights of small classifiers",
    headlines=(
        Headline(
            says="Small networks' connection strengths break Benford's first-digit law; training hardly changes that",
            when={"trained_is_away": Direction.MORE, "training_comes_nearer": Direction.ABSENT},
        ),
        Headline(
            says="Training brings networks' connection strengths nearer to Benford's first-digit law, which they still "
            "break",
            when={"trained_is_away": Direction.MORE, "training_comes_nearer": Direction.MORE},
        ),
        Headline(
            says="A small trained network's connection strengths do not follow Benford's law of first digits",
            when={"trained_is_away": Direction.MORE},
        ),
        Headline(
            says="A small trained network's connection strengths nearly follow Benford's law of first digits",
            when={"trained_is_away": Direction.ABSENT},
        ),
        Headline(
            says="Training's changes to connections follow Benford's first-digit law more closely than the connections "
            "do",
            when={"added_is_nearer": Direction.MORE},
        ),
    ),
    words={
        "trained": "the distance of trained weights' first digits from Benford's law (beyond chance)",
        "nearer": "the distance of first digits from Benford's law that training takes away",
        "added_nearer": "the distance from Benford's law of trained weights minus that of what was added",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
        "task=teacher": "labels from a random network",
        "task=clusters": "clusters of points",
    },
    needs=Needs(
        seconds=lambda config: 0.012 + config.epochs * (1.2e-4 + 8.2e-8 * config.width**2),
        memory_mb=400,
        may_use_gpu=True,
        gpu_memory_mb=2_000,
        side_by_side=True,
    ),
)
