"""Does it depend on the width of a network or on its learning rate whether an order of examples helps?

Why it matters: whoever tries a curriculum on one network and sees nothing gives it up. If order helps where training is
short or the network small, that is given up too soon.

The old laboratory asked four orders of examples in networks of width 32, 64 and 128 at rates of 0.005, 0.01 and 0.05,
expected little of them, and left no number. We compute that plane. Examples have five levels of noise. They are shown
easy first, hard first or all at once, for as many steps; where there is an order, a fifth is shown at first, and the
rest joins during the first half. Beside each network a twin is trained from the same start, to which as many examples
are added at random (Wu et al. 2021), so that a gain over the twin is the order's doing and not that of a slow
beginning. curriculum_learning_dynamics asks the same of one network with wrong labels, for a short and a long time.

A low rate leaves little time, and there an order should count most. A pilot saw nothing of that: we expect less than
matters of either order over the whole plane, at every rate and width. Only where the network is small and fast, and
begins to learn noise by heart, easy examples first should gain something at its best moment.

History: 1, the old plane of widths and rates, on true labels.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, models, progress, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST, BATCH = 20, 5, 1_000, 2_000, 25
NOISE = (0.5, 0.75, 1.0, 1.4, 2.0)  # of the five levels, the easiest first
LEAST, FULL = 0.2, 0.5  # the share that is shown first, and of the epochs after which all are shown
LOOKS = 20
Order = npt.NDArray[np.int32]
State = tuple[list[float], list[list[float]]]  # of both networks: accuracies at the end, and on the way


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    order: str  # easy_first, hard_first or shuffled: all examples from the first epoch on
    width: int  # of both hidden layers
    lr: float
    epochs: int = 60
    wrong: float = 0.0  # share of the training labels
    control: str = "none"  # placebo: the order is random, too; planted: wrong labels are never shown in order


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # on fresh examples, at the end
    twin_accuracy: float  # of the twin
    gain: float  # the first less the second
    best_gain: float  # the same, each at its best look
    test_by_look: tuple[float, ...]
    twin_by_look: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell: a network and its twin. The seed fixes data, labels and start for every order, width and rate alike."""
    task, hardness, is_wrong = shown(config, seed)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, CLASSES))

    def right(net: models.Net) -> float:
        return float((training.answers(net, task.x_test) == task.y_test).mean())

    def learn(seen: list[list[float]], number: int) -> list[list[float]]:
        rows = orders(config, seed, hardness, is_wrong, is_twin=number == 1)
        every = max(1, config.epochs // LOOKS)
        _, looks = training.trained(start, task, rows, watch=right, rates=Rates(lr=config.lr), batch=BATCH, every=every)
        return [*seen, looks]

    ordered, twin = progress.blocks(list[list[float]](), learn, 2)
    return Measures(
        test_accuracy=ordered[-1],
        twin_accuracy=twin[-1],
        gain=ordered[-1] - twin[-1],
        best_gain=max(ordered) - max(twin),
        test_by_look=tuple(ordered),
        twin_by_look=tuple(twin),
    )


def shown(config: Config, seed: int) -> tuple[data.LearningTask, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """A mixture of which each example has its own noise; how hard each is; and which labels are wrong."""
    rng, everything = chance.stream(seed, "data"), EXAMPLES + TEST
    centres = 0.55 * rng.standard_normal((CLASSES, INPUTS))
    y = rng.integers(0, CLASSES, everything).astype(np.int32)
    level = rng.integers(0, len(NOISE), everything)
    x = (centres[y] + np.array(NOISE)[level][:, None] * rng.standard_normal((everything, INPUTS))).astype(np.float32)
    labels, is_wrong = data.corrupted(
        chance.stream(seed, "wrong labels"), y[:EXAMPLES], classes=CLASSES, share=config.wrong
    )
    task = data.LearningTask(x_train=x[:EXAMPLES], y_train=labels, x_test=x[EXAMPLES:], y_test=y[EXAMPLES:])
    return task, level[:EXAMPLES], is_wrong


def orders(
    config: Config, seed: int, hardness: npt.NDArray[np.int64], is_wrong: npt.NDArray[np.bool_], *, is_twin: bool
) -> Order:
    """The numbers of the examples of each epoch, as many in all whatever is shown; what is few comes again."""
    name = "twin" if is_twin else config.order
    rng, ties = chance.stream(seed, f"order {name}"), chance.stream(seed, f"ties {name}").random(EXAMPLES)
    ranked = np.argsort(ties if is_twin or config.control == "placebo" else hardness + ties)
    if config.order == "hard_first" and not is_twin:
        ranked = ranked[::-1]
    if config.control == "planted" and not is_twin:
        ranked = ranked[~is_wrong[ranked]]
    rows = []
    for epoch in range(config.epochs):
        growing = min(1.0, LEAST + (1 - LEAST) * epoch / (FULL * config.epochs))
        share = 1.0 if config.order == "shuffled" and not is_twin else growing
        pool = ranked[: round(share * len(ranked))]
        again = -(-EXAMPLES // len(pool))
        rows.append(np.concatenate([rng.permutation(pool) for _ in range(again)])[:EXAMPLES])
    return np.stack(rows).astype(np.int32)


def _seconds(config: Config) -> float:
    return 0.01 + 2 * config.epochs * (3.2e-4 + 5e-6 * config.width)


GAIN = partial(Estimand, in_words="{percent} percentage points", smallest=0.01)  # over the twin
PILOT = partial(Prediction, because="eight seeds of a pilot")
EASY, HARD = ({"order": order} for order in ("easy_first", "hard_first"))
SMALL = partial(Config, order="easy_first", width=32, lr=0.05, epochs=40)

experiment = Experiment(
    name="curriculum_by_width_and_rate",
    version=1,
    question="Does it depend on the width of a network or on its learning rate whether an order of examples helps?",
    reference="Bengio et al. 2009, ICML; Wu et al. 2021, arXiv:2012.03107",
    run=run,
    measures=Measures,
    sweep=grid(Config, order=["easy_first", "hard_first", "shuffled"], width=[32, 64, 128], lr=[0.005, 0.01, 0.05]),
    ranges={"width": (4, 1_024), "lr": (1e-4, 0.5), "epochs": (1, 500), "wrong": (0.0, 0.8)},
    estimands=(
        GAIN(
            name="easy_first_gains",
            claim="over many widths and learning rates, seeing easy examples first changes the accuracy of a "
            "network by less than a point",
            kind=Kind.LEVEL,
            measure="gain",
            between=(EASY,),
            prediction=PILOT(positive=0.02, negative=0.01, absent=0.97, interval=(0.001, 0.006)),
            expects=Direction.ABSENT,
        ),
        GAIN(
            name="hard_first_gains",
            claim="over many widths and learning rates, seeing hard examples first changes the accuracy of a "
            "network by less than a point",
            kind=Kind.LEVEL,
            measure="gain",
            between=(HARD,),
            prediction=PILOT(positive=0.01, negative=0.02, absent=0.97, interval=(-0.004, 0.0)),
            expects=Direction.ABSENT,
        ),
        GAIN(
            name="low_rate_gains_more",
            claim="seeing easy examples first helps a network about as much at a learning rate of 0.005 as of 0.05,"
            " within a point",
            kind=Kind.CONTRAST,
            measure="gain",
            between=(EASY | {"lr": 0.005}, EASY | {"lr": 0.05}),
            prediction=PILOT(positive=0.01, negative=0.06, absent=0.93, interval=(-0.007, 0.001)),
            expects=Direction.ABSENT,
        ),
        GAIN(
            name="wide_gains_less",
            claim="seeing easy examples first helps a network of width 128 about as much as one of width 32, within"
            " a point",
            kind=Kind.CONTRAST,
            measure="gain",
            between=(EASY | {"width": 128}, EASY | {"width": 32}),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.09, absent=0.9, interval=(-0.008, -0.002)),
        ),
        GAIN(
            name="narrow_and_fast_gains_at_its_best",
            claim="at its best, a network of width 32 at a learning rate of 0.05 is more accurate after "
            "easy examples first than random ones",
            kind=Kind.LEVEL,
            measure="best_gain",
            between=(EASY | {"width": 32, "lr": 0.05},),
            prediction=PILOT(positive=0.85, negative=0.01, absent=0.14, interval=(0.012, 0.022)),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="easy_first_gains",
            placebo=(SMALL(control="placebo", wrong=0.4),),
            planted=(SMALL(control="planted", wrong=0.4),),
        ),
    ),
    figure=Figure(x="lr", y="gain", log=("x",), title="What an order gains", where={"width": 32}),
    setting="classifiers shown examples in order",
    headlines=(
        Headline(
            says="Starting with easy rather than random examples hardly changes networks' final accuracy here",
            when={
                "easy_first_gains": Direction.ABSENT,
                "low_rate_gains_more": Direction.ABSENT,
                "wide_gains_less": Direction.ABSENT,
            },
        ),
        Headline(
            says="Starting with easy or with hard examples hardly changes networks' average accuracy here",
            when={"easy_first_gains": Direction.ABSENT, "hard_first_gains": Direction.ABSENT},
        ),
        Headline(
            says="On average here, starting with easy rather than random examples hardly changes final accuracy",
            when={"easy_first_gains": Direction.ABSENT},
        ),
        Headline(
            says="On average here, starting with easy rather than random examples ends in higher accuracy",
            when={"easy_first_gains": Direction.MORE},
        ),
        Headline(
            says="On average here, starting with easy rather than random examples ends in lower accuracy",
            when={"easy_first_gains": Direction.LESS},
        ),
    ),
    words={
        "gain": "gain in accuracy over a twin that sees random examples first",
        "best_gain": "gain in best accuracy over a twin that sees random examples first",
        "order=easy_first": "easy examples first",
        "order=hard_first": "hard examples first",
        "order=shuffled": "all examples at once",
        "lr": "learning rate",
        "wrong": "share of wrong labels",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=400),
)
