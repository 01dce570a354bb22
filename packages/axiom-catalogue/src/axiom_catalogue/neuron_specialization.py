"""Do hidden units become specialists while a network learns, and does it matter?

Why it matters: people explain networks by neurons that stand for something. If removing those does no harm, such
explanations mislead.

A unit is selective of a class as far as its mean activation there exceeds that of the others, over the sum of the two
(Morcos et al. 2018). The value at the start is taken away, and that of classes by lot; a network that learned labels by
lot as well stands beside. Lazy ones have outputs times a large alpha (Chizat et al. 2019). Of each four units of the
last hidden layer that move the outputs about as much, the most selective goes, or the least, or one by lot, and says
its mean from then on: Morcos et al. found selective units to matter no more than others. Where units to be found are
known, a committee learns the three of another (Saad & Solla 1995; Goldt et al. 2019): at first all of its units learn
the same, then each becomes one. From a start in which all are alike they cannot part.

We expect units to become selective, of labels by lot no less than of true ones, and more so in rich and in narrow
networks; selective ones to be missed a little more than others, unlike Morcos et al.; and an error that parting ends.

History: 2, with placebos that chance scatters; 1, of the old laboratory's experiment only the name is known.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, committee_machines, data, lazy_training, models, selectivity, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST, BATCH, EVERY = 20, 5, 400, 2_000, 20, 4
TAUGHT, NUMBERS = 3, 50  # units of the committee that teaches, and inputs of both
FITTED = 0.9  # the training accuracy at which networks are compared
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
Given: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher, of five classes; or committee
    width: int = 64  # of each of two hidden layers; units of the committee that learns
    loss: str = "cross_entropy"  # or squared_error
    is_shuffled: bool = False  # the training labels, among the examples
    alpha: float = 1.0
    decay: float = 0.0
    is_alike: bool = False  # the units of a committee begin with the same weights
    epochs: int = 160  # of a committee, times 250 fresh examples
    lr: float = 0.1  # of a committee, 15 times this for all of its units together
    control: str = "none"  # placebo: alike units, alpha 1, own chance; planted: units that may part begin near a goal


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, on fresh examples where nothing else is said; None where a task has no such thing.

    Nor has a teacher that leaves out one of the five classes, as it does at one seed in twenty.
    """

    selectivity: float | None = None  # of a living unit of the last hidden layer, beyond that of classes by lot
    gain: float | None = None  # of it, since the start
    own_gain: float | None = None  # on the training examples, of the labels that were shown; once FITTED
    selective_minus_other: float | None = None  # accuracy that the most selective of fours cost, less the least
    selective_minus_lot: float | None = None  # less those by lot
    test_accuracy: float | None = None
    train_accuracy: float | None = None
    specialised: float | None = None  # 1 where a committee's units are those to be found, 0 where as near to all
    plateau_specialised: float | None = None  # when the error was first below half of that at the start
    error: float | None = None  # of a committee at the end, as a share of what one makes that says nothing
    curve: tuple[float, ...]  # selectivity, or how specialised a committee is, by look; empty where that is None


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and order for all widths, rates and labels alike, as far as they can be."""
    return (_committee if config.task == "committee" else _classes)(config, seed)


def _classes(config: Config, seed: int) -> Measures:
    task = TASKS[config.task](chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    if config.is_shuffled:
        task = replace(task, y_train=chance.stream(seed, "labels").permutation(task.y_train))
    alpha, begun = (1.0, f"start {config.alpha}") if config.control == "placebo" else (config.alpha, "start")
    *below, last = models.mlp(chance.stream(seed, begun), (INPUTS, config.width, config.width, CLASSES))
    start = (*below, last._replace(weights=0 * last.weights))  # a network that says nothing, whatever alpha is

    def selective(net: models.Net, x: data.Floats, y: data.Labels) -> float:
        return selectivity.beyond_lot(models.hidden(net, x)[-1], y, chance.stream(seed, "lot"), classes=CLASSES)

    def look(net: models.Net) -> tuple[float, float, float]:
        right = training.accuracy(net, task.x_train, task.y_train)
        return selective(net, task.x_test, task.y_test), selective(net, task.x_train, task.y_train), right

    end, seen = training.trained(
        start,
        task,
        chance.orders(seed, items=EXAMPLES, epochs=config.epochs),
        watch=look,
        rates=Rates(lr=config.lr * min(1.0, alpha), weight_decay=config.decay),
        batch=BATCH,
        objective=lazy_training.Scaled(loss=config.loss),
        context=(alpha,),
        every=EVERY,
    )
    trained = Measures(
        test_accuracy=training.accuracy(end, task.x_test, task.y_test), train_accuracy=seen[-1][2], curve=()
    )
    if any(len(np.unique(y)) < CLASSES for y in (task.y_train, task.y_test)):
        return trained  # a teacher that leaves a class out: nothing can be selective of that one
    (before, own, _), fitted = look(start), [snapshot for snapshot in seen if snapshot[2] >= FITTED]
    return replace(
        trained,
        selectivity=seen[-1][0],
        gain=seen[-1][0] - before,
        own_gain=fitted[0][1] - own if fitted else None,
        curve=(before, *(snapshot for snapshot, *_ in seen)),
        **_removals(end, task, chance.stream(seed, "lots")),
    )


def _removals(net: models.Net, task: data.LearningTask, rng: np.random.Generator) -> Given:
    """What of the accuracy goes with a quarter of the last hidden layer: the most selective, the least, or by lot."""
    active = models.hidden(net, task.x_test)[-1]
    rows = selectivity.fours(selectivity.sizes(net, active), selectivity.of_units(active, task.y_test, classes=CLASSES))

    def right(gone: npt.NDArray[np.intp]) -> float:
        return float(np.mean(np.argmax(selectivity.without(net, active, gone), axis=1) == task.y_test))

    most, least = right(rows[:, 0]), right(rows[:, -1])
    lots = float(np.mean([right(rng.permuted(rows, axis=1)[:, 0]) for _ in range(8)]))
    return {"selective_minus_other": least - most, "selective_minus_lot": lots - most}


def _committee(config: Config, seed: int) -> Measures:
    """Each example is fresh, and seen once."""
    taught = committee_machines.orthogonal(chance.stream(seed, "taught"), inputs=NUMBERS, units=TAUGHT)
    own = f" {config.is_alike}" if config.control == "placebo" else ""
    start = 0.1 * chance.stream(seed, f"student{own}").standard_normal((NUMBERS, config.width))
    if config.is_alike or config.control == "placebo":
        start = np.repeat(start[:, :1], config.width, axis=1)
    elif config.control == "planted":
        start = start + 0.5 * taught[:, np.arange(config.width) % TAUGHT]
    x = chance.stream(seed, f"fresh{own}").standard_normal((250 * config.epochs, NUMBERS)).astype(np.float32)
    degrees, risks = committee_machines.learned(start, taught, x, lr=15 * config.lr / config.width, every=250)
    halved = next((place for place, risk in enumerate(risks) if risk < 0.5 * risks[0]), None)
    return Measures(
        specialised=degrees[-1],
        plateau_specialised=degrees[halved] if halved else None,
        error=risks[-1] / committee_machines.risk(committee_machines.overlaps(0 * taught, taught)),
        curve=tuple(degrees),
    )


def _asks(name: str, claim: str, measure: str, interval: tuple[float, float], *arms: Given, **rest: Any) -> Estimand:
    """Of one arm a level, of two a difference within the replicate."""
    more, less, none = rest.pop("chances", (0.98, 0.01, 0.01))
    because = "a pilot of 8 seeds: " + rest.pop("seen")
    prediction = Prediction(positive=more, negative=less, absent=none, interval=interval, because=because)
    fields: Given = {"kind": Kind.CONTRAST if len(arms) == 2 else Kind.LEVEL, "smallest": 0.02, "between": arms} | rest
    return Estimand(name=name, claim=claim, measure=measure, prediction=prediction, **fields)


PLAIN: Given = {"alpha": 1.0, "decay": 0.0}
TRUE, LOTS = ({"is_shuffled": is_shuffled, "width": 64} | PLAIN for is_shuffled in (False, True))
RICH, LAZY = ({"alpha": alpha} for alpha in (0.1, 10.0))
PARTED, ALIKE = ({"task": "committee", "is_alike": is_alike} for is_alike in (False, True))
WIDTHS: Given = {"loss": "cross_entropy", "is_shuffled": False} | PLAIN
ABSENT: Given = {"smallest": 0.05, "chances": (0.02, 0.08, 0.9)}
FALLS: Given = {"chances": (0.01, 0.98, 0.01)}
SLOPE: Given = {"kind": Kind.SLOPE, "across": "width", "smallest": 0.1}
FEW: Given = {"task": ["clusters"], "alpha": [0.1, 10.0], "epochs": [8]}
TWO: Given = {"task": ["committee"], "width": [3], "is_alike": [False, True], "epochs": [8]}
NONE, NEAR = ({"control": [name]} for name in ("placebo", "planted"))

experiment = Experiment(
    name="neuron_specialization",
    aliases=("neuronspec",),
    version=2,
    question="Do hidden units become specialists while a network learns, and does it matter?",
    reference="Morcos et al. 2018, arXiv:1803.06959; Saad & Solla 1995; Goldt et al. 2019, arXiv:1906.08632",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), loss=["cross_entropy", "squared_error"], is_shuffled=[False, True])
    + grid(Config, task=list(TASKS), width=[16, 32, 128, 256])
    + grid(Config, task=list(TASKS), alpha=[0.1, 0.3, 3.0, 10.0])
    + grid(Config, task=list(TASKS), decay=[0.003, 0.01])
    + grid(Config, task=["committee"], loss=["squared_error"], width=[3, 6], is_alike=[False, True]),
    ranges={"width": (2, 1_024), "alpha": (0.01, 1_000.0), "decay": (0.0, 0.1), "epochs": (1, 500), "lr": (1e-4, 0.5)},
    estimands=(
        _asks(
            "gain",
            "hidden neurons become more selective of single classes while a network learns to tell the classes apart",
            "gain",
            (0.088, 0.107),
            TRUE,
            seen="0.072 to 0.121",
            expects=Direction.MORE,
        ),
        _asks(
            "true_minus_shuffled",
            "trained to the same accuracy, hidden neurons become about as selective of random labels as of "
            "true classes",
            "own_gain",
            (-0.03, 0.0),
            TRUE,
            LOTS,
            seen="-0.062 to 0.004",
            **ABSENT,
            expects=Direction.ABSENT,
        ),
        _asks(
            "rich_minus_lazy",
            "hidden neurons become more selective of classes in rich training, with outputs scaled down, than in "
            "lazy training, with outputs scaled up",
            "gain",
            (0.165, 0.195),
            RICH,
            LAZY,
            seen="0.12 to 0.21",
            expects=Direction.MORE,
        ),
        _asks(
            "gain_by_width",
            "the wider a network, the less selective of classes its hidden neurons become by the time it fits 90 % "
            "of its examples",
            "own_gain",
            (-0.43, -0.375),
            WIDTHS,
            seen="-0.46 to -0.32",
            **SLOPE | FALLS,
            expects=Direction.LESS,
        ),
        _asks(
            "selective_minus_other",
            "a network loses more accuracy without its most selective neurons than without the least selective ones "
            "of equal influence on its outputs",
            "selective_minus_other",
            (0.037, 0.05),
            TRUE,
            seen="0.022 to 0.053",
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _asks(
            "parted_minus_alike",
            "a committee machine, a plain sum of neurons, learns another one with a smaller error if its neurons "
            "start different than alike",
            "error",
            (-0.09, -0.066),
            PARTED,
            ALIKE,
            seen="-0.108 to -0.064",
            **FALLS,
            in_words="{percent} % of the error of saying nothing",
            expects=Direction.LESS,
        ),
    ),
    controls=(
        Control(estimand="parted_minus_alike", placebo=grid(Config, **TWO | NONE), planted=grid(Config, **TWO | NEAR)),
        Control(estimand="rich_minus_lazy", placebo=grid(Config, **FEW | NONE), planted=grid(Config, **FEW)),
    ),
    figure=Figure(x="width", y="selectivity", log=("x",), title="How selective units are", where=WIDTHS),
    setting="small networks and committees of neurons",
    headlines=(
        Headline(
            says="While small networks learn, neurons specialise; losing specialists hurts more than losing "
            "generalists",
            when={"gain": Direction.MORE, "selective_minus_other": Direction.MORE},
        ),
        Headline(
            says="While small networks learn, neurons specialise; losing specialists hurts hardly more than losing "
            "others",
            when={"gain": Direction.MORE, "selective_minus_other": Direction.ABSENT},
        ),
        Headline(
            says="While a small network learns, its neurons come to specialise in single classes",
            when={"gain": Direction.MORE},
        ),
        Headline(
            says="Training hardly makes neurons specialise in single classes",
            when={"gain": Direction.ABSENT},
        ),
        Headline(
            says="Neurons specialise about as much in random classes as in true ones",
            when={"true_minus_shuffled": Direction.ABSENT},
        ),
    ),
    words={
        "gain": "the gain in class selectivity of neurons in training",
        "own_gain": "the gain in selectivity for the shown labels until fitted",
        "selective_minus_other": "accuracy lost without the most selective neurons minus without the least",
        "error": "error of the committee at the end",
        "is_shuffled=False": "true labels",
        "is_shuffled=True": "shuffled labels",
        "is_alike=False": "neurons that start different",
        "is_alike=True": "neurons that start alike",
        "task=committee": "a committee that learns another",
        "task=clusters": "clusters of points",
        "task=teacher": "labels from a random network",
        "alpha": "output scale",
        "decay": "weight decay",
        "decay=0.0": "no weight decay",
        "loss=cross_entropy": "cross-entropy loss",
        "loss=squared_error": "squared-error loss",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "selectivity": "selectivity of neurons for classes",
        "width": "{value} neurons per layer",
    },
    needs=Needs(
        seconds=lambda it: 2e-3 + it.epochs * (24e-5 + 24e-7 * it.width + 27e-9 * it.width**2),
        memory_mb=400,
        may_use_gpu=True,
        gpu_memory_mb=2_000,
        side_by_side=True,
    ),
)
