"""Grids as they travel: the pixels of a map's tile, compressed, in letters that a line of JSON may hold."""

import base64
import zlib

from axiom.domain.maps import MOST_PIXELS

_WORST = 4 * MOST_PIXELS * MOST_PIXELS  # characters: far more than any honest grid has


def pack(pixels: bytes) -> str:
    """The letters of a grid."""
    return base64.b64encode(zlib.compress(pixels, 9)).decode("ascii")


def unpack(text: str, expected: int) -> bytes:
    """The pixels of a grid that travelled; a ValueError where they are not so many, or no grid at all."""
    if len(text) > _WORST:
        raise ValueError(f"it has {len(text)} characters, and {_WORST} are the most of any grid")
    opened = zlib.decompressobj()
    try:
        pixels = opened.decompress(base64.b64decode(text, validate=True), expected + 1)
    except (ValueError, zlib.error) as fault:
        raise ValueError(f"it cannot be unpacked: {fault}") from None
    if len(pixels) != expected or not opened.eof or opened.unused_data:
        raise ValueError(f"it does not hold {expected} pixels")
    return pixels
