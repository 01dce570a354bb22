"""Does it help a network to see easy examples before hard ones?

Why it matters: teachers begin with easy things, and curricula are popular for networks, too. If the order does nothing,
the effort can be saved.

A curriculum begins with the easiest fifth of the examples and adds the others during the first half of training
(Bengio et al. 2009). The old laboratory expected little of it. Wu et al. (2021) compared orders under the same pace:
easy first, hard first, and a random ranking that grows as slowly; only the last tells what is the order's doing. They
saw a gain where time is short or labels are wrong, and none elsewhere. Our examples have five levels of noise, a wrong
label makes one harder than all of these, and every order takes the same number of steps of the same size.

We expect no gain that matters on true labels, a clear one at the best moment where three in ten labels are wrong, and
nearly none at the end of a long training, since by then every wrong label is learned by heart.

History: 1, with a ranking at random that grows as slowly, and wrong labels; the old laboratory had 72 results.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, models, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST = 20, 5, 1_000, 2_000
NOISE = (0.5, 0.75, 1.0, 1.4, 2.0)  # of the five levels, the easiest first
LEAST, FULL = 0.2, 0.5  # the share that is shown first, and of the epochs after which all are shown
ORDERS = ("shuffled", "easy_first", "hard_first", "random_first")
LONG, SHORT = 60, 4
Order = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    order: str  # shuffled: all examples from the first epoch on
    wrong: float  # share of the training labels
    epochs: int
    width: int = 64  # of both hidden layers
    lr: float = 0.05
    control: str = "none"  # placebo: examples are ranked by lot, anew for each order; planted: wrong labels never come


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    best_accuracy: float  # on fresh examples, over all epochs
    test_accuracy: float  # at the end
    wrong_fitted: float  # share of the wrong labels that the network gives at the end
    test_by_epoch: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, labels and start for every order alike."""
    task, hardness, is_wrong = _shown(config, seed)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, CLASSES))

    def right(net: models.Net) -> float:
        return float((training.answers(net, task.x_test) == task.y_test).mean())

    orders = _orders(config, seed, hardness, is_wrong)
    end, seen = training.trained(start, task, orders, watch=right, rates=Rates(lr=config.lr), batch=25)
    is_fitted = training.answers(end, task.x_train) == task.y_train
    return Measures(
        best_accuracy=max(seen),
        test_accuracy=seen[-1],
        wrong_fitted=float(is_fitted[is_wrong].mean()) if is_wrong.any() else 0.0,
        test_by_epoch=tuple(seen),
    )


def _shown(config: Config, seed: int) -> tuple[data.LearningTask, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """A mixture of which each example has its own noise; how hard each is; and which labels are wrong."""
    rng, everything = chance.stream(seed, "data"), EXAMPLES + TEST
    centres = 0.55 * rng.standard_normal((CLASSES, INPUTS))
    y = rng.integers(0, CLASSES, everything).astype(np.int32)
    level = rng.integers(0, len(NOISE), everything)
    x = centres[y] + np.array(NOISE)[level][:, None] * rng.standard_normal((everything, INPUTS))
    x32, true = x.astype(np.float32), y[:EXAMPLES]
    labels, _ = data.corrupted(chance.stream(seed, "wrong labels"), true, classes=CLASSES, share=config.wrong)
    task = data.LearningTask(x_train=x32[:EXAMPLES], y_train=labels, x_test=x32[EXAMPLES:], y_test=y[EXAMPLES:])
    is_wrong = labels != true
    return task, level[:EXAMPLES] + len(NOISE) * is_wrong, is_wrong


def _orders(config: Config, seed: int, hardness: npt.NDArray[np.int64], is_wrong: npt.NDArray[np.bool_]) -> Order:
    """The numbers of the examples of each epoch, as many in all whatever is shown; what is few comes again."""
    own = f" {config.order}" if config.control == "placebo" else ""
    rng, ties = chance.stream(seed, f"order{own}"), chance.stream(seed, f"ties{own}").random(EXAMPLES)
    by_lot = config.order == "random_first" or config.control == "placebo"
    ranked = np.argsort(ties if by_lot else hardness + ties)
    if config.order == "hard_first":
        ranked = ranked[::-1]
    if config.control == "planted" and config.order == "easy_first":
        ranked = ranked[~is_wrong[ranked]]
    rows = []
    for epoch in range(config.epochs):
        share = 1.0 if config.order == "shuffled" else min(1.0, LEAST + (1 - LEAST) * epoch / (FULL * config.epochs))
        pool = ranked[: max(1, round(share * len(ranked)))]
        again = -(-EXAMPLES // len(pool))
        rows.append(np.concatenate([rng.permutation(pool) for _ in range(again)])[:EXAMPLES])
    return np.stack(rows).astype(np.int32)


experiment = Experiment(
    name="curriculum_learning_dynamics",
    aliases=("curriculum",),
    version=1,
    question="Does it help a network to see easy examples before hard ones?",
    reference="Bengio et al. 2009, ICML; Wu et al. 2021, arXiv:2012.03107",
    run=run,
    measures=Measures,
    sweep=grid(Config, order=list(ORDERS), wrong=[0.0, 0.3], epochs=[SHORT, LONG]),
    ranges={"wrong": (0.0, 0.8), "epochs": (1, 500), "width": (4, 1_024), "lr": (1e-4, 0.5)},
    estimands=(
        Estimand(
            name="helps_with_true_labels",
            claim="on true labels, a network is as accurate with examples added easy first as in random order, "
            "within 1.5 points",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"order": "easy_first", "wrong": 0.0, "epochs": LONG},
                {"order": "random_first", "wrong": 0.0, "epochs": LONG},
            ),
            smallest=0.015,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.03, negative=0.02, absent=0.95, interval=(-0.004, 0.006), because="a pilot"
            ),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="helps_with_wrong_labels",
            claim="with three in ten labels wrong, easy examples first make a network more accurate at "
            "its best than random examples first at that pace",
            kind=Kind.CONTRAST,
            measure="best_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"order": "easy_first", "wrong": 0.3, "epochs": LONG},
                {"order": "random_first", "wrong": 0.3, "epochs": LONG},
            ),
            smallest=0.015,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.11, 0.15), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="beats_showing_all",
            claim="with three in ten labels wrong, a network that sees easy examples first is more "
            "accurate at its best than one that sees all",
            kind=Kind.CONTRAST,
            measure="best_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"order": "easy_first", "wrong": 0.3, "epochs": LONG},
                {"order": "shuffled", "wrong": 0.3, "epochs": LONG},
            ),
            smallest=0.015,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.05, 0.09), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="hard_first_helps",
            claim="on true labels, a network that sees hard examples first is as accurate at its best moment as "
            "one that sees all, within 1.5 points",
            kind=Kind.CONTRAST,
            measure="best_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"order": "hard_first", "wrong": 0.0, "epochs": LONG},
                {"order": "shuffled", "wrong": 0.0, "epochs": LONG},
            ),
            smallest=0.015,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.02, negative=0.3, absent=0.68, interval=(-0.018, -0.008), because="a pilot"
            ),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(
            estimand="helps_with_wrong_labels",
            placebo=grid(Config, order=["easy_first", "random_first"], wrong=[0.3], epochs=[LONG], control=["placebo"]),
            planted=grid(Config, order=["easy_first", "random_first"], wrong=[0.3], epochs=[LONG], control=["planted"]),
        ),
    ),
    figure=Figure(x="epochs", y="best_accuracy", log=("x",), title="What an order gains", where={"wrong": 0.3}),
    setting="networks shown easy and hard examples",
    headlines=(
        Headline(
            says="With wrong answers, easy-first lessons' accuracy peaks above random-first; with true, both end alike",
            when={"helps_with_wrong_labels": Direction.MORE, "helps_with_true_labels": Direction.ABSENT},
        ),
        Headline(
            says="With wrong training answers, easy examples first give higher peak accuracy than random ones",
            when={"helps_with_wrong_labels": Direction.MORE},
        ),
        Headline(
            says="With wrong training answers, easy or random examples first give about equal peak accuracy",
            when={"helps_with_wrong_labels": Direction.ABSENT},
        ),
        Headline(
            says="With wrong training answers, easy examples first give lower peak accuracy than random ones",
            when={"helps_with_wrong_labels": Direction.LESS},
        ),
        Headline(
            says="With true training answers, easy or random examples first end about equally accurate",
            when={"helps_with_true_labels": Direction.ABSENT},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new examples",
        "best_accuracy": "best accuracy on new examples",
        "order=easy_first": "easy examples first",
        "order=hard_first": "hard examples first",
        "order=random_first": "random examples first at the same pace",
        "order=shuffled": "all examples from the start",
        "wrong": "share of wrong labels",
        "wrong=0.0": "no wrong labels",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
        "wrong=0.3": "three tenths of the labels wrong",
    },
    needs=Needs(seconds=lambda config: 0.007 + config.epochs * (3.2e-4 + 5e-6 * config.width), memory_mb=400),
)
