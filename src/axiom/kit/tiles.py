"""Tiles of a map: where their pixels lie, what shade an end has, and how much border a tile holds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.domain.maps import Knob, Map, Tile
from axiom.kit import progress

Reals = npt.NDArray[np.floating]
Anything = npt.NDArray[Any]
Pixels = npt.NDArray[np.uint8]  # by row from below, and by column


def knobs(drawn: Map, tile: Tile) -> tuple[Reals, Reals]:
    """The two knobs at the middle of every pixel, row by row from below, in double precision."""
    middles = (np.arange(drawn.pixels) + 0.5) / drawn.pixels
    across = _at(drawn.x, (tile.column + middles) / 2**tile.level)
    up = _at(drawn.y, (tile.row + middles) / 2**tile.level)
    return np.tile(across, drawn.pixels), np.repeat(up, drawn.pixels)


def _at(axis: Knob, shares: Reals) -> Reals:
    if axis.log:
        low, high = np.log(axis.low), np.log(axis.high)
        return np.asarray(np.exp(low + (high - low) * shares))
    return np.asarray(axis.low + (axis.high - axis.low) * shares)


def shade(moments: npt.ArrayLike, last: float, shades: int) -> npt.NDArray[np.int64]:
    """A shade for each moment from 0 to the last one: even steps of its logarithm, so early moments are told apart."""
    grown = np.log1p(np.clip(np.asarray(moments, float), 0.0, last)) / np.log1p(last)
    return np.asarray(np.minimum((shades * grown).astype(int), shades - 1))


def painted(drawn: Map, bands: npt.ArrayLike, shades: npt.ArrayLike) -> Pixels:
    """The pixels of a tile from the band of each and its shade within that band."""
    firsts = np.cumsum([0, *(band.shades for band in drawn.bands)])[:-1]
    numbers = firsts[np.asarray(bands, int)] + np.asarray(shades, int)
    return np.asarray(numbers, np.uint8).reshape(drawn.pixels, drawn.pixels)


def banded(drawn: Map, pixels: Pixels) -> Pixels:
    """The band of every pixel."""
    return np.frombuffer(drawn.bands_of_colours, np.uint8)[pixels]


def share(drawn: Map, pixels: Pixels, band: int) -> float:
    """Which part of a tile is of this band."""
    return float(np.mean(banded(drawn, pixels) == band))


def border(drawn: Map, pixels: Pixels) -> int:
    """Boxes of two pixels a side that a border crosses: those of all tiles of a level are counted for its dimension.

    A box has its right and its upper edge, too: a border that runs between two boxes, along the grid, is seen like any
    other. Only along the edge between two tiles nothing is seen, since a tile knows its own pixels alone.
    """
    bands = np.pad(banded(drawn, pixels), ((0, 1), (0, 1)), mode="edge")
    side = drawn.pixels
    seen = np.stack([bands[up : up + side : 2, right : right + side : 2] for up in range(3) for right in range(3)])
    return int(np.count_nonzero(seen.min(axis=0) != seen.max(axis=0)))


def batches(pixels: int, most: int) -> list[slice]:
    """The pixels of a tile in batches of equal size, none larger than this, so that one program computes all."""
    size = max(count for count in range(1, min(most, pixels) + 1) if pixels % count == 0)
    return [slice(start, start + size) for start in range(0, pixels, size)]


def computed(pixels: int, most: int, train: Callable[[slice], Sequence[npt.ArrayLike]]) -> tuple[Anything, ...]:
    """What came of every pixel: `train` returns arrays with a number for each pixel of a batch, which are put together.

    Each batch is a block: an interrupted tile goes on behind the last one that was kept.
    """
    parts = batches(pixels, most)

    def step(ends: list[list[Anything]], number: int) -> list[list[Anything]]:
        return [*ends, [np.asarray(numbers) for numbers in train(parts[number])]]

    none: list[list[Anything]] = []
    ends = progress.blocks(none, step, len(parts))
    return tuple(np.concatenate([np.asarray(end[place]) for end in ends]) for place in range(len(ends[0])))


def graded(values: npt.ArrayLike, low: float, high: float, shades: int) -> npt.NDArray[np.int64]:
    """A shade for each value between these two, which are above 0: even steps of its logarithm."""
    clipped = np.log(np.clip(np.nan_to_num(np.asarray(values, float), nan=high, posinf=high), low, high) / low)
    return np.asarray(np.minimum((shades * clipped / np.log(high / low)).astype(int), shades - 1))


def edges(drawn: Map, tile: Tile, is_beyond: npt.ArrayLike) -> Reals:
    """For each row of a tile the knob across at which it passes over: pixels right of it are beyond, and no others.

    A border need not be clean. It is where the fewest pixels lie on the wrong side; of places that are as good, the
    middle. A row that passes over nowhere has NaN.
    """
    beyond = np.asarray(is_beyond, bool).reshape(drawn.pixels, drawn.pixels)
    none = np.zeros((len(beyond), 1), int)
    wrong = np.hstack([none, np.cumsum(beyond, axis=1)]) + np.hstack(
        [np.cumsum(~beyond[:, ::-1], axis=1)[:, ::-1], none]
    )
    best = wrong == wrong.min(axis=1, keepdims=True)
    places = np.arange(drawn.pixels + 1)
    middles = (best * places).sum(axis=1) / best.sum(axis=1)
    knob = _at(drawn.x, (tile.column + middles / drawn.pixels) / 2**tile.level)
    return np.where(best[:, 0] | best[:, -1], np.nan, knob)


def rows(drawn: Map, tile: Tile) -> Reals:
    """The knob upwards at the middle of each row of a tile, from below."""
    return knobs(drawn, tile)[1][:: drawn.pixels]


def middle(places: npt.ArrayLike) -> float | None:
    """The geometric mean of these knobs, NaN left out; None where a half of them or fewer are there."""
    numbers = np.asarray(places, float)
    there = numbers[np.isfinite(numbers)]
    return float(np.exp(np.log(there).mean())) if 2 * len(there) > len(numbers) else None


def slope(xs: npt.ArrayLike, ys: npt.ArrayLike) -> float | None:
    """Of the logarithm of the second on that of the first, by least squares; None where fewer than four have both."""
    logs = np.log(np.asarray([xs, ys], float))
    logs = logs[:, np.isfinite(logs).all(axis=0)]
    if logs.shape[1] < 4:
        return None
    x, y = logs - logs.mean(axis=1, keepdims=True)
    return float(x @ y / (x @ x))
