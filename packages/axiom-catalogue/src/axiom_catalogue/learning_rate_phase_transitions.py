"""At which learning rate does training fall apart?

Why it matters: the learning rate is the first thing that everybody must choose. Too high, and hours of computing end in
nothing.

The old laboratory found a cliff at lr = 0.791. But on a quadratic loss of curvature s, descent diverges above lr * s
= 2. So we count rates in units of 1 / s, where s is the sharpness (the largest eigenvalue of the Hessian) at the start.
An affine model with squared error is such a quadratic. A network is not: between 2 and some higher rate its loss rises
first and then falls to a flatter place (the catapult). For one wide hidden layer of linear units theory says 4; for
ReLU the paper saw about 12 (Lewkowycz et al. 2020).

We take five networks, squared error and cross-entropy, and ten rates, descend 200 steps on all the data at once, and
note what diverges and what learns. We expect the cliffs at 2 and 4 to be sharp, two hidden layers of ReLU to survive
more than one of the same width, and cross-entropy to survive everything here, since its gradient is bounded. If only
the last layer learns, the loss is a quadratic and the cliff at 4 is gone: that is the placebo.

History: 1, rates in units of the sharpness instead of the old laboratory's absolute ones.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, hessian, losses, models, progress

INPUTS, CLASSES, BLOCK = 20, 5, 20  # the last in steps
HUGE = 1e4  # a loss that has grown by as much will not come back
ROUNDING = 1e-5  # of the loss, in single precision
RATES = (1.0, 1.9, 2.1, 3.0, 3.5, 4.5, 6.0, 8.0, 12.0, 20.0)
LOSSES: dict[str, Callable[..., losses.Objective]] = {"mse": losses.SquaredError, "ce": losses.CrossEntropy}
HIDDEN = {"affine": (), "linear": (512,), "relu": (512,), "narrow_relu": (128,), "deep_relu": (128, 128)}
LINEAR = models.Architecture(activation="linear")
CLIFFS = {"affine": 2.0, "linear": 4.0, "relu": 7.0, "narrow_relu": 7.0}  # with squared error; above, it is soon over
LOOK = {"affine": 6.6e-4, "linear": 5.2e-3, "relu": 5.2e-3, "narrow_relu": 1.7e-3, "deep_relu": 9e-3}  # at 256 rows
STEP = {"affine": 5.5e-6, "linear": 2e-4, "relu": 2.2e-4, "narrow_relu": 4.4e-5, "deep_relu": 1.4e-4}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    rate: float  # learning rate times the sharpness at the start
    network: str  # affine, linear, relu, narrow_relu or deep_relu
    loss: str  # mse or ce
    is_frozen: bool = False  # all but the last layer: with squared error, what is left is a quadratic
    rows: int = 256
    steps: int = 200


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    start_sharpness: float
    lr: float
    diverged: int
    has_learned: int  # 1 when the loss ended below the first one
    is_monotone: int  # 1 when no step raised the loss
    highest_step: int | None  # at which the loss was highest; None when it diverged
    spike: float | None  # highest loss over the first one; None when it diverged
    final_loss: float | None  # None when it diverged
    end_rate: float | None  # learning rate times the sharpness at the end; None when it diverged


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes the data for all networks, and the start of a network for all its rates alike."""
    task = data.teacher(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=config.rows, test=1)
    architecture, gain = (models.RELU, 2.0) if "relu" in config.network else (LINEAR, 1.0)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, *HIDDEN[config.network], CLASSES), gain=gain)
    objective = LOSSES[config.loss](architecture=architecture)
    x, y = task.x_train, task.y_train
    if config.is_frozen:
        x, start = np.asarray(architecture.hidden(start, x)[-1]), start[-1:]
    probe = hessian.direction(chance.stream(seed, "probe"), start)
    first = float(hessian.lanczos(objective, start, probe, x, y)[-1])
    end, loss = _course(config, objective, start, x, y, config.rate / first)
    diverged = max(loss) == HUGE * (1 + float(objective(start, x, y)))
    return Measures(
        start_sharpness=first,
        lr=config.rate / first,
        diverged=int(diverged),
        has_learned=int(loss[-1] < loss[0]),
        is_monotone=int(all(after <= before * (1 + ROUNDING) for before, after in pairwise(loss))),
        highest_step=None if diverged else loss.index(max(loss)),
        spike=None if diverged else max(loss) / loss[0],
        final_loss=None if diverged else loss[-1],
        end_rate=None if diverged else config.rate * float(hessian.lanczos(objective, end, probe, x, y)[-1]) / first,
    )


def _course(
    config: Config, objective: losses.Objective, start: models.Net, x: models.Array, y: models.Array, lr: float
) -> tuple[models.Net, list[float]]:
    """The network at the end and the loss before each step; where it leaves for good, it stays at the limit."""
    limit = HUGE * (1 + float(objective(start, x, y)))
    leaves, shape = jax.tree.flatten(start)

    def step(state: tuple[list[models.Array], list[float]], number: int) -> tuple[list[models.Array], list[float]]:
        if limit in state[1]:
            return state
        count = min(BLOCK, config.steps - number * BLOCK)
        end, losses = _descended(objective, jax.tree.unflatten(shape, state[0]), x, y, lr, count=count)
        # so asked, no number is lost, too
        loss = state[1] + [min(limit, step_loss) for step_loss in np.asarray(losses).tolist()]
        progress.early(loss)
        return jax.tree.leaves(end), loss

    weights, loss = progress.blocks((leaves, list[float]()), step, math.ceil(config.steps / BLOCK))
    return jax.tree.unflatten(shape, weights), loss


@partial(jax.jit, static_argnums=0, static_argnames="count")
def _descended(
    objective: losses.Objective, net: models.Net, x: models.Array, y: models.Array, lr: float, *, count: int
) -> tuple[models.Net, jax.Array]:
    """The network after so many steps on all rows at once, and the loss before each."""

    def step(net: models.Net, _: None) -> tuple[models.Net, jax.Array]:
        loss, slopes = jax.value_and_grad(objective)(net, x, y)
        return jax.tree.map(lambda weights, slope: weights - lr * slope, net, slopes), loss

    return jax.lax.scan(step, net, None, length=count)


def _seconds(config: Config) -> float:
    steps, looks, share = config.steps, 2, config.rows / 256
    if config.loss == "mse" and config.rate > CLIFFS.get(config.network, math.inf):
        growth = math.log(HUGE) / math.log((config.rate - 1) ** 2)  # as the loss of a quadratic grows
        steps, looks = min(steps, BLOCK * math.ceil(growth / BLOCK)), 1
    return 1e-4 + looks * LOOK[config.network] * (1 + share) / 2 + steps * (1.7e-6 + STEP[config.network] * share)


SQUARED = partial(dict[str, object], loss="mse")  # an arm
SURE = partial(Prediction, positive=0.97, negative=0.01, absent=0.02, interval=(0.95, 1.0))
PAIRED = partial(
    Estimand, kind=Kind.CONTRAST, smallest=0.2, bounds=(-1.0, 1.0), in_words="{percent} percentage points"
)  # within the replicate

experiment = Experiment(
    name="learning_rate_phase_transitions",
    aliases=("lr_phase_transitions", "critical_lr"),
    version=1,
    question="At which learning rate does training fall apart?",
    reference="Lewkowycz et al. 2020, arXiv:2003.02218",
    run=run,
    measures=Measures,
    sweep=grid(Config, network=list(HIDDEN), loss=list(LOSSES), rate=RATES),
    ranges={"rate": (0.1, 100.0), "rows": (8, 4_096), "steps": (1, 2_000)},
    estimands=(
        PAIRED(
            name="affine_cliff",
            claim="an affine model diverges more often at a learning rate of 2.1 than of 1.9, in units of "
            "one over the sharpness at the start",
            measure="diverged",
            between=(SQUARED(network="affine", rate=2.1), SQUARED(network="affine", rate=1.9)),
            prediction=SURE(because="it is a quadratic"),
            expects=Direction.MORE,
        ),
        PAIRED(
            name="linear_cliff",
            claim="a linear network with one hidden layer diverges more often at a learning rate of 4.5 "
            "than of 3.5 over the sharpness",
            measure="diverged",
            between=(SQUARED(network="linear", rate=4.5), SQUARED(network="linear", rate=3.5)),
            prediction=SURE(because="theory says 4"),
            expects=Direction.MORE,
            published=Published(value=1.0, reference="Lewkowycz et al. 2020, arXiv:2003.02218 (solvable model)"),
        ),
        Estimand(
            name="relu_survives_eight",
            claim="a network with one hidden layer of 512 ReLU units mostly diverges at a learning rate of 8, in units "
            "of one over the sharpness",
            kind=Kind.PROPORTION,
            measure="diverged",
            between=(SQUARED(network="relu", rate=8.0),),
            null=0.5,
            expects=Direction.MORE,
            smallest=0.2,
            prediction=SURE(because="a pilot saw it diverge"),
        ),
        PAIRED(
            name="depth_helps_relu",
            claim="at a rate of 8 over the sharpness, two hidden layers of 128 ReLU have learned after "
            "200 steps more often than one",
            measure="has_learned",
            between=(SQUARED(network="deep_relu", rate=8.0), SQUARED(network="narrow_relu", rate=8.0)),
            prediction=SURE(because="a pilot saw it up to 20"),
            expects=Direction.MORE,
        ),
        PAIRED(
            name="cross_entropy_survives",
            claim="at a rate of 12 over the sharpness, one hidden ReLU layer has learned after 200 steps"
            " more often with cross-entropy than with squared error",
            measure="has_learned",
            between=(SQUARED(network="relu", rate=12.0, loss="ce"), SQUARED(network="relu", rate=12.0)),
            prediction=SURE(because="its gradient is bounded"),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="linear_cliff",
            placebo=grid(Config, network=["linear"], loss=["mse"], rate=[3.5, 4.5], is_frozen=[True]),
            planted=grid(Config, network=["linear"], loss=["mse"], rate=[3.5, 4.5]),
        ),
    ),
    figure=Figure(x="rate", y="diverged", log=("x",), title="What falls apart", where={"loss": "mse"}),
    setting="full-batch training",
    headlines=(
        Headline(
            says="Just above theory's step limit, two models (squared error) fail more often than below",
            when={"affine_cliff": Direction.MORE, "linear_cliff": Direction.MORE},
        ),
        Headline(
            says="Squared-error training of a simple model fails more often just above theory's step limit",
            when={"affine_cliff": Direction.MORE},
        ),
        Headline(
            says="Simple models' squared-error training typically ends alike just above and below theory's step limit",
            when={"affine_cliff": Direction.ABSENT},
        ),
        Headline(
            says="In very large steps, networks learn more often with cross-entropy than with squared error",
            when={"cross_entropy_survives": Direction.MORE},
        ),
        Headline(
            says="In very large training steps, two layers of neurons learn more often than one",
            when={"depth_helps_relu": Direction.MORE},
        ),
    ),
    words={
        "diverged": "divergence of the loss",
        "has_learned": "the share of a repetition's runs whose loss ends below its start",
        "network=affine": "an affine model",
        "network=linear": "a linear network",
        "network=relu": "one wide ReLU layer",
        "network=narrow_relu": "one narrow ReLU layer",
        "network=deep_relu": "two narrow ReLU layers",
        "loss=mse": "squared error",
        "loss=ce": "cross-entropy",
        "rate": "learning rate times curvature",
        "rows": "{value} training examples",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
