"""At which step sizes does training only descend, shoot up and come back flatter, or run away, however large its start?

Why it matters: the largest step size that still works is often the best one. Whoever could read it from the curvature
at the start would not have to search for it.

A map of a network with one hidden layer and eight examples: the step size, in units of one over the curvature at the
start, against the scale of all weights at the start. The curvature is the largest eigenvalue of the tangent kernel over
the number of examples; it grows with the square of the scale, and a step size in its units takes that out. Each pixel
is one training by gradient descent from the same draw of the start, scaled. It *descends* where its loss never rises by
more than a hundredth of the first one, *shoots up* where it does and ends below the first one (a catapult), and *runs
away* where it does not end below it. The shades of the first two tell what is left of the curvature.

Lewkowycz et al. (2020) solved a linear network exactly on one example: below 2 it descends, from 2 to 4 the loss grows
until the curvature has fallen below 2 over the step size, above 4 nothing holds. For networks that are not linear they
saw the second border at other places, about 12 for deep ReLU networks. All of it is said of wide networks whose outputs
at the start are not small beside what is to be learned. Of starts so small that the network must grow first it is known
that the curvature rises until it is 2 over the step size (Cohen et al. 2021).

We expect straight borders at 2 and at 4 or a little more in the upper half of the plane of a linear network, and those
of ReLU and tanh networks further right, since units that die or saturate hold the loss. Lower down both must bend to
the left: from a small start the curvature grows, so that a step which is small at the start is too large later. Where a
start is too small no step size of this plane should be left.

The two numbers are geometric means over the rows whose scale is 1 or more.

History: 1, first version. The exact two-variable recursion is asked in catapult_phase.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.domain.maps import Band, Knob, Map, Tile
from axiom.kit import chance, pixel_networks, progress, tiles

INPUTS, EXAMPLES = 16, 8
ROSE = 0.01  # of the first loss: a loss that rises by more above its lowest so far has not only descended
TOGETHER = 32  # networks of one program on a core
LARGE = 1.0  # scales from which on a start is not small beside its targets

MAP = Map(
    title="Descent, catapult, flight",
    x=Knob(name="step size times the curvature at the start", low=0.5, high=32.0),
    y=Knob(name="scale of the start", low=0.1, high=10.0),
    measure="fate",
    bands=(
        Band(name="it only descended; the brighter, the more curvature is left", shades=8),
        Band(name="it shot up and came back; the stronger, the more curvature is left", shades=8),
        Band(name="it ran away; the brighter, the longer it held out", shades=8),
    ),
    charted=1,
    arms=("linear", "ReLU", "tanh"),
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    activation: str = "linear"
    examples: int = EXAMPLES
    width: int = 128
    steps: int = 300
    control: str = "none"  # or placebo: linear whatever the activation says, from a start of its own
    level: int = 0
    column: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    fate: bytes  # the map's pixels
    shoots_up_from: float | None  # step size times curvature; None where no row with a large start passes over
    runs_away_from: float | None
    small_start: float | None  # where the start is a fifth: what is left of the second number
    shot_up: float  # the share of the tile
    ran_away: float


@lru_cache(maxsize=8)
def program(activation: str, steps: int) -> Callable[..., Any]:
    """Trains the networks of many pixels at once; the same for all tiles of an arm, so it is compiled once."""
    bend = pixel_networks.ACTIVATIONS[activation]

    def trained(scales: Any, rates: Any, start: Any, inputs: Any, wanted: Any) -> Any:
        layers = tuple(layer * scales for layer in pixel_networks.begun(start, scales.shape[0]))

        def loss(layers: Any) -> Any:
            outputs = pixel_networks.sums(bend, layers, inputs) / layers[1].shape[0] ** 0.5
            losses = jnp.mean((outputs - wanted[:, None]) ** 2, axis=0) / 2.0
            return jnp.sum(losses), losses

        def step(layers: Any, _: None) -> Any:
            slopes, losses = jax.grad(loss, has_aux=True)(layers)
            return tuple(layer - rates * slope for layer, slope in zip(layers, slopes, strict=True)), losses

        layers, losses = jax.lax.scan(step, layers, None, length=steps)
        relative = jnp.where(jnp.isfinite(losses), losses / losses[0], jnp.inf)
        rose = (relative - jax.lax.cummin(relative)).max(axis=0) > ROSE
        held_out = jnp.argmax(jnp.concatenate([relative > 10.0, jnp.ones_like(relative[:1], bool)]), axis=0)
        came_back = jnp.isfinite(relative).all(axis=0) & (relative[-1] < 1.0)
        return jnp.where(came_back, rose, 2), held_out, pixel_networks.kernels(bend, layers, inputs), losses[:4, 0]

    return jax.jit(trained)


@lru_cache(maxsize=8)
def at_start(activation: str) -> Callable[..., Any]:
    """The tangent kernels of a start at several scales."""
    bend = pixel_networks.ACTIVATIONS[activation]
    return jax.jit(
        lambda scales, start, inputs: pixel_networks.kernels(
            bend, tuple(layer * scales for layer in pixel_networks.begun(start, scales.shape[0])), inputs
        )
    )


def curvatures(kernels: Any) -> tiles.Reals:
    """The largest eigenvalue of each kernel over its number of examples; infinite of one that is lost."""
    numbers = np.asarray(kernels, float)
    is_lost = ~np.isfinite(numbers).all(axis=(1, 2))
    largest = np.linalg.eigvalsh(np.where(is_lost[:, None, None], 0.0, numbers))[:, -1] / numbers.shape[1]
    return np.where(is_lost, np.inf, largest)


def run(config: Config, seed: int) -> Measures:
    """One cell: every pixel of one tile. The seed fixes the data and the start, which all pixels share."""
    is_placebo = config.control == "placebo"
    activation = "linear" if is_placebo else config.activation
    draw = chance.stream(seed, "data")
    drawn = draw.standard_normal((config.examples, INPUTS))
    inputs = np.float32(drawn * INPUTS**0.5 / np.linalg.norm(drawn, axis=1, keepdims=True))
    wanted = np.float32(draw.choice([-1.0, 1.0], config.examples))
    draw = chance.stream(seed, f"start of {config.activation}" if is_placebo else "start")
    start = np.float32(draw.standard_normal((INPUTS, config.width))), np.float32(draw.standard_normal(config.width))

    tile = Tile(level=config.level, column=config.column, row=config.row)
    times, scales = tiles.knobs(MAP, tile)
    upwards = tiles.rows(MAP, tile)
    firsts = np.repeat(curvatures(at_start(activation)(np.float32(upwards), start, inputs)), MAP.pixels)
    rates = times / firsts
    train = program(activation, config.steps)

    def trained(part: slice) -> list[Any]:
        bands, held_out, kernels, losses = train(
            np.float32(scales[part]), np.float32(rates[part]), start, inputs, wanted
        )
        progress.early(losses)
        return [bands, held_out, curvatures(kernels)]

    bands, held_out, lasts = tiles.computed(
        len(times), pixel_networks.side_by_side(TOGETHER, config.width * config.examples), trained
    )
    left = tiles.graded(lasts / firsts, 1 / 16, 16.0, MAP.bands[0].shades)
    shades = np.where(bands == 2, tiles.shade(held_out, config.steps, MAP.bands[2].shades), left)
    pixels = tiles.painted(MAP, bands, shades)
    rising, leaving = (tiles.edges(MAP, tile, bands >= band) for band in (1, 2))
    return Measures(
        fate=pixels.tobytes(),
        shoots_up_from=tiles.middle(rising[upwards >= LARGE]),
        runs_away_from=tiles.middle(leaving[upwards >= LARGE]),
        small_start=tiles.middle(leaving[(upwards >= 0.2) & (upwards < 0.25)]),
        shot_up=tiles.share(MAP, pixels, 1),
        ran_away=tiles.share(MAP, pixels, 2),
    )


def _seconds(config: Config) -> float:
    """Measured: a step goes over the weights once, and over all hidden units for each example."""
    example_cost = 0.6 if config.activation == "tanh" else 0.4
    return 0.7 + config.steps / 300 * config.width / 128 * (1.0 + example_cost * config.examples)


LINEAR, RELU, TANH = ({"activation": activation} for activation in ("linear", "relu", "tanh"))

experiment = Experiment(
    name="catapult_map",
    version=1,
    question="At which step sizes does training only descend, shoot up and come back flatter, or run away, however "
    "large its start?",
    reference="Lewkowycz et al. 2020, arXiv:2003.02218; Cohen et al. 2021, arXiv:2103.00065",
    run=run,
    measures=Measures,
    sweep=(Config(), Config(activation="relu"), Config(activation="tanh")),
    map=MAP,
    ranges={"examples": (1, 64), "width": (8, 1_024), "steps": (10, 3_000)},
    estimands=(
        Estimand(
            name="linear_shoots_up_from",
            claim="a linear network shoots up from step sizes of two over its curvature on, as theory says",
            kind=Kind.LEVEL,
            measure="shoots_up_from",
            between=(LINEAR,),
            null=2.0,
            smallest=0.2,
            prediction=Prediction(
                positive=0.04, negative=0.01, absent=0.95, interval=(2.0, 2.15), because="theory, and one seed of it"
            ),
            expects=Direction.ABSENT,
            published=Published(value=2.0, reference="Lewkowycz et al. 2020, arXiv:2003.02218 (solvable model)"),
        ),
        Estimand(
            name="linear_runs_away_from",
            claim="a linear network runs away from step sizes on that are more than four times one over its curvature",
            kind=Kind.LEVEL,
            measure="runs_away_from",
            between=(LINEAR,),
            null=4.0,
            smallest=0.4,
            prediction=Prediction(
                positive=0.55,
                negative=0.05,
                absent=0.4,
                interval=(3.8, 5.3),
                because="theory is of one example, and two seeds with eight ran away from 4.2 and 4.9 on",
            ),
            expects=Direction.MORE,
            published=Published(value=4.0, reference="Lewkowycz et al. 2020, arXiv:2003.02218 (solvable model)"),
        ),
        Estimand(
            name="relu_runs_away_from",
            claim="a ReLU network with one hidden layer runs away long before twelve over its curvature, where deep"
            " ones do",
            kind=Kind.LEVEL,
            measure="runs_away_from",
            between=(RELU,),
            null=12.0,
            smallest=2.0,
            prediction=Prediction(
                positive=0.02,
                negative=0.93,
                absent=0.05,
                interval=(4.5, 7.0),
                because="half of its units are linear, and one seed ran away from 5 on",
            ),
            expects=Direction.LESS,
            published=Published(value=12.0, reference="Lewkowycz et al. 2020, arXiv:2003.02218 (ReLU networks)"),
        ),
        Estimand(
            name="tanh_minus_linear",
            claim="a tanh network bears a larger step size than a linear one, in units of one over its curvature",
            kind=Kind.CONTRAST,
            measure="runs_away_from",
            between=(TANH, LINEAR),
            smallest=0.5,
            prediction=Prediction(
                positive=0.96,
                negative=0.01,
                absent=0.03,
                interval=(2.5, 6.5),
                because="units that are saturated bound the loss; one seed had 8.9 against 4.9",
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="small_starts_bear_less",
            claim="a linear network whose start is scaled by a fifth runs away from step sizes on that "
            "are below four over its curvature",
            kind=Kind.LEVEL,
            measure="small_start",
            between=(LINEAR,),
            null=4.0,
            expects=Direction.LESS,
            smallest=0.4,
            prediction=Prediction(
                positive=0.01, negative=0.97, absent=0.02, interval=(0.6, 2.2), because="curvature grows from small"
            ),
        ),
    ),
    controls=(
        Control(
            estimand="tanh_minus_linear",
            placebo=tuple(
                Config(activation=activation, width=32, steps=40, control="placebo")
                for activation in ("tanh", "linear")
            ),
            planted=tuple(Config(activation=activation, width=32, steps=40) for activation in ("tanh", "linear")),
        ),
    ),
    setting="one-hidden-layer networks at growing step sizes",
    headlines=(
        Headline(
            says="With strong first connections, simple networks bear larger training steps than theory's limit",
            when={"linear_runs_away_from": Direction.MORE},
        ),
        Headline(
            says="With strong first connections, simple networks fail at about theory's limit for training steps",
            when={"linear_runs_away_from": Direction.ABSENT},
        ),
        Headline(
            says="With strong first connections, simple networks' error first jumps about where theory says",
            when={"linear_shoots_up_from": Direction.ABSENT},
        ),
        Headline(
            says="With strong first connections, simple networks' error first jumps at larger steps than predicted",
            when={"linear_shoots_up_from": Direction.MORE},
        ),
        Headline(
            says="With weak first connections, simple networks fail at smaller training steps than theory's limit",
            when={"small_starts_bear_less": Direction.LESS},
        ),
    ),
    words={
        "shoots_up_from": "the step size times curvature from which the loss of large starts shoots up",
        "runs_away_from": "the step size times curvature from which large starts run away",
        "small_start": "the step size times curvature from which small starts run away",
        "activation=linear": "linear units",
        "activation=relu": "ReLU units",
        "activation=tanh": "tanh units",
    },
    needs=Needs(seconds=_seconds, memory_mb=500, may_use_gpu=True, gpu_memory_mb=2_000),
)
