"""Does a picture of the loss around a trained network become rougher with depth, and smooth again by skip connections?

Why it matters: such pictures are shown as the reason why skip connections made deep networks trainable. They have two
of many thousand directions; whether they show what they are said to show can be counted.

The old laboratory drew the loss over a plane and left no number. Li et al. (2018) drew it around trained networks, over
two random directions that are as long for each neuron as its own weights, and saw bowls for shallow networks, chaos for
deep ones, and bowls again where each layer adds to the one before. We draw that surface around networks of 2, 6 and 12
hidden layers, with and without skip connections. At each point inside we ask whether the surface curves down along any
direction of the plane, which in a bowl it does nowhere. Beside it we count local minima.
gradient_descent_landscapes asks about lines and walks.

We expect rougher pictures of deep plain networks and smooth ones of deep networks with skips, as was said; but no
chaos: one valley in every picture. With skips the loss should rise less, and a smooth picture should say nothing about
accuracy on new examples.

History: 1, the old surface, with numbers.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, landscapes, losses, models, progress, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, ITEMS, TEST, BATCH, WIDTH = 20, 5, 1_000, 1_000, 50, 32
SIDE = 25  # points of the picture along either side; an odd number, so the network itself is in the middle
Doubles = npt.NDArray[np.float64]
State = tuple[Doubles, list[list[float]]]  # the network, and the lines of the picture


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    depth: int  # hidden layers
    is_residual: bool  # does each hidden layer add to the one before?
    lr: float = 0.05
    epochs: int = 40
    reach: float = 1.0  # half a side of the picture, in lengths of the weights
    control: str = "none"  # placebo: two hidden layers whatever the depth says, from a start of its own


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    downward: float  # share of the inner points at which the surface curves down along some direction of the plane
    minima: int  # inner points that lie below their eight neighbours
    is_one_valley: int  # 1 where there is one of them at most
    rise: float  # log of the mean loss on the border of the picture over the loss in the middle
    train_loss: float
    test_accuracy: float
    loss_by_place: tuple[float, ...]  # the picture, line by line


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and batch order for all depths; the start and the directions are the network's."""
    task = data.clusters(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=ITEMS, test=TEST)
    is_placebo = config.control == "placebo"
    depth, own = (2, f", depth {config.depth}, {config.is_residual}") if is_placebo else (config.depth, "")
    function = models.Architecture(residual=config.is_residual and not is_placebo)
    objective = losses.CrossEntropy(architecture=function)
    start = begun(chance.stream(seed, f"start{own}"), depth, is_residual=function.residual)
    orders = chance.orders(seed, items=ITEMS, epochs=config.epochs)

    def step(state: State, number: int) -> State:
        """First the training, then the picture."""
        if number == 0:
            rates = Rates(lr=config.lr)
            end, _ = training.trained(
                start, task, orders, rates=rates, batch=BATCH, objective=objective, watch=lambda _net: 0.0, every=10
            )
            return landscapes.flat(end), []
        middle, end = state[0], landscapes.shaped(start, state[0])
        rng, steps = chance.stream(seed, f"directions{own}"), np.linspace(-1, 1, SIDE)
        across, upwards = (config.reach * landscapes.by_neuron(hessian.direction(rng, end), end) for _ in range(2))
        lines = [middle + up * upwards + steps[:, None] * across for up in steps]
        return middle, [
            landscapes.losses_at(objective, end, line, task.x_train, task.y_train).tolist() for line in lines
        ]

    middle, lines = progress.blocks((landscapes.flat(start), list[list[float]]()), step, 2)
    end, surface = landscapes.shaped(start, middle), np.array(lines)
    border = np.concatenate([surface[0], surface[-1], surface[1:-1, 0], surface[1:-1, -1]])
    return Measures(
        downward=downward(surface),
        minima=(valleys := minima(surface)),
        is_one_valley=int(valleys <= 1),
        rise=float(np.log(border.mean() / surface[SIDE // 2, SIDE // 2])),
        train_loss=float(surface[SIDE // 2, SIDE // 2]),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test, architecture=function),
        loss_by_place=tuple(surface.ravel().tolist()),
    )


def begun(rng: np.random.Generator, depth: int, *, is_residual: bool) -> models.Net:
    """He's start. Layers that add to the one before begin smaller by the root of the depth: else signals explode."""
    first, *between, last = models.mlp(rng, (INPUTS, *[WIDTH] * depth, CLASSES))
    share = np.float32(depth**-0.5 if is_residual else 1.0)
    return (first, *(layer._replace(weights=share * layer.weights) for layer in between), last)


def downward(surface: Doubles) -> float:
    """The share of inner points at which the smaller eigenvalue of the surface's own Hessian is below zero."""
    inner = surface[1:-1, 1:-1]
    up = surface[2:, 1:-1] + surface[:-2, 1:-1] - 2 * inner
    side = surface[1:-1, 2:] + surface[1:-1, :-2] - 2 * inner
    mixed = (surface[2:, 2:] + surface[:-2, :-2] - surface[2:, :-2] - surface[:-2, 2:]) / 4
    least = (up + side) / 2 - np.hypot((up - side) / 2, mixed)
    return float(np.mean(least < 0))


def minima(surface: Doubles) -> int:
    """How many inner points lie below all of their eight neighbours."""
    size = len(surface)
    inner = surface[1:-1, 1:-1]
    around = [
        surface[1 + up : size - 1 + up, 1 + side : size - 1 + side]
        for up in (-1, 0, 1)
        for side in (-1, 0, 1)
        if up or side
    ]
    return int(np.all([inner < neighbour for neighbour in around], axis=0).sum())


def _seconds(config: Config) -> float:
    depth = 2 if config.control == "placebo" else config.depth
    return 0.02 + depth * (0.003 + 1.6e-4 * config.epochs)


PILOT = partial(Prediction, because="nine seeds of a pilot")
BESIDE = partial(Estimand, kind=Kind.CONTRAST)  # paired: the same data
PLAIN: dict[str, object] = {"depth": 12, "is_residual": False}
SKIPS = PLAIN | {"is_residual": True}
SHORT = partial(grid, Config, depth=[12, 2], is_residual=[False], epochs=[10])

experiment = Experiment(
    name="loss_surfaces",
    version=1,
    question="Does a picture of the loss around a trained network become rougher with depth, and smooth by skip "
    "connections?",
    reference="Li et al. 2018, arXiv:1712.09913; He et al. 2016, arXiv:1512.03385",
    run=run,
    measures=Measures,
    sweep=grid(Config, depth=[2, 6, 12], is_residual=[False, True]),
    ranges={"depth": (1, 24), "lr": (1e-4, 0.2), "epochs": (1, 500), "reach": (0.05, 3.0)},
    estimands=(
        BESIDE(
            name="deep_is_rougher",
            claim="around a plain network of 12 hidden layers a larger part of the pictured loss curves down somewhere "
            "than around one of 2",
            measure="downward",
            between=(PLAIN, PLAIN | {"depth": 2}),
            in_words="{percent} percentage points",
            smallest=0.05,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.19, 0.23)),
            expects=Direction.MORE,
        ),
        BESIDE(
            name="skips_smooth",
            claim="around a network of 12 hidden layers a smaller part of the pictured loss curves down somewhere if "
            "each layer adds to the one before",
            measure="downward",
            between=(SKIPS, PLAIN),
            in_words="{percent} percentage points",
            expects=Direction.LESS,
            smallest=0.05,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.23, -0.19)),
        ),
        Estimand(
            name="one_valley",
            claim="the pictured loss around a trained network has one valley, whatever its depth, with and without "
            "skip connections",
            kind=Kind.PROPORTION,
            measure="is_one_valley",
            null=0.5,
            smallest=0.2,
            prediction=PILOT(positive=0.93, negative=0.02, absent=0.05, interval=(0.9, 1.0)),
            expects=Direction.MORE,
        ),
        BESIDE(
            name="skips_rise_less",
            claim="from the middle to the border of the picture, the loss of a network of 12 hidden "
            "layers rises less with skip connections",
            measure="rise",
            between=(SKIPS, PLAIN),
            in_words="{times_e} times",
            expects=Direction.LESS,
            smallest=0.3,
            prediction=PILOT(positive=0.02, negative=0.9, absent=0.08, interval=(-2.0, -0.6)),
        ),
        BESIDE(
            name="smooth_is_more_accurate",
            claim="a deep network with skip connections is about as accurate on new examples as a plain one, within"
            " 3 points",
            measure="test_accuracy",
            between=(SKIPS, PLAIN),
            in_words="{percent} percentage points",
            smallest=0.03,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.2, negative=0.02, absent=0.78, interval=(-0.003, 0.03)),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(  # of networks that are equally deep no picture is rougher
            estimand="deep_is_rougher", placebo=SHORT(control=["placebo"]), planted=SHORT()
        ),
    ),
    figure=Figure(x="depth", y="downward", log=("x",), title="How much of the picture curves down"),
    setting="trained networks whose loss is pictured",
    headlines=(
        Headline(
            says="Plotted error landscapes are less bowl-shaped for 12 layers than two; shortcuts counteract that",
            when={"deep_is_rougher": Direction.MORE, "skips_smooth": Direction.LESS},
        ),
        Headline(
            says="With shortcuts past layers, deep networks' pictured error is more bowl-shaped than without",
            when={"skips_smooth": Direction.LESS},
        ),
        Headline(
            says="Without shortcuts, 12-layer networks' pictured error is less bowl-shaped than two-layer networks'",
            when={"deep_is_rougher": Direction.MORE},
        ),
        Headline(
            says="Without shortcuts, 12-layer and two-layer networks' pictured error is about equally bowl-shaped",
            when={"deep_is_rougher": Direction.ABSENT},
        ),
        Headline(
            says="Shortcuts past layers hardly change deep networks' accuracy on new examples",
            when={"smooth_is_more_accurate": Direction.ABSENT},
        ),
    ),
    words={
        "downward": "the share of the picture that curves down in some direction",
        "is_one_valley": "one valley at most in the picture",
        "rise": "the factor by which the loss rises from the picture's middle to its border",
        "test_accuracy": "accuracy on new examples",
        "is_residual": "skip connections",
        "reach": "reach of the picture",
        "lr": "learning rate",
        "depth": "{value} hidden layers",
        "epochs": "{value} epochs",
        "depth=1": "one hidden layer",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
