"""Pictures of few colours as PNG: each pixel is the number of a colour, and none is ever smoothed."""

import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS = {1: 2, 2: 4, 4: 16, 8: 256}  # of a pixel, and the colours that they tell apart


def encode_png(pixels: bytes, width: int, colours: Sequence[Colour]) -> bytes:
    """The picture; `pixels` are row by row from below, as tiles have them, each the number of its colour."""
    bits = next(bits for bits, most in _BITS.items() if len(colours) <= most)
    rows = [pixels[start : start + width] for start in range(len(pixels) - width, -1, -width)]
    lines = b"".join(b"\0" + _packed(row, bits) for row in rows)  # each line as it is, without a filter
    header = struct.pack(">IIBBBBB", width, len(rows), bits, 3, 0, 0, 0)
    palette = bytes(part for colour in colours for part in colour)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def _packed(row: bytes, bits: int) -> bytes:
    """Several pixels in a byte, where few bits tell all colours apart."""
    per_byte = 8 // bits
    if per_byte == 1:
        return row
    filled = row + bytes(-len(row) % per_byte)
    return bytes(
        sum(pixel << (bits * (per_byte - 1 - place)) for place, pixel in enumerate(filled[start : start + per_byte]))
        for start in range(0, len(filled), per_byte)
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
