"""How long is the edge of a disc?

Why it matters: a test of maps. Each tile takes milliseconds, so a laboratory is charted while a test waits.
"""

from dataclasses import dataclass

import numpy as np

from axiom.domain.experiments import Experiment, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.domain.maps import Band, Knob, Map, Tile
from axiom.kit import chance, progress, tiles

MAP = Map(
    title="A disc",
    x=Knob(name="how far right", low=-1.0, high=1.0, log=False),
    y=Knob(name="how far up", low=0.01, high=100.0),
    measure="inside",
    bands=(Band(name="inside; the brighter, the farther", shades=3), Band(name="outside", shades=3)),
    pixels=16,
    charted=3,
    deepest=6,
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    wide: int = 0
    level: int = 0
    column: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""

    inside: bytes
    share: float
    border: int


def run(config, seed):
    """Every pixel of one tile."""
    draw = chance.stream(seed, "radius").random()
    progress.early([draw])
    radius = 0.5 + 0.2 * draw + 0.1 * config.wide
    x, y = tiles.knobs(MAP, Tile(level=config.level, column=config.column, row=config.row))
    far = np.hypot(x, np.log10(y) / 2.0)
    pixels = tiles.painted(MAP, far > radius, tiles.shade(far, 2.0, 3))
    return Measures(inside=pixels.tobytes(), share=tiles.share(MAP, pixels, 0), border=tiles.border(MAP, pixels))


experiment = Experiment(
    name="small_map",
    version=1,
    question="How long is the edge of a disc?",
    run=run,
    measures=Measures,
    sweep=(Config(), Config(wide=1)),
    ranges={"wide": (0, 3)},
    map=MAP,
    estimands=(
        Estimand(
            name="line",
            claim="the edge of a disc is more than a line",
            kind=Kind.DIMENSION,
            measure="border",
            between=({"wide": 0},),
            levels=(1, 3),
            null=1.0,
            smallest=0.3,
            expects=Direction.ABSENT,
            bounds=(-4.0, 4.0),
            prediction=Prediction(positive=0.1, negative=0.1, absent=0.8, interval=(0.9, 1.1), because="a test"),
        ),
    ),
    needs=Needs(seconds=lambda _config: 40.0, memory_mb=100),
)
