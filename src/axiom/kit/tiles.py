"""Tiles of a map: where their pixels lie, what shade an end has, and how much border a tile holds."""

import numpy as np
import numpy.typing as npt

from axiom.domain.maps import Axis, Map, Tile

Reals = npt.NDArray[np.floating]
Pixels = npt.NDArray[np.uint8]  # by row from below, and by column


def knobs(drawn: Map, tile: Tile) -> tuple[Reals, Reals]:
    """The two knobs at the middle of every pixel, row by row from below, in double precision."""
    middles = (np.arange(drawn.pixels) + 0.5) / drawn.pixels
    across = _at(drawn.x, (tile.column + middles) / 2**tile.level)
    up = _at(drawn.y, (tile.row + middles) / 2**tile.level)
    return np.tile(across, drawn.pixels), np.repeat(up, drawn.pixels)


def _at(axis: Axis, shares: Reals) -> Reals:
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
    """Boxes of two pixels a side that a border crosses: those of all tiles of a level are counted for its dimension."""
    bands = banded(drawn, pixels)
    corners = np.stack([bands[0::2, 0::2], bands[0::2, 1::2], bands[1::2, 0::2], bands[1::2, 1::2]])
    return int(np.count_nonzero(corners.min(axis=0) != corners.max(axis=0)))


def batches(pixels: int, most: int) -> list[slice]:
    """The pixels of a tile in batches of equal size, none larger than this, so that one program computes all."""
    size = max(one for one in range(1, most + 1) if pixels % one == 0)
    return [slice(start, start + size) for start in range(0, pixels, size)]
