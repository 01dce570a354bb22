"""Where does training stop working as its step sizes grow, and is that border a fractal?

Why it matters: whoever trains a network chooses step sizes. If the border between those that work and those that do not
is a line, a little caution is enough. If it is a fractal, no caution is.

A map of a network with one hidden layer: the step size of its first layer against that of its last, from a thousandth
to a million in the mean-field scale, where all of it is of order 1. Each pixel is one training by gradient descent,
all with the same data and the same start; it learned if its last twenty losses on all examples are on average below
the first one.

Sohl-Dickstein (2024) drew this plane for six settings, over more than ten decades, with one draw of data and start
each, and counted boxes: the dimension was 1.17 for linear networks, 1.20 for ReLU, 1.41 for one example, 1.55 for
batches of 16 and 1.66 for tanh on all examples. Nobody has repeated it with other draws. Five of his settings are
arms here; the sixth turns another knob. One arm more trains a single example in double precision, to tell how much of
the border is rounding.

Every replicate is charted down to level 4 wherever the border passes, so that a tile's pixel is a 1,024th of the
plane's side. A dimension is the slope of log2 of the boxes that the border crosses over levels 0 to 4, registered
before; boxes have two pixels a side and their edges. An island that no pixel of a coarser level hits is missed, so
the number leans to the low side. His fits go much deeper, and the slope need not be the same at all depths.

We expect the border of one example to be a line down to this level and all others to be more, that of batches the
most.

History: 2, from level 0 on, and a box has its edges: before, a border along the grid was seen at some levels and lay
between boxes at others, which made 1.39 of the line of one example. 1, first version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.domain.maps import Band, Knob, Map, Tile
from axiom.kit import chance, pixel_networks, precision, progress, tiles

MAP = Map(
    title="Which step sizes train",
    x=Knob(name="step size (learning rate) of the first layer", low=1e-3, high=1e6),
    y=Knob(name="step size (learning rate) of the last layer", low=1e-3, high=1e6),
    measure="fate",
    bands=(
        Band(name="it learned; dark: soon, bright: late", shades=12),
        Band(name="it ran away; pale: at once, strong: late", shades=12),
    ),
    charted=4,
    arms=(
        "tanh, one example",
        "tanh, one example, sixteen digits",
        "tanh, batches of 16",
        "linear, 16 examples",
        "ReLU, all examples",
        "tanh, all examples",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    activation: str = "tanh"
    examples: int = 272  # as many as the network has weights
    batch: int = 0  # examples of each step; 0 is all
    digits: int = 7  # that the arithmetic keeps: 7 or 16
    width: int = 16  # inputs, and hidden units
    steps: int = 500
    level: int = 0
    column: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    fate: bytes  # the map's pixels
    learned: float  # the share of the tile that learned
    border: int  # boxes of two pixels a side that the border crosses


def run(config: Config, seed: int) -> Measures:
    """One cell: every pixel of one tile. The seed fixes the data and the start, which all pixels share."""
    width, draw = config.width, chance.stream(seed, "data")
    data = draw.standard_normal((config.examples, width)), draw.standard_normal(config.examples)
    draw = chance.stream(seed, "start")
    start = draw.standard_normal((width, width)), draw.standard_normal(width)
    chosen = None
    if config.batch:
        chosen = chance.stream(seed, "batches").integers(0, config.examples, (config.steps, config.batch))
    across, up = tiles.knobs(MAP, Tile(level=config.level, column=config.column, row=config.row))
    with precision.digits(config.digits) as kind:
        seen = config.batch or config.examples
        train = pixel_networks.trainer(config.activation, config.steps, seen, is_sampled=bool(config.batch))
        fixed = [tuple(jnp.asarray(array, kind) for array in pair) for pair in (start, data)]

        def trained(part: slice) -> list[Any]:
            rates = jnp.asarray(across[part], kind), jnp.asarray(up[part], kind)
            learned, moments, losses = train(None, *rates, *fixed, chosen)
            progress.early(losses)
            return [learned, moments]

        learned, moments = tiles.computed(len(across), pixel_networks.together(width, seen), trained)
    shades = tiles.shade(moments, config.steps, MAP.bands[0].shades)
    pixels = tiles.painted(MAP, np.where(learned, 0, 1), shades)
    return Measures(fate=pixels.tobytes(), learned=tiles.share(MAP, pixels, 0), border=tiles.border(MAP, pixels))


def _seconds(config: Config) -> float:
    """Measured: most of a step is the product of its examples with the weights, and what bends them."""
    seen = config.batch or config.examples
    step_cost = (0.1 if config.activation == "tanh" else 0.075) * seen * (config.width / 16) ** 2 / 2
    begun = 0.1 if seen < pixel_networks.FEW else 1.5 if config.batch else 0.6
    return (begun + step_cost) * config.steps / 500 * (2.5 if config.digits > 7 else 1.0)


ONE = {"examples": 1, "digits": 7}
PRECISE = {"examples": 1, "digits": 16}
BATCHES = {"batch": 16}
TANH = {"activation": "tanh", "examples": 272, "batch": 0}
RELU = {"activation": "relu"}
LINEAR = {"activation": "linear"}
LEVELS = (0, 4)
REFERENCE = "Sohl-Dickstein 2024, The boundary of neural network trainability is fractal, arXiv:2402.06184"


def _dimension(
    name: str,
    what: str,
    arm: Mapping[str, object],
    *,
    line: float,
    interval: tuple[float, float],
    because: str,
    counted: float,
) -> Estimand:
    """Is the border of one arm more than a line?"""
    is_line = "a line, within 0.05 of its dimension" if line > 0.5 else "more than a line"
    return Estimand(
        name=name,
        claim=f"the border between step sizes that train {what} and those that do not is {is_line}",
        expects=Direction.ABSENT if line > 0.5 else Direction.MORE,
        kind=Kind.DIMENSION,
        measure="border",
        between=(arm,),
        levels=LEVELS,
        null=1.0,
        smallest=0.05,
        bounds=(-8.0, 8.0),
        prediction=Prediction(positive=1 - line - 0.01, negative=0.01, absent=line, interval=interval, because=because),
        published=Published(value=counted, reference=f"{REFERENCE} (counted much deeper)"),
    )


experiment = Experiment(
    name="trainability",
    version=2,
    question="Where does training stop working as its step sizes grow, and is that border a fractal?",
    reference=REFERENCE,
    run=run,
    measures=Measures,
    sweep=(
        Config(examples=1),
        Config(examples=1, digits=16),
        Config(batch=16),
        Config(activation="linear", examples=16),
        Config(activation="relu"),
        Config(),
    ),
    map=MAP,
    ranges={"examples": (1, 2_000), "batch": (0, 500), "digits": (7, 16), "width": (4, 64), "steps": (50, 5_000)},
    estimands=(
        _dimension(
            "one_example",
            "a network on one example",
            ONE,
            line=0.95,
            interval=(0.98, 1.03),
            because="the pictures of version 1, counted so, gave 0.99 to 1.02 in each of 8 draws; Sohl-Dickstein "
            "counted 1.41 in one, much deeper",
            counted=1.41,
        ),
        _dimension(
            "batches",
            "a tanh network in batches of 16",
            BATCHES,
            line=0.01,
            interval=(1.55, 1.7),
            because="the pictures of version 1, counted so, gave 1.56 to 1.70 in 8 draws; Sohl-Dickstein counted 1.55",
            counted=1.55,
        ),
        _dimension(
            "linear",
            "a linear network on 16 examples",
            LINEAR,
            line=0.05,
            interval=(1.07, 1.25),
            because="the pictures of version 1, counted so, gave 1.08 to 1.27 in 8 draws; Sohl-Dickstein counted 1.17",
            counted=1.17,
        ),
        _dimension(
            "relu",
            "a ReLU network on all examples",
            RELU,
            line=0.05,
            interval=(1.1, 1.4),
            because="down to level 2 the pictures of version 1 grow by 1.2 a level; Sohl-Dickstein counted 1.20",
            counted=1.2,
        ),
        _dimension(
            "tanh",
            "a tanh network on all examples",
            TANH,
            line=0.03,
            interval=(1.15, 1.6),
            because="the first level of version 1 grows by 1.15; Sohl-Dickstein counted 1.66, much deeper",
            counted=1.66,
        ),
        Estimand(
            name="rounding",
            claim="down to level 4 the border of training has the same dimension in seven digits as in sixteen, "
            "within 0.05",
            kind=Kind.DIMENSION,
            measure="border",
            between=(ONE, PRECISE),
            levels=LEVELS,
            smallest=0.05,
            bounds=(-8.0, 8.0),
            prediction=Prediction(
                positive=0.05,
                negative=0.05,
                absent=0.9,
                interval=(-0.03, 0.03),
                because="the two agree on all but 2 of 100 pixels at the border, and these lie on both sides of it",
            ),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="rounding_costs_room",
            claim="as many step sizes train one example in seven digits as in sixteen, within 2 of 100",
            kind=Kind.CONTRAST,
            measure="learned",
            between=(ONE, PRECISE),
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01,
                negative=0.01,
                absent=0.98,
                interval=(-0.001, 0.001),
                because="4 seeds: no pixel of 4,096 differs at level 0",
            ),
        ),
        Estimand(
            name="batches_learn_less",
            claim="fewer step sizes train in batches of 16 than on all examples",
            kind=Kind.CONTRAST,
            measure="learned",
            between=(BATCHES, TANH),
            in_words="{percent} percentage points",
            expects=Direction.LESS,
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.1,
                negative=0.6,
                absent=0.3,
                interval=(-0.08, 0.01),
                because="the noise of a batch makes large steps run away that all examples would still hold",
            ),
        ),
    ),
    controls=(
        Control(
            estimand="rounding_costs_room",
            placebo=(Config(examples=1, steps=50), Config(examples=1, digits=16, steps=50)),
            planted=(Config(examples=1, width=4), Config(examples=1, digits=16, width=32)),  # wide networks have room
        ),
    ),
    setting="maps of a network's two step sizes",
    headlines=(
        Headline(
            says="With several examples, the border between step sizes that train and fail looks jagged",
            when={"tanh": Direction.MORE, "relu": Direction.MORE, "linear": Direction.MORE, "batches": Direction.MORE},
        ),
        Headline(
            says="For tanh networks, the border between step sizes that train and fail looks jagged",
            when={"tanh": Direction.MORE},
        ),
        Headline(
            says="For tanh networks, the border between step sizes that train and fail looks smooth",
            when={"tanh": Direction.ABSENT},
        ),
        Headline(
            says="With one example, the border between step sizes that train and fail looks smooth",
            when={"one_example": Direction.ABSENT},
        ),
    ),
    words={
        "border": "the border of the step sizes that train",
        "learned": "the share of step sizes that train",
        "activation=tanh": "tanh units",
        "activation=relu": "ReLU units",
        "activation=linear": "linear units",
        "examples": "{value} training examples",
        "examples=1": "one training example",
        "batch": "batch size",
        "batch=0": "full batches",
        "digits": "digits of arithmetic",
        "digits=7": "seven-digit arithmetic",
        "digits=16": "sixteen-digit arithmetic",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=500, may_use_gpu=True, gpu_memory_mb=2_000),
)
