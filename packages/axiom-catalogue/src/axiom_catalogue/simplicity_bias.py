"""Do networks learn simple functions first?

Why it matters: a network that prefers simple answers is safe from noise, and blind to what is not simple.

At first, it is said, all that a network knows a linear classifier knows, too, and what is more complex comes later
(Kalimeris et al. 2019). What a linear classifier explains of its answers is a difference of two mutual informations.
But any good network agrees with a linear classifier to some degree. So the early network has a rival of the same
accuracy that learned in no order: the network at its best, a share of whose answers is left to a coin. Beside labels
of a random network there is a task with two signs of the class: a straight cut, and slabs across another input like
the stripes of a flag, which no straight cut tells apart (Shah et al. 2020).

We expect more of the early network to be linear than of its rival, what is linear to be kept, and slabs that are
learned well by themselves to be ignored where a cut tells as much: a second cut in their place would not be.

History: 1, with the rival of the same accuracy, and slabs alone as a baseline; of the old one only the claim is known.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, features, losses, models, training
from axiom.kit.optimizers import Rates

INPUTS, TRAIN, TEST, BATCH = 10, 2_000, 2_000, 25
LOOK, MOST = 100, 40  # examples between two looks, and looks that are told
MARGIN = 0.1  # of the cut, and share of a slab that is left free at each of its sides
AWAY = 0.75  # of the way from guessing to the linear classifier's accuracy: here the early network is asked
Shares = npt.NDArray[np.float64]
Given: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # teacher or slabs
    slabs: int = 0  # of the two classes in turn; 2 are a second cut
    cut: float = 0.0  # share of the examples whose class the first input tells by its sign
    epochs: int = 30
    lr: float = 0.05
    activation: str = "relu"  # linear: a network that can learn nothing but a linear function


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, on fresh examples. Conclusions are estimands, computed by the server."""

    linear_accuracy: float  # of the linear classifier
    early_step: int | None = None  # of the early network; it has no values where it never was, or nothing is linear
    early_explained: float | None = None  # share of what it tells of the class that the linear classifier explains
    linear_first: float | None = None  # the same, less that of the rival
    kept: float | None = None  # bits that the linear classifier explains at the end, as a share of the most of any look
    slab_accuracy: float | None = None  # at the end, with the first input shuffled
    test_accuracy: float
    train_accuracy: float
    told_by_look: tuple[float, ...]  # bits that the answers tell of the class
    beyond_by_look: tuple[float, ...]  # those of them that the linear classifier does not explain


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes noise, start and batch order for every task of two signs alike."""
    task = _drawn(config, seed)
    line, architecture = linear_answers(task), models.Architecture(activation=config.activation)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, 64, 64, 2))
    orders = chance.orders(seed, items=TRAIN, epochs=config.epochs).reshape(-1, LOOK)
    mixed = np.column_stack([chance.stream(seed, "shuffled").permutation(task.x_test[:, 0]), task.x_test[:, 1:]])

    def seen(net: models.Net) -> Shares:
        return _shares(training.answers(net, task.x_test, architecture), task.y_test, line)

    loss, rates = losses.CrossEntropy(architecture=architecture), Rates(lr=config.lr)
    end, tables = training.trained(start, task, orders, watch=seen, rates=rates, batch=BATCH, objective=loss)
    information, linear_accuracy = np.array([informs(table) for table in tables]), float((line == task.y_test).mean())
    return Measures(
        linear_accuracy=linear_accuracy,
        slab_accuracy=training.accuracy(end, mixed, task.y_test, architecture) if config.slabs else None,
        test_accuracy=_right(tables[-1]),
        train_accuracy=training.accuracy(end, task.x_train, task.y_train, architecture),
        told_by_look=tuple(information[:: -(-len(information) // MOST), 0].tolist()),
        beyond_by_look=tuple(information[:: -(-len(information) // MOST), 1].tolist()),
        **_order(tables, information, linear_accuracy),
    )


def _order(tables: list[Shares], information: Shares, linear_accuracy: float) -> dict[str, Any]:
    """What is measured of the early network and of its rival."""
    rights, enough = [_right(table) for table in tables], 0.5 + AWAY * (linear_accuracy - 0.5)
    if linear_accuracy < 0.6 or max(rights) < enough:
        return {}
    number = next(place for place, right in enumerate(rights) if right >= enough)
    rival = informs(diluted(tables[int(np.argmax(rights))], rights[number]))
    explained = information[:, 0] - information[:, 1]
    if not all((information[number, 0], rival[0], explained.max())):
        return {}  # nearly all examples have one class, so that a good answer tells nothing of it
    early = float(1 - information[number, 1] / information[number, 0])
    return {
        "early_step": (number + 1) * LOOK // BATCH,
        "early_explained": early,
        "linear_first": early - (1 - rival[1] / rival[0]),
        "kept": float(explained[-1] / explained.max()),
    }


def _drawn(config: Config, seed: int) -> data.LearningTask:
    if config.task == "teacher":
        return data.teacher(chance.stream(seed, "teacher"), inputs=INPUTS, classes=2, train=TRAIN, test=TEST)
    if config.slabs < 2:
        raise ValueError("two classes need two slabs at least")
    rng, rows = chance.stream(seed, "data"), TRAIN + TEST
    y, x = rng.integers(0, 2, rows).astype(np.int32), rng.standard_normal((rows, INPUTS))
    far, near, telling, which, within = rng.random((5, rows))
    x[:, 0] = 3 * np.where(telling < config.cut, (2 * y - 1) * (MARGIN + (1 - MARGIN) * far), MARGIN * (2 * near - 1))
    slab = 2 * np.floor(which * ((config.slabs + y) // 2)) + (y == 0)  # class 1 has the first, and so one more of odd
    x[:, 1] = 3 * (2 * (slab + MARGIN + (1 - 2 * MARGIN) * within) / config.slabs - 1)
    x32 = x.astype(np.float32)
    return data.LearningTask(x_train=x32[:TRAIN], y_train=y[:TRAIN], x_test=x32[TRAIN:], y_test=y[TRAIN:])


def linear_answers(task: data.LearningTask) -> npt.NDArray[np.int64]:
    """What the linear map that fits the training data best, by least squares, says of the test data."""
    train, test = (np.column_stack([x, np.ones(len(x))]) for x in (task.x_train, task.x_test))
    weights = features.minimum_norm(train, 2 * task.y_train.astype(np.float64) - 1)
    return np.asarray(test @ weights > 0, dtype=np.int64)


def _shares(answers: npt.NDArray[Any], y: npt.NDArray[Any], line: npt.NDArray[Any]) -> Shares:
    return np.asarray(np.bincount(4 * answers + 2 * y + line, minlength=8).reshape(2, 2, 2) / len(y))


def _right(table: Shares) -> float:
    return float(table[0, 0].sum() + table[1, 1].sum())


def informs(table: Shares) -> tuple[float, float]:
    """Bits that answers tell of the class, and those that they tell to who knows the linear answer already."""
    return _mutual(table.sum(axis=2)), _mutual(table[:, :, 0]) + _mutual(table[:, :, 1])


def _mutual(joint: Shares) -> float:
    """The mutual information of rows and columns times the sum of all, which may be a part of a larger table's."""
    apart, there = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True), joint > 0
    return float(np.sum(joint[there] * np.log2(joint[there] * joint.sum() / apart[there])))


def diluted(table: Shares, right: float) -> Shares:
    """The same network after a coin has replaced so many of its answers that its accuracy is this."""
    share = (right - 0.5) / (_right(table) - 0.5)
    return np.asarray(share * table + (1 - share) * 0.5 * table.sum(axis=0))


def _asks(name: str, claim: str, measure: str, interval: tuple[float, float], *arms: Given, **rest: Any) -> Estimand:
    """Of one arm a level, of two a contrast that is below 0."""
    fields: Given = {
        "name": name,
        "claim": claim,
        "measure": measure,
        "between": arms,
        "smallest": 0.05,
        "in_words": "{percent} percentage points",
    } | rest
    kind, side, more = (Kind.LEVEL, Direction.MORE, 0.98) if len(arms) == 1 else (Kind.CONTRAST, Direction.LESS, 0.01)
    less = round(0.99 - more, 2)
    fields |= {
        "prediction": Prediction(positive=more, negative=less, absent=0.01, interval=interval, because="a pilot")
    }
    return Estimand(kind=kind, expects=side, **fields)


BESIDE, ALONE, SECOND = ({"slabs": slabs, "cut": cut} for slabs, cut in ((3, 1.0), (3, 0.0), (2, 1.0)))
LEAST = 0.1  # a linear network, in which nothing comes first, lies 0.06 below 0
SHORT: Given = {"task": ["slabs"], "slabs": [3], "epochs": [2]}

experiment = Experiment(
    name="simplicity_bias",
    version=1,
    question="Do networks learn simple functions first?",
    reference="Kalimeris et al. 2019, arXiv:1905.11604; Shah et al. 2020, arXiv:2006.07710",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=["teacher"])
    + grid(Config, task=["slabs"], slabs=[3, 5], cut=[0.0, 0.6, 1.0])
    + grid(Config, task=["slabs"], slabs=[2], cut=[0.0, 1.0]),
    ranges={"slabs": (0, 15), "cut": (0.0, 1.0), "epochs": (1, 200), "lr": (1e-4, 0.5)},
    estimands=(
        _asks(
            "early_on_teacher",
            "early in learning another network's labels, more of what a network knows is linear than in its "
            "best answers diluted to that accuracy",
            "linear_first",
            (0.2, 0.25),
            {"task": "teacher"},
            smallest=LEAST,
        ),
        _asks(
            "early_on_slabs",
            "early in learning stripes and a cut, more of what a network knows is linear than in its best answers "
            "diluted to that accuracy",
            "linear_first",
            (0.2, 0.25),
            {"cut": 0.6},
            smallest=LEAST,
        ),
        _asks(
            "linear_part_is_kept",
            "at the end of training a network keeps more than 80 % of the most that was linear in what it knew",
            "kept",
            (0.955, 0.98),
            {"task": "teacher"},
            null=0.8,
            in_words="{percent} %",
        ),
        _asks(
            "slabs_beside_a_cut",
            "a network learns stripes, a complex sign of the class, less well beside a straight "
            "cut that tells as much than alone",
            "slab_accuracy",
            (-0.49, -0.475),
            BESIDE,
            ALONE,
            published=Published(
                value=-0.5, reference="Shah et al. 2020, arXiv:2006.07710 (0.50 beside a line, 1.00 alone)"
            ),
        ),
        _asks(
            "slabs_for_a_cut",
            "beside a straight cut a network uses stripes less than it would use a second cut",
            "slab_accuracy",
            (-0.26, -0.2),
            BESIDE,
            SECOND,
        ),
    ),
    controls=(
        Control(
            estimand="early_on_slabs",
            placebo=grid(Config, cut=[0.6], activation=["linear"], **SHORT),
            planted=grid(Config, cut=[0.6], **SHORT),
        ),
        Control(
            estimand="slabs_beside_a_cut",
            placebo=grid(Config, cut=[1.0, 0.0], lr=[1e-4], **SHORT),  # nothing is learned
            planted=grid(Config, cut=[1.0, 0.0], **SHORT),
        ),
    ),
    figure=Figure(x="slabs", y="slab_accuracy", title="What is learned of slabs", where={"task": "slabs"}),
    setting="small networks that tell two classes apart",
    headlines=(
        Headline(
            says="Small networks learn two tasks' simple part first; simple clues hinder learning complex ones",
            when={
                "early_on_teacher": Direction.MORE,
                "early_on_slabs": Direction.MORE,
                "slabs_beside_a_cut": Direction.LESS,
            },
        ),
        Headline(
            says="Small networks learn the simple part of two tasks before the rest",
            when={"early_on_teacher": Direction.MORE, "early_on_slabs": Direction.MORE},
        ),
        Headline(
            says="A small network imitating another learns the simple (linear) part before the rest",
            when={"early_on_teacher": Direction.MORE},
        ),
        Headline(
            says="A small network imitating another hardly learns the simple (linear) part first",
            when={"early_on_teacher": Direction.ABSENT},
        ),
        Headline(
            says="Small networks learn a complex clue less well beside an equally telling simple one",
            when={"slabs_beside_a_cut": Direction.LESS},
        ),
    ),
    words={
        "linear_first": "the linear share of early knowledge minus that of diluted best answers",
        "kept": "the share of linear knowledge still there at the end",
        "slab_accuracy": "accuracy by the stripes alone",
        "task=teacher": "labels from a random network",
        "task=slabs": "stripes as a clue",
        "slabs": "{value} stripes",
        "slabs=3": "three stripes",
        "slabs=2": "two stripes (a second cut)",
        "cut": "share told by a straight cut",
        "cut=1.0": "a straight cut that tells the class",
        "cut=0.0": "no straight cut",
        "cut=0.6": "a straight cut that tells most examples",
        "lr": "learning rate",
        "activation=relu": "ReLU neurons",
        "activation=linear": "linear neurons",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=lambda config: 0.008 + config.epochs * 0.008, memory_mb=600),
)
