"""Does normalisation let a network learn at more learning rates?

Why it matters: a training that fails unless its rate is just right costs many trainings. Normalisation is in nearly
every deep network, and what it is good for is still disputed.

Batch normalisation brings what each neuron hears to a mean of 0 and a variance of 1 over the rows of a batch (Ioffe &
Szegedy 2015). Its authors trained at a rate thirty times as high as before, and Bjorck et al. 2018 hold that this is
all: without the high rates nothing is gained. Layer normalisation does the same over the neurons of each row (Ba et al.
2016). So two things are asked of ReLU networks with five hidden layers that read digits by plain descent: over how many
doublings of the rate they learn, and how accurate they are at the best rate. The rival: a network that begins badly
gains a wider range from anything that mends its start, so a start at which signals keep their size (He et al. 2015) is
what all have here.

We expect more doublings with either, many more with batch normalisation, and a little more accuracy at the best rate.

History: 2, as 1 with seeds that no pilot has seen; 1, a pilot, first with six epochs, after which too little was known.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, digits, losses, models, normalisation, optimizers, progress, training

EXAMPLES, KEPT_BACK, TEST, BATCH = 600, 300, 600, 50
LOUD = 4.0  # the variance, times the fan-in, of weights of which signals grow from layer to layer
LOWEST, HIGHEST = -9, 7  # logarithms to base 2 of the rates
LEARNED = 0.5  # share of the shown images that is right; a guess has a tenth
Asked = tuple[float, float, float]  # accuracy on images that were shown, that were kept back, and on new ones


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    norm: str  # none, batch or layer
    width: int
    depth: int = 5  # hidden layers
    epochs: int = 15
    control: str = "none"  # placebo: none is normalised, and each has a start of its own; planted: none begins loud


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    doublings: int  # of the rate, at which at least half of the shown images are right
    highest: float | None  # logarithm to base 2 of the highest such rate; None where there is none
    lowest: float | None
    best_accuracy: float  # on new images, at the rate that was best on images kept back
    best_rate: float
    right_by_rate: tuple[float, ...]  # share of the shown images


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images, start and batches for every norm and rate."""
    task = digits.task(chance.stream(seed, "data"), train=EXAMPLES, test=KEPT_BACK + TEST)
    own = f" {config.norm}" if config.control == "placebo" else ""
    norm = "none" if config.control == "placebo" else config.norm
    sizes = (digits.SIDE**2, *[config.width] * config.depth, digits.CLASSES)
    rng = chance.stream(seed, f"start{own}")
    architecture: models.NetworkFunction = models.RELU
    if norm == "none":
        start = models.mlp(rng, sizes, gain=LOUD if config.control == "planted" else 2.0)
    else:
        architecture, start = normalisation.Normalised(norm=norm), normalisation.normalised_mlp(rng, sizes)
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)
    objective = losses.CrossEntropy(architecture=architecture)

    def learn(seen: list[Asked], number: int) -> list[Asked]:
        end, _ = training.trained(
            start,
            task,
            orders,
            watch=training.UNWATCHED,
            rates=optimizers.Rates(lr=2.0 ** (LOWEST + number)),
            batch=BATCH,
            objective=objective,
            every=config.epochs,
        )
        plain = architecture
        if norm == "batch":  # a new image is read with the means and variances of those that were shown
            end, plain = normalisation.Normalised(norm=norm).folded(end, task.x_train), models.RELU
        right = np.asarray(plain.outputs(end, task.x_test)).argmax(axis=1) == task.y_test
        train_accuracy = training.accuracy(end, task.x_train, task.y_train, plain)
        return [*seen, (train_accuracy, float(right[:KEPT_BACK].mean()), float(right[KEPT_BACK:].mean()))]

    seen = progress.blocks(list[Asked](), learn, HIGHEST - LOWEST + 1)
    train, kept, test = zip(*seen, strict=True)
    best = int(np.argmax(kept))
    there = [LOWEST + number for number, right in enumerate(train) if right >= LEARNED]
    return Measures(
        doublings=len(there),
        highest=float(max(there)) if there else None,
        lowest=float(min(there)) if there else None,
        best_accuracy=test[best],
        best_rate=2.0 ** (LOWEST + best),
        right_by_rate=train,
    )


def _seconds(config: Config) -> float:
    steps = config.epochs * EXAMPLES // BATCH
    per_step = {"none": 1.1e-5, "batch": 1.8e-5, "layer": 2.2e-5}[config.norm] * config.depth + 1.5e-8 * config.width**2
    return 0.05 + (HIGHEST - LOWEST + 1) * steps * per_step


PILOT = partial(Prediction, because="five seeds of a pilot")
TIMES = "{times2} times"
SHORT = partial(grid, Config, norm=["batch", "none"], width=[32], epochs=[6])


def _beside(norm: str, other: str, measure: str, **rest: Any) -> Estimand:
    """What one normalisation has more than another, or than none."""
    return Estimand(kind=Kind.CONTRAST, measure=measure, between=({"norm": norm}, {"norm": other}), **rest)


experiment = Experiment(
    name="normalisation_and_rates",
    version=2,
    question="Does normalisation let a network learn at more learning rates?",
    reference="Ioffe & Szegedy 2015, arXiv:1502.03167; Bjorck et al. 2018, arXiv:1806.02375; "
    "Ba et al. 2016, arXiv:1607.06450",
    run=run,
    measures=Measures,
    sweep=grid(Config, norm=["none", "batch", "layer"], width=[64]),
    ranges={"width": (4, 512), "depth": (1, 30), "epochs": (1, 200)},
    estimands=(
        _beside(
            "batch",
            "none",
            "highest",
            name="highest_batch",
            claim="with batch normalisation a deep network learns at higher learning rates than without",
            expects=Direction.MORE,
            smallest=0.5,
            in_words=TIMES,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(3.5, 4.2), median=4.0),
        ),
        _beside(
            "layer",
            "none",
            "highest",
            name="highest_layer",
            claim="with layer normalisation a deep network learns at higher learning rates than without",
            expects=Direction.MORE,
            smallest=0.5,
            in_words=TIMES,
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.6, 1.4), median=1.0),
        ),
        _beside(
            "batch",
            "layer",
            "highest",
            name="highest_batch_beside_layer",
            claim="with batch normalisation a deep network learns at higher learning rates than with layer "
            "normalisation",
            expects=Direction.MORE,
            smallest=0.5,
            in_words=TIMES,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(2.5, 3.5), median=3.0),
        ),
        _beside(
            "batch",
            "none",
            "doublings",
            name="range_batch",
            claim="with batch normalisation a deep network learns over more doublings of the learning rate than "
            "without",
            expects=Direction.MORE,
            smallest=0.5,
            in_words="{value} doublings",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(4.5, 5.2), median=5.0),
        ),
        _beside(
            "batch",
            "none",
            "best_accuracy",
            name="accuracy_batch",
            claim="each at its best learning rate, a deep network is more accurate with batch normalisation than "
            "without",
            expects=Direction.MORE,
            smallest=0.01,
            in_words="{percent} percentage points",
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.018, 0.036)),
        ),
    ),
    controls=(
        Control(estimand="highest_batch", placebo=SHORT(control=["placebo"]), planted=SHORT(control=["planted"])),
    ),
    figure=Figure(x="norm", y="doublings", title="Doublings of the learning rate at which a network learns"),
    setting="deep networks that read digits",
    headlines=(
        Headline(
            says="Deep networks bear larger steps with batch normalisation than with layer normalisation or none",
            when={"highest_batch": Direction.MORE, "highest_batch_beside_layer": Direction.MORE},
        ),
        Headline(
            says="Rescaling signals across examples (batch normalisation) lets deep networks learn in larger steps",
            when={"highest_batch": Direction.MORE},
        ),
        Headline(
            says="Rescaling signals across examples (batch normalisation) makes deep networks fail at smaller steps",
            when={"highest_batch": Direction.LESS},
        ),
        Headline(
            says="Rescaling signals across examples (batch normalisation) hardly changes deep networks' largest "
            "workable step",
            when={"highest_batch": Direction.ABSENT},
        ),
    ),
    words={
        "doublings": "the number of doublings of the rate at which it learns",
        "highest": "the highest learning rate that works",
        "best_accuracy": "accuracy on new images at the best rate",
        "norm": "kind of normalisation",
        "norm=none": "no normalisation",
        "norm=batch": "batch normalisation",
        "norm=layer": "layer normalisation",
        "width": "{value} neurons per layer",
        "depth": "{value} hidden layers",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
