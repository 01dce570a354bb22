"""Where does training stop working as the first weights are shifted, and is that border a fractal?

Why it matters: whoever begins a training chooses how weights are drawn as well as a step size. If the border between
what works and what does not is as rough in this choice as is said, no experience with one start helps with the next.

A map of the network of `trainability`, one hidden layer of 16 tanh units in the mean-field scale: a number that is
added to all weights of the first layer, against the step size of both layers. Each pixel is one training by gradient
descent on 272 examples, all with the same data and the same draw; it learned if its last twenty losses are on average
below the first one.

This is the sixth setting of Sohl-Dickstein (2024), in which he counted the largest dimension of all, 1.98, with one
draw. His text speaks of the mean of the first weights at the start. His program adds the number before every step, so
that training must work against a steady push; whether that is what makes the border so rough was never asked. One arm
does as his program does, the other adds the number once.

Every replicate is charted down to level 3 wherever the border passes. A dimension is the slope of log2 of the boxes
that the border crosses over levels 1 to 3, registered before; boxes have two pixels a side and their edges. An island
that no pixel of a coarser level hits is missed, so the number leans to the low side.

We expect the push to make the border far rougher than a shift of the start does, and to leave fewer pixels that learn.

History: 2, a box has its edges. 1, first version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.domain.maps import Band, Knob, Map, Tile
from axiom.kit import chance, pixel_networks, progress, tiles

MAP = Map(
    title="Which starts train",
    x=Knob(name="what is added to the first weights", low=-4.0, high=4.0, log=False),
    y=Knob(name="step size", low=1.0, high=1_000.0),
    measure="fate",
    bands=(
        Band(name="it learned; the brighter, the later", shades=12),
        Band(name="it ran away; the stronger, the longer it held out", shades=12),
    ),
    charted=3,
    arms=("shifted before every step", "shifted once"),
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    added: str = "always"  # before every step; or once, before the first
    examples: int = 272  # as many as the network has weights
    width: int = 16  # inputs, and hidden units
    steps: int = 500
    control: str = "none"  # or placebo: nothing is added, and each arm has a start of its own
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
    is_placebo = config.control == "placebo"
    width, draw = config.width, chance.stream(seed, "data")
    data = tuple(np.float32(draw.standard_normal(size)) for size in ((config.examples, width), config.examples))
    draw = chance.stream(seed, f"start, {config.added}" if is_placebo else "start")
    start = tuple(np.float32(draw.standard_normal(size)) for size in ((width, width), width))
    across, up = (knob.astype(np.float32) for knob in tiles.knobs(MAP, _tile(config)))
    pushes = np.zeros_like(across) if is_placebo else across
    train = pixel_networks.trainer("tanh", config.steps, config.examples, is_pushed_once=config.added == "once")

    def trained(part: slice) -> list[Any]:
        *ends, losses = train(pushes[part], up[part], up[part], start, data, None)
        progress.early(losses)
        return list(ends)

    learned, moments = tiles.computed(len(across), pixel_networks.together(width, config.examples), trained)
    shades = tiles.shade(moments, config.steps, MAP.bands[0].shades)
    pixels = tiles.painted(MAP, np.where(learned, 0, 1), shades)
    return Measures(fate=pixels.tobytes(), learned=tiles.share(MAP, pixels, 0), border=tiles.border(MAP, pixels))


def _tile(config: Config) -> Tile:
    return Tile(level=config.level, column=config.column, row=config.row)


def _seconds(config: Config) -> float:
    """Measured: most of a step is the product of all examples with the weights, and what bends them."""
    return 0.3 + (0.3 + 0.13 * config.examples * (config.width / 16) ** 2) * config.steps / 500


ALWAYS, ONCE = {"added": "always"}, {"added": "once"}
LEVELS = (1, 3)
REFERENCE = "Sohl-Dickstein 2024, The boundary of neural network trainability is fractal, arXiv:2402.06184"


def _dimension(
    name: str,
    what: str,
    arm: Mapping[str, object],
    *,
    because: str,
    interval: tuple[float, float],
    counted: float | None = None,
) -> Estimand:
    """Is the border of one arm more than a line?"""
    return Estimand(
        name=name,
        claim=f"over a shift {what} and the step size, the border of what trains is more than a line",
        kind=Kind.DIMENSION,
        measure="border",
        between=(arm,),
        levels=LEVELS,
        null=1.0,
        smallest=0.05,
        bounds=(-8.0, 8.0),
        expects=Direction.MORE,
        prediction=Prediction(positive=0.9, negative=0.03, absent=0.07, interval=interval, because=because),
        published=Published(value=counted, reference=f"{REFERENCE} (counted much deeper)") if counted else None,
    )


experiment = Experiment(
    name="trainability_of_starts",
    version=2,
    question="Where does training stop working as the first weights are shifted, and is that border a fractal?",
    reference=REFERENCE,
    run=run,
    measures=Measures,
    sweep=(Config(), Config(added="once")),
    map=MAP,
    ranges={"examples": (1, 2_000), "width": (4, 64), "steps": (50, 5_000)},
    estimands=(
        _dimension(
            "always",
            "of the first weights before every step",
            ALWAYS,
            because="Sohl-Dickstein counted 1.98 in one draw, and one tile of one seed looks like dust",
            interval=(1.75, 2.0),
            counted=1.98,
        ),
        _dimension(
            "once",
            "of the first weights at the start",
            ONCE,
            because="he counted 1.66 over two step sizes, much deeper; one tile of one seed hardly shows it",
            interval=(1.0, 1.6),
        ),
        Estimand(
            name="always_minus_once",
            claim="the border has a larger dimension where the first weights are shifted before every step than where "
            "they are shifted once",
            kind=Kind.DIMENSION,
            measure="border",
            between=(ALWAYS, ONCE),
            levels=LEVELS,
            smallest=0.1,
            bounds=(-8.0, 8.0),
            prediction=Prediction(
                positive=0.9, negative=0.02, absent=0.08, interval=(0.2, 0.9), because="dust against a rough line"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="push_costs_room",
            claim="fewer pixels train where the first weights are shifted before every step than where they are "
            "shifted once",
            kind=Kind.CONTRAST,
            measure="learned",
            between=(ALWAYS, ONCE),
            expects=Direction.LESS,
            in_words="{percent} percentage points",
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01, negative=0.95, absent=0.04, interval=(-0.22, -0.1), because="0.51 and 0.68 in one seed"
            ),
        ),
    ),
    controls=(
        Control(
            estimand="push_costs_room",
            placebo=tuple(
                Config(added=added, examples=32, width=8, steps=50, control="placebo") for added in ("always", "once")
            ),
            planted=tuple(Config(added=added, examples=32, width=8, steps=50) for added in ("always", "once")),
        ),
    ),
    setting="tanh networks mapped over step size and weight shift",
    headlines=(
        Headline(
            says="Across learning rate and weight offset, the border between learning and failing looks jagged",
            when={"always": Direction.MORE, "once": Direction.MORE},
        ),
        Headline(
            says="Shifting weights before every step gives a more jagged learn-or-fail border than shifting once",
            when={"always_minus_once": Direction.MORE},
        ),
        Headline(
            says="Across learning rates and starting-weight shifts, the learn-or-fail border looks jagged",
            when={"once": Direction.MORE},
        ),
        Headline(
            says="Across learning rates and starting-weight shifts, the learn-or-fail border looks smooth",
            when={"once": Direction.ABSENT},
        ),
    ),
    words={
        "border": "the border of what trains",
        "learned": "the share of the map that trains",
        "added=always": "a shift before every step",
        "added=once": "a shift before the first step alone",
        "examples": "{value} training examples",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=500, may_use_gpu=True, gpu_memory_mb=2_000),
)
