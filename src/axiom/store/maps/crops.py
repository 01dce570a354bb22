"""The data of any rectangle of a map, bounded in size."""

from collections.abc import Iterator
from dataclasses import dataclass

from axiom.domain.maps import Map
from axiom.errors import NotFound, WrongUse
from axiom.store.engine.database import Database
from axiom.store.maps.windows import (
    NOTHING,
    ChartReader,
    PixelWindow,
    compute_pixel_middles,
    find_touched_pixels,
    list_window_tiles,
)

MOST = 65_536  # pixels that are given at once
_MOST_SAID = 16  # replicates that a sentence looks through


@dataclass(frozen=True, kw_only=True, slots=True)
class Crop:
    """The pixels of a rectangle row by row from below: the number of each shade, and the level that it is from."""

    drawn: Map
    level: int
    arm: int
    replicate: int
    x: list[float]  # the first knob in the middle of each column of pixels
    y: list[float]  # the second one in that of each row
    pixels: bytes
    levels: bytes

    def rows(self) -> Iterator[tuple[float, float, int, str, int]]:
        """For every pixel both knobs, its shade within its band, its band, and the level that it is from."""
        named = [(shade, band.name) for band in self.drawn.bands for shade in range(band.shades)]
        place = 0
        for up in self.y:
            for across in self.x:
                shade, band = named[self.pixels[place]]
                yield across, up, shade, band, self.levels[place]
                place += 1


def crop_map(
    db: Database,
    experiment_id: int,
    drawn: Map,
    *,
    arm: int,
    replicate: int | None,
    x: tuple[float, float],
    y: tuple[float, float],
    level: int,
) -> Crop:
    """The pixels that a rectangle touches, as they are at a level; without a replicate, of the first that is drawn."""
    charts = ChartReader(db, experiment_id, drawn, arm)
    window = _window(drawn, x, y, level)
    first = charts.replicates(1)
    if not first:
        raise NotFound(f"No tile of arm {arm} is drawn yet.")
    chosen = first[0] if replicate is None else replicate
    side, levels = drawn.pixels, bytearray(window.amount)
    charts.read([chosen], list_window_tiles(window, side))
    picture = charts.picture(chosen, window)
    if NOTHING in picture.pixels:
        numbers = ", ".join(map(str, charts.replicates(_MOST_SAID)))
        raise NotFound(f"Repetition {chosen} of arm {arm} is not drawn; drawn are {numbers}.")
    for square in picture.squares:
        left, right = max(window.column, square.tile.column * side), (square.tile.column + 1) * side
        right = min(right, window.column + window.columns)
        below, top = max(window.row, square.tile.row * side), (square.tile.row + 1) * side
        for row in range(below, min(top, window.row + window.rows)):
            at = (row - window.row) * window.columns + left - window.column
            levels[at : at + right - left] = bytes([square.shown.tile.level if square.shown else 0]) * (right - left)
    pixels = side << level
    return Crop(
        drawn=drawn,
        level=level,
        arm=arm,
        replicate=chosen,
        x=compute_pixel_middles(drawn.x, window.column, window.columns, pixels),
        y=compute_pixel_middles(drawn.y, window.row, window.rows, pixels),
        pixels=picture.pixels,
        levels=bytes(levels),
    )


def _window(drawn: Map, x: tuple[float, float], y: tuple[float, float], level: int) -> PixelWindow:
    if not 0 <= level <= drawn.deepest:
        raise NotFound(f"There is no level {level} of this map; the deepest is {drawn.deepest}.")
    for axis, (low, high), word in ((drawn.x, x, "x"), (drawn.y, y, "y")):
        if not axis.low <= low <= high <= axis.high:
            raise WrongUse(
                f"{word} from {low:g} to {high:g} is no span of this map, where {axis.name} goes from {axis.low:g} to "
                f"{axis.high:g}. Nothing was read."
            )
    pixels = drawn.pixels << level
    column, columns = find_touched_pixels(drawn.x, *x, pixels)
    row, rows = find_touched_pixels(drawn.y, *y, pixels)
    window = PixelWindow(level=level, column=column, row=row, columns=columns, rows=rows)
    if window.amount > MOST:
        raise WrongUse(
            f"This rectangle has {window.amount:,} pixels at level {level}, and {MOST:,} are given at once. Ask for a "
            "smaller one, or for a coarser level."
        )
    return window
