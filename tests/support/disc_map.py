"""The edge of a disc, drawn as a map: milliseconds a tile, and small enough to be reckoned by hand."""

import math
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.domain.maps import Band, Knob, Map, Tile

MAP = Map(
    title="A disc",
    x=Knob(name="how far right", low=-1.0, high=1.0, log=False),
    y=Knob(name="how far up", low=-1.0, high=1.0, log=False),
    measure="inside",
    bands=(Band(name="inside", shades=2), Band(name="outside", shades=3)),
    pixels=8,
    charted=2,
    deepest=3,
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """How large the disc is, and where a tile lies."""

    size: float = 1.0
    level: int = 0
    column: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The pixels, the share of them inside, and the boxes that the edge crosses."""

    inside: bytes
    share: float
    border: int


def run(config: Config, seed: int) -> Measures:
    """A disc whose radius hangs on the seed."""
    radius = config.size * (0.5 + seed % 100 / 1000)
    tile, side = Tile(level=config.level, column=config.column, row=config.row), MAP.pixels
    (left, right), (low, high) = tile.span(MAP.x), tile.span(MAP.y, is_row=True)
    middles = [(each + 0.5) / side for each in range(side)]
    far = [[math.hypot(left + (right - left) * x, low + (high - low) * y) for x in middles] for y in middles]
    pixels = [[2 + int(2 * each) if each > radius else int(2 * each / radius) for each in row] for row in far]
    outside = [[each > 1 for each in row] for row in pixels]
    boxes = sum(
        len({outside[y][x], outside[y][x + 1], outside[y + 1][x], outside[y + 1][x + 1]}) > 1
        for y in range(0, side, 2)
        for x in range(0, side, 2)
    )
    inside = side * side - sum(map(sum, outside))
    return Measures(inside=bytes(each for row in pixels for each in row), share=inside / side**2, border=boxes)


experiment = Experiment(
    name="disc_map",
    version=1,
    question="How long is the edge of a disc?",
    run=run,
    measures=Measures,
    sweep=(Config(), Config(size=0.5)),
    ranges={"size": (0.1, 1.0)},
    map=MAP,
    estimands=(
        Estimand(
            name="line",
            claim="the edge of a disc is more than a line",
            kind=Kind.DIMENSION,
            measure="border",
            between=({"size": 1.0},),
            levels=(1, 2),
            null=1.0,
            smallest=0.5,
            expects=Direction.ABSENT,
            bounds=(-4.0, 4.0),
            prediction=Prediction(positive=0.1, negative=0.1, absent=0.8, interval=(0.5, 1.5), because="a test"),
        ),
        Estimand(
            name="room",
            claim="a larger disc has more room",
            kind=Kind.CONTRAST,
            measure="share",
            between=({"size": 1.0}, {"size": 0.5}),
            smallest=0.01,
            expects=Direction.MORE,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.9, negative=0.05, absent=0.05, interval=(0.1, 0.3), because="a test"),
        ),
    ),
    needs=Needs(seconds=lambda _: 1.0, memory_mb=100),
)
