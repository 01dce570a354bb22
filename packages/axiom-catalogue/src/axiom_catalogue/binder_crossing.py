"""Is there a critical learning rate at which the order of a training breaks, and is it 0.075?

Why it matters: if trainings had a critical learning rate as magnets have a critical temperature, one measurement would
say where it is, for networks of any size.

Physics finds a critical temperature by Binder's cumulant of an order parameter m, 1 - <m^4> / (3 <m^2>^2): it is 2/3
where m keeps its size, and 0 where m is normal about 0. The curves of a small system and of a large one cross at the
critical point, whatever the sizes (Binder 1981). The old laboratory did so with learning rates and found 0.075; its log
does not say what its order parameter was, nor the network. So we take the three that such a script may have taken, over
the second half of a training by small batches: of the answers (how many of a batch are right, 0 by chance and 1 when
all are), of the weights (the cosine between weights and their start) and of the steps (the cosine of each step with
the next, as in neural_thermodynamics). Networks have two hidden layers of ReLU, of 16 neurons for the small system and
of 32, 64 or 128 for the large one; there are five classes, and rates from 0.02 to 3, each 19 % above the one before.

The order of a network has broken at the lowest rate at which its cumulant is below half of 2/3; a training that left
the real numbers has none. The curves cross at the lowest rate at which the wide network's cumulant is at least 0.1
below the narrow one's, where that is still in order.

We expect the order of the answers to break where training falls apart, at a rate far above 0.075 and with squared error
at a lower rate the wider the network, so at no one critical rate; the weights to keep theirs until a training leaves
the real numbers; and the steps to have none to lose.

History: 1, the old question in the old units, with three readings of what was called order.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, progress

INPUTS, CLASSES, EXAMPLES, BATCH = 20, 5, 500, 25
ORDERS = ("answers", "weights", "steps")
RATES = tuple(0.02 * 2 ** (number / 4) for number in range(30))
ALIKE = 64  # neurons
OLD, WHOLE, APART = 0.075, 2 / 3, 0.1  # of a cumulant: where order is perfect, and by how much curves must part
LOSSES: dict[str, losses.Objective] = {"ce": losses.CROSS_ENTROPY, "mse": losses.SquaredError()}
Curve = list[float]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    order: str  # answers, weights or steps
    loss: str  # ce or mse
    narrow: int = 16  # neurons of a hidden layer
    wide: int = 64
    epochs: int = 40
    control: str = "none"  # alike: 64 neurons whatever it says, with a start of its own for each


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    critical: float | None  # the rate at which the wide network's order breaks; None where it has none, or never breaks
    has_critical: int
    crossing: float | None  # the rate at which the curves cross; None where they do not
    has_crossing: int
    narrow_by_rate: tuple[float, ...]
    wide_by_rate: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and batch order for all rates and widths, and a width's start for all rates."""
    is_alike = config.control == "alike"
    task = data.clusters(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=1)
    rows = (task.x_train, task.y_train)
    batches = chance.orders(seed, items=EXAMPLES, epochs=config.epochs).reshape(-1, BATCH)
    starts = [
        models.mlp(
            chance.stream(seed, f"start of {width}" if is_alike else "start"),
            (INPUTS, *[ALIKE if is_alike else width] * 2, CLASSES),
        )
        for width in (config.narrow, config.wide)
    ]

    def step(curves: list[Curve], number: int) -> list[Curve]:
        begun = [_course(LOSSES[config.loss], net, *rows, batches, RATES[number]) for net in starts]
        if number == 0:
            progress.early(np.asarray(begun[0]["losses"]))
        late = [np.asarray(numbers[config.order])[len(batches) // 2 :] for numbers in begun]
        return [[*curve, cumulant(order)] for curve, order in zip(curves, late, strict=True)]

    narrow, wide = progress.blocks([Curve(), Curve()], step, len(RATES))
    critical, crossing = broken(wide), crossed(narrow, wide)
    return Measures(
        critical=critical,
        has_critical=int(critical is not None),
        crossing=crossing,
        has_crossing=int(crossing is not None),
        narrow_by_rate=tuple(narrow),
        wide_by_rate=tuple(wide),
    )


def cumulant(order: models.Array) -> float:
    """Binder's: 2 / 3 where an order parameter keeps its size, 0 where it is normal about 0, or is no number."""
    values = np.asarray(order, dtype=np.float64)
    if not np.isfinite(values).all() or not values.any():
        return 0.0
    return float(1 - np.mean(values**4) / (3 * np.mean(values**2) ** 2))


def broken(curve: Curve) -> float | None:
    """The rate between the last cumulant in order and the first that is not; None where the first or none is."""
    return _between(curve, lambda cumulant: cumulant < WHOLE / 2)


def crossed(narrow: Curve, wide: Curve) -> float | None:
    """The rate at which the wide network first has less order than the narrow one, which still has some."""
    pairs = list(zip(narrow, wide, strict=True))
    return _between(pairs, lambda pair: pair[1] < pair[0] - APART and pair[0] > WHOLE / 2)


def _between(by_rate: list[Any], is_beyond: Any) -> float | None:
    """The geometric mean of the two successive rates between which something is beyond for the first time."""
    first = next((place for place, order in enumerate(by_rate) if is_beyond(order)), 0)
    return math.sqrt(RATES[first - 1] * RATES[first]) if first else None


@partial(jax.jit, static_argnums=0)
def _course(
    objective: losses.Objective, start: models.Net, x: models.Array, y: models.Array, batches: models.Array, lr: float
) -> dict[str, jax.Array]:
    """One training by these batches: the three order parameters and the loss, before each step."""
    begun = ravel_pytree(start)[0]

    def step(state: Any, items: jax.Array) -> Any:
        net, before = state
        loss, slopes = jax.value_and_grad(objective)(net, x[items], y[items])
        weights, slope = ravel_pytree(net)[0], ravel_pytree(slopes)[0]
        right = jnp.mean(jnp.argmax(models.logits(net, x[items]), axis=1) == y[items])
        seen = {
            "answers": (right - 1 / CLASSES) / (1 - 1 / CLASSES),
            "weights": _cosine(weights, begun),
            "steps": _cosine(slope, before),
            "losses": loss,
        }
        return (jax.tree.map(lambda weight, part: weight - lr * part, net, slopes), slope), seen

    seen: dict[str, jax.Array] = jax.lax.scan(step, (start, begun), jnp.asarray(batches))[1]
    return seen


def _cosine(vector: jax.Array, other: jax.Array) -> jax.Array:
    cosine: jax.Array = jnp.vdot(vector, other) / (jnp.linalg.norm(vector) * jnp.linalg.norm(other))
    return cosine


def _seconds(config: Config) -> float:
    widths = (ALIKE, ALIKE) if config.control == "alike" else (config.narrow, config.wide)
    weights = sum(width * (INPUTS + width + CLASSES) for width in widths)
    return len(RATES) * config.epochs * (EXAMPLES // BATCH) * (1.1e-5 + 1.4e-9 * weights)


ENTROPY, SQUARED = ({"order": "answers", "loss": loss, "wide": 64} for loss in ("ce", "mse"))
SHORT = partial(grid, Config, order=["answers"], loss=["mse"], wide=[32, 128], epochs=[6])
PILOT = partial(Prediction, because="a pilot")
AT_OLD = partial(Estimand, kind=Kind.LEVEL, null=OLD, smallest=0.025)

experiment = Experiment(
    name="binder_crossing",
    version=1,
    question="Is there a critical learning rate at which the order of a training breaks, and is it 0.075?",
    reference="Binder 1981, Z. Phys. B 43:119",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, order=["answers"], loss=list(LOSSES), wide=[32, 64, 128]),
        *grid(Config, order=["weights", "steps"], loss=list(LOSSES)),
    ),
    ranges={"narrow": (4, 256), "wide": (4, 512), "epochs": (2, 400)},
    estimands=(
        Estimand(
            name="answers_break",
            claim="with either loss and at each of three widths there is a learning rate at which the order of a "
            "network's answers breaks",
            kind=Kind.PROPORTION,
            measure="has_critical",
            between=({"order": "answers"},),
            null=0.5,
            smallest=0.2,
            prediction=PILOT(positive=0.96, negative=0.02, absent=0.02, interval=(0.9, 1.0)),
            expects=Direction.MORE,
        ),
        AT_OLD(
            name="cross_entropy_at_the_old_rate",
            claim="with cross-entropy the order of a network's answers breaks at a learning rate above 0.075, which an "
            "earlier laboratory called critical",
            measure="critical",
            between=(ENTROPY,),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(1.3, 1.7)),
            expects=Direction.MORE,
        ),
        AT_OLD(
            name="squared_error_at_the_old_rate",
            claim="with squared error the order of a network's answers breaks at a learning rate above 0.075, which an "
            "earlier laboratory called critical",
            measure="critical",
            between=(SQUARED,),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.2, 0.3)),
            expects=Direction.MORE,
        ),
        AT_OLD(
            name="crossing_at_the_old_rate",
            claim="with squared error the cumulants of a narrow and a wide network's answers cross at a learning "
            "rate above 0.075, once called critical",
            measure="crossing",
            between=(SQUARED,),
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.2, 0.3)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="wide_breaks_sooner",
            claim="with squared error the order of a network's answers breaks at a lower learning rate the wider "
            "the network",
            kind=Kind.SLOPE,
            measure="critical",
            across="wide",
            between=({"order": "answers", "loss": "mse"},),
            expects=Direction.LESS,
            smallest=0.2,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.85, -0.6)),
        ),
        Estimand(
            name="steps_have_an_order",
            claim="in most networks, no learning rate tried is one at which an order of successive steps breaks",
            kind=Kind.PROPORTION,
            measure="has_critical",
            between=({"order": "steps"},),
            null=0.5,
            smallest=0.2,
            prediction=PILOT(positive=0.02, negative=0.96, absent=0.02, interval=(0.0, 0.1)),
            expects=Direction.LESS,
        ),
    ),
    controls=(Control(estimand="wide_breaks_sooner", placebo=SHORT(control=["alike"]), planted=SHORT()),),
    figure=Figure(x="wide", y="critical", log=("x", "y"), title="Where order breaks", where={"order": "answers"}),
    setting="classifiers at rising learning rates",
    headlines=(
        Headline(
            says="With squared error, networks with more neurons tolerate only smaller training steps",
            when={"wide_breaks_sooner": Direction.LESS},
        ),
        Headline(
            says="With squared error, networks of 64 neurons fail only beyond an earlier critical step",
            when={"squared_error_at_the_old_rate": Direction.MORE},
        ),
        Headline(
            says="With squared error, networks of 64 neurons fail at about an earlier critical step",
            when={"squared_error_at_the_old_rate": Direction.ABSENT},
        ),
        Headline(
            says="With squared error, networks of 64 neurons fail already below an earlier critical step",
            when={"squared_error_at_the_old_rate": Direction.LESS},
        ),
    ),
    words={
        "critical": "the learning rate at which this order breaks",
        "has_critical": "a learning rate at which this order breaks",
        "crossing": "the learning rate where a wide network's order falls below a narrow one's",
        "order=answers": "order of answers (how many are right)",
        "order=weights": "order of weights (likeness to the start)",
        "order=steps": "order of steps (likeness of each to the next)",
        "loss=ce": "cross-entropy loss",
        "loss=mse": "squared-error loss",
        "narrow": "narrow width",
        "wide": "width",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
