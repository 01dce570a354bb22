"""Through which quarters of a tile does a border pass, how long is it there, and where do two drawings differ?"""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.maps import Map


@dataclass(frozen=True, kw_only=True, slots=True)
class Borders:
    """What a tile shows: how much of it each band has, and through which of its quarters a border passes."""

    shares: tuple[float, ...]  # of the tile, by band
    lengths: tuple[int, int, int, int]  # boxes of two pixels a side that a border crosses, in each quarter
    passes: tuple[bool, bool, bool, bool]  # through a quarter or along its edge inside the tile


def measure_borders(pixels: bytes, of: Map) -> Borders:
    """Look at the pixels of a tile, given row by row from below."""
    side = of.pixels
    banded = pixels.translate(of.bands_of_colours)
    rows = [banded[start : start + side] for start in range(0, side * side, side)]
    half = side // 2
    lengths, passes = [], []
    for up in (0, half):
        for right in (0, half):
            lengths.append(_crossed(rows, up, right, half))
            passes.append(_passes(rows, range(max(0, up - 1), min(side, up + half + 1)), right, half))
    counts = [banded.count(band) / (side * side) for band in range(len(of.bands))]
    a, b, c, d = lengths
    e, f, g, h = passes
    return Borders(shares=tuple(counts), lengths=(a, b, c, d), passes=(e, f, g, h))


def measure_differences(pixels: bytes, others: bytes, of: Map) -> tuple[int, int, int, int]:
    """How much of each quarter of a tile is of another band than there in other pixels, in boxes of four pixels."""
    side, half = of.pixels, of.pixels // 2
    first, second = (int.from_bytes(each.translate(of.bands_of_colours)) for each in (pixels, others))
    apart = (first ^ second).to_bytes(side * side)
    rows = [apart[start : start + side] for start in range(0, side * side, side)]
    a, b, c, d = (
        sum(half - row[right : right + half].count(0) for row in rows[up : up + half]) // 4
        for up in (0, half)
        for right in (0, half)
    )
    return a, b, c, d


def _crossed(rows: Sequence[bytes], up: int, right: int, half: int) -> int:
    """Boxes of two pixels a side in which, with the pixels right of them and above them, there are two bands."""
    return sum(
        len({*lower[x : x + 3], *upper[x : x + 3], *above[x : x + 3]}) > 1
        for lower, upper, above in ((rows[y], rows[y + 1], rows[min(y + 2, len(rows) - 1)]) for y in _evens(up, half))
        for x in _evens(right, half)
    )


def _evens(start: int, half: int) -> range:
    return range(start, start + half, 2)


def _passes(rows: Sequence[bytes], ups: range, right: int, half: int) -> bool:
    """Is there more than one band in a quarter and the pixels around it?"""
    side = len(rows)
    first, last = max(0, right - 1), min(side, right + half + 1)
    seen = set[int]()
    for y in ups:
        seen.update(rows[y][first:last])
    return len(seen) > 1
