"""Do outlying eigenvalues of a network's weights come from training, and tell how well it generalises?

Why it matters: it would be useful to tell from the weights alone, without any test data, how good a network is.

W'W of a matrix of chance has its eigenvalues in a bulk with a sharp edge, which Marchenko and Pastur (1967) give, and
Johnstone (2001) its scatter; whatever lies beyond is an outlier. The old laboratory said that outliers are a matter of
structure and not learned, and that networks with a larger gap, from the largest eigenvalue to the second, generalise
better (r = 0.88). We look at the matrix between two hidden layers: count its outliers at the start, after training, and
with the trained entries in another order, which keeps their sizes and forgets what was learned. A correlation depends
on what differs between the networks. So we ask for it along one training, over shares of wrong labels, and over starts,
where nothing differs but chance; on two tasks, and from a start of half He's deviation, or of the whole.

We expect none at the start and, after training, one less than there are classes, which from He's stay in the bulk; and
a gap that grows along with accuracy on the teacher's task, and tells nothing about networks that differ by their start.

History: 2, as 1, but "more than one" is weighed about 1; 1, with start, shuffled entries, and three sets of networks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, models, progress, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST, WIDTH, BATCH = 20, 5, 1_000, 2_000, 64, 25
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
MARGIN = 2.02  # of the Tracy-Widom law, which a matrix of chance passes once in a hundred
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # of wrong labels
STARTS, LOOKS = 12, 10
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    by: str  # what differs between the networks: time, labels or starts
    task: str  # clusters or teacher
    gain: float = 0.5  # variance of the start times its inputs; 2 is He's
    lr: float = 0.05
    epochs: int = 40
    control: str = "none"  # placebo: steps of a ten thousandth


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    correlation: float  # Pearson's, of the gap with the accuracy on fresh examples
    start_outliers: float  # before training; mean over the networks
    outliers: float  # after it
    learned: float  # what training added: outliers minus start_outliers
    shuffled_outliers: float  # with the trained entries in another order
    gaps: tuple[float, ...]  # of all that are compared: logarithm of the largest eigenvalue over the second
    accuracies: tuple[float, ...]  # on fresh examples


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for all networks, but for those that differ by start."""
    count = {"time": 1, "labels": len(SHARES), "starts": STARTS}[config.by]

    def step(seen: list[list[list[float]]], number: int) -> list[list[list[float]]]:
        return [*seen, _looks(config, seed, number)]

    seen = np.array(progress.blocks(list[list[list[float]]](), step, count))  # networks, looks, and what was seen
    first, last = seen[:, 0], seen[:, -1]
    gaps, accuracies, *_ = (seen[0] if config.by == "time" else last).T
    return Measures(
        correlation=correlation(gaps, accuracies),
        start_outliers=float(first[:, 2].mean()),
        outliers=float(last[:, 2].mean()),
        learned=float((last[:, 2] - first[:, 2]).mean()),
        shuffled_outliers=float(last[:, 3].mean()),
        gaps=tuple(gaps.tolist()),
        accuracies=tuple(accuracies.tolist()),
    )


def _looks(config: Config, seed: int, number: int) -> list[list[float]]:
    """Of one network, at the start and while it is trained: gap, accuracy, outliers, and those of shuffled entries."""
    task, own = _shown(config, seed, number), f" {number}" if config.by == "starts" else ""
    start = models.mlp(chance.stream(seed, f"start{own}"), (INPUTS, WIDTH, WIDTH, CLASSES), gain=config.gain)
    lr = config.lr * (1e-4 if config.control == "placebo" else 1.0)

    def look(net: models.Net) -> list[float]:
        weights = np.asarray(net[1].weights, dtype=np.float64)
        values = spectrum(weights)
        shuffled = chance.stream(seed, "entries").permutation(weights.ravel()).reshape(weights.shape)
        right = float((training.answers(net, task.x_test) == task.y_test).mean())
        return [float(np.log(values[0] / values[1])), right, float(outliers(weights)), float(outliers(shuffled))]

    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)
    every = -(-config.epochs // LOOKS) if config.by == "time" else config.epochs
    _, seen = training.trained(start, task, orders, watch=look, rates=Rates(lr=lr), batch=BATCH, every=every)
    return [look(start), *seen]


def _shown(config: Config, seed: int, number: int) -> data.LearningTask:
    draw = TASKS[config.task]
    task = draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    share = SHARES[number] if config.by == "labels" else 0.0
    labels, _ = data.corrupted(chance.stream(seed, "wrong labels"), task.y_train, classes=CLASSES, share=share)
    return replace(task, y_train=labels)


def spectrum(weights: Floats) -> Floats:
    """The eigenvalues of W'W, the largest first."""
    values: Floats = np.asarray(np.linalg.svd(weights, compute_uv=False) ** 2, dtype=np.float64)
    return values


def edge(weights: Floats) -> float:
    """Beyond it a matrix of independent entries of this variance has an eigenvalue once in a hundred."""
    high, wide = np.sqrt(weights.shape)
    scatter = (high + wide) * (1 / high + 1 / wide) ** (1 / 3)
    return float(np.mean(weights**2) * ((high + wide) ** 2 + MARGIN * scatter))


def outliers(weights: Floats) -> int:
    """How many eigenvalues lie beyond the edge."""
    return int((spectrum(weights) > edge(weights)).sum())


def correlation(first: Floats, second: Floats) -> float:
    """Pearson's; 0 where one of the two does not vary."""
    deviations, other = first - first.mean(), second - second.mean()
    lengths = np.linalg.norm(deviations) * np.linalg.norm(other)
    return float(deviations @ other / lengths) if lengths > 1e-12 else 0.0


def _seconds(config: Config) -> float:
    networks, looks = {"time": (1, LOOKS), "labels": (len(SHARES), 1), "starts": (STARTS, 1)}[config.by]
    return networks * (0.002 + config.epochs * 4.1e-4 + (looks + 1) * 1.35e-3)


PILOT = partial(Prediction, because="a pilot")
LEVEL = partial(Estimand, kind=Kind.LEVEL)
CORRELATION = partial(LEVEL, measure="correlation", smallest=0.2, bounds=(-1.0, 1.0))

experiment = Experiment(
    name="eigenspectrum_dynamics",
    version=2,
    question="Do outlying eigenvalues of a network's weights come from training, and tell how well it generalises?",
    reference="Marchenko & Pastur 1967; Johnstone 2001, Ann. Stat. 29:295; Martin & Mahoney 2021, arXiv:1810.01075",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), by=["time", "labels", "starts"])
    + grid(Config, task=list(TASKS), by=["time"], gain=[2.0]),
    ranges={"gain": (0.01, 8.0), "lr": (1e-4, 0.3), "epochs": (1, 500)},
    estimands=(
        LEVEL(
            name="outliers_are_learned",
            claim="training from small weights adds more than one outlying eigenvalue to a network's hidden weights",
            measure="learned",
            between=({"by": "time", "gain": 0.5},),
            null=1.0,
            smallest=0.5,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(3.2, 3.8)),
            expects=Direction.MORE,
        ),
        LEVEL(
            name="outliers_are_there_at_the_start",
            claim="a network's hidden weights have no outlying eigenvalues before it is trained",
            measure="start_outliers",
            between=({"by": "starts"},),
            smallest=0.2,
            prediction=PILOT(positive=0.01, negative=0.01, absent=0.98, interval=(0.0, 0.04)),
            expects=Direction.ABSENT,
        ),
        CORRELATION(
            name="gap_and_accuracy_in_time",
            claim="along one training on labels of a random network, test accuracy is higher when the "
            "largest eigenvalue stands further off the second",
            between=({"by": "time", "task": "teacher", "gain": 0.5},),
            prediction=PILOT(positive=0.85, negative=0.02, absent=0.13, interval=(0.3, 0.7)),
            expects=Direction.MORE,
        ),
        CORRELATION(
            name="gap_and_accuracy_over_labels",
            claim="over networks with ever more wrong labels, test accuracy hardly goes with the gap between the two "
            "largest eigenvalues",
            between=({"by": "labels"},),
            prediction=PILOT(positive=0.12, negative=0.08, absent=0.8, interval=(-0.1, 0.2)),
            expects=Direction.ABSENT,
        ),
        CORRELATION(
            name="gap_and_accuracy_over_starts",
            claim="over networks that differ by their start, test accuracy hardly goes with the gap between the two "
            "largest eigenvalues",
            between=({"by": "starts"},),
            prediction=PILOT(positive=0.03, negative=0.12, absent=0.85, interval=(-0.15, 0.05)),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(
            estimand="outliers_are_learned",
            placebo=(Config(task="clusters", by="time", epochs=2, control="placebo"),),
            planted=(Config(task="clusters", by="time"),),
        ),
    ),
    figure=Figure(x="gain", y="learned", log=("x",), title="Outliers that training adds", where={"by": "time"}),
    setting="the hidden weights of small classifiers",
    headlines=(
        Headline(
            says="Small starting weights typically lack outlying eigenvalues (dominant patterns); training adds "
            "more than one",
            when={"outliers_are_learned": Direction.MORE, "outliers_are_there_at_the_start": Direction.ABSENT},
        ),
        Headline(
            says="Training adds standout patterns to weak starts; the strongest's lead hardly tells networks' accuracy",
            when={
                "outliers_are_learned": Direction.MORE,
                "gap_and_accuracy_over_labels": Direction.ABSENT,
                "gap_and_accuracy_over_starts": Direction.ABSENT,
            },
        ),
        Headline(
            says="Training adds more than one standout pattern to weak starting connections",
            when={"outliers_are_learned": Direction.MORE},
        ),
        Headline(
            says="Training adds about one standout pattern to weak starting connections",
            when={"outliers_are_learned": Direction.ABSENT},
        ),
        Headline(
            says="Training adds less than one standout pattern to weak starting connections",
            when={"outliers_are_learned": Direction.LESS},
        ),
    ),
    words={
        "learned": "the number of outlying eigenvalues that training adds",
        "start_outliers": "the number of outlying eigenvalues before training",
        "correlation": "the correlation of accuracy with the gap of the top two eigenvalues",
        "by=time": "moments of one training compared",
        "by=labels": "networks compared that differ in wrong labels",
        "by=starts": "networks compared that differ in their start",
        "task=teacher": "a random network's labels",
        "task=clusters": "clusters of points",
        "gain": "starting variance",
        "lr": "learning rate",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=400),
)
