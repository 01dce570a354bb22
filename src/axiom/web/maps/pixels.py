"""The pixels of an aspect of a map, and the colours in which they are shown."""

from axiom.domain.maps import Tile
from axiom.errors import NotFound
from axiom.limits import maps as limits
from axiom.reads.maps.map_view import Aspect, ShownMap
from axiom.store.engine.database import Database
from axiom.store.maps.windows import ChartReader, PixelWindow, WindowPixels, list_window_tiles, tile_window
from axiom.web.maps import colours
from axiom.web.maps.png import Colour, encode_png


class MapLook:
    """An aspect of a map with the tiles that it needs, each read once."""

    def __init__(self, db: Database, shown: ShownMap, arm: int, against: int | None = None) -> None:
        self.shown = shown
        self.charts = ChartReader(db, shown.stored.id, shown.drawn, arm)
        self.others = None if against is None else ChartReader(db, shown.stored.id, shown.drawn, against)
        self.replicates = self.charts.replicates(limits.REPLICATES)
        if self.others is not None:
            both = set(self.others.replicates(limits.REPLICATES))
            self.replicates = [number for number in self.replicates if number in both]

    def window(self, tile: Tile) -> PixelWindow:
        return tile_window(tile, self.shown.drawn.pixels, self.shown.detail(tile))

    def coloured(self, replicate: int | None, window: PixelWindow) -> tuple[bytes, tuple[Colour, ...]]:
        chosen = self.replicates if replicate is None else [replicate]
        if not chosen:
            raise NotFound("Nothing of this is drawn yet.")
        charts = [self.charts, *([self.others] if self.others else [])]
        for chart in charts:
            chart.read(chosen, list_window_tiles(window, self.shown.drawn.pixels))
        if self.others is None and replicate is not None:
            return self.charts.picture(replicate, window).pixels, colours.map_colours(self.shown.drawn)
        counted = [self._counted(number, window) for number in chosen]
        total = sum(int.from_bytes(ones, "little") for ones in counted)  # of a byte each: none overflows into the next
        ends = colours.MEAN if self.others is None else colours.DIFFERENCE
        return total.to_bytes(window.amount, "little"), colours.ramp_between(ends, len(chosen) + 1)

    def share(self, replicate: int, window: PixelWindow) -> float:
        """Which part of a window is of the first band, or differs, in one replicate."""
        return self._counted(replicate, window).count(1) / window.amount

    def _counted(self, replicate: int, window: PixelWindow) -> bytes:
        """1 for each pixel that is of the first band; or that is of another band in the other arm."""
        banded = self.charts.picture(replicate, window).pixels.translate(self.shown.drawn.bands_of_colours)
        if self.others is None:
            return banded.translate(_IS_FIRST)
        other = self.others.picture(replicate, window).pixels.translate(self.shown.drawn.bands_of_colours)
        return _differing(banded, other)


def draw_window_png(look: MapLook, aspect: Aspect, window: PixelWindow) -> bytes:
    pixels, palette = look.coloured(aspect.replicate, window)
    return encode_png(pixels, window.columns, palette)


def picture_levels(picture: WindowPixels) -> list[int]:
    return sorted({square.shown.tile.level for square in picture.squares if square.shown})


_IS_FIRST = bytes([1, *([0] * 255)])


def _differing(first: bytes, other: bytes) -> bytes:
    """1 where two rows of bytes below 128 differ, and 0 elsewhere; all of them in a few operations."""
    size = len(first)
    apart = int.from_bytes(first, "little") ^ int.from_bytes(other, "little")
    ones = int.from_bytes(b"\1" * size, "little")
    return (((apart + 0x7F * ones) >> 7) & ones).to_bytes(size, "little")
