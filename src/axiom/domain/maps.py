"""A map: how training ends as two knobs turn, tile by tile, ever finer where something happens.

A tile of level 0 covers the whole plane, and one of the next level a quarter of its parent. An experiment's sweep holds
the tiles of level 0, one for each arm: each choice of its other factors. Every deeper tile is a config of the same
experiment, and its place among the configs follows from where it lies.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEVEL, COLUMN, ROW = WHERE = ("level", "column", "row")  # the factors that say where a tile lies
ARMS = 256  # at most; a place is its tile's number times this, and its arm
DEEPEST = 22  # below it, a place would not be exact as a number of JSON
MOST_PIXELS = 256  # a side
MOST_COLOURS = 64


@dataclass(frozen=True, kw_only=True)
class Knob:
    """One knob: what it is called, and from where to where it turns."""

    name: str
    low: float
    high: float
    log: bool = True

    def __post_init__(self) -> None:
        """Refuse an axis that cannot be drawn."""
        if not self.name:
            raise ValueError("an axis needs a name")
        if not self.low < self.high or not math.isfinite(self.high - self.low):
            raise ValueError(f"the axis {self.name!r} must begin below its end; it goes from {self.low} to {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"the axis {self.name!r} is logarithmic, so it must begin above 0, not at {self.low}")

    def at(self, share: float) -> float:
        """The knob's value at this share of the way from its low end to its high one."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share


@dataclass(frozen=True, kw_only=True)
class Band:
    """One way in which a training may end, in words, and how many shades of it a map tells apart."""

    name: str  # as a legend says it: "it learned; the brighter, the later"
    shades: int


@dataclass(frozen=True, kw_only=True)
class Map:
    """Two knobs, the measure that holds what came of each pixel, and what its numbers mean.

    The measure is a grid: for each pixel the number of a shade, those of the first band first. Where neighbours are of
    different bands a border runs. Every replicate is charted down to level `charted`, wherever its border passes;
    deeper it goes where computers have nothing else to do.
    """

    title: str
    x: Knob
    y: Knob
    measure: str
    bands: tuple[Band, ...]
    pixels: int = 64  # a side of a tile
    charted: int = 2
    deepest: int = DEEPEST
    arms: tuple[str, ...] = ()  # what those of the sweep are called, in its order; else their factors are told

    def __post_init__(self) -> None:
        """Refuse a map that could not be computed or shown."""
        if not (4 <= self.pixels <= MOST_PIXELS and self.pixels % 4 == 0):
            raise ValueError(f"a tile has 4 to {MOST_PIXELS} pixels a side, a multiple of 4; not {self.pixels}")
        if len(self.bands) < 2:
            raise ValueError("a map needs two bands at least, or it has no border")
        if min(band.shades for band in self.bands) < 1 or self.colours > MOST_COLOURS:
            raise ValueError(f"each band needs a shade, and all of them together have {MOST_COLOURS} at most")
        if not 0 <= self.charted <= self.deepest <= DEEPEST:
            raise ValueError(
                f"charted ({self.charted}) must not be below 0 or deeper than the deepest level ({self.deepest}), nor "
                f"that deeper than {DEEPEST}"
            )

    @property
    def colours(self) -> int:
        """How many numbers a pixel may have."""
        return sum(band.shades for band in self.bands)

    @property
    def bands_of_colours(self) -> bytes:
        """The band of each number, as a table to translate pixels by."""
        of = [place for place, band in enumerate(self.bands) for _ in range(band.shades)]
        return bytes([*of, *([255] * (256 - len(of)))])


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Tile:
    """Where a tile lies: its level, and its column and row from the lower left, where both knobs are low."""

    level: int = 0
    column: int = 0
    row: int = 0

    @property
    def is_there(self) -> bool:
        """Is there such a tile on any map?"""
        side = 1 << self.level if 0 <= self.level <= DEEPEST else 0
        return 0 <= self.column < side and 0 <= self.row < side

    @property
    def parent(self) -> "Tile | None":
        """The tile that this one is a quarter of."""
        if not self.level:
            return None
        return Tile(level=self.level - 1, column=self.column // 2, row=self.row // 2)

    @property
    def children(self) -> "tuple[Tile, Tile, Tile, Tile]":
        """Its quarters: lower left, lower right, upper left, upper right."""
        across, up = 2 * self.column, 2 * self.row
        first, second, third, fourth = (
            Tile(level=self.level + 1, column=across + right, row=up + upper) for upper in (0, 1) for right in (0, 1)
        )
        return first, second, third, fourth

    @property
    def factors(self) -> dict[str, int]:
        """As factors of a config."""
        return {LEVEL: self.level, COLUMN: self.column, ROW: self.row}

    def up_to(self, level: int) -> "Tile":
        """The tile of this level, no deeper than its own, in which it lies."""
        steps = self.level - level
        return Tile(level=level, column=self.column >> steps, row=self.row >> steps)

    def span(self, axis: Knob, *, is_row: bool = False) -> tuple[float, float]:
        """From where to where this tile goes along an axis."""
        side, place = 1 << self.level, self.row if is_row else self.column
        return axis.at(place / side), axis.at((place + 1) / side)


ROOT = Tile()


def first_place(level: int) -> int:
    """The lowest place of any tile of this level: those of the levels before are below it."""
    return ((1 << 2 * level) - 1) // 3 * ARMS


def place_of(tile: Tile, arm: int) -> int:
    """The place of a tile among the configs of its experiment. A tile of level 0 is where its arm is in the sweep."""
    if not tile.is_there or not 0 <= arm < ARMS:
        raise ValueError(f"there is no {tile} of arm {arm}")
    return first_place(tile.level) + ((tile.row << tile.level) + tile.column) * ARMS + arm


def tile_at(place: int) -> tuple[Tile, int]:
    """Which tile of which arm has this place."""
    if place < 0:
        raise ValueError(f"there is no place {place}")
    level = ((3 * (place // ARMS) + 1).bit_length() - 1) // 2
    if level > DEEPEST:
        raise ValueError(f"there is no place {place}: it lies below level {DEEPEST}")
    within, arm = divmod(place - first_place(level), ARMS)
    row, column = divmod(within, 1 << level)
    return Tile(level=level, column=column, row=row), arm


def is_tile(config: Mapping[str, object]) -> bool:
    """Does a config say where a tile lies?"""
    return all(isinstance(config.get(name), int) for name in WHERE)


def tile_of(config: Mapping[str, Any]) -> Tile:
    """Where the tile of a config lies."""
    return Tile(level=config[LEVEL], column=config[COLUMN], row=config[ROW])


class PlacedConfigs(dict[int, Mapping[str, Any]]):
    """Configs by their place. Those of deeper tiles are not counted among them, and there for whoever asks."""

    def __missing__(self, place: int) -> Mapping[str, Any]:
        """The config of a deeper tile of one of these."""
        return {**self[self.arm_of(place)], **tile_at(place)[0].factors}

    def arm_of(self, place: int) -> int:
        """The place of the tile of level 0 above this one; of what is among these itself, its own."""
        if place in self:
            return place
        tile, arm = tile_at(place)
        if not tile.level or not is_tile(self.get(arm, {})):
            raise KeyError(place)
        return arm

    @property
    def arms(self) -> dict[int, Mapping[str, Any]]:
        """The tiles of level 0, each by its arm; later designs may have added some."""
        return {place: self[place] for place in sorted(self) if place < ARMS and is_tile(self[place])}

    def total(self, seconds: Mapping[int, float], places: Sequence[int]) -> float:
        """What these places cost together, by the cost of each of these configs: a tile costs what its arm does."""
        return sum(seconds[self.arm_of(place)] for place in places)
