"""How long do neurons that begin nearly alike stay so?

Why it matters: neurons must become different before a network can learn. How long that takes explains the long flat
stretches in many trainings.

Two neurons with the same weights get the same gradient, so descent keeps them the same for ever, and the network learns
what one neuron can: it rests on a plateau. If the two differ by a little, their distance grows there like an
exponential wherever the plateau is a saddle (Saad & Solla 1995; Fukumizu & Amari 2000), so they part after a number of
steps that is linear in the logarithm of one over it: a start that is nearer by a factor of a hundred costs a constant,
and no more. We train two neurons to follow two others, from starts that differ by 0.01 to 0.0000000001, with all rows
at once and in small batches, in double precision.

We expect that symmetry is kept to the last bit where it is exact, steps in proportion to the decades, and batches that
change little: both neurons see the same ones. Neurons of their own noise in every step are the placebo: they part soon.

History: 1, of the old laboratory's only the name is known.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, features, progress

INPUTS, ROWS = 6, 128
APART = 0.1  # distance of the two neurons' weights, in lengths of one, from which on they have parted
LOOK = 5  # steps between two looks at it
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    start: str  # near, or same: the neurons do not differ at all
    decades: float = 6.0  # near ones differ by ten to the minus this, in lengths of one
    batch: int = ROWS
    task: str = "two"  # neurons of the teacher, or many
    lr: float = 0.2
    steps: int = 20_000
    control: str = "none"  # placebo: each neuron has a noise of its own in every step


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    is_alike: int  # 1 when the two neurons are the same to the last bit at the end
    parting_step: int | None  # at which the training ends; None where they did not part
    log_steps: float | None  # the natural logarithm of that
    growth: float | None  # of the log of their distance per step, from a hundredth to a half of APART
    loss: float  # at the end, as a share of what the teacher's outputs vary
    log_distance_by_look: tuple[float, ...]  # powers of ten, at 50 points at most; none where they are the same


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes rows, teacher, start, batches and the direction of the difference for all alike."""
    x, y, weights, outer = begun(config, seed)
    order, noise = chance.stream(seed, "order"), chance.stream(seed, "noise")
    distances, losses = [apart(weights)], []
    for step in range(config.steps):
        shown = order.permutation(ROWS)[: config.batch] if config.batch < ROWS else slice(None)
        by_weights, by_outer, loss = slopes(weights, outer, x[shown], y[shown])
        weights, outer = weights - config.lr * by_weights, outer - config.lr * by_outer
        if config.control == "placebo":
            weights = weights + 1e-3 * noise.standard_normal(weights.shape)
        losses.append(loss)
        if (step + 1) % LOOK == 0:
            distances.append(apart(weights))
            progress.block((step + 1) / config.steps)
        if distances[-1] > APART:
            break
    progress.early(losses)
    progress.block(1.0)
    seen = np.array(distances)
    between = np.flatnonzero((seen > 0.01 * APART) & (seen < 0.5 * APART))
    has_parted = bool(seen[-1] > APART)
    grown = np.polyfit(LOOK * between, np.log(seen[between]), 1)[0] if has_parted and len(between) > 2 else None
    return Measures(
        is_alike=int(np.array_equal(weights[0], weights[1])),
        parting_step=len(losses) if has_parted else None,
        log_steps=math.log(len(losses)) if has_parted else None,
        growth=None if grown is None else float(grown),
        loss=2 * slopes(weights, outer, x, y)[2] / float(y.var()),
        log_distance_by_look=tuple(np.log10(seen[:: -(-len(seen) // 50)]).tolist()) if seen.all() else (),
    )


def apart(weights: Floats) -> float:
    """The distance of the two neurons' weights, in mean lengths of one."""
    return float(np.linalg.norm(weights[0] - weights[1]) / np.linalg.norm(weights, axis=1).mean())


def begun(config: Config, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Rows, what the teacher says of them, and both layers of the student: a row for each neuron."""
    x = chance.stream(seed, "rows").standard_normal((ROWS, INPUTS))
    count = 2 if config.task == "two" else 10
    teacher = features.directions(chance.stream(seed, "teacher"), inputs=INPUTS, count=count)
    y = np.tanh(2 * x @ teacher.T).sum(axis=1) / np.sqrt(count)
    middle = 0.5 * features.unit_vector(chance.stream(seed, "start"), size=INPUTS)
    way = features.unit_vector(chance.stream(seed, "way"), size=INPUTS)
    far = 0.0 if config.start == "same" else 0.25 * 10.0**-config.decades  # half a distance, of neurons as long as 0.5
    return x, y, np.stack([middle + far * way, middle - far * way]), np.full(2, 0.5)


def slopes(weights: Floats, outer: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats, float]:
    """The gradients of half the mean squared error by the weights of both layers, and that error.

    One neuron after the other, so that two that are the same are rounded alike.
    """
    active = [np.tanh(x @ weight) for weight in weights]
    residual = (outer[0] * active[0] + outer[1] * active[1] - y) / len(y)
    below = [factor * ((1 - unit**2) * residual) @ x for factor, unit in zip(outer, active, strict=True)]
    return np.stack(below), np.array([unit @ residual for unit in active]), 0.5 * len(y) * float(residual @ residual)


def _seconds(config: Config) -> float:
    parted = (20 + 95 * config.decades) * 0.2 / config.lr  # steps, of a pilot
    return 0.0004 + 2.1e-5 * (min(config.steps, parted) if config.start == "near" else config.steps)


experiment = Experiment(
    name="symmetry_breaking_dynamics",
    aliases=("symmetry",),
    version=1,
    question="How long do neurons that begin nearly alike stay so?",
    reference="Saad & Solla 1995, Phys. Rev. Lett. 74:4337; Fukumizu & Amari 2000, Neural Netw. 13:317",
    run=run,
    measures=Measures,
    sweep=grid(Config, start=["near"], task=["two", "many"], decades=[2.0, 4.0, 6.0, 8.0, 10.0])
    + grid(Config, start=["near"], batch=[16])
    + grid(Config, start=["same"], batch=[16, ROWS], steps=[4_000]),
    ranges={"decades": (0.0, 14.0), "batch": (2, ROWS), "lr": (1e-3, 1.0), "steps": (10, 200_000)},
    estimands=(
        Estimand(
            name="steps_by_decades",
            claim="the steps until two nearly alike neurons part grow faster than the square root of the "
            "decades by which they begin nearer",
            kind=Kind.SLOPE,
            measure="parting_step",
            across="decades",
            between=({"start": "near", "batch": ROWS},),
            null=0.5,
            smallest=0.1,
            prediction=Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(1.0, 1.1), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="batches_minus_all",
            claim="small batches hardly change how many steps it takes until two nearly alike neurons part",
            kind=Kind.CONTRAST,
            measure="log_steps",
            in_words="{times_e} times",
            between=(
                {"start": "near", "batch": 16},
                {"start": "near", "batch": ROWS, "task": "two", "decades": 6.0},
            ),
            expects=Direction.ABSENT,
            smallest=0.2,
            prediction=Prediction(positive=0.01, negative=0.01, absent=0.98, interval=(0.0, 0.035), because="a pilot"),
        ),
        Estimand(
            name="same_stay_the_same",
            claim="two neurons that begin the same are the same at the end of training, to the last bit",
            kind=Kind.PROPORTION,
            measure="is_alike",
            between=({"start": "same"},),
            null=0.5,
            smallest=0.2,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.97, 1.0), because="theory"),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="steps_by_decades",
            placebo=grid(Config, start=["near"], decades=[2.0, 6.0, 10.0], control=["placebo"]),
            planted=grid(Config, start=["near"], decades=[2.0, 6.0, 10.0]),
        ),
    ),
    figure=Figure(x="decades", y="parting_step", title="How long neurons stay alike", where={"batch": ROWS}),
    setting="pairs of neurons following others",
    headlines=(
        Headline(
            says="Identical neurons usually stay identical; near-identical ones drift apart "
            "later the closer they start",
            when={"steps_by_decades": Direction.MORE, "same_stay_the_same": Direction.MORE},
        ),
        Headline(
            says="Nearly identical neurons take longer to drift apart the closer they start",
            when={"steps_by_decades": Direction.MORE},
        ),
        Headline(
            says="In most runs, two neurons that start identical stay identical to the last digit",
            when={"same_stay_the_same": Direction.MORE},
        ),
        Headline(
            says="In most runs, two neurons that start identical do not stay identical",
            when={"same_stay_the_same": Direction.LESS},
        ),
        Headline(
            says="Learning from few examples at once hardly changes how soon near-identical neurons drift apart",
            when={"batches_minus_all": Direction.ABSENT},
        ),
    ),
    words={
        "parting_step": "the number of steps until the two part",
        "log_steps": "the number of steps until the two part",
        "is_alike": "both alike to the last bit at the end",
        "start=near": "nearly equal starts",
        "start=same": "equal starts",
        "decades": "{value} decades of starting closeness",
        "batch": "batch size",
        "batch=128": "full batches",
        "task=two": "two neurons to follow",
        "task=many": "many neurons to follow",
        "lr": "learning rate",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
