"""What a picture of a tile shows: its bands, and the borders between them."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plane_chart import BANDS, THREE, chart

from axiom.domain.maps import Map
from axiom.rules.planning.map_borders import Borders, measure_borders, measure_differences

IN, OUT = 0, 2  # the first shade of either band


def drawing(*rows: str) -> bytes:
    """A picture as it is seen, the topmost row first: dots are of the first band."""
    return b"".join(bytes(OUT if letter == "#" else IN for letter in row) for row in reversed(rows))


EMPTY = ("........",) * 8
DOT_BELOW = (*EMPTY[:7], "#.......")
WALL = ("....####",) * 8  # just at the edge between the halves
INSIDE = ("......##",) * 8  # within the right half
CORNER = (*("........",) * 4, *("....####",) * 4)


NOWHERE, EVERYWHERE = (False,) * 4, (True,) * 4


@pytest.mark.parametrize(
    ("rows", "shares", "lengths", "passes"),
    [
        (EMPTY, (1.0, 0.0), (0, 0, 0, 0), NOWHERE),
        (DOT_BELOW, (63 / 64, 1 / 64), (1, 0, 0, 0), (True, False, False, False)),
        (WALL, (0.5, 0.5), (2, 0, 2, 0), EVERYWHERE),  # along the edge of all quarters: that of the boxes left of it
        (INSIDE, (0.75, 0.25), (0, 2, 0, 2), (False, True, False, True)),
        (("...#####",) * 8, (3 / 8, 5 / 8), (2, 0, 2, 0), (True, False, True, False)),
        (CORNER, (0.75, 0.25), (2, 2, 0, 0), EVERYWHERE),
    ],
)
def test_a_border_passes_through_a_quarter_or_along_its_edge(rows, shares, lengths, passes):
    assert measure_borders(drawing(*rows), chart()) == Borders(shares=shares, lengths=lengths, passes=passes)
    shaded = bytes(x % 2 for x in range(64))  # shades of one band make no border
    assert measure_borders(shaded, chart()).passes == NOWHERE
    of = chart(bands=THREE)
    assert (of.colours, of.bands_of_colours[:6]) == (6, bytes([0, 0, 1, 1, 1, 2]))
    assert set(of.bands_of_colours[6:]) == {255}


def by_hand(pixels: bytes, of: Map) -> Borders:
    """The same, one pixel after the other."""
    side, half = of.pixels, of.pixels // 2
    band = [[of.bands_of_colours[pixels[y * side + x]] for x in range(side)] for y in range(side)]
    lengths, passes = [], []
    for up in (0, half):
        for right in (0, half):
            boxes = [
                {band[min(y + j, side - 1)][min(x + i, side - 1)] for j in (0, 1, 2) for i in (0, 1, 2)}
                for y in range(up, up + half, 2)
                for x in range(right, right + half, 2)
            ]
            lengths.append(sum(len(box) > 1 for box in boxes))
            rows = band[max(0, up - 1) : up + half + 1]
            passes.append(len({shown for row in rows for shown in row[max(0, right - 1) : right + half + 1]}) > 1)
    flat = [shown for row in band for shown in row]
    shares = tuple(flat.count(number) / side**2 for number in range(len(of.bands)))
    return Borders(shares=shares, lengths=tuple(lengths), passes=tuple(passes))


@settings(max_examples=30)
@given(data=st.data(), side=st.sampled_from([4, 8, 12, 32]), bands=st.sampled_from([BANDS, THREE]))
def test_borders_are_what_they_are_counted_one_pixel_after_the_other(data, side, bands):
    of = chart(pixels=side, bands=bands)
    pixels = bytearray(side * side)
    for _ in range(data.draw(st.integers(0, 6))):  # some rectangles and dots, as borders lie together
        x, y, wide, high = (data.draw(st.integers(0, side)) for _ in range(4))
        colour = data.draw(st.integers(0, of.colours - 1))
        for row in range(y, min(side, y + high)):
            pixels[row * side + x : row * side + min(side, x + wide)] = bytes([colour]) * (min(side, x + wide) - x)
    assert measure_borders(bytes(pixels), of) == by_hand(bytes(pixels), of)


@pytest.mark.parametrize("side", [4, 8, 64])
def test_what_differs_is_counted_by_quarter_one_pixel_after_the_other(side):
    of, dice = chart(pixels=side, bands=THREE), random.Random(side)
    first, second = (bytes(dice.randrange(of.colours) for _ in range(side**2)) for _ in "ab")
    apart = [of.bands_of_colours[a] != of.bands_of_colours[b] for a, b in zip(first, second, strict=True)]
    half = side // 2
    by_quarter = [
        sum(apart[y * side + x] for y in range(up, up + half) for x in range(right, right + half)) // 4
        for up in (0, half)
        for right in (0, half)
    ]
    assert list(measure_differences(first, second, of)) == by_quarter
    assert list(measure_differences(first, first, of)) == [0] * 4
