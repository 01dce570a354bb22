"""At what width does a network stop learning features?

Why it matters: very wide networks are the ones that theory can solve. If they stop learning features, the theory is
about something else than practice.

A narrow network moves its weights a long way and finds features of its own. A very wide one hardly moves: it acts like
a fixed kernel, and only its read-out learns (Yang & Hu, 2021). We train one ReLU network at seven widths, on the same
data and in the same order, and measure how far its weights travel and how far its representation turns. Beside it
stands the parametrisation in which that limit is exact: full batches, squared error, outputs counted from the start.

We expect movement to fall with width as a power law. No number says whether it does so without a jump, a crossover and
no transition: that is for the eye, and a sharp drop at one width would be a surprise worth a second experiment. Where
the limit is exact, theory gives the powers: -1/2 for the first and the last layer, -1 for the one between them (Jacot
et al. 2018, arXiv:1806.07572). A narrow network whose outputs are multiplied by alpha comes to the same kernel, with
the power -1 of alpha (Chizat et al. 2019, arXiv:1812.07956). All four are held against -1/2: where theory says -1, we
ask whether it is steeper than that.

History: 1, the old laboratory's set-up (standard parametrisation, two hidden layers, 150 epochs). 2, with the kernel's
parametrisation, scaled outputs, and the movement of every layer.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, descent, geometry, losses, models, optimizers, training

NTK = models.Architecture(ntk=True)
STANDARD: dict[str, object] = {"parametrisation": "standard"}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int
    parametrisation: str = "standard"  # or ntk: weights of order 1, divided by the root of the fan-in
    lr: float = 0.05
    epochs: int = 150
    alpha: float = 1.0  # with ntk: it multiplies the outputs, and the loss is divided by its square
    control: str = "none"  # or placebo: 32 neurons whatever the width says, from a start of their own


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of a network that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights left the real numbers
    movement: float | None = None  # |W - W_start| / |W_start|, first layer, after training
    middle_movement: float | None = None  # between the two hidden layers
    last_movement: float | None = None
    similarity: float | None = None  # CKA of the second hidden layer with itself at the start; 1 = nothing learned
    dead: float | None = None  # share of the second layer's neurons that no test input wakes
    test_accuracy: float | None = None
    movement_by_epoch: tuple[float, ...] | None = None  # of the first layer, at ten points at most, for the figure


def run(config: Config, seed: int) -> Measures:
    """One cell: one width of one replicate. The seed fixes data, start and batch order for every width alike."""
    is_ntk = config.parametrisation == "ntk"
    start, end, moved, x, accuracy = (_ntk if is_ntk else _standard)(config, seed)
    if not np.isfinite(end[-1].weights).all():
        return Measures(diverged=1)
    before, after = ((NTK if is_ntk else models.RELU).hidden(net, x)[1] for net in (start, end))
    return Measures(
        diverged=0,
        movement=moved[-1],
        middle_movement=geometry.movement(start, end, layer=1),
        last_movement=geometry.movement(start, end, layer=2),
        similarity=geometry.cka(before, after),
        dead=geometry.dead(after),
        test_accuracy=accuracy,
        movement_by_epoch=tuple(moved[:: math.ceil(len(moved) / 10)]),
    )


def _standard(config: Config, seed: int) -> tuple[models.Net, models.Net, list[float], data.Floats, float]:
    """Small batches and cross-entropy on five classes: start, end, movement by epoch, test inputs, accuracy on them."""
    is_placebo = config.control == "placebo"
    width, purpose = (32, f"start, width {config.width}") if is_placebo else (config.width, "start")
    task = data.teacher(chance.stream(seed, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(seed, purpose), (20, width, width, 5))
    orders = chance.orders(seed, items=2_000, epochs=config.epochs)
    rates = optimizers.Rates(lr=config.lr)
    end, moved = training.trained(
        start, task, orders, rates=rates, batch=64, watch=lambda net: geometry.movement(start, net, layer=0)
    )
    return start, end, moved, task.x_test, training.accuracy(end, task.x_test, task.y_test)


def _ntk(config: Config, seed: int) -> tuple[models.Net, models.Net, list[float], data.Floats, float]:
    """Full batches and squared error on two classes, -1 and 1; an epoch is a step."""
    task = data.teacher(chance.stream(seed, "two classes"), inputs=20, classes=2, train=200, test=500)
    start = models.ntk(chance.stream(seed, "start"), (20, config.width, config.width, 1))
    signs = np.where(task.y_train == 1, 1.0, -1.0)[:, None]
    end, moved = descent.descended(
        start,
        task.x_train,
        # What is learned counts from the start; and alpha times this, by a loss over alpha squared, is to be the sign.
        (NTK.outputs(start, task.x_train) + signs / config.alpha).astype(np.float32),
        objective=losses.SquaredError(architecture=NTK),
        rates=optimizers.Rates(lr=config.lr),
        steps=config.epochs,
        every=math.ceil(config.epochs / 10),
        watch=lambda net, _loss: geometry.movement(start, net, layer=0),
    )
    learned = np.asarray(NTK.outputs(end, task.x_test)) - NTK.outputs(start, task.x_test)
    return start, end, moved, task.x_test, float(np.mean((learned[:, 0] > 0) == (task.y_test == 1)))


def _seconds(config: Config) -> float:
    if config.parametrisation == "ntk":
        return config.epochs * (2.5e-5 + 7e-9 * config.width**2)
    return config.epochs * (4e-4 + 6.8e-8 * config.width**2)


def _slope(**changes: Any) -> Estimand:
    """Of how far a layer travels in the kernel's parametrisation, against the power of the outer layers."""
    rest = {"across": "width", "between": ({"parametrisation": "ntk", "alpha": 1.0},)} | changes
    # Two widths do not settle a slope of one replicate better than to 0.1.
    return Estimand(kind=Kind.SLOPE, null=-0.5, smallest=0.15, **rest)


experiment = Experiment(
    name="lazy_vs_feature_learning",
    aliases=("lazyfeat", "lazy_ntp"),
    version=2,
    question="At what width does a network stop learning features?",
    reference="Yang & Hu 2021, arXiv:2011.14522; Lee et al. 2019, arXiv:1902.06720; Chizat et al. 2019, "
    "arXiv:1812.07956",
    run=run,
    measures=Measures,
    sweep=grid(Config, width=[8, 16, 32, 64, 128, 256, 512])
    + grid(Config, parametrisation=["ntk"], width=[64, 256], lr=[0.3], epochs=[600])
    + grid(Config, parametrisation=["ntk"], width=[64], alpha=[4.0, 16.0], lr=[0.3], epochs=[600]),
    ranges={"width": (4, 2_048), "lr": (1e-4, 1.0), "epochs": (1, 1_000), "alpha": (0.1, 100.0)},
    estimands=(
        Estimand(
            name="movement_slope",
            claim="the weights of a ReLU network move less during training the wider it is",
            kind=Kind.SLOPE,  # of log movement on log width, one value per replicate: its seven cells share a seed
            measure="movement",
            across="width",
            between=(STANDARD,),
            expects=Direction.LESS,  # the claim holds when the slope is below zero
            smallest=0.05,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.85, -0.6), because="theory"),
        ),
        Estimand(
            name="accuracy_wide_minus_narrow",
            claim="a ReLU network of width 512 is more accurate on new data than one of width 8",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=({"width": 512} | STANDARD, {"width": 8} | STANDARD),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.8, negative=0.05, absent=0.15, interval=(0.03, 0.12), because="capacity"),
            expects=Direction.MORE,
        ),
        _slope(
            name="ntk_first_slope",
            claim="with weights scaled as in neural-tangent-kernel theory, the movement of the first layer falls as"
            " theory says: with the inverse root of the width",
            measure="movement",
            prediction=Prediction(positive=0.01, negative=0.04, absent=0.95, interval=(-0.6, -0.53), because="theorem"),
            expects=Direction.ABSENT,
            published=Published(value=-0.5, reference="Lee et al. 2019, arXiv:1902.06720 (figure of relative changes)"),
        ),
        _slope(
            name="ntk_middle_slope",
            claim="with weights scaled as in neural-tangent-kernel theory, the movement of the middle layer falls "
            "with width faster than its inverse root",
            measure="middle_movement",
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.98, -0.91), because="-1"),
            expects=Direction.LESS,
            published=Published(value=-1.0, reference="Lee et al. 2019, arXiv:1902.06720 (figure of relative changes)"),
        ),
        _slope(
            name="ntk_last_slope",
            claim="with weights scaled as in neural-tangent-kernel theory, the movement of the last layer falls as "
            "theory says: with the inverse root of the width",
            measure="last_movement",
            prediction=Prediction(positive=0.04, negative=0.01, absent=0.95, interval=(-0.57, -0.4), because="theorem"),
            expects=Direction.ABSENT,
            published=Published(value=-0.5, reference="Lee et al. 2019, arXiv:1902.06720 (figure of relative changes)"),
        ),
        _slope(
            name="alpha_slope",
            claim="the movement of a network of width 64 falls with the scale of its outputs faster than "
            "the inverse root",
            measure="movement",
            across="alpha",
            between=({"parametrisation": "ntk", "width": 64},),
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-1.01, -0.99), because="-1"),
            expects=Direction.LESS,
            published=Published(value=-1.0, reference="Chizat et al. 2019, arXiv:1812.07956 (Theorem 2.2)"),
        ),
    ),
    controls=(
        Control(
            estimand="movement_slope",
            placebo=grid(Config, width=[8, 32, 128], epochs=[2], control=["placebo"]),
            # A rate that falls as the width grows must make movement fall, too.
            planted=tuple(Config(width=width, lr=1.6 / width, epochs=2) for width in (8, 32, 128)),
        ),
        Control(
            estimand="accuracy_wide_minus_narrow",
            placebo=grid(Config, width=[512, 8], epochs=[2], control=["placebo"]),
            planted=(Config(width=512, epochs=2), Config(width=8, epochs=2, lr=1e-4)),  # the narrow one hardly learns
        ),
    ),
    figure=Figure(x="width", y="movement", log=("x", "y"), title="How far weights go", where=STANDARD),
    setting="ReLU networks that learn a random network's labels",
    headlines=(
        Headline(
            says="Wide networks change their first-layer connections less than narrow ones, yet answer better",
            when={"movement_slope": Direction.LESS, "accuracy_wide_minus_narrow": Direction.MORE},
        ),
        Headline(
            says="Wide networks change their first-layer connections less than narrow ones, and answer worse",
            when={"movement_slope": Direction.LESS, "accuracy_wide_minus_narrow": Direction.LESS},
        ),
        Headline(
            says="In standard networks, training changes first-layer connections less the more neurons there are",
            when={"movement_slope": Direction.LESS},
        ),
        Headline(
            says="In standard networks, training changes first-layer connections more the more neurons there are",
            when={"movement_slope": Direction.MORE},
        ),
        Headline(
            says="The number of neurons hardly matters for how far training moves first-layer connections",
            when={"movement_slope": Direction.ABSENT},
        ),
    ),
    words={
        "movement": "the relative change of the first layer's weights",
        "middle_movement": "the relative change of the middle layer's weights",
        "last_movement": "the relative change of the last layer's weights",
        "test_accuracy": "accuracy on new examples",
        "parametrisation=standard": "the usual scaling",
        "parametrisation=ntk": "neural-tangent-kernel scaling",
        "alpha": "output scale",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "width": "{value} neurons per layer",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
