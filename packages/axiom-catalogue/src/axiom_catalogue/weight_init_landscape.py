"""How much does it matter how large a network's weights are at the start?

Why it matters: a network that starts with weights of the wrong size never learns. The right size is known for simple
networks, and worth a check.

Each layer multiplies the size of what passes through it: in a wide ReLU network by half of the variance of its weights
times their number (He et al. 2015). At the critical variance signals keep their size, elsewhere they vanish or explode
with depth, and at some depth nothing can be learned any more (Schoenholz et al. 2017). We start networks of 2, 8 and 16
hidden layers at a quarter to four times the critical variance, with ReLU and with tanh, and train all alike.

We expect the growth of signals that the formula says, to the last few per cent; little difference in two layers, where
small starts are even a little better; and in sixteen a narrow window around the critical variance. tanh bounds what is
too large, so there a large start still fits, and only generalises worse.

History: 2, as 1, but a network that diverged counts as guessing, and not as always wrong; 1, the old laboratory left no
numbers.
"""

from dataclasses import dataclass, replace

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, losses, models, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, WIDTH = 20, 5, 1_000, 64
CRITICAL = {"relu": 2.0, "tanh": 1.0}  # variance of a weight times the number of inputs of its layer
SCALES = [0.25, 0.5, 1.0, 2.0, 4.0]
GUESSING = 1 / CLASSES


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    activation: str  # relu or tanh
    depth: int  # hidden layers
    scale: float  # variance of the weights at the start, in units of the critical one
    lr: float = 0.02
    epochs: int = 40
    control: str = "none"  # placebo: critical whatever it says, a start for each; planted: elsewhere labels are by lot


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    growth: float  # of the logarithm of the mean square of a layer's activations, per layer, at the start
    excess: float  # what the formula for ReLU does not say of it: growth minus the logarithm of the scale
    trained: int  # 1 when at least nine of ten training labels are right at the end
    diverged: int
    test_accuracy: float  # of a network that diverged, that of guessing
    train_accuracy: float  # the same


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, batch order and the directions of all weights; the scale stretches them."""
    task = data.teacher(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=1_000)
    if config.control == "planted" and config.scale != 1:
        labels = chance.stream(seed, "labels").integers(0, CLASSES, size=EXAMPLES).astype(np.int32)
        task = replace(task, y_train=labels)
    architecture = models.Architecture(activation=config.activation)
    start = _start(config, seed)
    growth = _growth(architecture, start, task.x_train)
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)
    end, _ = training.trained(
        start,
        task,
        orders,
        watch=training.UNWATCHED,
        rates=Rates(lr=config.lr),
        batch=25,
        every=10,
        objective=losses.CrossEntropy(architecture=architecture),
    )
    is_finite = all(np.isfinite(layer.weights).all() for layer in end)
    fitted = training.accuracy(end, task.x_train, task.y_train, architecture) if is_finite else GUESSING
    return Measures(
        growth=growth,
        excess=growth - float(np.log(config.scale)),
        trained=int(fitted >= 0.9),
        diverged=int(not is_finite),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test, architecture) if is_finite else GUESSING,
        train_accuracy=fitted,
    )


def _start(config: Config, seed: int) -> models.Net:
    is_placebo = config.control == "placebo"
    purpose, scale = (f"start {config.scale}", 1.0) if is_placebo else ("start", config.scale)
    net = models.mlp(chance.stream(seed, purpose), (INPUTS, *[WIDTH] * config.depth, CLASSES))
    stretch = np.sqrt(CRITICAL[config.activation] * scale / CRITICAL["relu"])  # the kit starts at that of ReLU
    return tuple(layer._replace(weights=(layer.weights * stretch).astype(np.float32)) for layer in net)


def _growth(architecture: models.Architecture, net: models.Net, x: models.Array) -> float:
    hidden = architecture.hidden(net, x)
    sizes = [max(float(np.mean(np.square(np.asarray(layer, dtype=np.float64)))), 1e-300) for layer in hidden]
    return float((np.log(sizes[-1]) - np.log(sizes[0])) / (len(sizes) - 1))


experiment = Experiment(
    name="weight_init_landscape",
    aliases=("weight_init",),
    version=2,
    question="How much does it matter how large a network's weights are at the start?",
    reference="He et al. 2015, arXiv:1502.01852; Schoenholz et al. 2017, arXiv:1611.01232",
    run=run,
    measures=Measures,
    sweep=grid(Config, activation=list(CRITICAL), depth=[2, 8, 16], scale=SCALES),
    ranges={"depth": (2, 32), "scale": (0.01, 100.0), "lr": (1e-4, 0.5), "epochs": (1, 500)},
    estimands=(
        Estimand(
            name="growth_beside_theory",
            claim="in a new sixteen-layer ReLU network signals grow as the variance of its weights says",
            kind=Kind.LEVEL,
            measure="excess",
            between=({"activation": "relu", "depth": 16, "scale": 2.0},),
            smallest=0.15,
            prediction=Prediction(positive=0.02, negative=0.03, absent=0.95, interval=(-0.05, 0.02), because="theory"),
            expects=Direction.ABSENT,
            published=Published(value=0.0, reference="He et al. 2015, arXiv:1502.01852 (variance of layers)"),
        ),
        Estimand(
            name="small_starts_fail_when_deep",
            claim="a ReLU network of sixteen layers is more accurate when its weights start at the "
            "critical variance than at a quarter of it",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"activation": "relu", "depth": 16, "scale": 1.0},
                {"activation": "relu", "depth": 16, "scale": 0.25},
            ),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.15, 0.25), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="large_starts_fail_when_deep",
            claim="a ReLU network of sixteen layers is more accurate when its weights start at the "
            "critical variance than at twice that",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"activation": "relu", "depth": 16, "scale": 1.0},
                {"activation": "relu", "depth": 16, "scale": 2.0},
            ),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.452, 0.478), because="pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="small_starts_help_when_shallow",
            claim="a ReLU network of two layers is more accurate on new data from a quarter of the "
            "critical starting variance than from all of it",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"activation": "relu", "depth": 2, "scale": 0.25},
                {"activation": "relu", "depth": 2, "scale": 1.0},
            ),
            smallest=0.01,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.85, negative=0.02, absent=0.13, interval=(0.015, 0.03), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="large_starts_generalise_worse",
            claim="a tanh network of sixteen layers is more accurate on new data when its weights start "
            "at the critical variance than at four times that",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(
                {"activation": "tanh", "depth": 16, "scale": 1.0},
                {"activation": "tanh", "depth": 16, "scale": 4.0},
            ),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.13, 0.18), because="a pilot"),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="small_starts_fail_when_deep",
            placebo=grid(Config, activation=["relu"], depth=[16], scale=[0.25, 1.0], control=["placebo"]),
            planted=grid(Config, activation=["relu"], depth=[16], scale=[0.25, 1.0], control=["planted"]),
        ),
    ),
    figure=Figure(
        x="scale",
        y="test_accuracy",
        log=("x",),
        title="What the size of the first weights does",
        where={"activation": "relu"},
    ),
    setting="networks of different starting weights",
    headlines=(
        Headline(
            says="Many-layered networks err more if connections start at half or 1.4 times usual strength",
            when={"small_starts_fail_when_deep": Direction.MORE, "large_starts_fail_when_deep": Direction.MORE},
        ),
        Headline(
            says="Many-layered networks err more if connections start 1.4 times as strong as usual",
            when={"large_starts_fail_when_deep": Direction.MORE},
        ),
        Headline(
            says="Many-layered networks err more if connections start half as strong as usual",
            when={"small_starts_fail_when_deep": Direction.MORE},
        ),
        Headline(
            says="Many-layered networks err about equally if connections start 1.4 times as strong as usual",
            when={"large_starts_fail_when_deep": Direction.ABSENT},
        ),
        Headline(
            says="Networks of two layers answer new data better if connections start half as strong",
            when={"small_starts_help_when_shallow": Direction.MORE},
        ),
    ),
    words={
        "excess": "the log growth of signals per layer beyond what theory says",
        "test_accuracy": "accuracy on new examples",
        "activation=relu": "ReLU units",
        "activation=tanh": "tanh units",
        "scale": "starting variance (critical is one)",
        "scale=0.25": "a quarter of the critical variance",
        "scale=0.5": "half of the critical variance",
        "scale=1.0": "the critical starting variance",
        "scale=2.0": "twice the critical variance",
        "scale=4.0": "four times the critical variance",
        "lr": "learning rate",
        "depth": "{value} hidden layers",
        "epochs": "{value} epochs",
        "depth=1": "one hidden layer",
    },
    needs=Needs(
        seconds=lambda config: 0.002 + 2.6e-4 * config.epochs * config.depth,
        memory_mb=400,
        may_use_gpu=True,
        gpu_memory_mb=2_000,
        side_by_side=True,
    ),
)
