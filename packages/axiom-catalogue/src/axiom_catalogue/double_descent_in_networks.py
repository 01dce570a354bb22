"""Does the test error of trained networks have a peak where they can just fit their data?

Why it matters: whoever tries a larger network and sees it do worse will stop there. If the error falls again beyond the
peak, the better networks are those that were never tried.

The error of simple models has a peak where they have just enough parameters to fit all they are shown, wrong labels
included, and falls again beyond it (Belkin et al. 2019); in trained networks wrong labels make it plain (Nakkiran et
al. 2020). The old laboratory looked for it in trained networks of many widths, with wrong labels, and saw none.
double_descent has models of which everything is known; here networks are trained: one hidden layer of 2 to 512 ReLU,
200 examples of five classes, a fifth of their labels wrong or none, by 10,000 steps of Adam on all examples at once.
With squared error, a network of about 38 units has as many parameters as there are numbers to fit (five for each
example). With cross-entropy, which asks only that the right class leads, six units are enough.

We expect a high peak with squared error near 32 units, with wrong labels and without, and about half of it where each
network is stopped at its best; and with cross-entropy a high peak of the test loss and hardly any of the error.

History: 1, the old question in trained networks.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, descent, losses, models, optimizers

INPUTS, CLASSES, TEST = 20, 5, 2_000
WIDTHS = [2, 3, 4, 6, 10, 16, 24, 32, 48, 96, 256, 512]
EVERY = 500  # steps between two looks
LOSSES: dict[str, losses.Objective] = {"mse": losses.SquaredError(), "ce": losses.CrossEntropy()}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    loss: str  # mse or ce
    wrong: float  # share of the training labels
    width: int
    samples: int = 200
    steps: int = 10_000
    lr: float = 0.01
    control: str = "none"  # alike: 16 neurons whatever it says, with a start of its own for each width


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_error: float  # share of test data whose true class is not answered, at the end
    best_error: float  # the least at any look: where a network would be stopped that knew the test data
    test_loss: float
    train_error: float  # share of the shown labels, wrong ones included, that are not answered; 0 where all are fitted
    train_loss: float
    parameters: int
    error_by_time: tuple[float, ...]  # on test data


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, which labels are wrong, and the start of a width for both losses alike."""
    task = data.clusters(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=config.samples, test=TEST)
    labels, _ = data.corrupted(chance.stream(seed, "wrong"), task.y_train, classes=CLASSES, share=config.wrong)
    is_alike = config.control == "alike"
    purpose, width = (f"start of {config.width}", 16) if is_alike else ("start", config.width)
    start = models.mlp(chance.stream(seed, purpose), (INPUTS, width, CLASSES))

    def watch(net: models.Net, _loss: float) -> float:
        return _error(net, task.x_test, task.y_test)

    end, seen = descent.descended(
        start,
        task.x_train,
        labels,
        objective=LOSSES[config.loss],
        optimizer=optimizers.ADAMW,
        rates=optimizers.Rates(lr=config.lr),
        steps=config.steps,
        every=EVERY,
        watch=watch,
    )
    return Measures(
        test_error=seen[-1],
        best_error=min(seen),
        test_loss=float(LOSSES[config.loss](end, task.x_test, task.y_test)),
        train_error=_error(end, task.x_train, labels),
        train_loss=float(LOSSES[config.loss](end, task.x_train, labels)),
        parameters=sum(array.size for layer in start for array in layer),
        error_by_time=tuple(seen),
    )


def _error(net: models.Net, x: data.Floats, y: data.Labels) -> float:
    return float(np.mean(np.argmax(np.asarray(models.logits(net, x)), axis=1) != y))


def _seconds(config: Config) -> float:
    width = 16 if config.control == "alike" else config.width
    return 0.01 + config.steps * (7e-6 + 1.07e-9 * width * config.samples)


def _arm(width: int, loss: str = "mse", wrong: float = 0.2) -> dict[str, object]:
    return {"loss": loss, "wrong": wrong, "width": width}


PILOT = partial(Prediction, because="a pilot")
PAIRED = partial(Estimand, kind=Kind.CONTRAST)  # within the replicate
POINTS = "{percent} percentage points"
ERROR = partial(PAIRED, measure="test_error", smallest=0.03, bounds=(-1.0, 1.0), in_words=POINTS)
SHORT = partial(grid, Config, loss=["mse"], wrong=[0.2], width=[32, 6], steps=[3_000], lr=[0.02])

experiment = Experiment(
    name="double_descent_in_networks",
    version=1,
    question="Does the test error of trained networks have a peak where they can just fit their data?",
    reference="Belkin et al. 2019, arXiv:1812.11118; Nakkiran et al. 2020, arXiv:1912.02292",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, loss=["mse"], wrong=[0.2, 0.0], width=WIDTHS),
        *grid(Config, loss=["ce"], wrong=[0.2], width=WIDTHS),
    ),
    ranges={
        "wrong": (0.0, 0.8),
        "width": (1, 2_048),
        "samples": (20, 2_000),
        "steps": (20, 200_000),
        "lr": (1e-4, 0.1),
    },
    estimands=(
        ERROR(
            name="peak_above_narrow",
            claim="with squared error and a fifth of labels wrong, 32 units, which can just fit 200 "
            "examples, err more on test data than 6",
            between=(_arm(32), _arm(6)),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.18, 0.23)),
            expects=Direction.MORE,
        ),
        ERROR(
            name="peak_above_wide",
            claim="with squared error and a fifth of labels wrong, 32 units, which can just fit 200 "
            "examples, err more on test data than 512",
            between=(_arm(32), _arm(512)),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.18, 0.21)),
            expects=Direction.MORE,
        ),
        ERROR(
            name="peak_without_wrong_labels",
            claim="with squared error and true labels, 32 units, which can just fit 200 examples, err "
            "more on test data than 6",
            between=(_arm(32, wrong=0.0), _arm(6, wrong=0.0)),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.2, 0.26)),
            expects=Direction.MORE,
        ),
        ERROR(
            name="peak_with_cross_entropy",
            claim="with cross-entropy and a fifth of labels wrong, 6 units, which can just fit the data,"
            " err about as often on test data as 3",
            between=(_arm(6, "ce"), _arm(3, "ce")),
            prediction=PILOT(positive=0.4, negative=0.1, absent=0.5, interval=(-0.01, 0.05)),
            expects=Direction.ABSENT,
        ),
        PAIRED(
            name="loss_peak_with_cross_entropy",
            claim="with cross-entropy and a fifth of labels wrong, 6 units, which can just fit 200 "
            "examples, have a higher test loss than 3",
            measure="test_loss",
            between=(_arm(6, "ce"), _arm(3, "ce")),
            smallest=1.0,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(25.0, 45.0)),
            expects=Direction.MORE,
        ),
        ERROR(
            name="second_descent_below_first",
            claim="the widest network errs about as often on test data as the best of those too narrow to fit their"
            " data (squared error)",
            between=(_arm(512), _arm(6)),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.3, negative=0.05, absent=0.65, interval=(0.0, 0.04)),
        ),
        PAIRED(
            name="peak_when_stopped",
            claim="even stopped where each errs least on test data, 32 units err more than 6 (squared "
            "error, a fifth of labels wrong)",
            measure="best_error",
            in_words=POINTS,
            between=(_arm(32), _arm(6)),
            smallest=0.03,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.1, 0.15)),
            expects=Direction.MORE,
        ),
    ),
    controls=(Control(estimand="peak_above_narrow", placebo=SHORT(control=["alike"]), planted=SHORT()),),
    figure=Figure(x="width", y="test_error", log=("x",), title="The peak of trained networks"),
    setting="one-hidden-layer networks with few examples",
    headlines=(
        Headline(
            says="With squared error and wrong answers, 32 neurons err more than 6 or 512",
            when={"peak_above_narrow": Direction.MORE, "peak_above_wide": Direction.MORE},
        ),
        Headline(
            says="Taught some wrong answers, networks of 32 neurons err more than networks of 6",
            when={"peak_above_narrow": Direction.MORE},
        ),
        Headline(
            says="Taught some wrong answers, networks of 32 and of 6 neurons err about equally",
            when={"peak_above_narrow": Direction.ABSENT},
        ),
        Headline(
            says="Taught some wrong answers, networks of 32 neurons err less than networks of 6",
            when={"peak_above_narrow": Direction.LESS},
        ),
        Headline(
            says="Taught some wrong answers, networks of 32 neurons err more than networks of 512",
            when={"peak_above_wide": Direction.MORE},
        ),
    ),
    words={
        "test_error": "error on new examples",
        "best_error": "the least error on new examples at any time",
        "test_loss": "loss on new examples",
        "loss=ce": "cross-entropy",
        "loss=mse": "squared error",
        "wrong": "share of wrong labels",
        "wrong=0.0": "true labels",
        "samples": "{value} training examples",
        "lr": "learning rate",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
        "wrong=0.2": "a fifth of the labels wrong",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
