"""Rectangles of a map: every pixel from the deepest tile that is drawn there, and from which level it is."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from axiom.domain.maps import Knob, Map, Tile, place_of, tile_at
from axiom.store.engine.database import Database
from axiom.store.maps.tiles import DrawnTile, find_drawn_tile

NOTHING = 255  # where no tile is drawn: a map has far fewer colours
_SLACK = 1e-6  # of a pixel: an end that was meant to lie between two pixels lies there
# Along the primary key. What is drawn at a place is looked at without its pixels.
_DRAWN = """
SELECT config, replicate FROM tile
WHERE experiment_id = :experiment_id AND config IN (SELECT value FROM json_each(:places))
    AND replicate BETWEEN :first AND :last AND state = 'drawn'
"""
_REPLICATES = """
SELECT replicate FROM tile WHERE experiment_id = :experiment_id AND config = :arm AND state = 'drawn'
ORDER BY replicate LIMIT :limit
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PixelWindow:
    """A rectangle of pixels of one level, counted from the lower left of the map."""

    level: int
    column: int
    row: int
    columns: int
    rows: int

    @property
    def amount(self) -> int:
        return self.columns * self.rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Square:
    """A part of a window that lies in one tile, and the tile that it is shown from: that one, or one above it."""

    tile: Tile
    shown: DrawnTile | None  # None where nothing is drawn


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowPixels:
    window: PixelWindow
    pixels: bytes
    squares: tuple[Square, ...]


class ChartReader:
    def __init__(self, db: Database, experiment_id: int, drawn: Map, arm: int) -> None:
        self._db = db
        self._experiment_id = experiment_id
        self._map = drawn
        self._arm = arm
        self._there: dict[int, dict[int, bool]] = {}  # by replicate the places that were looked at
        self._read: dict[tuple[int, int], DrawnTile | None] = {}

    @property
    def arm(self) -> int:
        return self._arm

    def replicates(self, limit: int) -> list[int]:
        return self._db.column(int, _REPLICATES, experiment_id=self._experiment_id, arm=self._arm, limit=limit)

    def read(self, replicates: Sequence[int], wanted: Iterable[Tile]) -> None:
        if not replicates:
            return
        places = {place_of(higher, self._arm) for tile in wanted for higher in self._upwards(tile)}
        rows = self._db.select(
            _DRAWN,
            experiment_id=self._experiment_id,
            places=json.dumps(sorted(places)),
            first=min(replicates),
            last=max(replicates),
        )
        cells = {(row["replicate"], row["config"]) for row in rows}
        for replicate in replicates:
            is_drawn = self._there.setdefault(replicate, {})
            is_drawn.update({place: (replicate, place) in cells for place in places})

    def nearest(self, replicate: int, tile: Tile) -> DrawnTile | None:
        if place_of(self._deepest(tile), self._arm) not in self._there.get(replicate, {}):
            self.read([replicate], [tile])
        is_drawn = self._there[replicate]
        for higher in self._upwards(tile):
            place = place_of(higher, self._arm)
            if is_drawn[place]:
                if (replicate, place) not in self._read:
                    self._read[replicate, place] = find_drawn_tile(self._db, self._experiment_id, place, replicate)
                return self._read[replicate, place]
        return None

    def picture(self, replicate: int, window: PixelWindow) -> WindowPixels:
        side, squares = self._map.pixels, list[Square]()
        shown = bytearray([NOTHING]) * window.amount
        tiles = list(list_window_tiles(window, side))
        if any(place_of(self._deepest(tile), self._arm) not in self._there.get(replicate, {}) for tile in tiles):
            self.read([replicate], tiles)
        for tile in tiles:
            source = self.nearest(replicate, tile)
            squares.append(Square(tile=tile, shown=source))
            if source is not None:
                _paint(shown, window, tile, source, side)
        return WindowPixels(window=window, pixels=bytes(shown), squares=tuple(squares))

    def _upwards(self, tile: Tile) -> Iterator[Tile]:
        here: Tile | None = self._deepest(tile)
        while here is not None:
            yield here
            here = here.parent

    def _deepest(self, tile: Tile) -> Tile:
        return tile.up_to(self._map.deepest) if tile.level > self._map.deepest else tile


def list_window_tiles(window: PixelWindow, side: int) -> Iterator[Tile]:
    for row in range(window.row // side, (window.row + window.rows - 1) // side + 1):
        for column in range(window.column // side, (window.column + window.columns - 1) // side + 1):
            yield Tile(level=window.level, column=column, row=row)


def tile_window(tile: Tile, side: int, deeper: int = 0) -> PixelWindow:
    size = side << deeper
    return PixelWindow(
        level=tile.level + deeper, column=tile.column * size, row=tile.row * size, columns=size, rows=size
    )


def compute_axis_share(axis: Knob, value: float) -> float:
    if axis.log:
        return math.log(value / axis.low) / math.log(axis.high / axis.low)
    return (value - axis.low) / (axis.high - axis.low)


def find_touched_pixels(axis: Knob, low: float, high: float, pixels: int) -> tuple[int, int]:
    """The first of so many pixels along an axis that the span from low to high touches, and how many it touches."""
    first = math.floor(compute_axis_share(axis, low) * pixels + _SLACK)
    behind = math.ceil(compute_axis_share(axis, high) * pixels - _SLACK)
    first = min(max(first, 0), pixels - 1)
    return first, max(1, min(behind, pixels) - first)


def compute_pixel_middles(axis: Knob, first: int, amount: int, pixels: int) -> list[float]:
    return [axis.at((first + place + 0.5) / pixels) for place in range(amount)]


def _paint(shown: bytearray, window: PixelWindow, tile: Tile, drawn: DrawnTile, side: int) -> None:
    above, _ = tile_at(drawn.place)
    steps = tile.level - above.level
    left, right = _common(window.column, window.columns, tile.column * side, side)
    below, top = _common(window.row, window.rows, tile.row * side, side)
    columns = range(left, right)
    start = above.column * side
    before, line = -1, b""
    for row in range(below, top):
        source = ((row >> steps) - above.row * side) * side
        if source != before:
            if steps:
                line = bytes(drawn.pixels[source + (column >> steps) - start] for column in columns)
            else:
                line = drawn.pixels[source + left - start : source + right - start]
            before = source
        at = (row - window.row) * window.columns + left - window.column
        shown[at : at + len(line)] = line


def _common(first: int, amount: int, other: int, size: int) -> tuple[int, int]:
    return max(first, other), min(first + amount, other + size)
