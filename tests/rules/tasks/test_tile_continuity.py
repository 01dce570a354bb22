"""A tile goes on where its parent ends, or somebody else should look."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.maps import ROOT, Band, Knob, Map, Tile
from axiom.limits import maps as limits
from axiom.rules.tasks.tile_continuity import Continuity, compare_with_parent

AXIS = Knob(name="a knob", low=-1.0, high=1.0, log=False)
BANDS = (Band(name="so", shades=2), Band(name="not so", shades=2))
MAP = Map(title="A plane", x=AXIS, y=AXIS, measure="fate", bands=BANDS, pixels=16)
SIDE = MAP.pixels


def seen(tile: Tile, *, rough: float = 0.0) -> bytes:
    """A disc with a rough edge."""
    (left, right), (low, high) = tile.span(MAP.x), tile.span(MAP.y, is_row=True)
    pixels = bytearray()
    for y in range(SIDE):
        for x in range(SIDE):
            across = left + (right - left) * (x + 0.5) / SIDE
            up = low + (high - low) * (y + 0.5) / SIDE
            edge = 0.6 + rough * math.sin(40 * math.atan2(up, across))
            pixels.append(0 if math.hypot(across, up) < edge else 2)
    return bytes(pixels)


@pytest.mark.parametrize("rough", [0.0, 0.05])
def test_a_true_tile_goes_on_where_its_parent_ends(rough):
    for tile in ROOT.children:
        found = compare_with_parent(tile, seen(tile, rough=rough), seen(ROOT, rough=rough), MAP)
        assert found.compared > SIDE * SIDE / 2
        assert found.apart == 0
        assert not found.is_doubtful


@pytest.mark.parametrize("tile", ROOT.children[1:3])
def test_a_tile_of_another_place_or_made_up_is_doubtful(tile):
    parent = seen(ROOT)
    noise = bytes(random.Random(1).choice([0, 2]) for _ in range(SIDE * SIDE))
    turned = seen(tile)[::-1]
    opposite = ROOT.children[3 - ROOT.children.index(tile)]
    for made_up in (noise, turned, bytes(SIDE * SIDE), seen(opposite)):
        found = compare_with_parent(tile, made_up, parent, MAP)
        assert found.is_doubtful
        assert str(found.apart) in found.reason


def test_a_few_in_a_hundred_may_differ():
    most = limits.APART_PIXELS + int(1_000 * limits.APART_SHARE)
    for compared, apart in ((1_000, most), (limits.APART_PIXELS, limits.APART_PIXELS), (0, 0)):
        assert not Continuity(compared=compared, apart=apart).is_doubtful
    for compared, apart in ((1_000, most + 1), (10, 10)):
        assert Continuity(compared=compared, apart=apart).is_doubtful


def by_hand(tile: Tile, pixels: bytes, parent: bytes) -> Continuity:
    """The same, one pixel after the other."""
    half, bands = SIDE // 2, MAP.bands_of_colours
    compared = apart = 0
    for y in range(SIDE):
        for x in range(SIDE):
            row, column = half * (tile.row % 2) + y // 2, half * (tile.column % 2) + x // 2
            around = {
                bands[parent[min(SIDE - 1, max(0, row + up)) * SIDE + min(SIDE - 1, max(0, column + right))]]
                for up in (-1, 0, 1)
                for right in (-1, 0, 1)
            }
            if len(around) == 1:
                compared += 1
                apart += bands[pixels[y * SIDE + x]] not in around
    return Continuity(compared=compared, apart=apart)


@settings(max_examples=25)
@given(data=st.data(), tile=st.sampled_from([*ROOT.children, Tile(level=5, column=7, row=20)]))
def test_it_is_what_is_counted_one_pixel_after_the_other(data, tile):
    grids = []
    for _ in range(2):
        pixels = bytearray(SIDE * SIDE)
        for _ in range(data.draw(st.integers(0, 4))):
            x, y, wide, high = (data.draw(st.integers(0, SIDE)) for _ in range(4))
            for row in range(y, min(SIDE, y + high)):
                end = min(SIDE, x + wide)
                pixels[row * SIDE + x : row * SIDE + end] = bytes([data.draw(st.integers(0, 3))]) * (end - x)
        grids.append(bytes(pixels))
    assert compare_with_parent(tile, grids[0], grids[1], MAP) == by_hand(tile, *grids)
