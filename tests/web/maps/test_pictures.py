"""The pictures of maps: pixels as they were computed, kept by browsers, in colours that every eye tells apart."""

import itertools
import math
import struct
import zlib

import pytest
import small_map

from axiom import shipped
from axiom.cli.experiment.manifests import manifest_of
from axiom.domain.maps import Band, Knob, Map, Tile, place_of
from axiom.store.maps import tiles
from axiom.web.maps import colours as shades_of
from axiom.web.maps.png import encode_png

NAME, SIDE = "/maps/small_map@1", small_map.MAP.pixels


def read_png(body: bytes) -> tuple[int, int, list[tuple[int, int, int]], bytes]:
    """Width, height, palette, and the pixels row by row from above, as anybody's program reads them."""
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    parts, at = {}, 8
    while at < len(body):
        (size,) = struct.unpack(">I", body[at : at + 4])
        kind, inside = body[at + 4 : at + 8], body[at + 8 : at + 8 + size]
        assert struct.unpack(">I", body[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + inside),)
        parts[kind] = inside
        at += 12 + size
    width, height, bits, kind, *rest = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert (kind, rest) == (3, [0, 0, 0])
    line = 1 + (width * bits + 7) // 8
    lines = zlib.decompress(parts[b"IDAT"])
    assert len(lines) == line * height
    pixels = bytearray()
    for start in range(0, len(lines), line):
        assert lines[start] == 0
        number = int.from_bytes(lines[start + 1 : start + line], "big")
        room = 8 * (line - 1)
        pixels += bytes((number >> (room - bits * (place + 1))) & ((1 << bits) - 1) for place in range(width))
    palette = [tuple(parts[b"PLTE"][start : start + 3]) for start in range(0, len(parts[b"PLTE"]), 3)]
    return width, height, palette, bytes(pixels)


def from_below(pixels: bytes, width: int) -> bytes:
    return b"".join(pixels[start : start + width] for start in range(len(pixels) - width, -1, -width))


@pytest.mark.parametrize("colours", [1, 2, 3, 4, 5, 16, 17, 256])
@pytest.mark.parametrize("width", [1, 7])
def test_a_picture_holds_every_pixel_with_its_colour(colours, width):
    palette = [(place, 255 - place, place // 2) for place in range(colours)]
    pixels = bytes((7 * place) % colours for place in range(3 * width))
    assert read_png(encode_png(pixels, width, palette)) == (width, 3, palette, from_below(pixels, width))


def pixels_of(maps_of, address: str) -> bytes:
    return read_png(maps_of.get(f"{NAME}/{address}.png").raw)[3]


def drawn_at(atlas, where: tuple[int, int], level: int, column: int, row: int):
    arm, number = where
    return tiles.find_drawn_tile(atlas.db, 1, place_of(Tile(level=level, column=column, row=row), arm), number)


def test_a_tile_and_a_view_are_what_was_computed_or_a_part_of_what_lies_above(maps_of, atlas):
    for level, column, row in ((0, 0, 0), (2, 1, 2)):
        reply = maps_of.get(f"{NAME}/tiles/0/1/{level}-{column}-{row}.png")
        width, height, palette, pixels = read_png(reply.raw)
        assert width == SIDE
        assert height == SIDE
        assert len(palette) == 6
        assert len(reply.raw) < 10_000
        place = place_of(Tile(level=level, column=column, row=row), 0)
        assert from_below(pixels, SIDE) == tiles.find_drawn_tile(atlas.db, 1, place, 1).pixels
    where, across, up, above = next(
        ((arm, number), column, row, drawn.pixels)
        for arm, number, column, row in itertools.product(range(2), range(3), range(8), range(8))
        if (drawn := drawn_at(atlas, (arm, number), 1, column // 4, row // 4))
        and not drawn_at(atlas, (arm, number), 2, column // 2, row // 2)
    )
    left, bottom = SIDE * (across % 4), SIDE * (up % 4)
    wanted = bytes(
        above[(bottom + row) // 4 * SIDE + (left + column) // 4] for row in range(SIDE) for column in range(SIDE)
    )
    assert from_below(pixels_of(maps_of, f"tiles/{where[0]}/{where[1]}/3-{across}-{up}"), SIDE) == wanted
    view = read_png(maps_of.get(f"{NAME}/views/1/2/1-0-1.png").raw)
    assert view[:2] == (4 * SIDE, 4 * SIDE)
    rows = from_below(view[3], 4 * SIDE)
    for column in range(4):
        for row in range(4):
            own = from_below(pixels_of(maps_of, f"tiles/1/2/3-{column}-{4 + row}"), SIDE)
            starts = [(row * SIDE + line) * 4 * SIDE + column * SIDE for line in range(SIDE)]
            assert b"".join(rows[start : start + SIDE] for start in starts) == own


def test_repetitions_and_differences_are_counted(maps_of):
    pairs = [[pixels_of(maps_of, f"tiles/{arm}/{number}/2-1-2") for arm in (0, 1)] for number in range(3)]
    _, _, palette, counted = read_png(maps_of.get(f"{NAME}/tiles/0/mean/2-1-2.png").raw)
    assert counted == bytes(
        sum(pixel < 3 for pixel in three) for three in zip(*(pair[0] for pair in pairs), strict=True)
    )
    assert len(palette) == 4
    assert len(set(counted)) > 2
    wanted = [bytes((a < 3) != (b < 3) for a, b in zip(*pair, strict=True)) for pair in pairs]
    assert [pixels_of(maps_of, f"tiles/0-1/{number}/2-1-2") for number in range(3)] == wanted
    together = pixels_of(maps_of, "tiles/0-1/mean/2-1-2")
    assert together == bytes(map(sum, zip(*wanted, strict=True)))
    assert any(together)


def test_only_what_never_changes_is_kept_for_ever_and_what_cannot_be_made_is_refused(maps_of):
    lasting = "public, max-age=31536000, immutable"
    drawn = maps_of.get(f"{NAME}/tiles/0/0/1-0-0.png")
    assert (drawn.headers["content-type"], drawn.headers["cache-control"]) == ("image/png", lasting)
    for other in (
        "/maps/small_map/tiles/0/0/1-0-0.png",  # another version may come
        f"{NAME}/tiles/0/0/3-0-0.png",  # it may be drawn
        f"{NAME}/tiles/0/mean/1-0-0.png",  # further repetitions come
        f"{NAME}/views/0/0/1-0-0.png",
    ):
        reply = maps_of.get(other)
        assert (reply.status, reply.headers["cache-control"]) == (200, "no-cache")
        again = maps_of.get(other, if_none_match=reply.headers["etag"])
        assert (again.status, again.raw) == (304, b"")
    for address, status in (
        *(("/maps/tiny/tiles/0/0/0-0-0.png", 404), (f"{NAME}/tiles/5/0/0-0-0.png", 404)),
        *((f"{NAME}/tiles/0-5/0/0-0-0.png", 404), (f"{NAME}/tiles/0/8/0-0-0.png", 404)),
        *((f"{NAME}/tiles/0/0/1-2-0.png", 404), (f"{NAME}/tiles/0/0/7-0-0.png", 404)),
        *((f"{NAME}/tiles/0/0/1-0.png", 404), (f"{NAME}/tiles/0/some/1-0-0.png", 404)),
        *((f"{NAME}/tiles/x/0/1-0-0.png", 404), (f"{NAME}/others/0/0/1-0-0.png", 404)),
    ):
        assert maps_of.get(address).status == status


# Machado, Oliveira and Fernandes 2009: what eyes without one kind of cone make of linear red, green and blue.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
APART = 12.0  # in CIELAB, of which 2.3 is just seen


def linear(colour) -> list[float]:
    parts = [part / 255 for part in colour]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def light(colour) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lab(colour, eye: str) -> tuple[float, float, float]:
    red, green, blue = (
        min(1.0, max(0.0, sum(share * part for share, part in zip(row, linear(colour), strict=True))))
        for row in EYES[eye]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    a, b, c = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def map_with(*shades: int) -> Map:
    bands = tuple(Band(name=f"band {place}", shades=amount) for place, amount in enumerate(shades))
    x, y = (Knob(name=name, low=1, high=2) for name in "xy")
    return Map(title="A map", x=x, y=y, measure="fate", bands=bands)


def test_every_shade_of_the_first_band_is_the_darkest_and_of_the_second_the_lightest():
    for shades in ((12, 12), (1, 1), (12, 12, 4), (8, 8, 8, 8)):
        of_map = shades_of.map_colours(map_with(*shades))
        assert len(of_map) == sum(shades)
        ends = list(itertools.accumulate(shades))
        bands = [of_map[end - many : end] for end, many in zip(ends, shades, strict=True)]
        ordered = [bands[0], *bands[2:], bands[1]]
        for darker, lighter in itertools.pairwise(ordered):
            assert max(map(light, darker)) < min(map(light, lighter))
        if len(shades) == 2:
            assert (min(map(light, bands[1])) + 0.05) / (max(map(light, bands[0])) + 0.05) > 3.0


def test_no_eye_takes_one_band_for_another():
    for eye in EYES:
        ramps = [[lab(colour, eye) for colour in shades_of.band_colours(place, 12)] for place in range(4)]
        for some, other in itertools.combinations(ramps, 2):
            assert min(math.dist(first, second) for first in some for second in other) > APART


@pytest.mark.parametrize(
    "name", [file.stem for file in sorted(shipped.catalogue_folder().glob("*.py")) if "\nMAP = " in file.read_text()]
)
def test_a_band_says_brighter_where_shades_grow_lighter_and_stronger_where_darker(name):
    bands = manifest_of(shipped.catalogue_folder() / f"{name}.py").map.bands
    for place, band in enumerate(bands):
        first, *_, last = map(sum, shades_of.band_colours(place, band.shades))
        says_brighter, says_stronger = (word in band.name for word in ("bright", "strong"))
        assert (says_brighter, says_stronger) == (last > first, last < first), band.name
