"""Does label smoothing make a network more accurate, or only less sure of itself?

Why it matters: label smoothing is in many recipes for classifiers. Whoever needs honest chances, as in medicine, must
know what it does to them.

With label smoothing a tenth of each label is spread evenly over all classes, so that a network is shown chances and no
certainties (Szegedy et al. 2016). It is said to calibrate: what a network says with 90 % is then right
in 90 % of cases (Müller et al. 2019). It is also said to help where labels are wrong (Lukasik et al. 2020). The rival:
it moves how sure a network is and nothing else, so one number that divides all outputs after the training, fitted on
images kept back, does as much (temperature scaling, Guo et al. 2017). We train small ReLU networks on handwritten
digits, with all labels right or three tenths of them wrong, until they know what they were shown, and ask for
accuracy and for the calibration error: by how much chances are off, on average. Wrong labels are in the training data
alone.

We expect, against the literature, that smoothing makes the calibration error larger where all labels are right, since
a small network is hardly too sure there and becomes too modest. Where labels are wrong we expect a smaller calibration
error and no more accuracy; and after temperature scaling little difference in either case.

History: 2, as 1 with seeds that no pilot has seen; 1, a pilot, first with a fifth of each label.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, digits, models, optimizers, training

EXAMPLES, KEPT_BACK, TEST, BATCH, WIDTH = 400, 300, 800, 40, 64
BINS = 15
TEMPERATURES = 2.0 ** np.linspace(-4, 4, 65)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    smoothing: float  # of each label, spread evenly over all classes
    wrong: float  # share of the labels for training that are
    dose: float = 1.0  # times the smoothing
    lr: float = 0.003  # of Adam
    epochs: int = 100


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float
    calibration_error: float  # mean distance of chances and shares that were right, over fifteen bins of chances
    scaled_error: float  # the same after temperature scaling
    temperature: float  # that suits the images kept back best; above 1 the network was too sure
    mean_chance: float  # that it gave its answers
    train_accuracy: float  # of the labels as they were shown
    accuracy_by_snapshot: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images, wrong labels, start and batches for all alike."""
    task = digits.task(chance.stream(seed, "data"), train=EXAMPLES, test=KEPT_BACK + TEST)
    labels, _ = data.corrupted(
        chance.stream(seed, "wrong labels"), task.y_train, classes=digits.CLASSES, share=config.wrong
    )
    smooth: Any = data.smoothed(labels, classes=digits.CLASSES, share=config.dose * config.smoothing)
    testing = slice(KEPT_BACK, None)
    end, by_snapshot = training.trained(
        models.mlp(chance.stream(seed, "start"), (digits.SIDE**2, WIDTH, WIDTH, digits.CLASSES)),
        replace(task, y_train=smooth),
        chance.orders(seed, items=EXAMPLES, epochs=config.epochs),
        watch=lambda net: training.accuracy(net, task.x_test[testing], task.y_test[testing]),
        rates=optimizers.Rates(lr=config.lr),
        batch=BATCH,
        optimizer=optimizers.ADAMW,
        every=-(-config.epochs // 5),
    )
    outputs, y = np.asarray(models.logits(end, task.x_test), dtype=np.float64), task.y_test
    fits = [training.cross_entropy(outputs[:KEPT_BACK] / hot, y[:KEPT_BACK]) for hot in TEMPERATURES]
    temperature = float(TEMPERATURES[np.argmin(fits)])
    sure = chances(outputs[testing])
    return Measures(
        test_accuracy=by_snapshot[-1],
        calibration_error=calibration_error(sure, y[testing]),
        scaled_error=calibration_error(chances(outputs[testing] / temperature), y[testing]),
        temperature=temperature,
        mean_chance=float(sure.max(axis=1).mean()),
        train_accuracy=training.accuracy(end, task.x_train, labels),
        accuracy_by_snapshot=tuple(by_snapshot),
    )


def chances(outputs: Any) -> Any:
    """Of each class, by a softmax."""
    above = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return above / above.sum(axis=1, keepdims=True)


def calibration_error(sure: Any, y: data.Labels) -> float:
    """How far the chances of answers and the share of them that is right lie apart: the mean over bins of chances."""
    chance_of_answer, right = sure.max(axis=1), sure.argmax(axis=1) == y
    bins = np.minimum((chance_of_answer * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights=chance_of_answer - right, minlength=BINS)).sum() / len(y))


PILOT = partial(Prediction, because="twelve seeds of a pilot")
ON = {0.0: "right", 0.3: "wrong"}
SHORT = partial(grid, Config, smoothing=[0.1, 0.0], wrong=[0.3], epochs=[20])


def _smoothed(measure: str, wrong: float, **rest: Any) -> Estimand:
    """What smoothing does to a measure, where so many labels are wrong."""
    return Estimand(
        name=f"{measure}_where_{ON[wrong]}",
        kind=Kind.CONTRAST,
        measure=measure,
        between=tuple({"smoothing": share, "wrong": wrong} for share in (0.1, 0.0)),
        bounds=(-1.0, 1.0),
        in_words="{percent} percentage points",
        **rest,
    )


experiment = Experiment(
    name="smoothed_labels",
    version=2,
    question="Does label smoothing make a network more accurate, or only less sure of itself?",
    reference="Müller et al. 2019, arXiv:1906.02629; Lukasik et al. 2020, arXiv:2003.02819; "
    "Guo et al. 2017, arXiv:1706.04599",
    run=run,
    measures=Measures,
    sweep=grid(Config, smoothing=[0.0, 0.1], wrong=list(ON)),
    ranges={"smoothing": (0.0, 0.9), "wrong": (0.0, 0.9), "dose": (0.0, 9.0), "lr": (1e-5, 0.1), "epochs": (1, 2_000)},
    estimands=(
        _smoothed(
            "test_accuracy",
            0.0,
            claim="where all labels are right, a network is more accurate with label smoothing",
            expects=Direction.MORE,
            smallest=0.004,
            prediction=PILOT(positive=0.93, negative=0.01, absent=0.06, interval=(0.005, 0.014)),
        ),
        _smoothed(
            "test_accuracy",
            0.3,
            claim="where three tenths of the labels are wrong, label smoothing changes the accuracy of a network by "
            "less than 1.5 points",
            expects=Direction.ABSENT,
            smallest=0.015,
            prediction=PILOT(positive=0.03, negative=0.05, absent=0.92, interval=(-0.007, 0.005)),
        ),
        _smoothed(
            "calibration_error",
            0.0,
            claim="where all labels are right, the chances that a network gives are further off with label smoothing",
            expects=Direction.MORE,
            smallest=0.01,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.11, 0.126)),
        ),
        _smoothed(
            "calibration_error",
            0.3,
            claim="where three tenths of the labels are wrong, the chances that a network gives are less far off with "
            "label smoothing",
            expects=Direction.LESS,
            smallest=0.01,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.08, -0.058)),
        ),
        _smoothed(
            "scaled_error",
            0.0,
            claim="where all labels are right, label smoothing hardly changes how far the chances that a network gives "
            "are off once its outputs are divided by the number that fits best",
            expects=Direction.ABSENT,
            smallest=0.01,
            prediction=PILOT(positive=0.02, negative=0.06, absent=0.92, interval=(-0.006, 0.0)),
        ),
        _smoothed(
            "scaled_error",
            0.3,
            claim="where three tenths of the labels are wrong, label smoothing hardly changes how far the chances that "
            "a network gives are off once its outputs are divided by the number that fits best",
            expects=Direction.ABSENT,
            smallest=0.015,
            prediction=PILOT(positive=0.06, negative=0.02, absent=0.92, interval=(-0.002, 0.01)),
        ),
    ),
    controls=(
        Control(  # next to nothing of each label, and nearly all of it
            estimand="calibration_error_where_wrong",
            placebo=SHORT(dose=[1e-4]),
            planted=SHORT(dose=[8.0]),
            side=Direction.MORE,
        ),
    ),
    figure=Figure(x="smoothing", y="calibration_error", title="How far chances are off"),
    setting="networks that read digits with smoothed labels",
    headlines=(
        Headline(
            says="Here, softening training answers (label smoothing) makes confidence honester only if some are wrong",
            when={
                "calibration_error_where_wrong": Direction.LESS,
                "calibration_error_where_right": Direction.MORE,
            },
        ),
        Headline(
            says="Softening correct training answers (label smoothing) makes networks' confidence less honest",
            when={"calibration_error_where_right": Direction.MORE},
        ),
        Headline(
            says="Softening correct training answers (label smoothing) makes networks' confidence more honest",
            when={"calibration_error_where_right": Direction.LESS},
        ),
        Headline(
            says="Softening partly wrong training answers (label smoothing) makes networks' confidence more honest",
            when={"calibration_error_where_wrong": Direction.LESS},
        ),
        Headline(
            says="Softening partly wrong training answers (label smoothing) makes networks' confidence less honest",
            when={"calibration_error_where_wrong": Direction.MORE},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new images",
        "calibration_error": "the calibration error (how far stated chances are off)",
        "scaled_error": "the calibration error after temperature scaling",
        "smoothing=0.0": "no label smoothing",
        "smoothing=0.1": "label smoothing",
        "wrong=0.0": "all labels right",
        "wrong=0.3": "three tenths of the labels wrong",
        "lr": "learning rate",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=lambda config: 0.008 + config.epochs * 4e-4, memory_mb=600),
)
