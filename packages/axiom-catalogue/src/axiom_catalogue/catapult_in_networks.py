"""Does the loss of a network leap at a high learning rate and come down again, and where does it land?

Why it matters: a training whose loss shoots up is usually stopped. If it comes down by itself, and in a better place,
stopping it is the mistake.

The old laboratory trained networks, saw the loss leap at a high learning rate and recover, and called it confirmed.
catapult_phase asks it of the smallest model that can do it, in which everything follows from two equations (Lewkowycz
et al. 2020). Here networks are trained: one hidden layer of 64 ReLU, two of 128 ReLU, and two of 128 tanh, on 256
examples of five classes, 1,000 steps on all examples at once or on batches of 32, with squared error and with
cross-entropy. Rates count in units of one over the sharpness (the largest eigenvalue of the Hessian) at the start. The
loss is that of all examples, before each step. It has leapt when it rose a tenth above where it began, and
recovered when it ended below a tenth of that.

We expect a leap and a recovery at a rate of 4 with squared error, in every network, and none at a rate of 1; the end
to be many times flatter after a leap; and cross-entropy, which flattens by itself, to leap at much higher rates only.

History: 1, the old question in trained networks.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, losses, models, progress, training

INPUTS, CLASSES, TEST, BLOCK = 20, 5, 2_000, 50  # the last in steps
LEAP, RECOVERED = 1.1, 0.1  # of the first loss: above the one it leapt, below the other it recovered
HUGE = 1e8  # times the first loss, from which nothing comes back
LOSSES: dict[str, Callable[..., losses.Objective]] = {"mse": losses.SquaredError, "ce": losses.CrossEntropy}
LOST = {"relu": 6.0, "deep_relu": 50.0, "deep_tanh": 5.0}  # rates above which squared error mostly diverges at once
HIDDEN = {"relu": (64,), "deep_relu": (128, 128), "deep_tanh": (128, 128)}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    network: str  # relu, deep_relu or deep_tanh
    loss: str  # mse or ce
    rate: float  # learning rate times the sharpness at the start
    batch: int = 256  # examples in a step; as many as there are: all at once
    rows: int = 256
    steps: int = 1_000
    control: str = "none"  # alike: a rate of 1 whatever it says, with a start of its own for each rate


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    lr: float
    start_sharpness: float
    diverged: int
    has_leapt: int  # 1 when the loss rose a tenth above where it began, whatever came of it
    stayed_down: int  # 1 when it never did
    has_recovered: int  # 1 when it leapt, and ended below a tenth of where it began
    spike: float | None  # highest loss over the first one; None where it diverged, as all that follow
    peak_step: int | None
    end_loss: float | None  # over the first one
    sharpness_kept: float | None  # at the end over that at the start
    test_accuracy: float | None
    loss_by_step: tuple[float, ...]  # over the first one, before the first 32 steps at most


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and batch order, and the start of each network for all rates and losses alike."""
    is_alike = config.control == "alike"
    task = data.clusters(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=config.rows, test=TEST)
    architecture = models.Architecture(activation="tanh" if "tanh" in config.network else "relu")
    start = models.mlp(
        chance.stream(seed, f"start {config.rate}" if is_alike else "start"),
        (INPUTS, *HIDDEN[config.network], CLASSES),
        gain=1.0 if "tanh" in config.network else 2.0,
    )
    objective = LOSSES[config.loss](architecture=architecture)
    probe = hessian.direction(chance.stream(seed, "probe"), start)
    sharpness = float(hessian.lanczos(objective, start, probe, task.x_train, task.y_train)[-1])
    lr = (1.0 if is_alike else config.rate) / sharpness

    end, seen = descended(config, seed, objective, task, start, lr)
    first, highest = seen[0], max(seen)
    diverged = highest == HUGE * first
    kept = None
    if not diverged:
        kept = float(hessian.lanczos(objective, end, probe, task.x_train, task.y_train)[-1]) / sharpness
    return Measures(
        lr=lr,
        start_sharpness=sharpness,
        diverged=int(diverged),
        has_leapt=int(highest > LEAP * first),
        stayed_down=int(highest <= LEAP * first),
        has_recovered=int(highest > LEAP * first and seen[-1] < RECOVERED * first),
        spike=None if diverged else highest / first,
        peak_step=None if diverged else seen.index(highest),
        end_loss=None if diverged else seen[-1] / first,
        sharpness_kept=kept,
        test_accuracy=None if diverged else training.accuracy(end, task.x_test, task.y_test, architecture),
        loss_by_step=tuple(loss / first for loss in seen[:32]),
    )


def descended(
    config: Config, seed: int, objective: losses.Objective, task: data.LearningTask, start: models.Net, lr: float
) -> tuple[models.Net, list[float]]:
    """The network at the end, and the loss of all rows before each step; what is lost stays at the limit."""
    batches = _batches(config, seed)
    rows = jax.device_put((task.x_train, task.y_train))
    limit = HUGE * float(_loss(objective, start, *rows))
    leaves, shape = jax.tree.flatten(start)

    def step(state: tuple[list[models.Array], list[float]], number: int) -> tuple[list[models.Array], list[float]]:
        if limit in state[1]:
            return state
        due = batches[number * BLOCK : (number + 1) * BLOCK]
        end, losses = _block(objective, jax.tree.unflatten(shape, state[0]), *rows, due, lr)
        seen = [min(limit, loss) for loss in np.asarray(losses).tolist()]  # so asked, what is no number is lost, too
        progress.early(seen)
        return jax.tree.leaves(end), state[1] + seen

    weights, seen = progress.blocks((leaves, list[float]()), step, math.ceil(config.steps / BLOCK))
    return jax.tree.unflatten(shape, weights), seen


def _batches(config: Config, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """The rows of each step, epoch after epoch; what does not fill a batch waits for the next shuffle."""
    per_epoch = config.rows // min(config.batch, config.rows)
    orders = chance.orders(seed, items=config.rows, epochs=math.ceil(config.steps / per_epoch))
    size = min(config.batch, config.rows)
    return orders[:, : per_epoch * size].reshape(-1, size)[: config.steps]


@partial(jax.jit, static_argnums=0)
def _loss(objective: losses.Objective, net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
    return objective(net, x, y)


@partial(jax.jit, static_argnums=0)
def _block(
    objective: losses.Objective, net: models.Net, x: models.Array, y: models.Array, due: models.Array, lr: float
) -> tuple[models.Net, jax.Array]:
    """The network after a step on each of these batches, and the loss of all rows before each step."""
    is_whole = due.shape[1] == len(y)

    def step(net: models.Net, items: jax.Array) -> tuple[models.Net, jax.Array]:
        if is_whole:  # in any order they are the same rows
            loss, slopes = jax.value_and_grad(objective)(net, x, y)
        else:
            loss, slopes = objective(net, x, y), jax.grad(objective)(net, x[items], y[items])
        return jax.tree.map(lambda weights, slope: weights - lr * slope, net, slopes), loss

    return jax.lax.scan(step, net, jnp.asarray(due))


def _seconds(config: Config) -> float:
    sizes = (INPUTS, *HIDDEN[config.network], CLASSES)
    weights = sum(above * below for above, below in itertools.pairwise(sizes))
    rows = config.rows if config.batch >= config.rows else config.batch + config.rows / 3
    steps = config.steps
    if config.loss == "mse" and config.rate > LOST[config.network]:
        steps = min(steps, BLOCK)
    return 0.01 + steps * (6e-6 + 2.8e-11 * weights * rows)


SQUARED, ENTROPY = partial(dict[str, object], loss="mse", batch=256), partial(dict[str, object], loss="ce", batch=256)
DEEP = partial(SQUARED, network="deep_relu")
SMALL = partial(grid, Config, network=["deep_relu"], loss=["mse"], rate=[4.0, 1.0], rows=[64], batch=[256], steps=[200])
PILOT = partial(Prediction, because="a pilot")
OFTEN = partial(Estimand, kind=Kind.PROPORTION, null=0.5, smallest=0.2)
PAIRED = partial(Estimand, kind=Kind.CONTRAST)  # within the replicate

experiment = Experiment(
    name="catapult_in_networks",
    version=1,
    question="Does the loss of a network leap at a high learning rate and come down again, and where does it land?",
    reference="Lewkowycz et al. 2020, arXiv:2003.02218",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, network=list(HIDDEN), loss=["mse"], rate=[1.0, 1.9, 2.5, 3.0, 4.0, 6.0, 8.0]),
        *grid(Config, network=list(HIDDEN), loss=["ce"], rate=[1.0, 4.0, 16.0]),
        *grid(Config, network=list(HIDDEN), loss=["mse"], rate=[1.0, 4.0], batch=[32]),
    ),
    ranges={"rate": (0.1, 50.0), "batch": (1, 4_096), "rows": (16, 4_096), "steps": (50, 50_000)},
    estimands=(
        OFTEN(
            name="leaps_and_recovers",
            claim="at twice the stable learning rate, the squared error of each of three networks leaps "
            "and then falls below a tenth of where it began",
            measure="has_recovered",
            between=(SQUARED(rate=4.0),),
            prediction=PILOT(positive=0.95, negative=0.02, absent=0.03, interval=(0.85, 1.0)),
            expects=Direction.MORE,
        ),
        OFTEN(
            name="leaps_with_cross_entropy",
            claim="at eight times the stable learning rate, the cross-entropy of each of three networks "
            "leaps, then falls below a tenth of where it began",
            measure="has_recovered",
            between=(ENTROPY(rate=16.0),),
            prediction=PILOT(positive=0.95, negative=0.02, absent=0.03, interval=(0.85, 1.0)),
            expects=Direction.MORE,
        ),
        OFTEN(
            name="leaps_with_small_batches",
            claim="in batches of 32 at twice the stable rate, a deep ReLU network's squared error leaps,"
            " then falls below a tenth of its start",
            measure="has_recovered",
            between=({"network": "deep_relu", "loss": "mse", "rate": 4.0, "batch": 32},),
            prediction=PILOT(positive=0.95, negative=0.02, absent=0.03, interval=(0.85, 1.0)),
            expects=Direction.MORE,
        ),
        OFTEN(
            name="stays_down_at_a_low_rate",
            claim="at half the stable learning rate, the loss of no network leaps, with either loss and "
            "with batches of any size",
            measure="stayed_down",
            between=({"rate": 1.0},),
            prediction=PILOT(positive=0.96, negative=0.02, absent=0.02, interval=(0.9, 1.0)),
            expects=Direction.MORE,
        ),
        PAIRED(
            name="flatter_after_a_leap",
            claim="a deep ReLU network keeps less of its sharpness after a leap of the loss, at twice "
            "the stable learning rate, than at half",
            measure="sharpness_kept",
            between=(DEEP(rate=4.0), DEEP(rate=1.0)),
            expects=Direction.LESS,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.64, -0.55)),
        ),
        PAIRED(
            name="deep_gains_by_a_leap",
            claim="after 1,000 steps a deep ReLU network is more accurate on new data at four times the "
            "stable learning rate than at half",
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(DEEP(rate=8.0), DEEP(rate=1.0)),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.05, 0.09)),
            expects=Direction.MORE,
        ),
        PAIRED(
            name="shallow_gains_by_a_leap",
            claim="a network with one hidden layer of ReLU has a lower test accuracy after a leap of the loss than "
            "without one",
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(SQUARED(network="relu", rate=4.0), SQUARED(network="relu", rate=1.0)),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.01, negative=0.94, absent=0.05, interval=(-0.055, -0.035)),
            expects=Direction.LESS,
        ),
    ),
    controls=(
        Control(estimand="leaps_and_recovers", placebo=SMALL(control=["alike"]), planted=SMALL()),
        Control(estimand="flatter_after_a_leap", placebo=SMALL(control=["alike"]), planted=SMALL()),
    ),
    figure=Figure(x="rate", y="sharpness_kept", log=("x", "y"), title="What is left of the sharpness"),
    setting="fully connected classifiers",
    headlines=(
        Headline(
            says="In steps twice the safe size, most networks' squared error leaps, then falls low",
            when={"leaps_and_recovers": Direction.MORE},
        ),
        Headline(
            says="In steps twice the safe size, not every network's squared error leaps and recovers",
            when={"leaps_and_recovers": Direction.LESS},
        ),
        Headline(
            says="In steps twice the safe size, squared error does not always leap and recover",
            when={"leaps_and_recovers": Direction.ABSENT},
        ),
        Headline(
            says="Steps twice the safe size leave deep networks' squared error flatter than half-size steps",
            when={"flatter_after_a_leap": Direction.LESS},
        ),
        Headline(
            says="Steps four times the safe size leave deep squared-error networks more accurate than half-size",
            when={"deep_gains_by_a_leap": Direction.MORE},
        ),
    ),
    words={
        "has_recovered": "a loss that leaps and recovers",
        "stayed_down": "a loss that never leaps",
        "sharpness_kept": "sharpness (loss curvature) at the end over the start",
        "test_accuracy": "accuracy on new examples",
        "loss=ce": "cross-entropy",
        "loss=mse": "squared error",
        "network=relu": "one hidden ReLU layer",
        "network=deep_relu": "two hidden ReLU layers",
        "network=deep_tanh": "two hidden tanh layers",
        "rate": "learning rate times sharpness",
        "batch": "batch size",
        "batch=256": "full batches",
        "rows": "{value} training examples",
        "rate=1.0": "half the stable learning rate",
        "rate=4.0": "twice the stable learning rate",
        "rate=8.0": "four times the stable learning rate",
        "rate=16.0": "eight times the stable learning rate",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
