"""Where does a network stop learning features, as it grows wider and its outputs are scaled up?

Why it matters: theory can solve lazy networks, and practice uses those that are not. Whoever takes a theorem over into
practice must know on which side of the border a network lies.

A map of a network with one hidden layer, 8 inputs and 8 examples: the scale alpha of its outputs against its width. It
says alpha times the sum of its hidden units over the root of the width, less what it said at the start, and its loss is
divided by alpha squared (Chizat et al. 2019). Each pixel is one training by gradient descent: 200 steps, each as long
as the curvature allows (one over the mean of the tangent kernel's diagonal, which is never beyond stability). A pixel
is *lazy* where the tangent kernel moved by less than a half of its own length at the start, and *rich* where by more;
the shades tell how far.

A width is a whole number: a pixel's is the nearest one, so deep tiles have rows that show the same. All networks are
parts of one of 256 hidden units, whose other units are silent, so that one program computes all; a wider network has
the units of a narrower one, and more. All pixels share the data.

Theory says that in this scaling each unit moves by one over alpha times the root of the width. Geiger et al. (2020)
drew the border for deep networks on images, and found it where alpha times the root of the width is constant: a line of
slope -1/2 in logarithms. Where alpha is not small, the kernel of a wide network moves by less still, by one over alpha
times the width, since what its units do cancels (Huang & Yau 2020); there the line should be steeper.

We expect a straight border of slope -1/2, or a little steeper, for tanh; for ReLU it may be flatter, as some of the few
units of a narrow network die.

History: 1, first version. Powers of the movement itself are asked in lazy_vs_feature_learning.
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

INPUTS = 8
WIDEST = 256
HALF = 0.5  # of its own length: what moves by more is not lazy
TOGETHER = 32  # networks of one program on a core

MAP = Map(
    title="Rich and lazy",
    x=Knob(name="scale of the outputs", low=0.01, high=10.0),
    y=Knob(name="width", low=8.0, high=256.0),
    measure="regime",
    bands=(
        Band(name="it was rich; the brighter, the further its kernel moved", shades=8),
        Band(name="it was lazy; the stronger, the less its kernel moved", shades=8),
    ),
    charted=1,
    arms=("tanh", "ReLU"),
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    activation: str = "tanh"
    examples: int = 8
    steps: int = 200
    power: float = 0.5  # of the width, by which the sum of the hidden units is divided; 1 is the mean-field scale
    level: int = 0
    column: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    regime: bytes  # the map's pixels
    slope: float | None  # of the logarithm of the scale at which a row passes over, on that of its width
    lazy_from: float | None  # that scale times the root of the width, over all rows
    rich: float  # the share of the tile
    learned: float  # the share of the tile whose loss fell below a tenth


@lru_cache(maxsize=4)
def program(activation: str, steps: int) -> Callable[..., Any]:
    """Trains the networks of many pixels at once; the same for all tiles of an arm, so it is compiled once."""
    bend = pixel_networks.ACTIVATIONS[activation]

    def trained(alphas: Any, widths: Any, shares: Any, start: Any, inputs: Any, wanted: Any) -> Any:
        awake = (jnp.arange(start[1].shape[0])[:, None] < widths).astype(jnp.float32)
        first, last = pixel_networks.begun(start, alphas.shape[0])
        layers = first, last * awake
        at_start = pixel_networks.sums(bend, layers, inputs) * shares
        lengths = (inputs**2).mean(axis=1)[:, None, None]

        def looked(layers: Any) -> tuple[Any, Any]:
            received = pixel_networks.fields(layers, inputs)
            bent, slope = jax.jvp(bend, (received,), (jnp.ones_like(received),))
            return bent * awake, slope * layers[1]

        def kernel(layers: Any) -> Any:
            bent, through = looked(layers)
            alike = inputs @ inputs.T / INPUTS
            return jnp.einsum("enk,fnk->kef", bent, bent) + jnp.einsum("enk,fnk->kef", through, through) * alike

        def step(layers: Any, _: None) -> Any:
            bent, through = looked(layers)
            outputs = alphas * (jnp.einsum("enk,nk->ek", bent, layers[1]) * shares - at_start)
            errors = outputs - wanted[:, None]
            diagonal = (bent**2 + through**2 * lengths).sum(axis=1).mean(axis=0) * shares**2
            pull = errors * shares / (alphas * len(wanted) * diagonal)  # the step size is one over the diagonal
            pulled = through * pull[:, None, :]
            of_first = (inputs.T @ pulled.reshape(len(wanted), -1)).reshape(layers[0].shape) / INPUTS**0.5
            of_last = (bent * pull[:, None, :]).sum(axis=0)
            return (layers[0] - of_first, layers[1] - of_last), (errors**2).mean(axis=0)

        before = kernel(layers)
        layers, losses = jax.lax.scan(step, layers, None, length=steps)
        moved = jnp.sqrt(((kernel(layers) - before) ** 2).sum(axis=(1, 2)) / (before**2).sum(axis=(1, 2)))
        # The first loss is the same for all: outputs are counted from the start.
        return moved, losses[-1] / losses[0], losses[1:4, 0]

    return jax.jit(trained)


def run(config: Config, seed: int) -> Measures:
    """One cell: every pixel of one tile. The seed fixes the data and the widest start, of which all have a part."""
    draw = chance.stream(seed, "data")
    inputs = draw.standard_normal((config.examples, INPUTS)).astype(np.float32)
    wanted = draw.choice([-1.0, 1.0], config.examples).astype(np.float32)
    draw = chance.stream(seed, "start")
    start = tuple(draw.standard_normal(size).astype(np.float32) for size in ((INPUTS, WIDEST), (WIDEST,)))

    tile = Tile(level=config.level, column=config.column, row=config.row)
    alphas, heights = (knob.astype(np.float32) for knob in tiles.knobs(MAP, tile))
    widths = np.round(heights)
    shares = widths**-config.power
    train = program(config.activation, config.steps)

    def trained(part: slice) -> list[Any]:
        *ends, losses = train(alphas[part], widths[part], shares[part], start, inputs, wanted)
        progress.early(losses)
        return list(ends)

    moved, left = tiles.computed(len(alphas), pixel_networks.side_by_side(TOGETHER, WIDEST * config.examples), trained)
    is_lazy = moved < HALF
    far = tiles.graded(moved, HALF, 64.0, MAP.bands[0].shades)
    little = MAP.bands[1].shades - 1 - tiles.graded(moved, 1 / 256, HALF, MAP.bands[1].shades)
    pixels = tiles.painted(MAP, is_lazy, np.where(is_lazy, little, far))
    edges, rows = tiles.edges(MAP, tile, is_lazy), widths[:: MAP.pixels]
    return Measures(
        regime=pixels.tobytes(),
        slope=tiles.slope(rows, edges),
        lazy_from=tiles.middle(edges * rows**0.5),
        rich=tiles.share(MAP, pixels, 0),
        learned=float(np.mean(left < 0.1)),
    )


def _seconds(config: Config) -> float:
    """Measured: a step goes over all hidden units of the widest network for each example."""
    example_cost = 1.0 if config.activation == "tanh" else 0.9
    return 0.7 + config.steps / 200 * (1.0 + example_cost * config.examples)


TANH, RELU = {"activation": "tanh"}, {"activation": "relu"}

experiment = Experiment(
    name="lazy_map",
    version=1,
    question="Where does a network stop learning features, as it grows wider and its outputs are scaled up?",
    reference="Chizat et al. 2019, arXiv:1812.07956; Geiger et al. 2020, arXiv:1906.08034; Huang & Yau 2020, "
    "arXiv:1909.08156",
    run=run,
    measures=Measures,
    sweep=(Config(), Config(activation="relu")),
    map=MAP,
    ranges={"examples": (2, 64), "steps": (5, 5_000), "power": (0.0, 1.0)},
    estimands=(
        Estimand(
            name="tanh_slope",
            claim="a tanh network is lazy from a scale on that falls with the inverse root of its width, as theory "
            "says",
            kind=Kind.LEVEL,
            measure="slope",
            between=(TANH,),
            null=-0.5,
            expects=Direction.ABSENT,
            smallest=0.1,
            prediction=Prediction(
                positive=0.25,
                negative=0.2,
                absent=0.55,
                interval=(-0.68, -0.38),
                because="theory; one seed had -0.43, and one with twice the examples -0.65",
            ),
            published=Published(value=-0.5, reference="Geiger et al. 2020, arXiv:1906.08034 (abstract)"),
        ),
        Estimand(
            name="relu_slope",
            claim="width makes a ReLU network lazy later than theory says: the border falls more slowly than the "
            "inverse root of the width",
            kind=Kind.LEVEL,
            measure="slope",
            between=(RELU,),
            null=-0.5,
            expects=Direction.MORE,
            smallest=0.1,
            prediction=Prediction(
                positive=0.5,
                negative=0.05,
                absent=0.45,
                interval=(-0.52, -0.3),
                because="one seed had -0.34, and one with twice the examples -0.37",
            ),
            published=Published(value=-0.5, reference="Geiger et al. 2020, arXiv:1906.08034 (abstract)"),
        ),
        Estimand(
            name="order_of_one",
            claim="a tanh network becomes lazy where its scale times the root of its width is above 1",
            kind=Kind.LEVEL,
            measure="lazy_from",
            between=(TANH,),
            null=1.0,
            smallest=0.5,
            prediction=Prediction(
                positive=0.93,
                negative=0.01,
                absent=0.06,
                interval=(1.8, 4.5),
                because="of order 1, and one seed had 2.7",
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        # By another power of the width all of the plane is tilted by the root itself: the border falls faster, or, in
        # the placebo, more slowly.
        Control(
            estimand="tanh_slope",
            placebo=(Config(steps=20, power=1.0),),
            planted=(Config(steps=20, power=0.0),),
            side=Direction.LESS,
        ),
    ),
    setting="one-hidden-layer networks mapped over width and output scale",
    headlines=(
        Headline(
            says="Four-times-wider tanh networks stop learning features at about half the narrow ones' output scaling",
            when={"tanh_slope": Direction.ABSENT},
        ),
        Headline(
            says="Four-times-wider tanh networks stop learning features at over half the narrow ones' output scaling",
            when={"tanh_slope": Direction.MORE},
        ),
        Headline(
            says="Four-times-wider tanh networks stop learning features at under half the narrow ones' output scaling",
            when={"tanh_slope": Direction.LESS},
        ),
        Headline(
            says="Four-times-wider ReLU networks stop learning features at over half the narrow ones' output scaling",
            when={"relu_slope": Direction.MORE},
        ),
    ),
    words={
        "slope": "the exponent over width of the output scale from which training is lazy",
        "lazy_from": "the output scale times root of width from which training is lazy",
        "activation=relu": "ReLU units",
        "activation=tanh": "tanh units",
        "power": "power of the width that divides outputs",
        "examples": "{value} training examples",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=500, may_use_gpu=True, gpu_memory_mb=2_000),
)
