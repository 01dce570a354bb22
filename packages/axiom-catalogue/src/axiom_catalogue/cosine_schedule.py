"""Is it worth lowering the learning rate along a cosine, or does averaging the weights do as much?

Why it matters: a schedule must know beforehand when the training ends. If averaging does as much, a training can be
stopped or prolonged at any time.

Nearly every large model is trained with a rate that falls to zero along half a cosine (Loshchilov & Hutter 2017). The
usual reason: small batches make weights wander, and the smaller the rate, the less they do. The rival needs no
schedule: the mean of the weights over the last half of a training at one rate wanders as little (Polyak & Juditsky
1992; Izmailov et al. 2018). We train ReLU networks on handwritten digits, a fifth of whose labels are wrong or none,
for as many steps, each way at the rate of six at which it did best on images kept back.

We expect that a cosine ends more accurate than a constant rate where labels are wrong, and that this makes little
difference where all are right; and that the mean of the weights is about as accurate as a cosine.

History: 2, as 1 with seeds that no pilot has seen; 1, a pilot.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, digits, landscapes, models, optimizers, progress, schedules, training

EXAMPLES, KEPT_BACK, TEST, BATCH, WIDTH = 500, 400, 800, 20, 64
RATES = (0.03, 0.06, 0.12, 0.24, 0.48, 0.96)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    way: str  # constant, cosine, or mean: of the weights after each epoch of the last half, at a constant rate
    wrong: float  # share of the labels for training that are
    epochs: int = 12
    control: str = (
        "none"  # placebo: each way has a constant rate and a start of its own; planted: constant learns little
    )


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # at the rate that was best on images kept back
    test_loss: float  # in nats
    rate: float
    accuracy_by_rate: tuple[float, ...]


Asked = tuple[float, float, float]  # accuracy on images kept back, on new ones, and the loss of these


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images, wrong labels, start and batches for every way and rate."""
    task = digits.task(chance.stream(seed, "data"), train=EXAMPLES, test=KEPT_BACK + TEST)
    rng = chance.stream(seed, "wrong labels")
    labels, _ = data.corrupted(rng, task.y_train, classes=digits.CLASSES, share=config.wrong)
    task = replace(task, y_train=labels)
    own = f" {config.way}" if config.control == "placebo" else ""
    start = models.mlp(chance.stream(seed, f"start{own}"), (digits.SIDE**2, WIDTH, WIDTH, digits.CLASSES))
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)

    def learn(seen: list[Asked], number: int) -> list[Asked]:
        end, by_epoch = training.trained(
            start,
            task,
            orders,
            watch=landscapes.flat,
            rates=optimizers.Rates(lr=rates(config, RATES[number])),
            batch=BATCH,
        )
        if config.way == "mean" and config.control == "none":
            end = landscapes.shaped(end, np.mean(by_epoch[len(by_epoch) // 2 :], axis=0))
        outputs = np.asarray(models.logits(end, task.x_test), dtype=np.float64)
        right, testing = outputs.argmax(axis=1) == task.y_test, slice(KEPT_BACK, None)
        loss = training.cross_entropy(outputs[testing], task.y_test[testing])
        return [*seen, (float(right[:KEPT_BACK].mean()), float(right[testing].mean()), loss)]

    seen = progress.blocks(list[Asked](), learn, len(RATES))
    best = int(np.argmax([kept for kept, _, _ in seen]))
    return Measures(
        test_accuracy=seen[best][1],
        test_loss=seen[best][2],
        rate=RATES[best],
        accuracy_by_rate=tuple(right for _, right, _ in seen),
    )


def rates(config: Config, highest: float) -> data.Floats:
    """The rate of every step."""
    steps = config.epochs * EXAMPLES // BATCH
    if config.way == "cosine" and config.control != "placebo":
        return schedules.cosine(highest, steps=steps)
    low = config.way == "constant" and config.control == "planted"
    return schedules.constant(highest * (0.001 if low else 1.0), steps=steps)


PILOT = partial(Prediction, because="eight seeds of a pilot")
SHORT = partial(grid, Config, way=["cosine", "constant"], wrong=[0.2])


def _beside(way: str, other: str, wrong: float, **rest: Any) -> Estimand:
    """The accuracy of one way more than that of another."""
    return Estimand(
        kind=Kind.CONTRAST,
        measure="test_accuracy",
        between=({"way": way, "wrong": wrong}, {"way": other, "wrong": wrong}),
        bounds=(-1.0, 1.0),
        in_words="{percent} percentage points",
        smallest=0.01,
        **rest,
    )


experiment = Experiment(
    name="cosine_schedule",
    version=2,
    question="Is it worth lowering the learning rate along a cosine, or does averaging the weights do as much?",
    reference="Loshchilov & Hutter 2017, arXiv:1608.03983; Izmailov et al. 2018, arXiv:1803.05407",
    run=run,
    measures=Measures,
    sweep=grid(Config, way=["constant", "cosine", "mean"], wrong=[0.0, 0.2]),
    ranges={"wrong": (0.0, 0.9), "epochs": (1, 500)},
    estimands=(
        _beside(
            "cosine",
            "constant",
            0.2,
            name="cosine_minus_constant",
            claim="where a fifth of the labels is wrong, a rate that falls along a cosine ends more accurate than a "
            "constant one",
            expects=Direction.MORE,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.025, 0.04)),
        ),
        _beside(
            "mean",
            "constant",
            0.2,
            name="mean_minus_constant",
            claim="where a fifth of the labels is wrong, the mean of a network's weights over the last half of a "
            "training is more accurate than the weights at its end",
            expects=Direction.MORE,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.02, 0.04)),
        ),
        _beside(
            "mean",
            "cosine",
            0.2,
            name="mean_minus_cosine",
            claim="where a fifth of the labels is wrong, the mean of a network's weights at a constant rate is as "
            "accurate as the end of a rate that falls along a cosine, within a point",
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.02, negative=0.2, absent=0.78, interval=(-0.009, 0.003)),
        ),
        _beside(
            "cosine",
            "constant",
            0.0,
            name="cosine_minus_constant_where_right",
            claim="where all labels are right, a rate that falls along a cosine ends as accurate as a constant one, "
            "within a point",
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.1, negative=0.02, absent=0.88, interval=(0.0, 0.008)),
        ),
    ),
    controls=(
        Control(
            estimand="cosine_minus_constant",
            placebo=SHORT(control=["placebo"]),
            planted=SHORT(control=["planted"]),
        ),
    ),
    figure=Figure(x="way", y="test_accuracy", title="Accuracy on new images"),
    setting="networks that read digits at changing learning rates",
    headlines=(
        Headline(
            says="Against wrong training answers, ever smaller steps and averaging recent weights help about equally",
            when={
                "cosine_minus_constant": Direction.MORE,
                "mean_minus_constant": Direction.MORE,
                "mean_minus_cosine": Direction.ABSENT,
            },
        ),
        Headline(
            says="With some training answers wrong, ever smaller steps (cosine schedule) lead to fewer mistakes",
            when={"cosine_minus_constant": Direction.MORE},
        ),
        Headline(
            says="With some training answers wrong, ever smaller steps (cosine schedule) lead to more mistakes",
            when={"cosine_minus_constant": Direction.LESS},
        ),
        Headline(
            says="With some training answers wrong, ever smaller steps (cosine schedule) hardly change accuracy",
            when={"cosine_minus_constant": Direction.ABSENT},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new images",
        "way": "course of the learning rate",
        "way=constant": "a constant rate",
        "way=cosine": "a rate along a cosine",
        "way=mean": "the mean of weights at a constant rate",
        "wrong=0.0": "all labels right",
        "wrong=0.2": "a fifth of the labels wrong",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=lambda config: 0.015 + config.epochs * 5e-3, memory_mb=600),
)
