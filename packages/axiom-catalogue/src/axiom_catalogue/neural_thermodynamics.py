"""Does training cool a network, and is there a critical rate?

Why it matters: if training were like cooling, a century of physics would tell how to do it well.

A step of batch gradient descent is the gradient and a kick that the chance of the batch gives. The kicks have a
temperature, here learning rate over twice the batch (Chaudhari & Soatto 2018) times the gradients' variance per weight.
The old laboratory saw it fall at every learning rate, and by its Binder cumulant an order parameter break at a rate of
about 0.075. On a quadratic of curvature s, steps of a rate above 1 / s turn back every time, and above 2 / s they grow,
too. So we count rates in units of 1 / s, where s is the largest eigenvalue of the Hessian at the start. Our order
parameter is the cosine of each step with the next, which has other examples: 1 where steps lead on, 0 where chance
leads, below 0 where they turn back. Eight rates, two losses, and an affine model whose labels tell nothing.

We expect every rate to cool what can be fitted, and a high one to heat what cannot; and no break of the order at 2.

History: 1, rates in units of the curvature, and wrong labels; what the old laboratory called order is not known.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, losses, models, progress

INPUTS, CLASSES, EXAMPLES, WIDTH, BATCH = 20, 5, 500, 64, 25
EARLY, LOOKS = 2, 10  # epochs in which the curvature is still about that of the start; looks at the temperature
RATES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)
LOSSES: dict[str, losses.Objective] = {"ce": losses.CROSS_ENTROPY, "mse": losses.SquaredError()}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    rate: float  # learning rate times the curvature at the start
    loss: str  # ce or mse
    wrong: float = 0.0  # share of the training labels
    scale: float = 1.0  # of the inputs
    depth: int = 2  # hidden layers
    epochs: int = 40
    control: str = "none"  # still: steps of a ten thousandth; alike: rate 1 whatever it says, a start for each


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    curvature: float  # largest eigenvalue of the Hessian of the training loss at the start
    lr: float
    start_temperature: float
    cooling: float  # natural logarithm of the temperature at the start over the mean of the last three looks
    has_cooled: int
    order: float  # mean cosine of successive steps in the first epochs
    binder: float  # cumulant of the order parameter over these steps; 2 / 3 where it is always the same
    late_order: float  # mean cosine in the last tenth of the epochs


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for all rates and losses alike."""
    task, objective = _shown(config, seed), LOSSES[config.loss]
    purpose = f"start {config.rate}" if config.control == "alike" else "start"
    start = models.mlp(chance.stream(seed, purpose), (INPUTS, *[WIDTH] * config.depth, CLASSES))
    probe = hessian.direction(chance.stream(seed, "probe"), start)
    curvature = float(hessian.lanczos(objective, start, probe, task.x_train, task.y_train)[-1])
    lr = {"still": 1e-4 * config.rate, "alike": 1.0}.get(config.control, config.rate) / curvature
    cosines, variances = _course(config, seed, task, start, lr)
    temperatures = lr * variances / (2 * BATCH * ravel_pytree(start)[0].size)
    first, last = temperatures[0], temperatures[-3:].mean()
    early, tenth = cosines[: EARLY * (EXAMPLES // BATCH)], max(1, len(cosines) // 10)
    return Measures(
        curvature=curvature,
        lr=lr,
        start_temperature=float(first),
        cooling=float(np.log(first / last)),
        has_cooled=int(last < first),
        order=float(early.mean()),
        binder=cumulant(early),
        late_order=float(cosines[-tenth:].mean()),
    )


def _shown(config: Config, seed: int) -> data.LearningTask:
    """A Gaussian mixture, with inputs of this size and this share of wrong labels."""
    task = data.clusters(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=1)
    labels, _ = data.corrupted(chance.stream(seed, "wrong labels"), task.y_train, classes=CLASSES, share=config.wrong)
    return replace(task, x_train=np.float32(config.scale) * task.x_train, y_train=labels)


def _course(config: Config, seed: int, task: data.LearningTask, start: models.Net, lr: float) -> tuple[Any, Any]:
    """The cosine of each step with the one before, and the variance at every look."""
    objective, (leaves, shape) = LOSSES[config.loss], jax.tree.flatten(start)
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs).reshape(config.epochs, -1, BATCH)
    every, rows = -(-config.epochs // LOOKS), (task.x_train, task.y_train)

    def step(state: Any, number: int) -> Any:
        weights, before, cosines, variances = state
        net = jax.tree.unflatten(shape, weights)
        for due in orders[number * every : (number + 1) * every]:
            (net, before), (cosine, loss) = _epoch(objective, net, before, rows, due, lr)
            cosines = cosines + np.asarray(cosine).tolist()
            progress.early(np.asarray(loss))
        return jax.tree.leaves(net), before, cosines, [*variances, float(variance(objective, net, *rows))]

    begin = (leaves, 0 * ravel_pytree(start)[0], list[float](), [float(variance(objective, start, *rows))])
    _, _, cosines, variances = progress.blocks(begin, step, -(-config.epochs // every))
    return np.array(cosines[1:]), np.array(variances)


def cumulant(order: models.Array) -> float:
    """Binder's: 2 / 3 where the size of an order parameter is always the same, 0 where it is normal about 0."""
    return float(1 - np.mean(order**4) / (3 * np.mean(order**2) ** 2))


@partial(jax.jit, static_argnums=0)
def variance(objective: losses.Objective, net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
    """Of the examples' gradients, summed over all weights."""
    slopes = jax.vmap(lambda example, its: ravel_pytree(jax.grad(objective)(net, example[None], its[None]))[0])(x, y)
    return jnp.sum(jnp.var(slopes, axis=0))


@partial(jax.jit, static_argnums=0)
def _epoch(objective: losses.Objective, net: models.Net, before: Any, rows: Any, batches: Any, lr: float) -> Any:
    """The network and the last gradient after an epoch; the cosine of each gradient with the one before, and losses."""

    def step(state: Any, items: jax.Array) -> Any:
        net, before = state
        loss, slopes = jax.value_and_grad(objective)(net, rows[0][items], rows[1][items])
        slope = ravel_pytree(slopes)[0]
        cosine = jnp.vdot(slope, before) / (jnp.linalg.norm(slope) * jnp.linalg.norm(before))
        return (jax.tree.map(lambda weight, part: weight - lr * part, net, slopes), slope), (cosine, loss)

    return jax.lax.scan(step, (net, before), jnp.asarray(batches))


CE: dict[str, object] = {"loss": "ce", "wrong": 0.0, "scale": 1.0}
UNFIT = partial(Config, loss="ce", wrong=0.8, depth=0)
STILL = UNFIT(rate=8.0, epochs=EARLY, control="still")
PAIR = partial(grid, Config, loss=["mse"], depth=[0], epochs=[EARLY], rate=[1.5, 3.0])
PILOT = partial(Prediction, because="a pilot")
PAIRED = partial(Estimand, kind=Kind.CONTRAST, measure="order", bounds=(-2.0, 2.0))

experiment = Experiment(
    name="neural_thermodynamics",
    aliases=("thermov2", "neural_thermodynamics_v2"),
    version=1,
    question="Does training cool a network, and is there a critical rate?",
    reference="Chaudhari & Soatto 2018, arXiv:1710.11029; Binder 1981, Z. Phys. B 43:119",
    run=run,
    measures=Measures,
    sweep=grid(Config, loss=list(LOSSES), rate=RATES)
    + grid(Config, loss=["ce"], scale=[2.0], rate=RATES)
    + grid(UNFIT, rate=RATES),
    ranges={"rate": (1e-3, 50.0), "wrong": (0.0, 0.8), "scale": (0.1, 10.0), "epochs": (1, 500)},
    estimands=(
        Estimand(
            name="cools_at_every_rate",
            claim="with cross-entropy and true labels, training lowers the temperature of a network's "
            "gradient noise at every learning rate tried",
            kind=Kind.PROPORTION,
            measure="has_cooled",
            between=(CE,),
            null=0.5,
            smallest=0.2,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.95, 1.0)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="heats_where_little_fits",
            claim="a high learning rate raises the temperature of the gradient noise of an affine model "
            "whose labels are wrong in 80 % of cases",
            kind=Kind.LEVEL,
            measure="cooling",
            between=({"wrong": 0.8, "rate": 8.0},),
            in_words="{times_e} times",
            expects=Direction.LESS,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.3, -0.26)),
        ),
        PAIRED(
            name="breaks_at_two",
            claim="with squared error, successive steps are as alike at a rate of 1.5 as of 3, in units of one over "
            "the curvature",
            between=({"loss": "mse", "rate": 1.5}, {"loss": "mse", "rate": 3.0}),
            smallest=0.1,
            prediction=PILOT(positive=0.02, negative=0.01, absent=0.97, interval=(-0.02, 0.04)),
            expects=Direction.ABSENT,
        ),
        PAIRED(
            name="same_in_units_of_curvature",
            claim="at equal rates in units of the curvature, successive steps are as alike with inputs twice as "
            "large, within 0.05",
            between=(CE | {"rate": 1.0, "scale": 2.0}, CE | {"rate": 1.0}),
            smallest=0.05,
            prediction=PILOT(positive=0.01, negative=0.03, absent=0.96, interval=(-0.03, 0.0)),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(estimand="breaks_at_two", placebo=PAIR(control=["alike"]), planted=PAIR()),
        Control(estimand="heats_where_little_fits", placebo=(STILL,), planted=(UNFIT(rate=8.0),)),
    ),
    figure=Figure(x="rate", y="order", log=("x",), title="Where steps turn back", where={"wrong": 0.0, "scale": 1.0}),
    setting="networks trained in small batches",
    headlines=(
        Headline(
            says="On true answers (cross-entropy), training usually lowers gradient noise at every step size tried",
            when={"cools_at_every_rate": Direction.MORE},
        ),
        Headline(
            says="Learning true answers (cross-entropy), networks' jolts usually fail to calm at some step size",
            when={"cools_at_every_rate": Direction.LESS},
        ),
        Headline(
            says="Trained on mostly wrong answers in large steps, simple models' random jolts grow",
            when={"heats_where_little_fits": Direction.LESS},
        ),
        Headline(
            says="Successive training steps align about equally below and above theory's stability limit",
            when={"breaks_at_two": Direction.ABSENT},
        ),
        Headline(
            says="Successive training steps align less above theory's stability limit than below",
            when={"breaks_at_two": Direction.MORE},
        ),
    ),
    words={
        "has_cooled": "a fall in the temperature of the gradient noise",
        "cooling": "gradient-noise temperature at the start over that at the end",
        "order": "alignment (cosine) of successive steps",
        "loss=ce": "cross-entropy",
        "loss=mse": "squared error",
        "rate": "learning rate times curvature",
        "wrong": "share of wrong labels",
        "wrong=0.0": "true labels",
        "scale": "input scale",
        "depth": "{value} hidden layers",
        "epochs": "{value} epochs",
        "depth=0": "no hidden layer",
        "depth=1": "one hidden layer",
        "wrong=0.8": "four fifths of the labels wrong",
    },
    needs=Needs(seconds=lambda config: 0.005 + config.epochs * (1.35e-3 if config.depth else 5.4e-5), memory_mb=600),
)
