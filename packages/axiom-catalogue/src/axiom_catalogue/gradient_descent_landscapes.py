"""What does the loss look like around what gradient descent finds, and along its way there?

Why it matters: pictures of loss landscapes shape how people think of training. Some of what they show would be seen on
a random walk as well.

The old laboratory drew a surface and left no number. Three things are said of such pictures. On the straight line from
start to end the loss falls without a bump (Goodfellow et al. 2015), unless the rate is high (Lucas et al. 2021). The
way lies nearly in the plane of its first two principal components (Lorch 2016); but so does a walk whose steps are
drawn by lot: of its variance the first has 61 % and the second a quarter of that (Antognini & Sohl-Dickstein 2018). So
beside each way there is such a walk with steps as long. And along directions by lot, as long for every neuron as its
own weights, the loss rises less the flatter the place (Li et al. 2018): unlike a Hessian, this does not change where
one layer is multiplied with what the next is divided by (Dinh et al. 2017). We train to the same loss at rates of a
factor of eight, on two tasks, with two losses and two widths.

We expect no bump with cross-entropy, and a plane that holds a quarter more than a walk's. Where squared error makes the
first steps too long for the start, we expect a bump, and a jump that is nearly all of the way. A walk with such a jump
lies in a plane as well, so there we ask what comes after it, and expect a quarter more again.

History: 2, after a jump where there is one; 1, with a walk by lot, the same loss and directions that know weights.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, landscapes, losses, models, progress, training
from axiom.kit.minibatch_descent import Course, Held
from axiom.kit.optimizers import SGD, Rates

INPUTS, CLASSES, EXAMPLES, TEST, BATCH = 20, 5, 1_000, 2_000, 50
LOOK = 200  # examples between two points of the way
TIME = 10.0  # learning rate times epochs, after which a loss is not waited for
PLACES, POINTS = 25, 41  # on the line, or around the end, the end included; of the way, at most
AWAY = 0.2  # how far to walk from the end, as a share of the weights
NO_BUMP = 0.01  # of the fall from start to end
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
LOSSES: dict[str, losses.Objective] = {"ce": losses.CROSS_ENTROPY, "mse": losses.SquaredError()}
IGNORANT = {"ce": math.log(CLASSES), "mse": 0.5 * (1 - 1 / CLASSES)}  # the loss of who answers the same to everything
Doubles: TypeAlias = npt.NDArray[np.float64]
Arms: TypeAlias = tuple[dict[str, object], ...]
Pair: TypeAlias = tuple[float, float]
Chances: TypeAlias = tuple[float, float, float]
State: TypeAlias = tuple[Held, tuple[list[Doubles], float]]  # of the descent; its way so far, and the loss there


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    loss: str  # ce or mse
    lr: float
    goal: float = 0.25  # the training loss at the end, as a share of what it is for who knows nothing
    width: int = 32
    depth: int = 2  # hidden layers; with none and squared error, the landscape is a bowl
    control: str = "none"  # placebo: each step of the descent is turned by lot, and is as long as before


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; where the loss was never reached, only that. Conclusions are estimands."""

    has_arrived: int
    bump: float | None = None  # most that the line from start to end rises, as a share of its fall; None without one
    is_monotone: int | None = None  # 1 where that is less than a hundredth
    in_plane: float | None = None  # share of the way's variance along its first two principal components
    walk_in_plane: float | None = None  # of a walk by lot with steps as long
    beyond_walk: float | None = None  # the difference
    later_beyond_walk: float | None = None  # without the first points of both, before which they may have jumped
    rise: float | None = None  # of the loss along directions as long for each neuron as a fifth of its weights
    plain_rise: float | None = None  # along directions as long as a fifth of all weights at the start
    train_loss: float | None = None
    test_accuracy: float | None = None
    line: tuple[float, ...] | None = None  # losses from start to end
    points: int | None = None  # of the way


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start, batch order and directions for all rates and losses alike."""
    draw, objective = TASKS[config.task], LOSSES[config.loss]
    task = draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, *[config.width] * config.depth, CLASSES))
    heights = partial(landscapes.losses_at, objective, start, x=task.x_train, y=task.y_train)
    way = descended(config, seed, task, start, heights)
    if way is None:
        return Measures(has_arrived=0)
    if config.control == "placebo":
        way = landscapes.walked(chance.stream(seed, "turned"), way)
    end, rng = landscapes.shaped(start, way[-1]), chance.stream(seed, "directions")
    drawn = [hessian.direction(rng, start) for _ in range(PLACES // 2)]

    def rise(directions: list[Doubles]) -> float:
        losses = heights(landscapes.around(way[-1], directions, share=AWAY))
        return float(losses[1:].mean() - losses[0])

    line = heights(landscapes.straight(way[0], way[-1], count=PLACES))
    walk = landscapes.walked(chance.stream(seed, "walk"), way)
    plane, beside = (landscapes.in_plane(path) for path in (way, walk))
    return Measures(
        has_arrived=1,
        bump=most if math.isfinite(most := landscapes.bump(line)) else None,
        is_monotone=int(most < NO_BUMP),
        in_plane=plane,
        walk_in_plane=beside,
        beyond_walk=plane - beside,
        later_beyond_walk=landscapes.in_plane(way[1:]) - landscapes.in_plane(walk[1:]) if len(way) > 2 else None,
        rise=rise([landscapes.by_neuron(vector, end) for vector in drawn]),
        plain_rise=rise([landscapes.together(vector, start) for vector in drawn]),
        train_loss=float(line[-1]),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
        line=tuple(line.tolist()),
        points=len(way),
    )


def descended(
    config: Config, seed: int, task: data.LearningTask, start: models.Net, heights: Callable[..., Doubles]
) -> Doubles | None:
    """The way from the start to the loss, at most as many points of it; None where the loss was never reached."""
    orders = chance.orders(seed, items=EXAMPLES, epochs=math.ceil(TIME / config.lr)).reshape(-1, LOOK)
    goal, descent = config.goal * IGNORANT[config.loss], partial(Course, optimizer=SGD, context=(), every=1)
    course = descent(start, task, orders, rates=Rates(lr=config.lr), batch=BATCH, objective=LOSSES[config.loss])

    def seen(way: list[Doubles], here: Doubles) -> tuple[list[Doubles], float]:
        return [*way, here], float(heights(here[None])[0])

    def step(state: State, number: int) -> State:
        learner, (way, loss) = state
        if not goal < loss < math.inf:
            return state
        learner = course.step(learner, number)
        return learner, seen(way, landscapes.flat(course.net(learner)))

    _, (way, loss) = progress.blocks((course.begin(), seen([], landscapes.flat(start))), step, course.blocks)
    if not loss <= goal:
        return None
    return np.stack([way[place] for place in np.unique(np.linspace(0, len(way) - 1, POINTS).round().astype(int))])


def _seconds(config: Config) -> float:
    return (0.006 + 0.00026 * config.width + 0.0014 / config.lr) * (1.4 if config.task == "teacher" else 0.7)


def _asks(name: str, claim: str, arms: Arms, seen: Pair, chances: Chances, **rest: Any) -> Estimand:
    """Most seeds of a pilot lay between the two that were seen."""
    by_verdict = dict(zip(("positive", "negative", "absent"), chances, strict=True))
    prediction = Prediction(**by_verdict, interval=seen, because=f"most seeds of a pilot: {seen[0]:g} to {seen[1]:g}")
    return Estimand(name=name, claim=claim, between=arms, prediction=prediction, **rest)


MORE, LESS, NEITHER = (0.97, 0.01, 0.02), (0.01, 0.97, 0.02), (0.02, 0.02, 0.96)
ON_RATE = partial(_asks, kind=Kind.SLOPE, across="lr", smallest=0.1)
IN_PLANE = partial(_asks, kind=Kind.LEVEL, smallest=0.03, in_words="{percent} percentage points")
NO_BUMP_THERE = partial(_asks, kind=Kind.PROPORTION, measure="is_monotone", null=0.5, smallest=0.2)
FEWER = partial(_asks, kind=Kind.CONTRAST, measure="is_monotone", smallest=0.2, in_words="{percent} percentage points")
WIDE: dict[str, object] = {"loss": "mse", "width": 128}
FAST, SLOW = ({**WIDE, "lr": lr} for lr in (0.1, 0.0125))
ENTROPY, SQUARED = ({"loss": loss, "width": 32} for loss in LOSSES)
SWEPT: dict[str, list[Any]] = {"task": list(TASKS), "width": [32, 128], "lr": [0.0125, 0.025, 0.05, 0.1]}
SHORT = partial(Config, task="clusters", loss="ce", lr=0.1)
JUMPING = partial(Config, task="clusters", loss="mse", lr=0.1, width=128, goal=0.5)
experiment = Experiment(
    name="gradient_descent_landscapes",
    aliases=("gradient_descent_loss_landscapes",),
    version=2,
    question="What does the loss look like around what gradient descent finds, and along its way there?",
    reference="Goodfellow et al. 2015, arXiv:1412.6544; Li et al. 2018, arXiv:1712.09913; Antognini et al. 2018",
    run=run,
    measures=Measures,
    sweep=(*grid(Config, loss=["ce"], **SWEPT), *grid(Config, loss=["mse"], goal=[0.5], **SWEPT)),
    ranges={"lr": (0.005, 1.0), "goal": (0.05, 0.95), "width": (4, 512), "depth": (0, 4)},
    estimands=(
        NO_BUMP_THERE(
            "no_bump_with_cross_entropy",
            "with cross-entropy, the loss on the straight line from start to end of training never rises by 1 % of "
            "its fall",
            ({"loss": "ce"},),
            (0.99, 1.0),
            MORE,
            expects=Direction.MORE,
        ),
        FEWER(
            "bump_at_a_high_rate",
            "in wide networks with squared error, a bump in the loss between start and end of training is more "
            "frequent at a high learning rate",
            (FAST, SLOW),
            (-1.0, -0.95),
            LESS,
            expects=Direction.LESS,
        ),
        IN_PLANE(
            "plane_beyond_a_walk",
            "with cross-entropy, the path of gradient descent lies more nearly in a plane than a random walk with "
            "equally long steps",
            ({"loss": "ce"},),
            (0.24, 0.257),
            MORE,
            measure="beyond_walk",
            expects=Direction.MORE,
        ),
        IN_PLANE(
            "plane_beyond_a_walk_fast",
            "with squared error and a high rate, gradient descent after its first jump stays "
            "nearer to a plane than a random walk does",
            (FAST,),
            (0.218, 0.252),
            MORE,
            measure="later_beyond_walk",
            expects=Direction.MORE,
        ),
        ON_RATE(
            "rise_on_rate_squared_error",
            "at equal training loss (squared error), random moves in proportion to each neuron's "
            "weights raise the loss less after a higher learning rate",
            (SQUARED,),
            (-0.42, -0.23),
            LESS,
            measure="rise",
            expects=Direction.LESS,
        ),
        ON_RATE(
            "plain_rise_on_rate_squared_error",
            "at equal training loss (squared error), a higher learning rate ends where moving all weights at random "
            "by one fixed distance raises the loss less",
            (SQUARED,),
            (-0.93, -0.35),
            LESS,
            measure="plain_rise",
            expects=Direction.LESS,
        ),
        ON_RATE(
            "rise_on_rate_cross_entropy",
            "at equal training loss (cross-entropy), the learning rate hardly changes how much random moves "
            "in proportion to each neuron's weights raise the loss",
            (ENTROPY,),
            (-0.047, -0.029),
            NEITHER,
            measure="rise",
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(estimand="plane_beyond_a_walk", placebo=(SHORT(control="placebo"),), planted=(SHORT(),)),
        Control(estimand="plane_beyond_a_walk_fast", placebo=(JUMPING(control="placebo"),), planted=(JUMPING(),)),
    ),
    figure=Figure(x="lr", y="in_plane", log=("x",), title="How much of the way lies in a plane", percent="%"),
    setting="classifiers trained to an equal loss",
    headlines=(
        Headline(
            says="On a straight line from untrained to trained weights, error (cross-entropy) usually just falls",
            when={"no_bump_with_cross_entropy": Direction.MORE},
        ),
        Headline(
            says="Blending an untrained network into its trained self sometimes raises error (cross-entropy)",
            when={"no_bump_with_cross_entropy": Direction.LESS},
        ),
        Headline(
            says="Blending untrained into trained raises wide networks' squared error more often after large steps",
            when={"bump_at_a_high_rate": Direction.LESS},
        ),
        Headline(
            says="Networks' training paths (cross-entropy) lie closer to a plane than random walks do",
            when={"plane_beyond_a_walk": Direction.MORE},
        ),
        Headline(
            says="Networks' training paths (cross-entropy) lie about as close to a plane as random walks",
            when={"plane_beyond_a_walk": Direction.ABSENT},
        ),
    ),
    words={
        "is_monotone": "freedom from bumps in the loss between start and end",
        "beyond_walk": "the share of the path in one plane beyond that of a random walk",
        "later_beyond_walk": "the share of the later path in one plane beyond that of a random walk",
        "rise": "the increase of the loss under random moves in proportion to neurons' weights",
        "plain_rise": "the increase of the loss under random moves of one fixed length",
        "loss=ce": "cross-entropy",
        "loss=mse": "squared error",
        "lr": "learning rate",
        "goal": "training loss to be reached",
        "width": "{value} neurons per layer",
        "depth": "{value} hidden layers",
        "depth=1": "one hidden layer",
        "in_plane": "share of the path’s variance in one plane",
        "task=teacher": "labels from a random network",
        "task=clusters": "clusters of points",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
