"""Does a tile show what its parent showed? So that a host which invents tiles is found out.

Where a pixel of the parent and all around it are of one band, no border was near, and the four pixels that take its
place should be of that band, too. Islands smaller than a pixel and the last digits of other processors make honest
tiles differ here and there; a picture that was made up differs in most of it.
"""

from dataclasses import dataclass

from axiom.domain.maps import Map, Tile
from axiom.limits import maps as map_limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuity:
    """How many pixels of a tile can be compared with its parent, and how many of them are of another band."""

    compared: int
    apart: int

    @property
    def is_doubtful(self) -> bool:
        """Do so many differ that somebody else should compute the tile, too?"""
        return self.apart > map_limits.APART_PIXELS + map_limits.APART_SHARE * self.compared

    @property
    def reason(self) -> str:
        return f"of {self.compared} pixels far from any border in its parent {self.apart} are of another band"


def compare_with_parent(tile: Tile, pixels: bytes, parent: bytes, of: Map) -> Continuity:
    """Compare the pixels of a tile with those of its parent, both row by row from below."""
    side = of.pixels
    half = side // 2
    up, right = half * (tile.row % 2), half * (tile.column % 2)
    above, within = parent.translate(of.bands_of_colours), pixels.translate(of.bands_of_colours)
    compared = apart = 0
    for band in set(above):
        alone = _alone(_masks(above, band, side), side)[up : up + half]
        theirs = _masks(within, band, side)
        for row, mask in enumerate(alone):
            half_mask = mask >> (half - right) & (1 << half) - 1  # its first column is its highest bit
            if not half_mask:
                continue
            wide = _doubled(half_mask)
            compared += 2 * wide.bit_count()
            apart += sum((wide & ~theirs[2 * row + second]).bit_count() for second in (0, 1))
    return Continuity(compared=compared, apart=apart)


def _masks(banded: bytes, band: int, side: int) -> list[int]:
    """For each row the pixels of this band, as the bits of a number."""
    letters = banded.translate(bytes(b"01"[other == band] for other in range(256)))
    return [int(letters[start : start + side], 2) for start in range(0, side * side, side)]


def _alone(rows: list[int], side: int) -> list[int]:
    """Those around which there is nothing else; beyond the edge all is as on it."""
    first, last = 1 << side - 1, 1
    across = [row & (row >> 1 | row & first) & (row << 1 | row & last) for row in rows]
    below, above = [across[0], *across[:-1]], [*across[1:], across[-1]]
    return [lower & middle & upper for lower, middle, upper in zip(below, across, above, strict=True)]


def _doubled(mask: int) -> int:
    """Each bit twice."""
    return int(f"{mask:b}".replace("0", "00").replace("1", "11"), 2)
